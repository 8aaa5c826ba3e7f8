//! Which program of a name there is, and which version it says it is.

use std::{
    env,
    path::{Path, PathBuf, absolute},
    process::Command,
};

use super::child::find_program;
use crate::{
    Component, Subject,
    adapter::{Refusal, RefusalKind},
    setup,
};

/// A program that runs.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// Where it is.
    pub path: PathBuf,
    /// What it is, in the version that it says.
    pub component: Component,
}

/// What is looked for.
pub(crate) struct Sought<'a> {
    /// Its file's name.
    pub name: &'a str,
    /// The variable of the environment that names another.
    pub variable: &'a str,
    /// The step of the set-up that brings it.
    pub step: &'a str,
    /// What to do where there is none.
    pub remedy: &'a str,
    /// The argument to which it answers its version.
    pub version_by: &'a str,
    /// Finds the version in that answer, or says why there is none.
    pub read: &'a dyn Fn(&str) -> Result<String, String>,
}

impl Sought<'_> {
    /// The one that the variable names; else the set-up's in `bin` of `$RUNTIME_BASELINE_TOOLS`, or of `target/tools`; else one
    /// on `PATH`.
    pub fn find(&self, subject: &Subject) -> Result<Program, Refusal> {
        self.find_or(subject, named(self.variable))
    }

    /// The same, where the variable names a directory, or names several programs: `named` is the file that it means.
    pub fn find_or(&self, subject: &Subject, named: Option<PathBuf>) -> Result<Program, Refusal> {
        let Self { name, variable, .. } = self;
        let refuse = |reason: String, remedy: &str| Refusal::new(subject, RefusalKind::NotFound, reason, remedy);
        let path = named.clone().map(in_any_directory).or_else(|| look(name)).ok_or_else(|| {
            let reason = format!("there is no {name} in target/tools/bin or on PATH");
            let (reason, remedy) = setup::said(&[self.step], &reason, self.remedy);
            refuse(reason, &remedy)
        })?;
        let correct = format!("correct or unset {variable}");
        let remedy = if named.is_some() { &correct } else { self.remedy };
        let version = self.version(&path).map_err(|why| refuse(format!("the {name} that was found: {why}"), remedy))?;
        let component = Component::new(*name, version).map_err(|error| refuse(error.to_string(), remedy))?;
        Ok(Program { path, component })
    }

    /// What the program at `path` says, or why it is not the one.
    pub fn version(&self, path: &Path) -> Result<String, String> {
        let output = Command::new(path).arg(self.version_by).output().map_err(|error| error.to_string())?;
        (self.read)(&String::from_utf8_lossy(&output.stdout))
    }
}

/// What a variable of the environment names.
pub(crate) fn named(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// A version that is found in an answer, or that there is none in it.
pub(crate) fn version_in(find: fn(&str) -> Option<&str>) -> impl Fn(&str) -> Result<String, String> {
    move |said| {
        find(said).map(str::to_owned).ok_or_else(|| "what it answers to --version is no version of it".to_owned())
    }
}

/// The same file from another working directory: a server runs in that of its data. A name without a directory is looked for
/// on `PATH` when it is started.
fn in_any_directory(path: PathBuf) -> PathBuf {
    let has_directory = path.components().count() > 1;
    has_directory.then(|| absolute(&path).ok()).flatten().unwrap_or(path)
}

/// Where the set-up puts programs.
pub(crate) fn tools() -> PathBuf {
    env::var_os("RUNTIME_BASELINE_TOOLS").map_or_else(|| PathBuf::from("target/tools"), PathBuf::from)
}

fn look(name: &str) -> Option<PathBuf> {
    let own = tools().join("bin").join(name);
    let found = if own.is_file() { Some(own) } else { find_program(name) };
    // Absolute, so that it stays the same when the working directory changes.
    found?.canonicalize().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_asked_for_its_version() {
        let none = |said: &str| match said {
            "" => Err("it says none".to_owned()),
            said => Ok(said.trim().to_owned()),
        };
        let sought = Sought { name: "x", variable: "X", step: "x", remedy: "", version_by: "1.2.3", read: &none };
        assert_eq!(sought.version(Path::new("/bin/echo")).unwrap(), "1.2.3");
        assert_eq!(sought.version(Path::new("/bin/true")).unwrap_err(), "it says none");
        assert!(sought.version(Path::new("/no/such/program")).is_err());
    }

    #[test]
    fn a_path_is_the_same_from_every_directory_and_a_name_stays_a_name() {
        assert_eq!(in_any_directory("etcd".into()), Path::new("etcd"));
        assert_eq!(in_any_directory("/opt/etcd".into()), Path::new("/opt/etcd"));
        assert_eq!(in_any_directory("bin/etcd".into()), env::current_dir().unwrap().join("bin/etcd"));
    }
}
