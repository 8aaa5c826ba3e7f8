//! What a newcomer reads and gets: the README's commands and examples, the examples' own sources, the package.

use std::{fs, path::Path, process::Command};

use runtime_baseline::Claims;

fn source(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The blocks of the README in that language.
fn blocks(language: &str) -> Vec<String> {
    let readme = source("README.md");
    let mut blocks: Vec<String> = Vec::new();
    let mut lines = readme.lines();
    while let Some(line) = lines.next() {
        if line.strip_prefix("```") == Some(language) {
            blocks.push(lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect());
        }
    }
    assert!(!blocks.is_empty(), "{language}");
    blocks
}

#[test]
fn the_dependency_in_the_readme_can_be_had() {
    let block = blocks("toml").into_iter().find(|block| block.contains("[dependencies]")).unwrap();
    let table: toml::Table = block.parse().unwrap();
    let dependency = &table["dependencies"]["runtime-baseline"];
    assert!(dependency.get("path").or(dependency.get("git")).is_some(), "no registry has it: {block}");
    assert!(dependency.get("version").is_none(), "{block}");
    assert_eq!(dependency["default-features"].as_bool(), Some(false));
}

#[test]
fn the_readme_s_claims_load_and_are_the_ones_of_the_help() {
    let example = source("fixtures/own-claims.toml");
    assert!(blocks("toml").contains(&example), "fixtures/own-claims.toml and the README differ");
    let claims = Claims::from_toml(&example).unwrap();
    assert_eq!(claims.get("crun-life").unwrap().factor().unwrap().to_string(), "2.3× faster");
    #[cfg(feature = "cli")]
    {
        let help = Command::new(env!("CARGO_BIN_EXE_runtime-baseline")).args(["claims", "--help"]).output().unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        let line = |line: &&str| !line.trim().is_empty();
        let missing: Vec<&str> = example.lines().filter(line).filter(|line| !help.contains(line)).collect();
        assert!(missing.is_empty(), "{missing:#?}\n{help}");
    }
}

#[test]
fn the_small_build_is_named_wherever_the_command_is() {
    for path in ["README.md", "src/bin/runtime-baseline/args.rs", "src/lib.rs"] {
        let text = source(path);
        let runs = text.match_indices("--features cli").filter(|(at, _)| {
            let line = text[..*at].rsplit('\n').next().unwrap_or_default();
            line.contains("cargo run") || line.contains("cargo install")
        });
        for (at, _) in runs {
            let line = text[..at].rsplit('\n').next().unwrap_or_default();
            assert!(line.contains("--no-default-features"), "{path}: {line}");
        }
    }
}

#[test]
fn examples_print_their_errors_as_sentences() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut count = 0;
    for entry in fs::read_dir(directory).unwrap() {
        // An example of several files is a directory, and its `main` in one.
        let path = entry.unwrap().path();
        let path = if path.is_dir() { path.join("main.rs") } else { path };
        let text = fs::read_to_string(&path).unwrap();
        // What `main` returns as an error is printed in Rust's own form.
        assert!(!text.contains("fn main() -> Result"), "{}", path.display());
        count += 1;
    }
    assert!(count >= 3);
}

#[test]
fn the_package_holds_what_it_needs_and_no_more() {
    let cargo = Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--offline", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let listed = String::from_utf8(cargo.stdout).unwrap();
    let files: Vec<&str> = listed.lines().collect();
    for needed in [
        "README.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "build.rs",
        "build/wasmedge.rs",
        "src/lib.rs",
        "src/report/html/page.css",
        "fixtures/claims.toml",
        "fixtures/published.toml",
        "fixtures/own-claims.toml",
        "fixtures/workloads/ready.wat",
        "policies/rbac/policy.wasm",
        "examples/depend.rs",
    ] {
        assert!(files.contains(&needed), "{needed}");
    }
    for left_out in [".ci", ".git", "tests/", "tools/", "target/", "Makefile", "fuzz/", "deny.toml"] {
        // cargo writes this one itself.
        let found: Vec<_> =
            files.iter().filter(|file| file.starts_with(left_out) && **file != ".cargo_vcs_info.json").collect();
        assert!(found.is_empty(), "{found:?}");
    }
    let size =
        |file: &&str| fs::metadata(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).map_or(0, |meta| meta.len());
    assert!(files.iter().all(|file| size(file) < 500_000));
    assert!(files.iter().map(size).sum::<u64>() < 4_000_000);
}
