//! What the targets in `fuzz/` call and nobody else may: functions that take bytes, where the crate itself reads files or asks
//! a guest. There is no other parser in here.

#![allow(missing_docs, reason = "no part of the crate that others build on: `--cfg fuzzing` alone has it")]

use crate::{Baseline, BaselineError};

/// A baseline's file, read.
pub fn baseline(bytes: &[u8]) -> Result<Baseline, BaselineError> {
    Baseline::parse(bytes)
}

/// A baseline's file, as it would be written.
pub fn baseline_file(baseline: &Baseline) -> Result<Vec<u8>, BaselineError> {
    let mut file = Vec::new();
    baseline.write(std::path::Path::new(""), &mut file)?;
    Ok(file)
}

#[cfg(feature = "container")]
pub use crate::runtime::container::fuzzing::{oci_bundle, unpack};

#[cfg(feature = "_opa-abi")]
pub use crate::policy::fuzzing::opa_contents;
