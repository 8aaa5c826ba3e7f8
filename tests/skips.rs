//! How tests are skipped: what is required is not, and what is skipped is noted.

#[path = "support/need.rs"]
mod need;

use std::{env, fs, process::Command};

#[test]
fn a_name_in_the_list_stands_for_all_that_begins_with_it() {
    for (what, list, expected) in [
        ("opa", "", false),
        ("opa", "all", true),
        ("container/alpine", "opa, container", true),
        ("container+wasmtime", "container", true),
        ("opa-wasm/wasmtime", "op", false),
        ("opa", "opa/eval", false),
        ("browser", "container,browser", true),
    ] {
        assert_eq!(need::is_listed(what, list), expected, "{what} in {list:?}");
    }
}

/// Runs the hidden test below, which lacks something.
fn inner(required: &str) -> (bool, String) {
    let program = env::current_exe().unwrap();
    let mut command = Command::new(program);
    command.args(["--exact", "lacks_something", "--ignored"]).env("RUNTIME_BASELINE_REQUIRE", required);
    let output = command.output().unwrap();
    (
        output.status.success(),
        [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat(),
    )
}

#[test]
fn what_is_skipped_is_shown_and_noted_and_what_is_required_fails() {
    let (passed, said) = inner("something/else");
    assert!(passed && said.contains("skipped: lacks_something: something: nowhere to be found"), "{said}");
    let notes = need::target().expect("cargo's directory").join("skipped/skips");
    let noted = fs::read_to_string(&notes).unwrap();
    assert!(noted.starts_with("skipped\tskips\tlacks_something\tsomething: nowhere"), "{noted}");
    fs::remove_file(notes).unwrap();
    for list in ["all", "opa,something"] {
        let (passed, said) = inner(list);
        assert!(!passed && said.contains("something is required by RUNTIME_BASELINE_REQUIRE"), "{said}");
    }
}

#[test]
#[ignore = "run by another test, which looks at what it says"]
fn lacks_something() {
    need::skip("something", &"nowhere to\nbe found");
}
