//! The one way in which a file that somebody named is read, and no more of it than this process has room for.
//!
//! A pipe might wait for ever for who writes into it, a device might never end, and merely opening one may do something. What a
//! file holds takes many times its size once it is read, so each kind of file has a size that it cannot have by right.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read},
    os::unix::fs::{FileTypeExt, OpenOptionsExt},
    path::Path,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{OFlags, fcntl_setfl},
};

/// The most bytes of a baseline: 250,000 figures as an importer makes them, or 100,000 of benches, each with its machine.
pub(crate) const MOST_OF_A_BASELINE: u64 = 160 << 20;
/// The most bytes of a file of raw data: two million samples.
pub(crate) const MOST_OF_SAMPLES: u64 = 32 << 20;
/// The most bytes of what people write by hand: claims, limits.
pub(crate) const MOST_WRITTEN: u64 = 1 << 20;
/// The most bytes of another tool's file: years of a project's `data.js`.
pub(crate) const MOST_FOREIGN: u64 = 32 << 20;

/// Who waits for a pipe for longer than this says so.
const MOMENT: Timespec = Timespec { tv_sec: 2, tv_nsec: 0 };

/// The content of a regular file of at most `most` bytes.
///
/// # Errors
/// What the system said; or what the path leads to that is no regular file, or how large it is.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    regular(&fs::metadata(path)?)?;
    bounded(open(path)?, most)
}

/// The same as text.
///
/// # Errors
/// Those of [`read`], and that it is not UTF-8.
pub(crate) fn read_text(path: &Path, most: u64) -> io::Result<String> {
    text(read(path, most)?)
}

/// What a person named to be read: a regular file, or a pipe that another program writes into (`/dev/stdin`, `<(command)`).
///
/// # Errors
/// Those of [`read`], and that nobody writes into the pipe.
pub(crate) fn read_named(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.file_type().is_fifo() {
        return read(path, most);
    }
    let pipe = open(path)?;
    if !pipe.metadata()?.file_type().is_fifo() {
        return bounded(pipe, most);
    }
    drained(pipe, path, most)
}

/// Opens it without waiting: it may be another thing by now than when it was looked at, and a pipe waits for who writes it.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits() as i32).open(path)
}

/// What is written into a pipe until all who do so have closed it.
fn drained(mut pipe: File, path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let nothing = || {
        let reason = "it is a pipe, and nothing was written into it: start the program that does so first";
        io::Error::new(io::ErrorKind::UnexpectedEof, reason)
    };
    let mut content = vec![0];
    match pipe.read(&mut content) {
        // Nobody has it open for writing. Who waits for a reader to open it has.
        Ok(0) => return Err(nothing()),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            content.clear();
            if poll(&mut [PollFd::new(&pipe, PollFlags::IN)], Some(&MOMENT))? == 0 {
                eprintln!("waiting for what is written into {}", path.display());
            }
        }
        Err(error) => return Err(error),
    }
    fcntl_setfl(&pipe, OFlags::empty())?;
    pipe.take(most + 1).read_to_end(&mut content)?;
    match content.len() as u64 {
        0 => Err(nothing()),
        length if length > most => Err(too_large(most)),
        _ => Ok(content),
    }
}

/// The content of an open file, which is checked in the same way.
///
/// # Errors
/// Those of [`read`].
pub(crate) fn bounded(file: File, most: u64) -> io::Result<Vec<u8>> {
    let found = file.metadata()?;
    regular(&found)?;
    if found.len() > most {
        return Err(too_large(most));
    }
    // It may grow meanwhile, and files of the kernel have no size.
    let mut content = Vec::with_capacity(usize::try_from(found.len()).unwrap_or_default());
    file.take(most + 1).read_to_end(&mut content)?;
    if content.len() as u64 > most { Err(too_large(most)) } else { Ok(content) }
}

fn too_large(most: u64) -> io::Error {
    let larger = format!("it is larger than {} MiB, the most that is read of such a file", most >> 20);
    io::Error::new(io::ErrorKind::FileTooLarge, larger)
}

/// Bytes as text; the error says where they are none.
pub(crate) fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        io::Error::new(io::ErrorKind::InvalidData, format!("line {line} is not UTF-8"))
    })
}

/// What a thing in the file system is called, where it is no regular file.
pub(crate) fn kind_of(found: &Metadata) -> Option<&'static str> {
    let kind = found.file_type();
    match kind {
        _ if kind.is_file() => None,
        _ if kind.is_dir() => Some("a directory"),
        _ if kind.is_fifo() => Some("a FIFO"),
        _ if kind.is_socket() => Some("a socket"),
        _ if kind.is_symlink() => Some("a link"),
        _ => Some("a device"),
    }
}

/// Asked before anything is opened, since opening a device is not always harmless, and after, since it may be another one then.
fn regular(found: &Metadata) -> io::Result<()> {
    match kind_of(found) {
        None => Ok(()),
        Some(what) => {
            let reason = format!("it is {what}, and only regular files are read: save what it holds to a file");
            Err(io::Error::new(io::ErrorKind::InvalidInput, reason))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::Write,
        os::{fd::AsRawFd, unix::fs::symlink},
    };

    #[test]
    fn a_regular_file_is_read_through_links_and_nothing_else_is() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::write(at("file"), "text").unwrap();
        symlink("file", at("link")).unwrap();
        assert_eq!(read_text(&at("link"), 4).unwrap(), "text");
        assert!(std::process::Command::new("mkfifo").arg(at("fifo")).status().unwrap().success());
        symlink("fifo", at("to a fifo")).unwrap();
        for (path, what) in [
            (at("fifo"), "a FIFO"),
            (at("to a fifo"), "a FIFO"),
            ("/dev/zero".into(), "a device"),
            (at(""), "a directory"),
        ] {
            let error = read(&path, 4).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{error}");
            assert!(error.to_string().contains(what), "{error}");
        }
        assert_eq!(read(&at("none"), 4).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_pipe_that_somebody_named_is_read_if_something_is_written_into_it() {
        let read = |written: &[u8]| {
            let (reader, mut writer) = io::pipe().unwrap();
            writer.write_all(written).unwrap();
            drop(writer);
            read_named(Path::new(&format!("/dev/fd/{}", reader.as_raw_fd())), 4)
        };
        assert_eq!(read(b"text").unwrap(), b"text");
        assert_eq!(read(b"texts").unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(read(b"").unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        let directory = tempfile::tempdir().unwrap();
        let fifo = directory.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        assert_eq!(read_named(&fifo, 4).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(read_named(Path::new("/dev/zero"), 4).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn a_file_is_read_up_to_its_bound_whatever_size_it_says_it_has() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert_eq!(read(&path, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        // It has no size, and content.
        assert_eq!(read(Path::new("/proc/self/maps"), 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        // A hole takes no room on disk.
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        let error = read(&path, MOST_OF_SAMPLES).unwrap_err();
        assert!(error.to_string().contains("larger than 32 MiB"), "{error}");
        fs::write(&path, b"a\nb\xff").unwrap();
        assert_eq!(read_text(&path, 9).unwrap_err().to_string(), "line 2 is not UTF-8");
    }
}
