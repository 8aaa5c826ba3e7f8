//! What the fuzz targets call.

use std::{io, path::Path};

/// Unpacks a tarball into an empty directory.
pub fn unpack(tarball: &Path, rootfs: &Path) -> io::Result<()> {
    super::tarball::unpack(tarball, rootfs)
}

/// Opens an OCI bundle: its root file system, or why it is none.
pub fn oci_bundle(directory: &Path) -> Result<std::path::PathBuf, crate::runtime::RuntimeError> {
    super::bundle::Bundle::open(directory).map(|bundle| bundle.rootfs)
}
