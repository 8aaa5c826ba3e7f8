//! The workloads with one source: the committed Wasm is of that source, and what each runtime makes of it is the same as
//! the native program does: the right result, or no *ready*.
#![cfg(feature = "measure")]

#[path = "support/need.rs"]
mod need;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use runtime_baseline::runtime::{Registry, Workload};
use sha2::{Digest, Sha256};

const NAMES: [&str; 2] = ["http_handler", "compute_kernel"];

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/workloads")
}

fn sum(path: &Path) -> String {
    let bytes = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn no_source_changed_without_its_wasm() {
    for name in NAMES {
        let file = |extension: &str| directory().join(format!("{name}.{extension}"));
        let made: BTreeMap<String, String> = toml::from_str(&fs::read_to_string(file("wasm.toml")).unwrap()).unwrap();
        assert!(made["command"].starts_with("rustc --target wasm32-unknown-unknown "), "{made:?}");
        assert_eq!(made["rustc"].split('.').count(), 3, "{made:?}");
        for (key, path) in [
            ("source_sha256", file("rs")),
            ("start_sha256", directory().join("start/wasm.rs")),
            ("wasm_sha256", file("wasm")),
        ] {
            assert_eq!(made[key], sum(&path), "{} changed: run make workloads", path.display());
        }
    }
}

/// The result that the source expects.
fn expected(source: &str) -> u64 {
    let text = source.split("const EXPECTED: u64 = 0x").nth(1).and_then(|rest| rest.split(';').next()).unwrap();
    u64::from_str_radix(&text.replace('_', ""), 16).unwrap()
}

/// The same source, but for one bit of the result it expects.
fn mistaken(source: &str) -> String {
    let right = expected(source);
    let (before, rest) = source.split_once("const EXPECTED: u64 = ").unwrap();
    let (_, after) = rest.split_once(';').unwrap();
    format!("{before}const EXPECTED: u64 = {};{after}", right ^ 1)
}

/// A number as Wasm writes a constant of 64 bits.
fn leb128(number: u64) -> Vec<u8> {
    let mut left = number as i64;
    let mut bytes = Vec::new();
    loop {
        let byte = (left & 0x7f) as u8;
        left >>= 7;
        if (left == 0 && byte & 0x40 == 0) || (left == -1 && byte & 0x40 != 0) {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

/// The same module, but for one bit of the result it expects, which stands in it once.
fn mistaken_module(name: &str) -> Vec<u8> {
    let source = fs::read_to_string(directory().join(format!("{name}.rs"))).unwrap();
    let mut module = fs::read(directory().join(format!("{name}.wasm"))).unwrap();
    let constant = leb128(expected(&source));
    let places: Vec<_> = (0..module.len()).filter(|at| module[*at..].starts_with(&constant)).collect();
    assert_eq!(places.len(), 1, "{name}: where the expected result stands: {places:?}");
    module[places[0]] ^= 1;
    module
}

/// Compiles a native program as the images do, and runs it without a container. Nothing where there is no compiler for it.
fn run_native(name: &str, source: &str) -> Option<(Option<i32>, Vec<u8>)> {
    let work = tempfile::tempdir().unwrap();
    let file = work.path().join(format!("{name}.rs"));
    fs::write(&file, source).unwrap();
    fs::create_dir(work.path().join("start")).unwrap();
    fs::copy(directory().join("start/native.rs"), work.path().join("start/native.rs")).unwrap();
    let program = work.path().join(name);
    let arguments = ["--edition", "2021", "-O", "-C", "panic=abort", "-C", "relocation-model=static", "-C"];
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let compiled = Command::new(rustc)
        .args(arguments)
        .arg("link-args=-nostartfiles -nostdlib -static")
        .arg("-o")
        .args([&program, &file])
        .output()
        .ok()?;
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let output = Command::new(program).stdin(Stdio::null()).output().unwrap();
    Some((output.status.code(), output.stdout))
}

#[test]
fn the_native_program_says_ready_for_the_right_result_alone() {
    for name in NAMES {
        let source = fs::read_to_string(directory().join(format!("{name}.rs"))).unwrap();
        let Some((code, said)) = run_native(name, &source) else {
            return need::skip("rustc", &"no compiler for a native program");
        };
        assert_eq!((code, said.len()), (Some(0), 8), "{name}");
        assert_eq!(run_native(name, &mistaken(&source)), Some((Some(1), Vec::new())), "{name}, mistaken");
    }
}

#[test]
fn every_runtime_says_ready_for_the_right_result_alone() {
    let registry = Registry::of_this_machine();
    let mut ready = 0;
    for runtime in registry.runtimes().filter(|runtime| runtime.identity().subject.as_str() != "noop") {
        for (workload, name) in [Workload::http_handler(), Workload::compute_kernel()].iter().zip(NAMES) {
            let mistaken = Workload::wasm(format!("{name}, mistaken"), mistaken_module(name));
            for temperature in runtime.temperatures() {
                let what = format!("{} {} {temperature}", runtime.identity().subject, workload.name);
                let artifact = runtime.prepare(workload, *temperature).unwrap_or_else(|e| panic!("{what}: {e}"));
                for _ in 0..2 {
                    let instance = artifact.start().unwrap_or_else(|e| panic!("{what}: {e}"));
                    instance.stop().unwrap_or_else(|e| panic!("{what}: {e}"));
                }
                ready += 1;
                // Native programs were shown to be so above.
                if let Ok(artifact) = runtime.prepare(&mistaken, *temperature) {
                    assert!(artifact.start().is_err(), "{what}: ready with a wrong result");
                }
            }
        }
    }
    println!("{ready} ways to run a workload");
}
