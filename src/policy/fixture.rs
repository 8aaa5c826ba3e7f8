//! A policy with its data, the rule that is asked, and the decisions that every engine must give.

use std::sync::Arc;

use super::{PolicyError, embedded, folder::Folder, rbac};

/// One input and the decision that every engine must give for it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Case {
    /// The input file's stem.
    pub name: String,
    /// The input document, JSON.
    pub input: String,
    /// The expected decision, JSON. `null` for a query that is undefined.
    pub expected: String,
}

/// A policy in memory: an engine puts what it needs of it on disk when it prepares.
///
/// ```
/// use runtime_baseline::policy::Policy;
///
/// let policy = Policy::by_name("rbac-1000")?;
/// assert_eq!(policy.entrypoint, "rbac/allow");
/// assert!(policy.cases.iter().any(|case| case.expected.trim() == "true"));
///
/// let own = Policy::new("teams", "package teams\nallow if input.user in data.members\n", "teams/allow")
///     .with_data(r#"{"members": ["alice"]}"#)
///     .with_case("member", r#"{"user": "alice"}"#, "true");
/// assert_eq!(own.cases.len(), 1);
/// # Ok::<(), runtime_baseline::policy::PolicyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// The name in the stored form: `rbac-1000`, `admission`.
    pub name: String,
    /// The Rego module (Rego v1).
    pub rego: Arc<str>,
    /// The data document, a JSON object, where the policy reads one.
    pub data: Option<Arc<str>>,
    /// OPA's Wasm of the policy, where it was built.
    pub wasm: Option<Arc<[u8]>>,
    /// The rule asked, as a path without `data.`: `rbac/allow`.
    pub entrypoint: String,
    /// Inputs with their expected decisions.
    pub cases: Vec<Case>,
}

impl Policy {
    /// A policy without data, Wasm and cases. `entrypoint` is the rule asked, without `data.`: `rbac/allow`.
    #[must_use]
    pub fn new(name: impl Into<String>, rego: impl Into<Arc<str>>, entrypoint: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            rego: rego.into(),
            data: None,
            wasm: None,
            entrypoint: entrypoint.into(),
            cases: Vec::new(),
        }
    }

    /// Sets the data document.
    #[must_use]
    pub fn with_data(mut self, json: impl Into<Arc<str>>) -> Self {
        self.data = Some(json.into());
        self
    }

    /// Sets OPA's Wasm of the policy.
    #[must_use]
    pub fn with_wasm(mut self, module: impl Into<Arc<[u8]>>) -> Self {
        self.wasm = Some(module.into());
        self
    }

    /// Adds an input with the decision that it must get.
    #[must_use]
    pub fn with_case(mut self, name: impl Into<String>, input: impl Into<String>, expected: impl Into<String>) -> Self {
        self.cases.push(Case { name: name.into(), input: input.into(), expected: expected.into() });
        self
    }

    /// The project's own policies, one for each entrypoint, RBAC with 10, 1,000 and 10,000 bindings.
    ///
    /// # Panics
    /// Never: what is built in was read by a test.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let sized = [10, 1_000, 10_000].into_iter().flat_map(rbac::policies);
        sized.chain(embedded::FOLDERS.iter().skip(1).flat_map(embedded::policies)).collect()
    }

    /// One of the project's own policies: a name of [`all`](Self::all), or RBAC with any number of bindings from 1 to
    /// 1,000,000 (`rbac-100000`, about 13 MB of data).
    ///
    /// # Errors
    /// [`PolicyError::UnknownPolicy`], which lists the names there are.
    pub fn by_name(name: &str) -> Result<Self, PolicyError> {
        let rest = name.strip_prefix("rbac-").unwrap_or_default();
        let digits = &rest[..rest.bytes().take_while(u8::is_ascii_digit).count()];
        let candidates = match digits.parse() {
            Ok(bindings @ 1..=rbac::MOST_BINDINGS) => rbac::policies(bindings),
            _ => embedded::FOLDERS.iter().skip(1).flat_map(embedded::policies).collect(),
        };
        candidates.into_iter().find(|policy| policy.name == name).ok_or_else(|| PolicyError::UnknownPolicy {
            name: name.to_owned(),
            known: Self::all().into_iter().map(|policy| policy.name).collect(),
        })
    }

    /// The policies of a folder of one's own, one for each entrypoint, in the order of the source. The first has the
    /// folder's name, another the folder's name, a hyphen and its rule. The folder holds
    ///
    /// - `policy.rego`: each rule to be asked carries OPA's own annotation, `# METADATA`, `# entrypoint: true`;
    /// - `data.json`, where the policy reads data, and `policy.wasm`, where OPA built it;
    /// - `inputs/<case>.json`, and the decision of each in `expected/<case>.json`; with several entrypoints in
    ///   `expected/<rule>/<case>.json`. An undefined decision is `null`.
    ///
    /// # Errors
    /// [`PolicyError::Io`] when a file is missing or unreadable, [`PolicyError::Folder`] when the folder breaks the
    /// layout or holds a document that is not JSON.
    pub fn from_dir(path: impl AsRef<std::path::Path>) -> Result<Vec<Self>, PolicyError> {
        Folder::read(path.as_ref())?.policies()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        let all = Policy::all();
        for policy in &all {
            assert_eq!(all.iter().filter(|other| other.name == policy.name).count(), 1, "{}", policy.name);
            assert_eq!(&Policy::by_name(&policy.name).unwrap(), policy);
            assert!(policy.cases.len() >= 10, "{}", policy.name);
        }
        let names: Vec<_> = all.iter().map(|policy| policy.name.as_str()).collect();
        for name in ["rbac-10", "rbac-1000", "rbac-10000", "rbac-1000-allow_any_case", "admission", "http_authz"] {
            assert!(names.contains(&name), "{names:?}");
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        for name in ["", "rbac", "rbac-0", "rbac-1000001", "rbac-01", "rbac-10-deny", "rbac--1", "admission2"] {
            let error = Policy::by_name(name).unwrap_err();
            assert!(matches!(error, PolicyError::UnknownPolicy { .. }), "{error}");
            assert!(error.to_string().contains("rbac-1000, "), "{error}");
        }
    }

    #[test]
    fn every_policy_decides_both_ways() {
        for policy in Policy::all() {
            let mut expected: Vec<_> = policy.cases.iter().map(|case| case.expected.trim()).collect();
            expected.sort_unstable();
            expected.dedup();
            assert!(expected.len() >= 2, "{}: {expected:?}", policy.name);
        }
    }
}
