//! What is here now: the components that a figure may be stale against, and the revision of this source.

use std::{path::Path, process::Command};

use crate::{Component, policy, runtime};

/// The components of every runtime and policy engine that runs here, each once: for
/// [`Staleness::with_components`](crate::Staleness::with_components).
///
/// ```
/// use runtime_baseline::{Date, Staleness};
///
/// let staleness = Staleness::on(Date::today()).with_components(runtime_baseline::components_here());
/// ```
#[must_use]
pub fn components_here() -> Vec<Component> {
    let (runtimes, engines) = (runtime::Registry::of_this_machine(), policy::Registry::of_this_machine());
    let mut identities: Vec<_> = runtimes.runtimes().map(|runtime| runtime.identity()).collect();
    identities.extend(engines.engines().map(|engine| engine.identity()));
    let mut here: Vec<Component> = Vec::new();
    for component in identities.into_iter().flat_map(|identity| &identity.components) {
        if !here.contains(component) {
            here.push(component.clone());
        }
    }
    here
}

/// The git revision of the source that this was built from, `-dirty` where files differ from it. Nothing where the source
/// is no checkout, such as a package from a registry, or git is not there.
pub(crate) fn revision() -> Option<String> {
    revision_of(Path::new(env!("CARGO_MANIFEST_DIR")))
}

fn revision_of(source: &Path) -> Option<String> {
    let git = |args: &[&str]| {
        // Asking must not write: without this, git refreshes its index.
        let output =
            Command::new("git").arg("-C").arg(source).args(args).env("GIT_OPTIONAL_LOCKS", "0").output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    // Below somebody else's checkout, a copy of this package has no revision of its own.
    let is_top = git(&["rev-parse", "--show-prefix"])?.is_empty();
    let revision = is_top.then(|| git(&["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]))??;
    (!revision.is_empty()).then_some(revision)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_checkout_s_own_top_has_a_revision() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(revision_of(directory.path()), None);
        let git = |args: &[&str]| {
            let mut command = Command::new("git");
            command.arg("-C").arg(directory.path()).args(args);
            command.args(if args[0] == "commit" { &["-qm", "first"][..] } else { &[] });
            command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
            for name in ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"] {
                command.env(name, "a@example.org");
            }
            command.output().is_ok_and(|output| output.status.success())
        };
        let file = directory.path().join("below/file");
        std::fs::create_dir(directory.path().join("below")).unwrap();
        std::fs::write(&file, "one").unwrap();
        if !git(&["init", "-q"]) {
            return crate::need::skip("git", &"it is not installed, or makes no commit");
        }
        assert!(git(&["add", "."]) && git(&["commit"]));
        let clean = revision_of(directory.path()).unwrap();
        assert!(clean.len() >= 12 && clean.bytes().all(|b| b.is_ascii_hexdigit()), "{clean}");
        std::fs::write(&file, "two").unwrap();
        assert_eq!(revision_of(directory.path()).unwrap(), format!("{clean}-dirty"));
        assert_eq!(revision_of(&directory.path().join("below")), None);
    }
}
