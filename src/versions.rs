//! The exact versions of what this build links, as `build/locked.rs` read them from the build's lock file.

use crate::{
    Component, Subject,
    adapter::{Refusal, RefusalKind},
};

/// The compiler that built the harness.
pub(crate) const RUSTC: Option<&str> = option_env!("RUNTIME_BASELINE_RUSTC");

/// Every dependency of this package, by its name in capitals.
const LOCKED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/locked.rs"));

/// The package `name` with its exact version, for `subject`'s identity. One that cannot be told is refused: no number
/// without a version.
pub(crate) fn component(subject: &Subject, name: &str) -> Result<Component, Refusal> {
    let key = name.to_uppercase().replace('-', "_");
    let refuse = |reason: String, remedy: String| Refusal::new(subject, RefusalKind::Failed, reason, remedy);
    let state = || format!("build with RUNTIME_BASELINE_VERSION_{key} set to its exact version");
    if LOCKED.is_empty() {
        let reason =
            format!("the exact version of {name} is unknown, since no Cargo.lock lies above the target directory");
        return Err(refuse(reason, state()));
    }
    let version = LOCKED.iter().find(|(locked, _)| *locked == key).map(|(_, version)| *version).ok_or_else(|| {
        let reason = format!("Cargo.lock knows no dependency of runtime-baseline that is named {name}");
        refuse(reason, format!("name the package as Cargo.toml does, or {}", state()))
    })?;
    Component::new(name, version).map_err(|error| refuse(error.to_string(), state()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_tells_every_dependency() {
        let lock = include_str!("../Cargo.lock");
        let subject: Subject = "noop".parse().unwrap();
        let manifest: toml::Table = include_str!("../Cargo.toml").parse().unwrap();
        for (name, _) in manifest["dependencies"].as_table().unwrap() {
            let found = component(&subject, name).unwrap();
            let entry = format!("name = \"{name}\"\nversion = \"{}\"\n", found.version());
            assert!(lock.contains(&entry), "{found}");
        }
        assert!(RUSTC.is_some_and(|version| version.starts_with("1.")), "{RUSTC:?}");
    }

    #[test]
    fn what_is_no_dependency_is_refused_with_the_remedies_that_help() {
        let refused = component(&"wasmtime".parse().unwrap(), "no-such-engine").unwrap_err();
        assert!(refused.kind.is_failure() && refused.reason.contains("no-such-engine"), "{refused}");
        assert!(refused.remedy.contains("Cargo.toml"), "{refused}");
        assert!(refused.remedy.contains("RUNTIME_BASELINE_VERSION_NO_SUCH_ENGINE"), "{refused}");
    }
}
