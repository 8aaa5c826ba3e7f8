//! The project's own policy folders, built into the library, so that they are there wherever it runs.

use std::path::PathBuf;

use super::{Policy, folder::Folder};

/// A folder of `policies/` as the compiler embedded it.
pub(super) struct Embedded {
    name: &'static str,
    rego: &'static str,
    data: &'static str,
    wasm: &'static [u8],
    inputs: &'static [(&'static str, &'static str)],
    expected: &'static [(&'static str, &'static str)],
}

macro_rules! file {
    ($path:expr) => {
        include_str!(concat!("../../policies/", $path))
    };
}

/// `folder!(name; cases)`, and `folder!(name; cases; rules)` where several rules are asked.
macro_rules! folder {
    ($name:literal; $($case:literal)*) => {
        folder!(@ $name, [$(($case, file!(concat!($name, "/inputs/", $case, ".json")))),*],
            [$(($case, file!(concat!($name, "/expected/", $case, ".json")))),*])
    };
    ($name:literal; $first:literal $second:literal; $($case:literal)*) => {
        folder!(@ $name, [$(($case, file!(concat!($name, "/inputs/", $case, ".json")))),*],
            [$((concat!($first, "/", $case), file!(concat!($name, "/expected/", $first, "/", $case, ".json"))),
               (concat!($second, "/", $case), file!(concat!($name, "/expected/", $second, "/", $case, ".json")))),*])
    };
    (@ $name:literal, $inputs:expr, $expected:expr) => {
        Embedded {
            name: $name,
            rego: file!(concat!($name, "/policy.rego")),
            data: file!(concat!($name, "/data.json")),
            wasm: include_bytes!(concat!("../../policies/", $name, "/policy.wasm")),
            inputs: &$inputs,
            expected: &$expected,
        }
    };
}

/// RBAC first: its data comes in sizes.
pub(super) const FOLDERS: &[Embedded] = &[
    folder!("rbac"; "allow" "allow_any_case";
        "admin-does-anything"
        "auditor-lists-anywhere"
        "auditor-may-not-delete"
        "editor-in-another-namespace"
        "editor-updates-deployment"
        "empty-input"
        "no-namespace"
        "no-user"
        "operator-any-verb-on-jobs"
        "other-case"
        "unknown-user"
        "user-is-a-number"
        "viewer-gets-pod"),
    folder!("admission";
        "configmap"
        "cronjob-unknown-registry"
        "daemonset-host-network"
        "deletion"
        "deployment-allowed"
        "deployment-labels-and-registry"
        "exempt-namespace"
        "namespace-without-team"
        "not-a-review"
        "pod-allowed"
        "pod-host-powers"
        "pod-privileged-init-container"
        "pod-registry-prefix-is-not-enough"
        "pod-unknown-registry"
        "pod-without-labels"
        "review-without-uid"),
    folder!("http_authz";
        "admin-deletes-account"
        "audience-list"
        "empty-parameter"
        "expired"
        "input-is-an-array"
        "longer-path"
        "no-expiry"
        "no-method"
        "no-roles"
        "no-token"
        "not-yet-valid"
        "order-number-as-owner"
        "other-reads-account"
        "owner-cancels-order"
        "owner-may-not-delete"
        "owner-reads-account"
        "partner-webhook"
        "path-is-a-string"
        "public-parameter"
        "public-without-token"
        "root"
        "support-reads-account"
        "two-routes-match"
        "two-routes-match-no-role"
        "unknown-route"
        "valid-from-now"
        "wrong-audience"
        "wrong-issuer"
        "wrong-method"),
    folder!("release"; "reasons" "next_version";
        "at-the-minimum"
        "deployable"
        "image-by-tag"
        "not-a-version"
        "nothing-known"
        "numbers-not-text"
        "pre-releases-compare"
        "release-candidate-is-below"
        "service-without-minimum"
        "unicode"),
];

/// One policy for each entrypoint of the folder.
pub(super) fn policies(folder: &Embedded) -> Vec<Policy> {
    let own = |files: &[(&str, &str)]| files.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let folder = Folder {
        path: PathBuf::from("policies").join(folder.name),
        name: folder.name.to_owned(),
        rego: folder.rego.into(),
        data: Some(folder.data.into()),
        wasm: Some(folder.wasm.into()),
        inputs: own(folder.inputs),
        expected: own(folder.expected),
    };
    folder.policies().expect("a test reads every built-in folder")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn what_is_built_in_is_what_stands_in_the_folders() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        let entries = std::fs::read_dir(&root).unwrap().map(Result::unwrap);
        let folders = entries.filter(|entry| entry.path().is_dir());
        let mut names: Vec<_> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        let mut built_in: Vec<_> = FOLDERS.iter().map(|folder| folder.name).collect();
        built_in.sort_unstable();
        assert_eq!(names, built_in);
        for folder in FOLDERS {
            assert_eq!(policies(folder), Policy::from_dir(root.join(folder.name)).unwrap(), "{}", folder.name);
        }
    }
}
