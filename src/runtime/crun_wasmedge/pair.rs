//! Which crun has WasmEdge's handler, and with which library.
//!
//! A pair is a folder with two programs: `crun`, and the `wasmedge` that is linked with the library that this crun loads. What
//! the library's version is says the second, and it compiles for it. crun takes another file name for a command of its own, so
//! that the first is always called so.

use std::path::{Path, PathBuf};

use crate::{
    Component, Subject,
    adapter::{Refusal, RefusalKind},
    process::{
        child::find_program,
        program::{Sought, named, tools},
    },
    setup,
};

/// Names another `crun`, for the pair of the machine.
const VARIABLE: &str = "CRUN_WASMEDGE_BIN";

/// The step of the set-up that brings both pairs.
const STEP: &str = "crun_wasmedge";

/// A crun with the handler, and the library's own program.
#[derive(Debug)]
pub(super) struct Pair {
    pub crun: PathBuf,
    pub wasmedge: PathBuf,
    pub crun_version: Component,
    pub wasmedge_version: Component,
}

impl Pair {
    /// The crun that the variable names; else the machine's own, where it has the handler; else the set-up's, of the release
    /// that ships both.
    pub fn of_machine(subject: &Subject) -> Result<Self, Refusal> {
        if let Some(named) = named(VARIABLE) {
            let remedy = format!("correct or unset {VARIABLE}");
            return Self::at(&named).map_err(|why| refuse(subject, why, remedy));
        }
        let own = find_program("crun").and_then(|crun| Self::at(&crun).ok());
        own.map_or_else(|| Self::of_set_up(subject, "0.14", &[STEP]), Ok)
    }

    /// The pair of the set-up with the library that this build is for.
    pub fn with_newer(subject: &Subject) -> Result<Self, Refusal> {
        Self::of_set_up(subject, "0.17", &[STEP, "wasmedge"])
    }

    fn of_set_up(subject: &Subject, version: &str, steps: &[&str]) -> Result<Self, Refusal> {
        Self::at(&tools().join(STEP).join(version).join("crun")).map_err(|why| {
            let reason = format!("no crun here has WasmEdge's handler with WasmEdge {version}: {why}");
            let remedy = format!("run tools/setup.sh {}, or name a crun in {VARIABLE}", steps.join(" "));
            let (reason, remedy) = setup::said(steps, &reason, &remedy);
            refuse(subject, reason, remedy)
        })
    }

    /// The pair of this crun, or why it is none.
    fn at(crun: &Path) -> Result<Self, String> {
        // The same from another working directory, and what a link is beside.
        let crun = crun.canonicalize().map_err(|error| format!("{}: {error}", crun.display()))?;
        if crun.file_name().is_none_or(|name| name != "crun") {
            return Err(format!("{}: crun runs no bundle under another name than crun", crun.display()));
        }
        let wasmedge = crun.with_file_name("wasmedge");
        let ask = |path: &Path, name: &str, read: &dyn Fn(&str) -> Result<String, String>| {
            let sought = Sought { name, variable: VARIABLE, step: STEP, remedy: "", version_by: "--version", read };
            let version = sought.version(path).map_err(|why| format!("{}: {why}", path.display()))?;
            Component::new(name, version).map_err(|error| error.to_string())
        };
        let crun_version = ask(&crun, "crun", &with_handler)?;
        let wasmedge_version = ask(&wasmedge, "wasmedge", &after_version)?;
        Ok(Self { crun, wasmedge, crun_version, wasmedge_version })
    }
}

/// The version that crun says, if it also says that it has the handler.
fn with_handler(said: &str) -> Result<String, String> {
    if !said.contains("WASM:wasmedge") {
        return Err("it was built without WasmEdge's handler (its --version has no +WASM:wasmedge)".to_owned());
    }
    after_version(said)
}

/// "crun version 1.21", "/usr/bin/wasmedge version 0.14.1".
fn after_version(said: &str) -> Result<String, String> {
    let line = said.lines().next().unwrap_or_default();
    let version = line.split_once(" version ").and_then(|(_, rest)| rest.split_whitespace().next());
    version.map(str::to_owned).ok_or_else(|| format!("it says no version, but {line:?}"))
}

fn refuse(subject: &Subject, reason: String, remedy: String) -> Refusal {
    Refusal::new(subject, RefusalKind::NotFound, reason, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, process::Command};

    #[test]
    fn a_crun_without_the_handler_is_none() {
        let debian_12 = "crun version 1.8.1\ncommit: f8a096be\n+SYSTEMD +SELINUX +YAJL\n";
        assert!(with_handler(debian_12).unwrap_err().contains("handler"));
        let debian_13 = "crun version 1.21\ncommit: 10269840\n+SYSTEMD +WASM:wasmedge +YAJL\n";
        assert_eq!(with_handler(debian_13).unwrap(), "1.21");
        assert_eq!(
            after_version("/usr/bin/wasmedge version 0.14.1\n (plugin \"x\") version 0.1.0.0\n").unwrap(),
            "0.14.1"
        );
        assert!(after_version("").is_err() && with_handler("+WASM:wasmedge").is_err());
    }

    /// By another process: what another test starts must not inherit the file while it can be written.
    fn script(path: &Path, says: &str) {
        let write = "printf '#!/bin/sh\\necho \"%s\"\\n' \"$1\" > \"$0\" && chmod +x \"$0\"";
        assert!(Command::new("/bin/sh").args(["-c", write]).arg(path).arg(says).status().unwrap().success());
    }

    #[test]
    fn a_pair_is_two_programs_in_one_folder() {
        let folder = tempfile::tempdir().unwrap();
        let crun = folder.path().join("crun");
        assert!(Pair::at(&crun).unwrap_err().contains("No such file"));
        script(&crun, "crun version 1.21 +WASM:wasmedge");
        let alone = Pair::at(&crun).unwrap_err();
        assert!(alone.contains("/wasmedge: No such file"), "{alone}");
        script(&folder.path().join("wasmedge"), "wasmedge version 0.14.1");
        let pair = Pair::at(&crun).unwrap();
        assert_eq!((pair.crun_version.version(), pair.wasmedge_version.version()), ("1.21", "0.14.1"));
        fs::rename(&crun, folder.path().join("crun-1.21")).unwrap();
        assert!(Pair::at(&folder.path().join("crun-1.21")).unwrap_err().contains("another name"));
    }
}
