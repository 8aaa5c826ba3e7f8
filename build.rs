//! Hands what is known only when this is built to the crate: the exact versions of what it links, the
//! compiler's, and the revision that this is built from, since what runs later may find another one checked out.

use std::{env, process::Command};

#[path = "build/locked.rs"]
mod locked;
#[path = "build/revision.rs"]
mod revision;
#[path = "build/wasmedge.rs"]
mod wasmedge;

fn main() {
    wasmedge::link();
    locked::write();
    revision::tell();
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUSTC");
    if let Some(version) = rustc_version() {
        println!("cargo::rustc-env=RUNTIME_BASELINE_RUSTC={version}");
    }
}

fn rustc_version() -> Option<String> {
    let output = Command::new(env::var_os("RUSTC")?).arg("--version").output().ok()?;
    // "rustc 1.95.0 (59807616e 2026-04-14)"
    String::from_utf8(output.stdout).ok()?.split_whitespace().nth(1).map(str::to_owned)
}
