//! The layout of a policy's folder, read from disk or from what is built in.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::de::IgnoredAny;

use super::{Policy, PolicyError};
use crate::input::{read, read_text};

/// The most bytes of a policy, of its data or of an input.
const MOST_OF_A_POLICY: u64 = 256 << 20;

/// What a folder holds, before it is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folder {
    /// For messages.
    pub path: PathBuf,
    pub name: String,
    pub rego: Arc<str>,
    pub data: Option<Arc<str>>,
    pub wasm: Option<Arc<[u8]>>,
    /// By case.
    pub inputs: BTreeMap<String, String>,
    /// By `<case>` or `<rule>/<case>`.
    pub expected: BTreeMap<String, String>,
}

impl Folder {
    pub(super) fn read(path: &Path) -> Result<Self, PolicyError> {
        let io_error = |path: &Path| {
            let path = path.to_owned();
            move |source| PolicyError::Io { path, source }
        };
        let full = path.canonicalize().map_err(io_error(path))?;
        let name = full.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let optional = |file: &str| {
            let file = path.join(file);
            match read(&file, MOST_OF_A_POLICY) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
                other => other.map(Some).map_err(io_error(&file)),
            }
        };
        let rego = path.join("policy.rego");
        let mut folder = Self {
            path: path.to_owned(),
            name,
            rego: read_text(&rego, MOST_OF_A_POLICY).map_err(io_error(&rego))?.into(),
            data: None,
            wasm: optional("policy.wasm")?.map(Arc::from),
            inputs: json_files(&path.join("inputs"), "")?,
            expected: json_files(&path.join("expected"), "")?,
        };
        if let Some(data) = optional("data.json")? {
            let text = String::from_utf8(data).map_err(|e| folder.wrong(format!("data.json: {e}")))?;
            folder.data = Some(text.into());
        }
        Ok(folder)
    }

    /// One policy for each entrypoint.
    pub(super) fn policies(&self) -> Result<Vec<Policy>, PolicyError> {
        let (package, rules) =
            entrypoints(&self.rego).map_err(|reason| self.wrong(format!("policy.rego: {reason}")))?;
        if let Some(data) = &self.data {
            object(data).map_err(|reason| self.wrong(format!("data.json: {reason}")))?;
        }
        if self.inputs.is_empty() {
            return Err(self.wrong("inputs holds no .json file; without one no decision can be checked".to_owned()));
        }
        let mut unused: BTreeSet<_> = self.expected.keys().map(String::as_str).collect();
        let mut policies = Vec::new();
        for (i, rule) in rules.iter().enumerate() {
            let name = if i == 0 { self.name.clone() } else { format!("{}-{rule}", self.name) };
            let mut policy = Policy::new(name, self.rego.clone(), format!("{package}/{rule}"));
            (policy.data, policy.wasm) = (self.data.clone(), self.wasm.clone());
            for (case, input) in &self.inputs {
                json(input).map_err(|reason| self.wrong(format!("inputs/{case}.json: {reason}")))?;
                let keys = [format!("{rule}/{case}"), case.clone()];
                // A decision without a rule's name can only be that of the only entrypoint.
                let mut keys = keys.iter().take(if rules.len() == 1 { 2 } else { 1 });
                let Some((key, expected)) = keys.find_map(|key| self.expected.get_key_value(key)) else {
                    let place = if rules.len() == 1 { case.clone() } else { format!("{rule}/{case}") };
                    return Err(self.wrong(format!("inputs/{case}.json has no decision in expected/{place}.json")));
                };
                json(expected).map_err(|reason| self.wrong(format!("expected/{key}.json: {reason}")))?;
                unused.remove(key.as_str());
                policy = policy.with_case(case, input, expected);
            }
            policies.push(policy);
        }
        match unused.first() {
            Some(key) => Err(self.wrong(format!("expected/{key}.json belongs to no input and rule"))),
            None => Ok(policies),
        }
    }

    fn wrong(&self, reason: String) -> PolicyError {
        PolicyError::Folder { path: self.path.clone(), reason }
    }
}

/// The `.json` files below `directory`, by their path without the ending, one level of folders deep.
fn json_files(directory: &Path, prefix: &str) -> Result<BTreeMap<String, String>, PolicyError> {
    let error = |path: &Path, source| PolicyError::Io { path: path.to_owned(), source };
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(directory).map_err(|e| error(directory, e))? {
        let path = entry.map_err(|e| error(directory, e))?.path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && prefix.is_empty() {
            files.extend(json_files(&path, &format!("{stem}/"))?);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let text = read_text(&path, MOST_OF_A_POLICY).map_err(|e| error(&path, e))?;
            files.insert(format!("{prefix}{stem}"), text);
        }
    }
    Ok(files)
}

/// The package as a path, and the rules that carry OPA's annotation `entrypoint: true`, in order.
pub(super) fn entrypoints(rego: &str) -> Result<(String, Vec<String>), String> {
    let identifier =
        |text: &str| -> String { text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect() };
    let mut package = None;
    let mut rules: Vec<String> = Vec::new();
    let mut annotated = false;
    for line in rego.lines().map(str::trim) {
        if let Some(comment) = line.strip_prefix('#') {
            annotated |= comment.split_once(':').is_some_and(|(k, v)| k.trim() == "entrypoint" && v.trim() == "true");
        } else if let Some(rest) = line.strip_prefix("package ") {
            let path: String = rest.trim().chars().take_while(|c| !c.is_whitespace() && *c != '#').collect();
            if annotated {
                return Err("the package is annotated as the entrypoint: annotate a rule".to_owned());
            }
            if path.split('.').any(|part| part.is_empty() || identifier(part) != part) {
                return Err(format!("package {path}: only plain names joined by dots can be asked"));
            }
            package.get_or_insert(path.replace('.', "/"));
        } else if !line.is_empty() && annotated {
            annotated = false;
            let rule = identifier(line.strip_prefix("default ").unwrap_or(line).trim_start());
            if !rules.contains(&rule) {
                rules.push(rule);
            }
        }
    }
    let package = package.ok_or("no package")?;
    if rules.is_empty() {
        return Err("no rule is annotated as an entrypoint: put `# METADATA` and `# entrypoint: true` before it".into());
    }
    Ok((package, rules))
}

/// What is wrong with `text` as JSON.
fn json(text: &str) -> Result<(), String> {
    serde_json::from_str::<IgnoredAny>(text).map(drop).map_err(|e| e.to_string())
}

/// What is wrong with `text` as a JSON object.
pub(super) fn object(text: &str) -> Result<(), String> {
    json(text)?;
    if text.trim_start().starts_with('{') { Ok(()) } else { Err("it is JSON, but not an object".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Case;

    const REGO: &str = "package a.b\n# METADATA\n# entrypoint: true\ndefault allow := false\n\nallow if input.x\n";

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    #[test]
    fn a_folder_of_ones_own() {
        let dir = folder(&[("policy.rego", REGO), ("inputs/yes.json", "{\"x\": 1}"), ("expected/yes.json", "true")]);
        let [policy] = Policy::from_dir(dir.path()).unwrap().try_into().unwrap();
        assert_eq!(policy.entrypoint, "a/b/allow");
        assert_eq!(policy.name, dir.path().file_name().unwrap().to_str().unwrap());
        assert_eq!(policy.cases, [Case { name: "yes".into(), input: "{\"x\": 1}".into(), expected: "true".into() }]);
        assert_eq!((policy.data, policy.wasm), (None, None));
    }

    #[test]
    fn what_breaks_the_layout_is_named() {
        let input = ("inputs/yes.json", "{}");
        let expected = ("expected/yes.json", "true");
        for (files, said) in [
            (vec![("policy.rego", "allow := true"), input, expected], "policy.rego: no package"),
            (vec![("policy.rego", "package a\nallow := true"), input, expected], "# entrypoint: true"),
            (vec![("policy.rego", "# entrypoint: true\npackage a"), input, expected], "annotate a rule"),
            (vec![("policy.rego", "package a[\"b\"]"), input, expected], "only plain names"),
            (vec![("policy.rego", REGO), ("data.json", "[1]"), input, expected], "not an object"),
            (vec![("policy.rego", REGO), ("data.json", "{"), input, expected], "data.json: EOF"),
            (vec![("policy.rego", REGO), ("inputs/yes.json", "{]"), expected], "inputs/yes.json: "),
            (vec![("policy.rego", REGO), input, ("expected/yes.json", "tru")], "expected/yes.json: "),
            (vec![("policy.rego", REGO), input, ("expected/no.json", "true")], "inputs/yes.json has no decision"),
            (vec![("policy.rego", REGO), input, expected, ("expected/no.json", "1")], "belongs to no input"),
            (vec![("policy.rego", REGO), ("inputs/readme.txt", ""), expected], "inputs holds no .json file"),
        ] {
            let dir = folder(&files);
            let error = Policy::from_dir(dir.path()).unwrap_err();
            assert!(matches!(error, PolicyError::Folder { .. }), "{error:?}");
            assert!(error.to_string().contains(said), "{error} does not say {said:?}");
            assert!(error.to_string().contains(dir.path().to_str().unwrap()), "{error}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for (files, said) in [
            (vec![("inputs/a.json", "{}")], "policy.rego"),
            (vec![("policy.rego", REGO), ("inputs/a.json", "{}")], "expected"),
            (vec![("policy.rego", REGO)], "inputs"),
        ] {
            let error = Policy::from_dir(folder(&files).path()).unwrap_err();
            assert!(matches!(&error, PolicyError::Io { path, .. } if path.ends_with(said)), "{error}");
        }
        assert!(matches!(Policy::from_dir("no/such/folder").unwrap_err(), PolicyError::Io { .. }));
    }

    #[test]
    fn decisions_of_several_entrypoints_are_told_apart_by_rule() {
        let rego = format!("{REGO}# METADATA\n# entrypoint: true\ndeny if not allow\n");
        let files = [("policy.rego", rego.as_str()), ("inputs/a.json", "{}"), ("expected/a.json", "true")];
        let error = Policy::from_dir(folder(&files).path()).unwrap_err().to_string();
        assert!(error.contains("expected/allow/a.json"), "{error}");
        let files = [files[0], files[1], ("expected/allow/a.json", "false"), ("expected/deny/a.json", "true")];
        let policies = Policy::from_dir(folder(&files).path()).unwrap();
        let asked: Vec<_> = policies.iter().map(|p| (p.entrypoint.as_str(), p.cases[0].expected.as_str())).collect();
        assert_eq!(asked, [("a/b/allow", "false"), ("a/b/deny", "true")]);
    }
}
