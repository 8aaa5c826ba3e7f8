//! A policy with its data, inputs and expected decisions: one folder of `policies/`.

use std::path::PathBuf;

/// One input and the decision that every engine must give for it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Case {
    /// The input file's stem.
    pub name: String,
    /// The input document, JSON.
    pub input: String,
    /// The expected decision, JSON.
    pub expected: String,
}

/// A policy: Rego, the data it reads, the rule that is asked, and the cases it must decide.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// The name in the stored form: `rbac-1000`, `admission`.
    pub name: String,
    /// The Rego module's path.
    pub rego: PathBuf,
    /// The data document's path, where the policy reads one.
    pub data: Option<PathBuf>,
    /// OPA's Wasm of the policy, where it was built.
    pub wasm: Option<PathBuf>,
    /// The rule asked, as a path without `data.`: `rbac/allow`.
    pub entrypoint: String,
    /// Inputs with their expected decisions.
    pub cases: Vec<Case>,
}
