//! Files of raw data: named by their content, and found again below their baseline's directory.

use std::{
    fs::{self, File},
    io,
    path::{Component, Path, PathBuf},
};

use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    io::Errno,
};
use sha2::{Digest, Sha256};

use crate::{
    input::{MOST_OF_SAMPLES, bounded, text},
    whole_file::{WriteError, write_text},
};

/// The directory of raw data, beside the baseline that names it.
const DIRECTORY: &str = "samples";
/// So many characters of a name leave room for the rest within the 255 bytes that file systems allow.
const LONGEST_STEM: usize = 200;

/// Saves `text` as `samples/<stem>.<hash>.csv` below `directory`, and returns that path. The hash is the first 16 hex
/// digits of the text's SHA-256, so no other text has the name, and the same text again is the same file.
///
/// # Errors
/// [`WriteError`] names the file or the directory.
pub(super) fn save(directory: &Path, stem: &str, text: &str) -> Result<PathBuf, WriteError> {
    let hash = Sha256::digest(text.as_bytes());
    let name = hash[..8].iter().fold(safe(stem), |name, byte| name + &format!("{byte:02x}"));
    let relative = Path::new(DIRECTORY).join(name + ".csv");
    let path = directory.join(&relative);
    if fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(relative);
    }
    let below = directory.join(DIRECTORY);
    fs::create_dir_all(&below).map_err(|source| WriteError::Io {
        action: "make the directory",
        path: below,
        source,
    })?;
    write_text(&path, text)?;
    Ok(relative)
}

/// Why the file that a metric names is not read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It is no regular file below the directory: it lies elsewhere, or a link is on the way to it.
    Outside,
    /// It is not there, or cannot be read.
    Io(io::Error),
}

/// The text of the file that a metric names, below its baseline's directory. A baseline may come from elsewhere, and may
/// make others read what only the reader may: so it names files below its own directory or none at all, no link is
/// followed, and nothing but a regular file is read.
pub(crate) fn read_below(directory: &Path, path: &Path) -> Result<String, Unread> {
    let mut names = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => names.push(name),
            Component::CurDir => {}
            _ => return Err(Unread::Outside),
        }
    }
    let last = names.pop().ok_or(Unread::Outside)?;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let failed = |error: Errno| match error {
        // A link where a file or a directory should be, or a file where a directory should be; a socket or a device
        // without a driver.
        Errno::LOOP | Errno::NOTDIR | Errno::NXIO => Unread::Outside,
        other => Unread::Io(other.into()),
    };
    let mut at = openat(CWD, directory, flags | OFlags::DIRECTORY, Mode::empty()).map_err(failed)?;
    for name in names {
        at = openat(&at, name, flags | OFlags::DIRECTORY | OFlags::NOFOLLOW, Mode::empty()).map_err(failed)?;
    }
    // Without blocking: a pipe would wait for its writer.
    let file = openat(&at, last, flags | OFlags::NOFOLLOW | OFlags::NONBLOCK, Mode::empty()).map_err(failed)?;
    let file = File::from(file);
    if !file.metadata().map_err(Unread::Io)?.is_file() {
        return Err(Unread::Outside);
    }
    bounded(file, MOST_OF_SAMPLES).and_then(text).map_err(Unread::Io)
}

/// The stem as the beginning of a file's name, with the point that ends it.
fn safe(stem: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || "-_.+".contains(c) { c } else { '_' };
    let name: String = stem.chars().take(LONGEST_STEM).map(kept).collect();
    // A leading point would hide the file.
    match name.trim_start_matches('.') {
        "" => String::new(),
        name => format!("{name}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::{fs::symlink, net::UnixListener};

    #[test]
    fn only_regular_files_below_are_read_and_no_link_is_followed() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join("baseline").join(name);
        fs::create_dir_all(at("samples")).unwrap();
        fs::write(directory.path().join("secret"), "secret").unwrap();
        fs::write(at("samples/own.csv"), "own").unwrap();
        symlink("../../secret", at("samples/out.csv")).unwrap();
        symlink("own.csv", at("samples/in.csv")).unwrap();
        symlink("..", at("up")).unwrap();
        symlink("samples", at("alias")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(at("samples/pipe")).status().unwrap().success());
        let _socket = UnixListener::bind(at("samples/socket")).unwrap();
        let read = |path: &str| read_below(&at(""), Path::new(path));
        for path in ["samples/own.csv", "./samples/./own.csv"] {
            assert_eq!(read(path).unwrap(), "own");
        }
        for path in [
            "samples/out.csv",
            "samples/in.csv",
            "up/secret",
            "alias/own.csv",
            "../secret",
            "samples/../../secret",
            "/etc/hostname",
            "samples/pipe",
            "samples/socket",
            "samples",
            "samples/own.csv/x",
            "",
            ".",
        ] {
            assert!(matches!(read(path), Err(Unread::Outside)), "{path}: {:?}", read(path));
        }
        assert!(matches!(read("samples/none.csv"), Err(Unread::Io(error)) if error.kind() == io::ErrorKind::NotFound));
        // The baseline itself may be reached through a link.
        symlink("baseline", directory.path().join("link")).unwrap();
        assert_eq!(read_below(&directory.path().join("link"), Path::new("samples/own.csv")).unwrap(), "own");
    }
}
