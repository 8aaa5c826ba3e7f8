//! A root file system in a tarball: nothing of it gets out of its directory, and no bit makes a program run as another user.
#![no_main]

mod shared;

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use runtime_baseline::fuzzing::unpack;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let directory = shared::directory();
    let tarball = directory.path().join("root.tar");
    shared::write(&tarball, bytes);
    shared::write(&directory.path().join("outside"), b"outside");
    let rootfs = directory.path().join("rootfs");
    fs::create_dir(&rootfs).expect("a directory");
    let _ = unpack(&tarball, &rootfs);
    let mut names: Vec<_> = fs::read_dir(directory.path()).expect("it").map(|e| e.expect("it").file_name()).collect();
    names.sort();
    assert_eq!(names, ["outside", "root.tar", "rootfs"]);
    assert_eq!(fs::read(directory.path().join("outside")).expect("it"), b"outside");
    assert_eq!(fs::read(&tarball).expect("it"), bytes);
    harmless(&rootfs);
});

fn harmless(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let found = entry.metadata().expect("it is there");
        let kind = found.file_type();
        assert!(kind.is_dir() || kind.is_file() || kind.is_symlink(), "{}", entry.path().display());
        assert_eq!(found.permissions().mode() & 0o6000, 0, "{}", entry.path().display());
        if kind.is_dir() {
            harmless(&entry.path());
        }
    }
}
