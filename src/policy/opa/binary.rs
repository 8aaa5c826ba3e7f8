//! Which OPA there is, and which version it says it is.

use crate::{
    Subject,
    adapter::Refusal,
    process::program::{Program, Sought},
};

/// The first OPA whose policies are Rego v1 by default.
const OLDEST_MAJOR: u32 = 1;

/// What to do where there is none.
const REMEDY: &str = "run tools/setup.sh opa, or name an OPA 1.0 or newer in OPA_BIN";

const OPA: Sought<'static> =
    Sought { name: "opa", variable: "OPA_BIN", step: "opa", remedy: REMEDY, version_by: "version", read: &parse };

/// The OPA of this machine, with its own word about its version.
pub(super) fn find(subject: &Subject) -> Result<Program, Refusal> {
    OPA.find(subject)
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
    use std::path::Path;

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
        assert!(OPA.version(Path::new("/bin/true")).unwrap_err().contains("not OPA"));
        assert!(OPA.version(Path::new("/no/such/opa")).is_err());
    }
}
