//! An artifact on disk that nothing can leave behind: a file without a name (`O_TMPFILE`; where a file system has none,
//! a file of this user alone whose name is removed as soon as it is open).

use std::{
    env,
    fs::File,
    io::{self, Write},
    os::fd::AsRawFd,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::whole_file::write_whole;

/// Why an artifact could not be written.
#[derive(Debug)]
pub(crate) struct Error {
    /// Where.
    pub(crate) directory: PathBuf,
    /// What the system said.
    pub(crate) source: io::Error,
}

/// A file on disk that has no name, opened for reading alone, with content that no longer changes. The kernel frees it
/// with the last descriptor and mapping, whatever ends the process.
#[derive(Debug)]
pub(crate) struct Artifact {
    /// Keeps the file alive, and `path` valid.
    _file: File,
    path: PathBuf,
    length: u64,
}

impl Artifact {
    /// Writes `content` to a new file in [`directory`].
    pub(crate) fn write(content: &[u8]) -> Result<Self, Error> {
        let directory = directory();
        let file = Self::write_in(&directory, content);
        file.map_err(|source| Error { directory, source })
    }

    fn write_in(directory: &Path, content: &[u8]) -> io::Result<Self> {
        let mut writable = tempfile::tempfile_in(directory)?;
        writable.write_all(content)?;
        // Opened again, for reading; the one descriptor that could write ends here.
        let file = File::open(path_of(&writable))?;
        drop(writable);
        Ok(Self { path: path_of(&file), _file: file, length: content.len() as u64 })
    }

    /// A path at which this process can open the file, as long as `self` lives.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Its size in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }
}

fn path_of(file: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// `TMPDIR` where it is set; else `/var/tmp`, which is on disk where `/tmp` may be in memory.
pub(crate) fn directory() -> PathBuf {
    let on_disk = Path::new("/var/tmp");
    if env::var_os("TMPDIR").is_none() && on_disk.is_dir() { on_disk.to_owned() } else { env::temp_dir() }
}

/// Names the directory that the processes of one run share, of this user alone: what takes seconds to make of the same bytes
/// is made by the first of them.
pub(crate) const SHARED: &str = "RUNTIME_BASELINE_SHARED";

/// What another process of this run made of `from`, or what `make` makes of it, which is kept for the next. A run that shares
/// nothing makes it each time.
#[cfg_attr(not(feature = "wasmedge"), allow(dead_code, reason = "what compiles in milliseconds is not shared"))]
pub(crate) fn shared<E: From<Error>>(from: &[u8], make: impl FnOnce() -> Result<Artifact, E>) -> Result<Artifact, E> {
    let Some(directory) = env::var_os(SHARED).map(PathBuf::from).filter(|path| path.is_dir()) else { return make() };
    let name = Sha256::digest(from).iter().fold(String::new(), |name, byte| name + &format!("{byte:02x}"));
    let path = directory.join(name);
    if let Ok(content) = std::fs::read(&path) {
        return Ok(Artifact::write(&content)?);
    }
    let made = make()?;
    // Whoever cannot keep it only works longer.
    if let Ok(content) = std::fs::read(made.path()) {
        let _ = write_whole::<io::Error>(&path, |out| out.write_all(&content));
    }
    Ok(made)
}

/// The names of work directories, before the process's id.
const PREFIX: &str = "runtime-baseline-";

/// A directory for a compiler that takes nothing less, in [`directory`]; removed when dropped. What processes that were
/// killed left of theirs is removed first.
pub(crate) fn workplace() -> Result<tempfile::TempDir, Error> {
    let parent = directory();
    sweep(&parent);
    let made = tempfile::Builder::new().prefix(&format!("{PREFIX}{}-", std::process::id())).tempdir_in(&parent);
    made.map_err(|source| Error { directory: parent, source })
}

fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next()?.parse::<u32>().ok());
        if process.is_some_and(|id| !PathBuf::from(format!("/proc/{id}")).exists()) {
            // Another process may do the same, and win.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn without_a_directory_that_is_shared_everything_is_made() {
        let mut made = 0;
        for _ in 0..2 {
            let artifact = shared::<Error>(b"source", || {
                made += 1;
                Artifact::write(b"code")
            });
            assert_eq!(artifact.unwrap().length(), 4);
        }
        assert_eq!(made, 2);
    }

    #[test]
    fn what_a_killed_process_left_is_swept_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let make = |name: String| fs::create_dir(parent.path().join(name)).unwrap();
        // No process has this id: it is beyond the kernel's largest.
        make(format!("{PREFIX}4194305-x"));
        make(format!("{PREFIX}{}-x", std::process::id()));
        make("other-4194305-x".to_owned());
        sweep(parent.path());
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 2);
    }

    #[test]
    fn has_its_content_but_no_name_and_no_writer() {
        let artifact = Artifact::write(b"content").unwrap();
        assert_eq!(fs::read(artifact.path()).unwrap(), b"content");
        assert_eq!(artifact.length(), 7);
        use std::os::unix::fs::MetadataExt;
        assert_eq!(artifact._file.metadata().unwrap().nlink(), 0);
        assert!((&artifact._file).write(b"x").is_err());
    }

    #[test]
    fn a_directory_that_does_not_exist_is_an_error() {
        assert!(Artifact::write_in(Path::new("/nonexistent"), b"").is_err());
    }
}
