//! The real OPA: a server lives no longer than its engine, and no longer than the process that started it, whatever ends
//! that; OPA's own benchmark is understood; where there is no OPA, that is said with what to do about it.

#![cfg(feature = "opa")]

#[path = "support/need.rs"]
mod need;
#[path = "support/processes.rs"]
mod processes;

use std::{env, fs, path::Path, thread, time::Duration};

use processes::{INNER, gone, inner, serving};
use runtime_baseline::{
    policy::{Evaluator, Policy, PolicyEngine, PolicyError, PolicyForm, opa::Opa},
    runtime::Limits,
};

/// OPA, or nothing where it is not.
fn opa() -> Option<Opa> {
    match Opa::server() {
        Err(PolicyError::Unavailable(why)) => need::need("opa", Err(why)),
        made => Some(made.unwrap()),
    }
}

fn load(opa: &Opa, policy: &Policy) -> Box<dyn Evaluator> {
    opa.prepare(policy, PolicyForm::Source, Limits::default()).unwrap().load().unwrap()
}

/// The servers that a process started, whichever of its threads did.
fn servers(pid: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<u32>>())
        .filter(|pid| fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.contains("--server")))
        .collect()
}

#[test]
fn a_server_ends_with_its_engine() {
    let Some(opa) = opa() else { return };
    let policy = Policy::by_name("rbac-10").unwrap();
    // Started in a thread that ends at once: the server must not end with that thread.
    let mut engine = thread::scope(|scope| scope.spawn(|| load(&opa, &policy)).join().unwrap());
    thread::sleep(Duration::from_millis(50));
    let started = servers(std::process::id());
    assert!(!started.is_empty());
    assert_eq!(engine.evaluate(&policy.cases[0].input).unwrap(), policy.cases[0].expected.trim());
    drop(engine);
    let left: Vec<_> = servers(std::process::id()).into_iter().filter(|pid| started.contains(pid)).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_server_ends_with_the_process_that_started_it() {
    if env::var_os(INNER).is_some() {
        let Some(opa) = opa() else { return };
        let _engine = load(&opa, &Policy::by_name("rbac-10").unwrap());
        println!("\nserving {}", servers(std::process::id())[0]);
        thread::sleep(Duration::from_secs(60));
        return;
    }
    if opa().is_none() {
        return;
    }
    let (mut victim, servers) = serving(&mut inner("a_server_ends_with_the_process_that_started_it"));
    let [server] = servers[..] else { panic!("{servers:?}") };
    assert!(Path::new(&format!("/proc/{server}")).exists());
    victim.kill().unwrap();
    victim.wait().unwrap();
    assert!(gone(server), "OPA {server} still runs");
}

#[test]
fn opas_own_benchmark_is_understood() {
    let Some(opa) = opa() else { return };
    let policy = Policy::by_name("rbac-10").unwrap();
    let measured = opa.bench(&policy, &policy.cases[0].input, Limits::default()).unwrap();
    assert!(measured.count > 0 && measured.median_ns > 0, "{measured:?}");
    assert!(measured.median_ns <= measured.p99_ns, "{measured:?}");
    let unknown = Policy::new("p", "package p\nallow := true\n", "p/deny");
    let error = opa.bench(&unknown, "{}", Limits::default()).unwrap_err();
    assert!(matches!(error, PolicyError::UnknownEntrypoint { .. }), "{error}");
}

#[test]
fn what_is_no_opa_is_unavailable() {
    if env::var_os(INNER).is_some() {
        for engine in [Opa::server(), Opa::process()] {
            let Err(PolicyError::Unavailable(unavailable)) = engine else { panic!("it is no OPA") };
            println!("{unavailable}");
        }
        return;
    }
    for (name, value, said) in [
        ("OPA_BIN", "/bin/true", "correct or unset OPA_BIN"),
        ("OPA_BIN", "/no/such/opa", "correct or unset OPA_BIN"),
        ("PATH", "/no/such/folder", "run tools/setup.sh opa"),
    ] {
        let mut command = inner("what_is_no_opa_is_unavailable");
        command.env_remove("OPA_BIN").env("RUNTIME_BASELINE_TOOLS", "/no/such/tools");
        command.env("RUNTIME_BASELINE_SETUP", "/no/such/setup").env(name, value);
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.matches(said).count() == 2, "{text}");
    }
    // What the set-up said of it is what the row tells.
    let notes = tempfile::tempdir().unwrap();
    std::fs::write(notes.path().join("opa.reason"), "the build by go1.27: no space left\n").unwrap();
    std::fs::write(notes.path().join("opa.remedy"), "free 1 GB\n").unwrap();
    let mut command = inner("what_is_no_opa_is_unavailable");
    command.env_remove("OPA_BIN").env("RUNTIME_BASELINE_TOOLS", "/no/such/tools").env("PATH", "/no/such/folder");
    let output = command.env("RUNTIME_BASELINE_SETUP", notes.path()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let said = "the build by go1.27: no space left";
    assert!(text.matches(said).count() == 2 && text.matches("free 1 GB").count() == 2, "{text}");
}
