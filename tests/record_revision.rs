//! The revision that a build is of.

#[path = "../build/revision.rs"]
#[allow(dead_code, reason = "the build script tells it to cargo, and nobody here does")]
mod revision;

use std::{fs, process::Command};

use revision::of;

#[test]
fn only_a_checkout_s_own_top_has_a_revision() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(of(directory.path()), None);
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(directory.path()).args(args);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        for name in ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"] {
            command.env(name, "a@example.org");
        }
        let output = command.output().expect("git, which this is about");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let file = directory.path().join("below/file");
    fs::create_dir(directory.path().join("below")).unwrap();
    fs::write(&file, "one").unwrap();
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "first"]);
    let clean = of(directory.path()).unwrap();
    assert!(clean.len() >= 12 && clean.bytes().all(|byte| byte.is_ascii_hexdigit()), "{clean}");
    fs::write(&file, "two").unwrap();
    assert_eq!(of(directory.path()).unwrap(), format!("{clean}-dirty"));
    assert_eq!(of(&directory.path().join("below")), None);
}
