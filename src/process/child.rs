//! A program that is started as a child: where it is, and that it does not outlive who started it.

use std::{
    env, fs, io,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::PathBuf,
    process::Command,
};

use rustix::process::{
    Resource, Rlimit, Signal, getpid, getppid, getrlimit, set_parent_process_death_signal, setrlimit,
};

/// The first executable file of that name in PATH, and where an administrator's PATH would look.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let also = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    let mut candidates = env::split_paths(&path).chain(also).map(|directory| directory.join(name));
    candidates
        .find(|file| fs::metadata(file).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0))
}

/// Has the kernel kill the child when the thread that starts it ends, and lets its data have at most `memory` bytes, where
/// that is given. A limit that this process has already stays.
pub(crate) fn bind(command: &mut Command, memory: Option<u64>) {
    let parent = getpid();
    let memory = memory.map(|memory| getrlimit(Resource::Data).maximum.map_or(memory, |hard| hard.min(memory)));
    let bound = move || {
        if let Some(memory) = memory {
            setrlimit(Resource::Data, Rlimit { current: Some(memory), maximum: Some(memory) })?;
        }
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // Had the parent died before, nobody would send the signal.
        if getppid() == Some(parent) { Ok(()) } else { Err(io::Error::from(io::ErrorKind::BrokenPipe)) }
    };
    // SAFETY: between fork and exec a child of a process with threads may do only what is safe in a signal handler. The
    // closure makes three system calls through rustix, which makes them directly and takes no lock, and allocates nothing:
    // an `io::Error` of a kind or of a number has no heap part. Nothing it captured needs dropping.
    unsafe {
        command.pre_exec(bound);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_where_it_can_be_executed() {
        assert!(find_program("sh").is_some_and(|path| path.is_absolute()));
        assert_eq!(find_program("no-such-program"), None);
        assert_eq!(find_program(""), None, "a directory is no program");
    }

    #[test]
    fn its_data_has_the_limit_that_was_given() {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "ulimit -d"]);
        bind(&mut command, Some(256 << 20));
        let said = command.output().unwrap();
        assert_eq!(String::from_utf8(said.stdout).unwrap().trim(), (256 << 10).to_string());
    }
}
