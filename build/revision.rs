//! The git revision that this is built from.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// What of the package's own files makes another program.
const SOURCES: [&str; 5] = ["src", "benches", "build", "Cargo.toml", "Cargo.lock"];

/// Tells the revision to the compiler, and to cargo what makes it another one: a commit, a checkout, a change of the sources.
/// Tells nothing where the source is no checkout, such as a package from a registry, or where git is not there.
pub fn tell() {
    let Some(source) = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from) else { return };
    let Some(revision) = of(&source) else { return };
    println!("cargo::rustc-env=RUNTIME_BASELINE_REVISION={revision}");
    let branch = git(&source, &["rev-parse", "--symbolic-full-name", "HEAD"]);
    let names = ["HEAD", "packed-refs"].map(str::to_owned).into_iter().chain(branch);
    let of_git = names.filter_map(|name| git(&source, &["rev-parse", "--git-path", &name]));
    for path in of_git.chain(SOURCES.map(str::to_owned)).map(|path| source.join(path)) {
        // Cargo takes a file that is not there for one that changed.
        if path.exists() {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
}

/// The revision, with `-dirty` where files differ from it.
pub fn of(source: &Path) -> Option<String> {
    // Below somebody else's checkout, a copy of this package has no revision of its own.
    let is_top = git(source, &["rev-parse", "--show-prefix"])?.is_empty();
    let describe = ["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"];
    is_top.then(|| git(source, &describe))?.filter(|revision| !revision.is_empty())
}

fn git(source: &Path, args: &[&str]) -> Option<String> {
    // Asking must not write: without this, git refreshes its index.
    let output = Command::new("git").arg("-C").arg(source).args(args).env("GIT_OPTIONAL_LOCKS", "0").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
