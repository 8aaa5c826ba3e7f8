//! Pipes in place of files: read where another program writes into them, and never waited for without a word.
#![cfg(feature = "cli")]

mod cli_support;

use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Command, Stdio},
};

use cli_support::{crun, err, out};

const RUNS: &str = r#"{"results":[{"command":"parse","times":[0.010,0.011,0.012,0.013,0.014]}]}"#;
const IMPORT: &str = "--indicator lifecycle_time --source bench.sh --component 'parse 1.0.0' --date 2026-11-23";

fn fifo(directory: &Path) {
    assert!(Command::new("mkfifo").arg(directory.join("fifo")).status().unwrap().success());
}

#[test]
fn a_fifo_that_nobody_writes_into_is_an_error_wherever_a_file_is_read() {
    let here = cli_support::checkout([crun()]);
    fifo(here.path());
    fs::write(here.path().join("runs.json"), RUNS).unwrap();
    for command in [
        "report fifo",
        "audit fifo",
        "recompute fifo",
        "compare target/baseline fifo",
        "gate target/baseline target/baseline --limits fifo",
        "claims --claims fifo",
        "report --claims fifo",
        "edit fifo --all --load idle",
        &format!("import hyperfine fifo {IMPORT}"),
        &format!("import hyperfine runs.json {IMPORT} --into fifo"),
        "claims add fifo --id more --indicator lifecycle_time --source bench.sh --date 2026-11-23 \
         --reference runc --reference-value '352 ms' --contender crun --contender-value '154 ms' --component 'crun 1.20'",
    ] {
        let mut shell = Command::new("timeout");
        shell.args(["60", "sh", "-c", &format!("exec \"$0\" {command}"), env!("CARGO_BIN_EXE_runtime-baseline")]);
        let output = shell.current_dir(here.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{command}: {}", err(&output));
        let said = err(&output);
        assert!(said.contains("fifo") || said.contains("hyperfine") || said.contains("results"), "{command}: {said}");
    }
}

#[test]
fn what_another_program_writes_is_read_from_the_pipe_that_somebody_names() {
    let here = cli_support::checkout([crun()]);
    fs::write(here.path().join("runs.json"), RUNS).unwrap();
    let claims = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/own-claims.toml");
    for script in [
        format!("cat runs.json | \"$0\" import hyperfine /dev/stdin {IMPORT}"),
        "cat target/baseline/baseline.json | \"$0\" report /dev/stdin".to_owned(),
        "cat target/baseline/baseline.json | \"$0\" audit /dev/stdin".to_owned(),
        // As a shell's `<(command)` does it.
        "cat target/baseline/baseline.json | \"$0\" compare target/baseline /dev/fd/3 3<&0 </dev/null".to_owned(),
        "printf '[[limit]]\\nseries=\"*\"\\nignore=true\\n' | \
         \"$0\" gate target/baseline target/baseline --limits /dev/stdin"
            .to_owned(),
        format!("cat {claims} | \"$0\" claims --claims /dev/stdin"),
        // A file that the shell opened.
        "\"$0\" report /dev/stdin <target/baseline/baseline.json".to_owned(),
    ] {
        let mut shell = Command::new("timeout");
        shell.args(["60", "sh", "-c", &script, env!("CARGO_BIN_EXE_runtime-baseline")]);
        let output = shell.current_dir(here.path()).output().unwrap();
        // A gate that ignores every series has an exit code of its own.
        assert!(!out(&output).is_empty() && !err(&output).contains("error: "), "{script}: {}", err(&output));
    }
}

#[test]
fn a_pipe_has_the_bound_of_a_file_and_an_empty_one_is_an_error() {
    let here = cli_support::checkout([crun()]);
    for (script, expected) in [
        ("cat /dev/zero | \"$0\" claims --claims /dev/stdin", "larger than 1 MiB"),
        ("cat /dev/zero | \"$0\" report /dev/stdin", "larger than"),
        ("true | \"$0\" report /dev/stdin", "nothing was written into it"),
    ] {
        let mut shell = Command::new("timeout");
        shell.args(["60", "sh", "-c", script, env!("CARGO_BIN_EXE_runtime-baseline")]);
        let output = shell.current_dir(here.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{script}: {}", err(&output));
        assert!(err(&output).contains(expected), "{script}: {}", err(&output));
    }
}

#[test]
fn who_waits_for_a_silent_writer_says_so() {
    let here = cli_support::checkout([crun()]);
    fifo(here.path());
    // Both ends, since opening one would wait for the other.
    let mut writer = OpenOptions::new().read(true).write(true).open(here.path().join("fifo")).unwrap();
    let mut reader = Command::new(env!("CARGO_BIN_EXE_runtime-baseline"))
        .args(["report", "fifo"])
        .current_dir(here.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(reader.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said, "waiting for what is written into fifo\n");
    let mut baseline = Vec::new();
    File::open(here.path().join("target/baseline/baseline.json")).unwrap().read_to_end(&mut baseline).unwrap();
    writer.write_all(&baseline).unwrap();
    drop(writer);
    let output = reader.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(out(&output).contains("crun"));
}
