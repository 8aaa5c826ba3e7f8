//! The configuration of an OCI bundle.
#![no_main]

mod shared;

use std::fs;

use runtime_baseline::fuzzing::oci_bundle;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let directory = shared::directory();
    shared::write(&directory.path().join("config.json"), bytes);
    fs::create_dir(directory.path().join("rootfs")).expect("a directory");
    shared::write(&directory.path().join("rootfs/ready"), b"");
    match oci_bundle(directory.path()) {
        Ok(rootfs) => assert!(rootfs.is_dir()),
        Err(error) => drop(error.to_string()),
    }
});
