//! Hands the exact versions of the engines that this build links to `src/versions.rs`. They have no API that tells
//! them, so they come from the build's own lock file. And hands the revision that this is built from to `src/session.rs`,
//! since what runs later may find another one checked out. Writes nothing.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

#[path = "build/revision.rs"]
mod revision;
#[path = "build/wasmedge.rs"]
mod wasmedge;

/// The engines, by package name.
const ENGINES: [&str; 5] = ["libcontainer", "opa-wasm", "regorus", "wasmedge-sdk", "wasmtime"];

fn main() {
    wasmedge::link();
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUSTC");
    revision::tell();
    let lock = lock_file();
    if let Some((path, _)) = &lock {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    for engine in ENGINES {
        let suffix = engine.to_uppercase().replace('-', "_");
        let stated = format!("RUNTIME_BASELINE_VERSION_{suffix}");
        println!("cargo::rerun-if-env-changed={stated}");
        let locked = || lock.as_ref().and_then(|(_, text)| locked_version(text, engine));
        if let Some(version) = env::var(&stated).ok().or_else(locked) {
            println!("cargo::rustc-env=RUNTIME_BASELINE_LOCK_{suffix}={version}");
        }
    }
    if let Some(version) = rustc_version() {
        println!("cargo::rustc-env=RUNTIME_BASELINE_RUSTC={version}");
    }
}

/// The lock file that this build obeys: above the target directory, which is where a dependent's lies; else above the
/// manifest, unless cargo fetched that copy: its lock file says what the author had. A file counts only if it
/// locks this very package.
fn lock_file() -> Option<(PathBuf, String)> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR")?);
    let path = manifest.to_string_lossy();
    let fetched = path.contains("/registry/src/") || path.contains("/git/checkouts/");
    let own = (!fetched).then_some(manifest.clone());
    let starts = [env::var_os("OUT_DIR").map(PathBuf::from), own];
    starts.iter().flatten().flat_map(|start| start.ancestors()).find_map(read_lock)
}

fn read_lock(directory: &Path) -> Option<(PathBuf, String)> {
    let path = directory.join("Cargo.lock");
    let text = fs::read_to_string(&path).ok()?;
    let this = (env::var("CARGO_PKG_NAME").ok()?, env::var("CARGO_PKG_VERSION").ok()?);
    let ours = packages(&text).any(|package| package == (&this.0, &this.1));
    ours.then_some((path, text))
}

/// The locked version of `name`: the only one, or the one that this package's own entry names when there are several.
fn locked_version(lock: &str, name: &str) -> Option<String> {
    let mut versions = packages(lock).filter(|(n, _)| *n == name).map(|(_, version)| version);
    let first = versions.next()?;
    if versions.next().is_none() {
        return Some(first.to_owned());
    }
    let this = format!("name = \"{}\"", env::var("CARGO_PKG_NAME").ok()?);
    let block = lock.split("[[package]]").find(|block| block.lines().any(|line| line == this))?;
    let wanted = format!("\"{name} ");
    let entry = block.lines().find_map(|line| line.trim().strip_prefix(wanted.as_str()))?;
    Some(entry.split(['"', ' ']).next()?.to_owned())
}

/// Name and version of every package: the lock file writes them as the first lines of each block.
fn packages(lock: &str) -> impl Iterator<Item = (&str, &str)> {
    lock.split("[[package]]").filter_map(|block| {
        let field = |key: &str| block.lines().find_map(|line| line.strip_prefix(key)?.strip_suffix('"'));
        Some((field("name = \"")?, field("version = \"")?))
    })
}

fn rustc_version() -> Option<String> {
    let output = Command::new(env::var_os("RUSTC")?).arg("--version").output().ok()?;
    // "rustc 1.95.0 (59807616e 2026-04-14)"
    String::from_utf8(output.stdout).ok()?.split_whitespace().nth(1).map(str::to_owned)
}
