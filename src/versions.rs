//! The exact versions of what this build links, as `build.rs` read them from the build's lock file.

use crate::{
    Component, Subject,
    adapter::{Refusal, RefusalKind},
};

/// The compiler that built the harness.
#[allow(dead_code, reason = "the captured environment names it; not every feature set captures one")]
pub(crate) const RUSTC: Option<&str> = option_env!("RUNTIME_BASELINE_RUSTC");

/// The package `name` with its exact version, for `subject`'s identity. One that cannot be told is refused: no number
/// without a version.
#[cfg_attr(
    not(any(feature = "wasmedge", feature = "container", feature = "opa-wasm")),
    allow(dead_code, reason = "the others tell their versions themselves")
)]
pub(crate) fn component(subject: &Subject, name: &str) -> Result<Component, Refusal> {
    let version = match name {
        "libcontainer" => option_env!("RUNTIME_BASELINE_LOCK_LIBCONTAINER"),
        "opa-wasm" => option_env!("RUNTIME_BASELINE_LOCK_OPA_WASM"),
        "regorus" => option_env!("RUNTIME_BASELINE_LOCK_REGORUS"),
        "wasmedge-sdk" => option_env!("RUNTIME_BASELINE_LOCK_WASMEDGE_SDK"),
        "wasmtime" => option_env!("RUNTIME_BASELINE_LOCK_WASMTIME"),
        _ => None,
    };
    let refuse = |reason: String| {
        let remedy = format!(
            "build with RUNTIME_BASELINE_VERSION_{} set to the version that Cargo.lock names",
            name.to_uppercase().replace('-', "_")
        );
        Refusal::new(subject, RefusalKind::Failed, reason, remedy)
    };
    let version = version.ok_or_else(|| {
        refuse(format!("the exact version of {name} is unknown, since no Cargo.lock lies above the target directory"))
    })?;
    Component::new(name, version).map_err(|e| refuse(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_tells_every_engine() {
        let lock = include_str!("../Cargo.lock");
        let subject: Subject = "wasmtime".parse().unwrap();
        for name in ["libcontainer", "opa-wasm", "regorus", "wasmtime"] {
            let found = component(&subject, name).unwrap();
            let entry = format!("name = \"{name}\"\nversion = \"{}\"\n", found.version());
            assert!(lock.contains(&entry), "{found}");
        }
        assert!(RUSTC.is_some_and(|version| version.starts_with("1.")), "{RUSTC:?}");
    }

    #[test]
    fn an_unknown_engine_is_refused_with_a_remedy() {
        let refused = component(&"wasmtime".parse().unwrap(), "no-such-engine").unwrap_err();
        assert!(refused.remedy.contains("RUNTIME_BASELINE_VERSION_NO_SUCH_ENGINE"), "{refused}");
    }
}
