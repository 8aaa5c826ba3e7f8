//! The one way in which files are written: whole or not at all.
//!
//! A new file is made beside the one that it replaces, under a random name, and takes its name when it is complete and on
//! the disk. So whoever reads sees the old file or the new one, of two writers at once the later one's file stays, whole,
//! and a failure leaves the old file and nothing beside it. What a killed writer left is removed by the next one.

use std::{
    ffi::OsStr,
    fs::{self, File, OpenOptions, Permissions},
    io::{self, BufWriter, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;
use tempfile::NamedTempFile;

use crate::input::kind_of;

/// A name that begins and ends so is that of a file being written, by this module alone.
const PREFIX: &str = ".";
const SUFFIX: &str = ".runtime-baseline-new";
/// The mode of a file that replaces none; the process's umask takes from it.
const MODE: u32 = 0o644;

/// Why a file was not written. What was there before is untouched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The path leads to something that a file must not replace: name a file, or a place where there is none.
    #[error("{} is {what}: name a regular file, or a path where there is nothing yet", path.display())]
    NotAFile {
        /// The path, links followed.
        path: PathBuf,
        /// What is there: `a directory`, `a FIFO`.
        what: &'static str,
    },
    /// Writing failed: check the space left and the permissions.
    #[error("cannot {action} {}: {source}; check the space left and the permissions", path.display())]
    Io {
        /// What was tried, such as `write`.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl From<WriteError> for io::Error {
    fn from(error: WriteError) -> Self {
        let kind = match &error {
            WriteError::NotAFile { .. } => io::ErrorKind::InvalidInput,
            WriteError::Io { source, .. } => source.kind(),
        };
        Self::new(kind, error)
    }
}

/// Writes `path` by what `write` writes.
///
/// A link is followed: the file that it leads to is replaced, and the link stays. Another name of the same file (a hard
/// link) keeps the old content. The new file has the owner and the mode of the one that it replaces; where there is none,
/// 0644 less the umask.
///
/// # Errors
/// [`WriteError`], or what `write` failed with.
pub(crate) fn write_whole<E: From<WriteError>>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    let target = target(path)?;
    let failed = |action: &'static str, path: &Path| {
        let path = path.to_owned();
        move |source| WriteError::Io { action, path, source }
    };
    let directory = parent(&target);
    sweep(&directory);
    let old = replaced(&target)?;
    let mut new = create(&directory).map_err(failed("write", &target))?;
    if let Some(old) = old {
        let set = inherit(new.as_file(), &old);
        set.map_err(failed("set the permissions of", new.path()))?;
    }
    let mut writer = BufWriter::with_capacity(1 << 16, new.as_file_mut());
    write(&mut writer)?;
    writer.flush().map_err(failed("write", &target))?;
    drop(writer);
    new.as_file().sync_all().map_err(failed("write", &target))?;
    new.persist(&target).map_err(|error| failed("replace", &target)(error.error))?;
    // The name is on the disk when its directory is. Some file systems refuse that of a directory that may not be read.
    File::open(&directory).and_then(|directory| directory.sync_all()).map_err(failed("sync", &directory))?;
    Ok(())
}

/// Writes `path` as [`write_whole`] does, with this text in it.
pub(crate) fn write_text(path: &Path, text: &str) -> Result<(), WriteError> {
    write_whole(path, |out| {
        let failed = |source| WriteError::Io { action: "write", path: path.to_owned(), source };
        out.write_all(text.as_bytes()).map_err(failed)
    })
}

/// The file that `path` leads to, which need not be there.
fn target(path: &Path) -> Result<PathBuf, WriteError> {
    let failed = |source| WriteError::Io { action: "write", path: path.to_owned(), source };
    match fs::canonicalize(path) {
        Ok(target) => Ok(target),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if fs::symlink_metadata(path).is_ok() {
                return Err(WriteError::NotAFile { path: path.to_owned(), what: "a link to nothing" });
            }
            if path.file_name().is_none() {
                return Err(failed(io::Error::from(io::ErrorKind::InvalidFilename)));
            }
            Ok(path.to_owned())
        }
        Err(error) => Err(failed(error)),
    }
}

/// The directory of a file, under a name that can be opened.
pub(crate) fn parent(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
        Some(parent) => parent.to_owned(),
        None => PathBuf::from("/"),
    }
}

/// The file that is replaced; nothing where there is none.
fn replaced(target: &Path) -> Result<Option<fs::Metadata>, WriteError> {
    match fs::symlink_metadata(target) {
        Ok(old) => match kind_of(&old) {
            None => Ok(Some(old)),
            Some(what) => Err(WriteError::NotAFile { path: target.to_owned(), what }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(WriteError::Io { action: "look at", path: target.to_owned(), source }),
    }
}

/// Gives a new file the owner and the mode of the old one.
fn inherit(new: &File, old: &fs::Metadata) -> io::Result<()> {
    // Root alone may give a file away; whoever else writes here owns it then, and may give it to a group of theirs.
    if fchown(new, Some(old.uid()), Some(old.gid())).is_err() {
        let _ = fchown(new, None, Some(old.gid()));
    }
    // What the group may do was meant for the old group.
    let kept = if new.metadata()?.gid() == old.gid() { 0o777 } else { 0o707 };
    new.set_permissions(Permissions::from_mode(old.permissions().mode() & kept))
}

/// A new file in `directory`, which this process holds a lock on: one that nobody holds was left by a dead process.
fn create(directory: &Path) -> io::Result<NamedTempFile> {
    loop {
        let mut builder = tempfile::Builder::new();
        let builder = builder.prefix(PREFIX).suffix(SUFFIX).rand_bytes(16);
        let new = builder.permissions(Permissions::from_mode(MODE)).tempfile_in(directory)?;
        new.as_file().lock()?;
        // Before the lock was held, another writer may have taken the file for a dead one's, and removed it.
        if new.as_file().metadata()?.nlink() > 0 {
            return Ok(new);
        }
    }
}

/// Removes what killed writers left in `directory`. A file that cannot be removed is left to another time.
fn sweep(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        if !is_ours(&entry.file_name()) || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        // The lock is held until the file is gone, so that its writer, if it lives, sees that it is.
        // Others may write here: what looked like a file may be a pipe by now, which would wait.
        let flags = (OFlags::NONBLOCK | OFlags::NOFOLLOW).bits() as i32;
        let Ok(file) = OpenOptions::new().read(true).custom_flags(flags).open(entry.path()) else { continue };
        if file.try_lock().is_ok() {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn is_ours(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::{fs::symlink, net::UnixListener};

    fn names(directory: &Path) -> Vec<String> {
        let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn the_mode_of_what_is_replaced_is_kept_and_a_link_stays() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        write_text(&at("new"), "1").unwrap();
        assert_eq!(mode(&at("new")) & !0o644, 0, "0644 less the umask, whatever that is here");
        fs::set_permissions(at("new"), Permissions::from_mode(0o660)).unwrap();
        symlink("new", at("link")).unwrap();
        symlink(at("link"), at("second")).unwrap();
        write_text(&at("second"), "2").unwrap();
        assert_eq!((fs::read_to_string(at("new")).unwrap().as_str(), mode(&at("new"))), ("2", 0o660));
        assert!(fs::symlink_metadata(at("link")).unwrap().is_symlink());
        assert_eq!(names(directory.path()), ["link", "new", "second"]);
    }

    #[test]
    fn another_name_of_the_file_keeps_what_it_had() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        write_text(&at("new"), "1").unwrap();
        fs::hard_link(at("new"), at("other")).unwrap();
        write_text(&at("new"), "2").unwrap();
        assert_eq!(["new", "other"].map(|name| fs::read_to_string(at(name)).unwrap()), ["2", "1"]);
    }

    #[test]
    fn a_file_that_root_writes_stays_its_owner_s() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        write_text(&path, "1").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        if std::os::unix::fs::chown(&path, Some(12345), Some(23456)).is_err() {
            return crate::need::skip("root", &"a file cannot be given away");
        }
        write_text(&path, "2").unwrap();
        let now = fs::metadata(&path).unwrap();
        assert_eq!((now.uid(), now.gid(), mode(&path)), (12345, 23456, 0o640));
    }

    #[test]
    fn what_is_no_regular_file_is_never_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::create_dir(at("directory")).unwrap();
        let _socket = UnixListener::bind(at("socket")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(at("fifo")).status().unwrap().success());
        symlink("/dev/null", at("to a device")).unwrap();
        symlink("nowhere", at("to nothing")).unwrap();
        let before = names(directory.path());
        for (name, expected) in [
            ("directory", "a directory"),
            ("socket", "a socket"),
            ("fifo", "a FIFO"),
            ("to a device", "a device"),
            ("to nothing", "a link to nothing"),
        ] {
            let error = write_text(&at(name), "text").unwrap_err();
            assert!(matches!(error, WriteError::NotAFile { what, .. } if what == expected), "{name}: {error}");
        }
        assert!(matches!(write_text(Path::new("/"), ""), Err(WriteError::NotAFile { .. })));
        for nowhere in ["", "no/such/directory/file"] {
            assert!(matches!(write_text(Path::new(nowhere), ""), Err(WriteError::Io { .. })), "{nowhere:?}");
        }
        assert!(matches!(write_text(Path::new("/proc/self/no-file-can-be-here"), ""), Err(WriteError::Io { .. })));
        assert_eq!(names(directory.path()), before);
        assert!(fs::symlink_metadata(at("to a device")).unwrap().is_symlink());
    }

    #[test]
    fn a_failure_leaves_the_old_file_and_nothing_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        write_text(&path, "old").unwrap();
        let failed: Result<(), io::Error> = write_whole(&path, |out| {
            out.write_all(&[b'x'; 1 << 20])?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        });
        assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), names(directory.path()).len()), ("old", 1));
    }

    #[test]
    fn of_two_writers_at_once_the_later_file_stays_whole_and_neither_fails() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let text = |writer: usize| writer.to_string().repeat(100_000);
        std::thread::scope(|scope| {
            for writer in 0..2 {
                let (path, text) = (path.clone(), text(writer));
                scope.spawn(move || (0..50).for_each(|_| write_text(&path, &text).unwrap()));
            }
            for _ in 0..200 {
                let seen = fs::read_to_string(&path).unwrap_or_else(|_| text(0));
                assert!(seen == text(0) || seen == text(1), "{} bytes", seen.len());
            }
        });
        assert_eq!(names(directory.path()), ["file"]);
    }

    #[test]
    fn what_a_dead_writer_left_goes_and_what_a_living_one_writes_stays() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let (dead, alive, link) = (format!(".a{SUFFIX}"), format!(".b{SUFFIX}"), format!(".c{SUFFIX}"));
        fs::write(at(&dead), "part").unwrap();
        fs::write(at("mine"), "mine").unwrap();
        symlink(at("mine"), at(&link)).unwrap();
        let living = File::create(at(&alive)).unwrap();
        living.lock().unwrap();
        write_text(&at("file"), "text").unwrap();
        assert_eq!(names(directory.path()), [alive, link, "file".to_owned(), "mine".to_owned()]);
        assert_eq!(fs::read_to_string(at("mine")).unwrap(), "mine");
    }
}
