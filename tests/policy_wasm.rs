//! The committed Wasm of every policy is what OPA made of the Rego beside it.

use std::{collections::BTreeMap, fs, path::PathBuf};

use sha2::{Digest, Sha256};

fn sum(path: &PathBuf) -> String {
    let bytes = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn no_rego_changed_without_its_wasm() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folders = fs::read_dir(root.join("policies")).unwrap().map(|entry| entry.unwrap().path());
    let files = folders.chain([root.join("tests/policy_conformance")]).flat_map(|folder| fs::read_dir(folder).unwrap());
    let regos: Vec<_> =
        files.map(|file| file.unwrap().path()).filter(|file| file.extension().is_some_and(|e| e == "rego")).collect();
    assert!(regos.len() >= 6, "{regos:?}");
    for rego in regos {
        let wasm = rego.with_extension("wasm");
        let made = rego.with_extension("wasm.toml");
        let made: BTreeMap<String, String> = toml::from_str(&fs::read_to_string(&made).unwrap()).unwrap();
        assert!(made["command"].starts_with("opa build -t wasm"), "{made:?}");
        assert_eq!(made["opa"].split('.').count(), 3, "{made:?}");
        assert_eq!(made["source_sha256"], sum(&rego), "{} changed: run tools/build-policies.sh", rego.display());
        // What the policy may call is declared beside it, where it calls what OPA does not know.
        let declared = rego.with_extension("capabilities.json");
        assert_eq!(made.get("capabilities_sha256"), declared.exists().then(|| sum(&declared)).as_ref(), "{made:?}");
        assert_eq!(made["wasm_sha256"], sum(&wasm), "{} changed: run tools/build-policies.sh", wasm.display());
    }
}
