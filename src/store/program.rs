//! Which program of a name there is, and which version it says it is.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Component, Subject,
    adapter::{Refusal, RefusalKind},
    process::child::find_program,
    setup,
};

/// A server program.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// Where it is.
    pub path: PathBuf,
    /// What it is, in the version that it says.
    pub component: Component,
}

/// What is looked for.
#[derive(Debug)]
pub(crate) struct Sought<'a> {
    /// The name of its file.
    pub name: &'a str,
    /// The one that the user named, by this variable.
    pub named: Option<PathBuf>,
    pub variable: &'a str,
    /// The step of the set-up that brings it.
    pub step: &'a str,
    /// Finds the version in what it answers to `--version`.
    pub read: fn(&str) -> Option<&str>,
}

/// The program of that name: the one that `variable` names; else the set-up's in `bin` of `$RUNTIME_BASELINE_TOOLS`, or of
/// `target/tools`; else one on `PATH`. `read` finds the version in what it answers to `--version`.
pub(super) fn find(
    subject: &Subject,
    name: &str,
    variable: &str,
    read: fn(&str) -> Option<&str>,
) -> Result<Program, Refusal> {
    seek(subject, Sought { name, named: named(variable), variable, step: "stores", read })
}

/// What the user named by a variable of the environment.
pub(crate) fn named(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The program that was named; else the set-up's; else one on `PATH`.
pub(crate) fn seek(subject: &Subject, sought: Sought<'_>) -> Result<Program, Refusal> {
    let Sought { name, named, variable, step, read } = sought;
    let remedy = format!("run tools/setup.sh {step}, or name one in {variable}");
    let refuse = |reason: String, remedy: &str| Refusal::new(subject, RefusalKind::NotFound, reason, remedy);
    // Absolute, since a server runs in the directory of its data; one that is not there is named as it was.
    let named = named.map(|path| path.canonicalize().unwrap_or(path));
    let path = named.clone().or_else(|| look(name)).ok_or_else(|| {
        let (reason, remedy) =
            setup::said(&[step], &format!("there is no {name} in target/tools/bin or on PATH"), &remedy);
        refuse(reason, &remedy)
    })?;
    let remedy = if named.is_some() { format!("correct or unset {variable}") } else { remedy };
    let version = version(&path, read).map_err(|why| refuse(format!("the {name} that was found: {why}"), &remedy))?;
    let component = Component::new(name, version).map_err(|error| refuse(error.to_string(), &remedy))?;
    Ok(Program { path, component })
}

fn look(name: &str) -> Option<PathBuf> {
    let tools = env::var_os("RUNTIME_BASELINE_TOOLS").map_or_else(|| PathBuf::from("target/tools"), PathBuf::from);
    let own = tools.join("bin").join(name);
    let found = if own.is_file() { Some(own) } else { find_program(name) };
    // Absolute, so that it stays the same when the working directory changes.
    found?.canonicalize().ok()
}

fn version(path: &Path, read: fn(&str) -> Option<&str>) -> Result<String, String> {
    let output = Command::new(path).arg("--version").output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout);
    read(&said).map(str::to_owned).ok_or_else(|| "what it answers to --version is no version of it".to_owned())
}
