//! A directory that is gone whatever ends this process: a shell waits for the end of its own input, which comes when this
//! process has ended, and then removes it.
//!
//! Without that a killed process would leave it until the next one that makes such a directory sweeps it, which is the second
//! net: see [`Owned`].

use std::{
    io,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use super::Owned;

/// Who was killed at the same moment may still write for a while.
const REMOVE: &str = r#"trap '' HUP INT TERM
read -r _
for _ in 1 2 3 4 5 6 7 8 9 10; do rm -rf -- "$1" && exit 0; sleep 0.2; done"#;

/// A directory of this process's own, with who removes it.
#[derive(Debug)]
pub(crate) struct Guarded {
    own: Owned,
    /// Where there is a shell.
    remover: Option<Child>,
}

impl Guarded {
    /// Makes one in `parent`, as [`Owned::make`] does. It is named by a path from the root, since servers run elsewhere.
    pub(crate) fn make(parent: &Path, prefix: &str, mode: u32) -> io::Result<Self> {
        let own = Owned::make(&parent.canonicalize()?, prefix, mode)?;
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", REMOVE, "sh"])
            .arg(own.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // Not of the group that a terminal ends.
        let remover = shell.current_dir("/").process_group(0).spawn();
        Ok(Self { own, remover: remover.ok() })
    }

    pub(crate) fn path(&self) -> &Path {
        self.own.path()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let Some(remover) = &mut self.remover else { return };
        drop(remover.stdin.take());
        // There is nobody to tell of a failure.
        let _ = remover.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, thread, time::Duration};

    use super::*;

    #[test]
    fn it_is_gone_when_it_is_dropped_and_when_the_shells_input_ends() {
        let parent = tempfile::tempdir().unwrap();
        let held = Guarded::make(parent.path(), "guarded-", 0o700).unwrap();
        fs::create_dir(held.path().join("keys")).unwrap();
        fs::write(held.path().join("keys/ca.key"), "a key").unwrap();
        let path = held.path().to_owned();
        drop(held);
        assert!(!path.exists());

        // As when this process is killed: nothing is dropped, and its end of the pipe is closed.
        let mut held = std::mem::ManuallyDrop::new(Guarded::make(parent.path(), "guarded-", 0o700).unwrap());
        fs::write(held.path().join("ca.key"), "a key").unwrap();
        let remover = held.remover.as_mut().unwrap();
        drop(remover.stdin.take());
        remover.wait().unwrap();
        while held.path().exists() {
            thread::sleep(Duration::from_millis(5));
        }
    }
}
