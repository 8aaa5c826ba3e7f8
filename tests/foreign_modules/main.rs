//! Modules that others wrote, through every engine in this process: WebAssembly's own test suite, which tools/modules.sh brings and
//! `FOREIGN_MODULES` names. Each is prepared, started and stopped, and whatever that comes to is an answer: but within twice the
//! limit of time, within 1.25 times that of memory, and the process goes on.
//!
//! Modules of the suite begin nothing by themselves, so that each gets a `_start`, which calls all its functions without parameters:
//! recursion without end is among them.
#![cfg(feature = "measure")]

#[path = "../support/need.rs"]
mod need;
mod suite;

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use runtime_baseline::runtime::{Limits, Registry, RuntimeError, Workload};
use rustix::time::{ClockId, clock_gettime};

/// The engines that run modules in this process.
const ENGINES: [&str; 6] =
    ["wasmtime", "wasmtime/on-demand", "wasmi", "wasmedge/interpreter", "wasmedge/jit", "wasmedge/aot"];

/// The limits of each module, and what may be taken beyond them.
const TIME: Duration = Duration::from_secs(2);
const MEMORY: u64 = 64 << 20;

/// How long an engine may be silent: nothing compiles or runs for as long.
const PATIENCE: Duration = Duration::from_secs(120);

const ENGINE: &str = "FOREIGN_ENGINE_UNDER_TEST";

#[test]
fn no_engine_takes_more_than_its_limits() {
    let directory = env::var_os("FOREIGN_MODULES").filter(|directory| !directory.is_empty());
    let found = directory.ok_or("FOREIGN_MODULES names no directory of a suite; tools/modules.sh brings one");
    let Some(_) = need::need("foreign modules", found) else { return };
    let only = env::var("FOREIGN_ENGINE").unwrap_or_default();
    let here = Registry::of_this_machine();
    let built = Registry::subjects();
    let mut failed = Vec::new();
    for engine in ENGINES.into_iter().filter(|engine| only.is_empty() || only == *engine) {
        let refusal = here.unavailable().iter().find(|refusal| refusal.subject.as_str() == engine);
        match refusal {
            Some(refusal) => need::skip(engine, refusal),
            None if !built.iter().any(|subject| subject == engine) => need::skip(engine, &"it is not built in"),
            None => failed.extend(watched(engine).err().map(|why| format!("{engine}: {why}"))),
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Has a process work through the suite with one engine, and ends it where it says nothing any more.
fn watched(engine: &str) -> Result<(), String> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "child_that_runs_all", "--nocapture", "--ignored"])
        .env(ENGINE, engine)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (say, said) = mpsc::channel();
    let out = child.stdout.take().unwrap();
    thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).try_for_each(|line| say.send(line)));
    let mut last = "nothing".to_owned();
    let mut wrong = Vec::new();
    loop {
        match said.recv_timeout(PATIENCE) {
            Ok(line) => match line.split_once(": ") {
                Some(("begun", name)) => last = name.to_owned(),
                Some(("wrong", what)) => wrong.push(what.to_owned()),
                Some(("result", result)) => println!("{engine}: {result}"),
                _ => {}
            },
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                child.kill().unwrap();
                wrong.push(format!("it said nothing for {PATIENCE:?} with {last}"));
                break;
            }
        }
    }
    let status = child.wait().unwrap();
    if !status.success() {
        wrong.push(format!("it ended with {last}: {status}"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

#[test]
#[ignore = "run by the other test, in a process for each engine"]
fn child_that_runs_all() {
    let (Ok(engine), Some(directory)) = (env::var(ENGINE), env::var_os("FOREIGN_MODULES")) else { return };
    let mut limits = Limits::default();
    (limits.time, limits.memory) = (TIME, MEMORY);
    let runtime = Registry::only_within(&engine, limits).unwrap();
    let temperature = runtime.temperatures()[0];
    // What an engine makes once in a process is no module's.
    runtime.prepare(&Workload::ready(), temperature).unwrap().start().unwrap().stop().unwrap();
    let (mut counts, mut all) = ([0_usize; 6], 0);
    let (mut times, mut sizes) = (Vec::new(), Vec::new());
    for module in suite::modules(&PathBuf::from(directory)) {
        all += 1;
        say("begun", &module.name);
        let workload = Workload::wasm(module.name.clone(), module.wasm);
        let outcome = runtime.prepare(&workload, temperature).and_then(|artifact| {
            let (size, cpu) = (resident(true), cpu_time());
            let outcome = artifact.start().and_then(|instance| instance.stop());
            let (took, grew) = (cpu_time().saturating_sub(cpu), resident(false).saturating_sub(size));
            if took > 2 * TIME {
                say("wrong", &format!("{} took {took:?} of {TIME:?}", module.name));
            }
            if grew > MEMORY + MEMORY / 4 {
                say("wrong", &format!("{} took {grew} bytes of {MEMORY}", module.name));
            }
            times.push(took.as_secs_f64());
            sizes.push(grew as f64);
            outcome
        });
        counts[match outcome {
            Ok(()) => 0,
            Err(RuntimeError::NotReady { .. }) => 1,
            Err(RuntimeError::Failed { .. }) => 2,
            Err(RuntimeError::TimeLimit { .. }) => 3,
            Err(RuntimeError::MemoryLimit { .. }) => 4,
            Err(RuntimeError::Invalid { .. }) => 5,
            Err(other) => panic!("{}: {other}", module.name),
        }] += 1;
    }
    assert!(all > 5_000, "{all} modules are no whole suite");
    let most = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
    let [ready, ended, trapped, time, memory, invalid] = counts;
    let (took, grew) = (most(&times), most(&sizes) / f64::from(1 << 20));
    say(
        "result",
        &format!(
            "{all} modules: {} ended, {trapped} trapped, {time} were stopped by time, {memory} by memory, {invalid} were refused; at \
             most {took:.2} s of {} s, {grew:.1} MiB of {} MiB",
            ready + ended,
            TIME.as_secs(),
            MEMORY >> 20
        ),
    );
}

fn say(what: &str, of: &str) {
    // Not by the macro, whose output libtest may keep until the process has died.
    let mut out = std::io::stdout().lock();
    writeln!(out, "{what}: {of}").and_then(|()| out.flush()).expect("the test reads it");
}

fn cpu_time() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().expect("a time")
}

/// What is resident now, from which the most is counted anew; or the most that was since.
fn resident(begin: bool) -> u64 {
    if begin {
        fs::write("/proc/self/clear_refs", "5").expect("what the kernel has kept since 4.0");
    }
    let status = fs::read_to_string("/proc/self/status").expect("it is there");
    let field = if begin { "VmRSS:" } else { "VmHWM:" };
    let line = status.lines().find_map(|line| line.strip_prefix(field)).expect("the kernel says it");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
}
