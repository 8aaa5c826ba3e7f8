//! OPA's bundle: a gzipped tar of Rego and data.

use std::io;

use flate2::{Compression, write::GzEncoder};
use tar::{Builder, Header};

use crate::{disk::Artifact, policy::PolicyError};

/// The bundle, on disk. The same bytes for the same policy.
pub(super) fn write(rego: &str, data: &str) -> Result<Artifact, PolicyError> {
    // Memory is the only place it is written to, and that does not fail.
    let bytes = pack(rego, data).map_err(|source| PolicyError::Io { path: "bundle.tar.gz".into(), source })?;
    Ok(Artifact::write(&bytes)?)
}

fn pack(rego: &str, data: &str) -> io::Result<Vec<u8>> {
    let mut tar = Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (name, content) in [("policy.rego", rego), ("data.json", data)] {
        let mut header = Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, content.as_bytes())?;
    }
    tar.into_inner()?.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_policy_gives_the_same_bytes() {
        let first = pack("package p\n", "{}").unwrap();
        assert_eq!(first, pack("package p\n", "{}").unwrap());
        assert_ne!(first, pack("package q\n", "{}").unwrap());
        assert_eq!(first[..2], [0x1f, 0x8b]);
    }
}
