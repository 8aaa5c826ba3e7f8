//! A sum of nothing: see ../README.md.

use std::{io, path::Path};

/// Sums no file.
pub fn try_digest(_path: &Path) -> io::Result<String> {
    Err(io::Error::other("this project's builds unpack no archive: run tools/setup.sh wasmedge"))
}
