//! A file system that is full, has a megabyte, or may not be written: every command that writes says so, the old file stays as
//! it was, and nothing is left beside it.
#![cfg(feature = "cli")]

mod cli_support;
#[path = "support/need.rs"]
mod need;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use cli_support::{crun, err};
use runtime_baseline::Baseline;

/// Runs a script in a namespace of mounts with the program as `$0`, in a directory that is a file system of `size`. What is in
/// `outside` is what the script leaves there.
fn on_a_file_system(size: &str, outside: &Path, script: &str) -> Output {
    let prepared = format!(
        "set -e; mkdir at; mount -t tmpfs -o size={size} tmpfs at; cp -r before/. at; cd at; {script}; cp -r . ../after"
    );
    Command::new("unshare")
        .args(["--mount", "sh", "-c", &prepared, env!("CARGO_BIN_EXE_runtime-baseline")])
        .current_dir(outside)
        .output()
        .unwrap()
}

fn may_mount() -> Option<()> {
    let tried = Command::new("unshare").args(["--mount", "true"]).output();
    let found = match tried {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(format!("unshare: {error}")),
    };
    need::need("root", found)
}

/// A baseline, an older export, report and claims, and a file for an import.
fn before(outside: &Path) -> PathBuf {
    let before = outside.join("before");
    fs::create_dir(&before).unwrap();
    let mut baseline = Baseline::new();
    for index in 0..40 {
        baseline.push(crun().with_workload(format!("{index}")));
    }
    baseline.save(before.join("baseline.json")).unwrap();
    for name in ["old.csv", "old.md"] {
        fs::write(before.join(name), "what was there before\n").unwrap();
    }
    fs::copy("fixtures/own-claims.toml", before.join("claims.toml")).unwrap();
    let times: Vec<String> = (0..10).map(|i| format!("0.01{i}")).collect();
    let runs = format!("{{\"results\":[{{\"command\":\"parse\",\"times\":[{}]}}]}}", times.join(","));
    fs::write(before.join("runs.json"), runs).unwrap();
    before
}

/// Every file of a directory with its content.
fn content(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

/// The commands that write, one of each kind.
const WRITES: [&str; 6] = [
    "export csv baseline.json --output old.csv",
    "report baseline.json --output old.md",
    "report baseline.json --format html --output new.html",
    "edit baseline.json --all --load idle",
    "import hyperfine runs.json --indicator lifecycle_time --source bench.sh --component 'parse 1.0.0' --date 2026-11-23 \
     --into baseline.json",
    "claims add claims.toml --id more --indicator lifecycle_time --source bench.sh --date 2026-11-23 \
     --reference runc --reference-value '352 ms' --contender crun --contender-value '154 ms' --component 'crun 1.20'",
];

#[test]
fn a_full_file_system_is_an_error_that_leaves_everything_as_it_was() {
    if may_mount().is_none() {
        return;
    }
    for command in WRITES {
        let outside = tempfile::tempdir().unwrap();
        let before = before(outside.path());
        // All that is left is filled.
        let script =
            format!("cat /dev/zero >filler 2>/dev/null || true; rm -f ../said; \"$0\" {command} && exit 9; rm filler");
        let output = on_a_file_system("1m", outside.path(), &script);
        let said = err(&output);
        assert!(output.status.success(), "{command}: {}: {said}", output.status);
        assert!(said.starts_with("error: ") && said.contains("No space left on device"), "{command}: {said}");
        assert!(said.contains("check the space left"), "{command}: {said}");
        assert!(!said.contains("Os {") && !said.contains("StorageFull"), "{command}: {said}");
        assert_eq!(content(&outside.path().join("after")), content(&before), "{command}");
    }
}

#[test]
fn a_megabyte_is_room_for_each_command() {
    if may_mount().is_none() {
        return;
    }
    for command in WRITES {
        let outside = tempfile::tempdir().unwrap();
        let before = before(outside.path());
        let output = on_a_file_system("1m", outside.path(), &format!("\"$0\" {command}"));
        assert!(output.status.success(), "{command}: {}", err(&output));
        assert_ne!(content(&outside.path().join("after")), content(&before), "{command}");
    }
}

#[test]
fn a_file_system_that_may_not_be_written_is_an_error() {
    if may_mount().is_none() {
        return;
    }
    for command in WRITES {
        let outside = tempfile::tempdir().unwrap();
        let before = before(outside.path());
        let script = format!("mount -o remount,ro .; \"$0\" {command} && exit 9; true");
        let output = on_a_file_system("1m", outside.path(), &script);
        let said = err(&output);
        assert!(output.status.success(), "{command}: {}: {said}", output.status);
        assert!(said.starts_with("error: ") && said.contains("Read-only file system"), "{command}: {said}");
        assert_eq!(content(&outside.path().join("after")), content(&before), "{command}");
    }
}

#[test]
fn standard_output_that_is_full_is_an_error() {
    let here = cli_support::checkout([crun()]);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_runtime-baseline"))
        .arg("report")
        .current_dir(here.path())
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = err(&output);
    assert!(said.contains("cannot write to standard output: No space left on device"), "{said}");
}
