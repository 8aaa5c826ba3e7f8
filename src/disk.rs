//! An artifact on disk that nothing can leave behind: a file without a name (`O_TMPFILE`; where a file system has none,
//! a file of this user alone whose name is removed as soon as it is open).

mod guarded;

use std::{
    env,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::{
        fd::AsRawFd,
        unix::fs::{OpenOptionsExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, OFlags, flock};
use sha2::{Digest, Sha256};

pub(crate) use guarded::Guarded;

use crate::{Host, whole_file::write_whole};

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

/// The setting of a figure that says on which disk its data are.
pub(crate) const STORAGE: &str = "data_on";

/// The file system of [`directory`], and the device below it.
pub(crate) fn storage() -> String {
    Host::here().storage(&directory()).unwrap_or_else(|| "unknown".to_owned())
}

/// `TMPDIR` where it is set; else `/var/tmp`, which is on disk where `/tmp` may be in memory.
pub(crate) fn directory() -> PathBuf {
    let on_disk = Path::new("/var/tmp");
    if env::var_os("TMPDIR").is_none() && on_disk.is_dir() { on_disk.to_owned() } else { env::temp_dir() }
}

/// The names of directories in it.
const PREFIX: &str = "runtime-baseline-";

/// Names the directory that the processes of one run share, of this user alone: what takes seconds to make of the same bytes
/// is made by the first of them.
pub(crate) const SHARED: &str = "RUNTIME_BASELINE_SHARED";

fn of_this_run() -> Option<PathBuf> {
    env::var_os(SHARED).map(PathBuf::from).filter(|path| path.is_dir())
}

/// What another process of this run made of `from`, or what `make` makes of it, which is kept for the next. A run that shares
/// nothing makes it each time.
#[cfg_attr(not(feature = "wasmedge"), allow(dead_code, reason = "what compiles in milliseconds is not shared"))]
pub(crate) fn shared<E: From<Error>>(from: &[u8], make: impl FnOnce() -> Result<Artifact, E>) -> Result<Artifact, E> {
    let Some(directory) = of_this_run() else { return make() };
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

/// A directory for a compiler that takes nothing less, in [`directory`]: in that of the run where there is one, with which it
/// goes if this process is killed.
pub(crate) fn workplace() -> Result<Owned, Error> {
    let parent = of_this_run().unwrap_or_else(directory);
    Owned::make(&parent, PREFIX, 0o700).map_err(|source| Error { directory: parent, source })
}

/// The directory of a run, named by [`SHARED`] to its processes. It is gone when the run is, whatever ends that.
pub(crate) fn for_a_run() -> Result<Guarded, Error> {
    let parent = directory();
    Guarded::make(&parent, PREFIX, 0o700).map_err(|source| Error { directory: parent, source })
}

/// A directory of this process's own: gone when it is dropped, and where its process was killed, when another makes one of
/// the same prefix beside it.
///
/// Its owner lives as long as it is locked. A process id would not tell: it means nothing in another process namespace that
/// shares the file system, and it is given again. It is in the name for people to read.
#[derive(Debug)]
pub(crate) struct Owned {
    // Declared before the lock, so that it is gone when the lock is free.
    directory: tempfile::TempDir,
    _lock: File,
}

impl Owned {
    /// Makes one in `parent`, after it removed those whose owner is dead.
    pub(crate) fn make(parent: &Path, prefix: &str, mode: u32) -> io::Result<Self> {
        sweep(parent, prefix);
        let prefix = format!("{prefix}{}-", std::process::id());
        // Between the making and the locking another process may take it for one that a dead owner left.
        for _ in 0..100 {
            let mut builder = tempfile::Builder::new();
            builder.prefix(&prefix).permissions(fs::Permissions::from_mode(mode));
            let directory = builder.tempdir_in(parent)?;
            let Ok(lock) = File::open(directory.path()) else { continue };
            if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() && directory.path().exists() {
                return Ok(Self { directory, _lock: lock });
            }
        }
        Err(io::Error::other(format!("directories in {} are removed as often as they are made", parent.display())))
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }
}

fn sweep(parent: &Path, prefix: &str) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_one = entry.file_name().to_string_lossy().starts_with(prefix)
            && entry.file_type().is_ok_and(|kind| kind.is_dir());
        // Others may write here: what looked like a directory may be a pipe by now, which would wait.
        let flags = (OFlags::DIRECTORY | OFlags::NOFOLLOW).bits() as i32;
        let open = || OpenOptions::new().read(true).custom_flags(flags).open(entry.path()).ok();
        let Some(lock) = is_one.then(open).flatten() else { continue };
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            // Another process may do the same, and win.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let make = |prefix: &str| Owned::make(parent.path(), prefix, 0o700).unwrap();
        let (own, other) = (make("own-"), make("other-"));
        // Of a process that is gone, and did not remove it: nobody has it locked, whoever has its number now.
        fs::create_dir(parent.path().join(format!("own-{}-left", std::process::id()))).unwrap();
        fs::write(parent.path().join("own-file"), "").unwrap();
        let next = make("own-");
        assert!(own.path().is_dir() && other.path().is_dir() && next.path().is_dir());
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 4);
        drop((own, other, next));
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
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
