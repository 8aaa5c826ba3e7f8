//! Files that are written whole or not at all.

use std::{
    fs,
    io::{self, BufWriter},
    path::Path,
};

/// Writes `path` by what `write` writes. Whoever reads it sees the old file or the new one, never a part, and a run killed
/// half-way leaves the earlier file as it was.
pub(crate) fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<fs::File>) -> io::Result<()>,
) -> io::Result<()> {
    let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidFilename))?;
    // One name for each file, so that what a killed process left is replaced by the next one.
    let beside = path.with_file_name(format!(".{}.new", name.display()));
    let written = remove(&beside).and_then(|()| {
        // `create_new` follows no link, and refuses to mix with somebody who writes the same file now.
        let mut file = BufWriter::new(fs::OpenOptions::new().write(true).create_new(true).open(&beside)?);
        write(&mut file)?;
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&beside, path)
    });
    written.inspect_err(|_| drop(remove(&beside)))
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
