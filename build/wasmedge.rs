//! How this package's own binaries find libwasmedge when they run. wasmedge-sys tells the linker where the library is, but
//! not the program; and a library that needs a newer libc than this machine's needs that libc's loader too.
//! `tools/setup.sh wasmedge` writes what the linker must be told into `$WASMEDGE_DIR/link.args`, one argument a line.

use std::{env, fs, path::PathBuf};

/// Emits the link arguments, for the binaries, tests, benches and examples of this package alone. Nothing without the
/// feature `wasmedge`.
pub fn link() {
    println!("cargo::rerun-if-changed=build/wasmedge.rs");
    if env::var_os("CARGO_FEATURE_WASMEDGE").is_none() {
        return;
    }
    println!("cargo::rerun-if-env-changed=WASMEDGE_DIR");
    println!("cargo::rerun-if-env-changed=WASMEDGE_LIB_DIR");
    let directory = env::var_os("WASMEDGE_DIR").map(PathBuf::from);
    if let Some(arguments) = directory.as_ref().map(|directory| directory.join("link.args")) {
        println!("cargo::rerun-if-changed={}", arguments.display());
        if let Ok(text) = fs::read_to_string(&arguments) {
            for argument in text.lines() {
                println!("cargo::rustc-link-arg={argument}");
            }
            return;
        }
    }
    // A plain installation, in the places where wasmedge-sys looks for one.
    let home = env::var_os("HOME").map(|home| PathBuf::from(home).join(".wasmedge"));
    let roots = [directory, home, Some(PathBuf::from("/usr/local"))];
    let below = roots.into_iter().flatten().flat_map(|root| [root.join("lib64"), root.join("lib")]);
    let stated = env::var_os("WASMEDGE_LIB_DIR").map(PathBuf::from);
    if let Some(library) = stated.into_iter().chain(below).find(|path| path.join("libwasmedge.so").exists()) {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{}", library.display());
    } else {
        println!("cargo::warning=libwasmedge not found: run tools/setup.sh wasmedge, then: . target/wasmedge/env");
    }
}
