//! The exact versions of this package's dependencies, from the build's own lock file: engines have no API that tells theirs.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

/// Says the version where no lock file does, behind it the package's name in capitals.
const STATED: &str = "RUNTIME_BASELINE_VERSION_";

/// Writes `locked.rs` for `src/versions.rs`: each dependency with its version, in the build's own directory.
pub fn write() {
    println!("cargo::rerun-if-changed=build/locked.rs");
    let lock = lock_file();
    let mut versions: BTreeMap<String, String> = BTreeMap::new();
    match &lock {
        Some((path, text)) => {
            println!("cargo::rerun-if-changed={}", path.display());
            for (name, version) in dependencies(text) {
                let key = key(&name);
                println!("cargo::rerun-if-env-changed={STATED}{key}");
                versions.insert(key, version);
            }
        }
        // Which variables might be set next time cannot be known: look again at every build.
        None => println!("cargo::rerun-if-changed=there-is-no-lock-file"),
    }
    let stated = env::vars().filter_map(|(name, version)| Some((name.strip_prefix(STATED)?.to_owned(), version)));
    versions.extend(stated);
    let lines: String = versions.iter().map(|(key, version)| format!("    ({key:?}, {version:?}),\n")).collect();
    let path = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("locked.rs");
    fs::write(&path, format!("&[\n{lines}]\n")).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// A package's name as `src/versions.rs` looks for it.
fn key(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
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
    let ours = packages(&text).any(|(_, name, version)| (name, version) == (&this.0, &this.1));
    ours.then_some((path, text))
}

/// This package's dependencies with their versions. Its own entry lists them by name, with the version where the lock file
/// has several of that name.
fn dependencies(lock: &str) -> Vec<(String, String)> {
    let this = env::var("CARGO_PKG_NAME").unwrap_or_default();
    let own = packages(lock).find(|(_, name, _)| *name == this).map(|(block, _, _)| block).unwrap_or_default();
    let entries = own.lines().filter_map(|line| line.trim().strip_prefix('"')?.split('"').next());
    let version = |entry: &str| {
        let mut words = entry.split(' ');
        let name = words.next()?;
        let only = || packages(lock).find(|(_, other, _)| *other == name).map(|(_, _, version)| version);
        Some((name.to_owned(), words.next().or_else(only)?.to_owned()))
    };
    entries.filter_map(version).collect()
}

/// The block, name and version of every package: the lock file writes the latter as the first lines of each.
fn packages(lock: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    lock.split("[[package]]").filter_map(|block| {
        let field = |key: &str| block.lines().find_map(|line| line.strip_prefix(key)?.strip_suffix('"'));
        Some((block, field("name = \"")?, field("version = \"")?))
    })
}
