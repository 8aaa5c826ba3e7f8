//! A root file system in a tarball: looked through before anything is written, then unpacked.
//!
//! Fifteen megabytes can hold any number of gigabytes, in files, in holes or in a single name. So the headers are read
//! first, without what they head, and what is larger than an image may be is refused.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader, Read, Seek},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Mode, OFlags, ResolveFlags, openat2},
    io::Errno,
};
use tar::{Archive, EntryType, Header};

use super::source::Size;

/// The most bytes of a name, or of what else is said of an entry beside its header.
const MOST_SAID: u64 = 1 << 20;

/// Unpacks a tarball, plain or compressed by gzip, into `rootfs`, which is empty.
pub(super) fn unpack(tarball: &Path, rootfs: &Path) -> io::Result<()> {
    // A pipe in its place would wait for ever for who writes it.
    let flags = OFlags::NONBLOCK.bits() as i32;
    let mut file = OpenOptions::new().read(true).custom_flags(flags).open(tarball)?;
    if !file.metadata()?.is_file() {
        return Err(invalid("it is no regular file"));
    }
    check(&mut Archive::new(content(&mut file)?))?;
    let mut sticky = Vec::new();
    for entry in Archive::new(content(&mut file)?).entries()? {
        let mut entry = entry?;
        if !is_taken(entry.header().entry_type()) {
            continue;
        }
        // It refuses to write outside of the directory, and leaves out set-user-id bits, the sticky bit and owners.
        if !entry.unpack_in(rootfs)? {
            let path = entry.path().map(|path| path.display().to_string()).unwrap_or_default();
            return Err(invalid(format!("{path} lies outside of the image")));
        }
        if entry.header().entry_type() == EntryType::Directory && entry.header().mode()? & 0o1000 != 0 {
            sticky.push(entry.path()?.into_owned());
        }
    }
    sticky.iter().try_for_each(|path| make_sticky(rootfs, path))
}

/// The tar archive from its beginning, decompressed.
fn content(file: &mut File) -> io::Result<Box<dyn Read + '_>> {
    file.rewind()?;
    let mut magic = [0; 2];
    let compressed = file.read(&mut magic)? == 2 && magic == [0x1f, 0x8b];
    file.rewind()?;
    let file = BufReader::new(file);
    let content: Box<dyn Read + '_> =
        if compressed { Box::new(flate2::bufread::MultiGzDecoder::new(file)) } else { Box::new(file) };
    Ok(content)
}

fn is_taken(kind: EntryType) -> bool {
    use EntryType::{Continuous, Directory, GNUSparse, Link, Regular, Symlink};
    matches!(kind, Regular | Continuous | GNUSparse | Directory | Symlink | Link)
}

/// Adds up what the headers say, and reads nothing else of an entry but what is said of it.
///
/// Unpacking must come by the same headers, or it would unpack what was never looked at. It goes another way after two
/// kinds, which are refused: a record that gives an entry another size than its header does, and a sparse file whose map
/// goes on behind the header.
fn check(archive: &mut Archive<impl Read>) -> io::Result<()> {
    let mut size = Size::default();
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        let header = entry.header();
        let kind = header.entry_type();
        let says = kind.is_gnu_longname() || kind.is_gnu_longlink() || kind.is_pax_local_extensions();
        if says && entry.size() > MOST_SAID {
            return Err(invalid(format!("{} bytes are the name of something", entry.size())));
        }
        size.add(unpacked(header)?.max(entry.size()))?;
        let records = if kind.is_pax_local_extensions() { entry.pax_extensions()? } else { None };
        for record in records.into_iter().flatten() {
            if record?.key_bytes() == b"size" {
                return Err(invalid(
                    "an entry has two sizes: pack it as GNU tar does by default, without --format=posix",
                ));
            }
        }
    }
    Ok(())
}

/// The bytes that an entry takes when it is unpacked.
fn unpacked(header: &Header) -> io::Result<u64> {
    match header.as_gnu().filter(|_| header.entry_type().is_gnu_sparse()) {
        Some(sparse) if sparse.is_extended() => {
            Err(invalid("a sparse file is in many parts: pack it without --sparse"))
        }
        Some(sparse) => sparse.real_size(),
        None => Ok(0),
    }
}

/// Whoever may write to a directory that is everybody's, such as /tmp, may not remove what is another's.
fn make_sticky(rootfs: &Path, path: &Path) -> io::Result<()> {
    let path: PathBuf = path.components().filter(|part| matches!(part, std::path::Component::Normal(_))).collect();
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    // Never through a link of the image's.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let inside = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    match openat2(File::open(rootfs)?, &path, flags, Mode::empty(), inside) {
        Ok(directory) => {
            let directory = File::from(directory);
            let mode = directory.metadata()?.permissions().mode();
            directory.set_permissions(fs::Permissions::from_mode(mode | 0o1000))
        }
        // A later entry put something else in its place.
        Err(Errno::LOOP | Errno::NOTDIR | Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn invalid(reason: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// An entry's header, as a program would not write it.
    fn header(kind: EntryType, name: &str, size: u64) -> Header {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(size);
        header.set_mode(0o755);
        header.set_cksum();
        header
    }

    /// What became of an archive of these bytes, compressed, and what is in its directory.
    fn unpacked(archive: &[u8]) -> (io::Result<()>, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("root.tar.gz");
        let mut gzip = flate2::write::GzEncoder::new(File::create(&path).unwrap(), flate2::Compression::fast());
        gzip.write_all(archive).unwrap();
        gzip.finish().unwrap();
        fs::create_dir(directory.path().join("rootfs")).unwrap();
        (unpack(&path, &directory.path().join("rootfs")), directory)
    }

    fn refused(archive: &[u8], why: &str) {
        let (result, directory) = unpacked(archive);
        let error = result.unwrap_err().to_string();
        assert!(error.contains(why), "{error}, not {why}");
        assert_eq!(
            fs::read_dir(directory.path().join("rootfs")).unwrap().count(),
            0,
            "{why}: nothing is written before"
        );
    }

    #[test]
    fn what_would_unpack_to_more_than_an_image_is_refused_before_anything_is_written() {
        let small = header(EntryType::Regular, "small", 0).as_bytes().to_vec();
        refused(&[&small[..], header(EntryType::Regular, "large", 3 << 30).as_bytes()].concat(), "GiB");
        let many = header(EntryType::Regular, "half", 0).as_bytes().repeat(Size::MOST_FILES as usize + 1);
        refused(&many, "files");
        // A hole takes no room in the archive, and is written out.
        let mut sparse = header(EntryType::GNUSparse, "hole", 0);
        sparse.as_gnu_mut().unwrap().set_real_size(1 << 40);
        sparse.set_cksum();
        refused(&[&small[..], sparse.as_bytes()].concat(), "GiB");
        sparse.as_gnu_mut().unwrap().set_is_extended(true);
        sparse.set_cksum();
        refused(&[&small[..], sparse.as_bytes()].concat(), "--sparse");
        // A name is read into memory as a whole.
        for kind in [EntryType::GNULongName, EntryType::GNULongLink, EntryType::XHeader] {
            refused(&[&small[..], header(kind, "name", 2 << 20).as_bytes()].concat(), "the name of something");
        }
        let mut record = b"13 size=1000\n".to_vec();
        record.resize(512, 0);
        let said = [&header(EntryType::XHeader, "said", 13).as_bytes()[..], &record].concat();
        refused(&[&small[..], &said, &small].concat(), "two sizes");
    }

    #[test]
    fn everybody_s_directory_stays_sticky_and_no_link_is_followed_for_that() {
        let outside = tempfile::tempdir().unwrap();
        fs::set_permissions(outside.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let directory = |name: &str| {
            let mut header = header(EntryType::Directory, name, 0);
            header.set_mode(0o1777);
            header.set_cksum();
            header
        };
        let mut link = header(EntryType::Symlink, "out", 0);
        link.set_link_name(outside.path()).unwrap();
        link.set_cksum();
        let mut file = header(EntryType::Regular, "own", 0);
        file.set_mode(0o6755);
        file.set_cksum();
        let archive = [&directory("./tmp"), &file, &link].map(|header| header.as_bytes().to_vec()).concat();
        let (result, made) = unpacked(&archive);
        result.unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        let rootfs = made.path().join("rootfs");
        assert_eq!((mode(&rootfs.join("tmp")), mode(&rootfs.join("own"))), (0o1777, 0o755));
        make_sticky(&rootfs, Path::new("out")).unwrap();
        assert_eq!(mode(outside.path()), 0o777);
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("root.tar");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(unpack(&pipe, directory.path()).unwrap_err().to_string().contains("no regular file"));
    }
}
