//! What a test needs and this machine may lack. A test without it is skipped: that is said on standard error, which libtest
//! does not capture here, and noted in `target/skipped`, where `tools/skipped.sh` counts. Where
//! `RUNTIME_BASELINE_REQUIRE` names what is missing (`all`, or a list: `container,opa,browser`), the test fails instead.

#![allow(dead_code, reason = "each test uses its part")]

use std::{
    collections::BTreeSet,
    env,
    fmt::Display,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    thread,
};

const REQUIRE: &str = "RUNTIME_BASELINE_REQUIRE";

/// What was found, or `None` where it is not here: then the test that asks is skipped, and returns.
///
/// # Panics
/// Where it is required.
pub fn need<T, E: Display>(what: &str, found: Result<T, E>) -> Option<T> {
    found.map_err(|why| skip(what, &why)).ok()
}

/// Skips the test that runs on this thread, for want of `what`. The test then returns.
///
/// # Panics
/// Where it is required.
pub fn skip(what: &str, why: &dyn Display) {
    assert!(!is_required(what), "{what} is required by {REQUIRE}, and missing: {why}");
    let test = thread::current().name().unwrap_or("main").to_owned();
    note("skipped", &test, &format!("{what}: {why}"));
}

/// Whether a missing `what` is a failure. A name stands for all that begins with it: `container` for `container/alpine`.
pub fn is_required(what: &str) -> bool {
    is_listed(what, &env::var(REQUIRE).unwrap_or_default())
}

/// Whether `what` is in such a list.
pub fn is_listed(what: &str, list: &str) -> bool {
    list.split(',').map(str::trim).filter(|item| !item.is_empty()).any(|item| {
        item == "all" || what.strip_prefix(item).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
    })
}

/// Says and notes that a test did not run, once in a process.
pub fn note(how: &str, test: &str, why: &str) {
    static NOTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut noted = NOTED.lock().unwrap_or_else(PoisonError::into_inner);
    if !noted.insert(format!("{how}\t{}\t{test}\t{why}\n", program())) {
        return;
    }
    // Not by the macro, whose output libtest captures.
    let _ = writeln!(io::stderr(), "{how}: {test}: {why}");
    let Some(directory) = directory() else { return };
    // Whole each time: the file of an earlier run of this program goes.
    let _ = fs::create_dir_all(&directory)
        .and_then(|()| fs::write(directory.join(program()), noted.iter().map(String::as_str).collect::<String>()));
}

/// The test program's name without the hash that cargo adds.
fn program() -> String {
    let path = env::current_exe().unwrap_or_default();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.rsplit_once('-').map_or(name.clone(), |(name, _)| name.to_owned())
}

/// Where the notes lie.
fn directory() -> Option<PathBuf> {
    target().map(|target| target.join("skipped"))
}

/// The target directory that the program lies in. Cargo tags one that it makes, and not one that the set-up made before it;
/// it locks each profile's directory in either.
pub fn target() -> Option<PathBuf> {
    let program = env::current_exe().ok()?;
    let above = |marked: &str| program.ancestors().find(|directory| directory.join(marked).exists());
    above("CACHEDIR.TAG").or_else(|| above(".cargo-lock")?.parent()).map(Path::to_owned)
}
