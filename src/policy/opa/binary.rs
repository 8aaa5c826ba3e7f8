//! Which OPA there is, and which version it says it is.

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

/// The first OPA whose policies are Rego v1 by default.
const OLDEST_MAJOR: u32 = 1;

/// What to do where there is none.
const REMEDY: &str = "run tools/setup.sh opa, or name an OPA 1.0 or newer in OPA_BIN";

/// An OPA that runs.
#[derive(Debug)]
pub(super) struct Binary {
    pub(super) path: PathBuf,
}

/// The OPA of this machine, and its own word about its version.
pub(super) fn find(subject: &Subject) -> Result<(Binary, Component), Refusal> {
    let unavailable = |reason: String, remedy: &str| Refusal::new(subject, RefusalKind::NotFound, reason, remedy);
    let named = env::var_os("OPA_BIN").filter(|value| !value.is_empty()).map(PathBuf::from);
    let path = named.clone().or_else(look).ok_or_else(|| {
        let reason = "there is no opa in target/tools/bin or on PATH";
        let (reason, remedy) = setup::said(&["opa"], reason, REMEDY);
        unavailable(reason, &remedy)
    })?;
    let remedy = match named {
        Some(_) => "correct or unset OPA_BIN",
        None => REMEDY,
    };
    let version = version(&path).map_err(|why| unavailable(format!("the opa that was found: {why}"), remedy))?;
    let component = Component::new("opa", version).map_err(|e| unavailable(e.to_string(), remedy))?;
    Ok((Binary { path }, component))
}

fn look() -> Option<PathBuf> {
    let tools = env::var_os("RUNTIME_BASELINE_TOOLS").map_or_else(|| PathBuf::from("target/tools"), PathBuf::from);
    let own = tools.join("bin/opa");
    let found = if own.is_file() { Some(own) } else { find_program("opa") };
    // Absolute, so that it stays the same when the working directory changes.
    found?.canonicalize().ok()
}

fn version(path: &Path) -> Result<String, String> {
    let output = Command::new(path).arg("version").output().map_err(|e| e.to_string())?;
    parse(&String::from_utf8_lossy(&output.stdout))
}

fn parse(said: &str) -> Result<String, String> {
    let version = said.lines().find_map(|line| line.strip_prefix("Version:")).map(str::trim);
    let version = version.ok_or("`opa version` does not say a version: it is not OPA")?;
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(OLDEST_MAJOR..) => Ok(version.to_owned()),
        _ => Err(format!("it is OPA {version}, and 1.0 or newer is needed for Rego v1")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_opas_own_word() {
        assert_eq!(parse("Version: 1.22.2\nBuild Commit: \nGo Version: go1.26.8\n").unwrap(), "1.22.2");
        assert!(parse("Version: 0.70.0\n").unwrap_err().contains("0.70.0"));
        assert!(parse("GNU coreutils 9.1\n").unwrap_err().contains("not OPA"));
        assert!(parse("").is_err());
    }

    #[test]
    fn what_is_no_opa_says_so() {
        assert!(version(Path::new("/bin/true")).unwrap_err().contains("not OPA"));
        assert!(version(Path::new("/no/such/opa")).is_err());
    }
}
