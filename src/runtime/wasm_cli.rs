//! The command lines of Wasm engines, as processes of their own: what stands beside the engines in this process.
//!
//! | temperature | on disk | `wasmedge` | `wasmtime` |
//! |---|---|---|---|
//! | cold | the .wasm | interprets it | compiles and runs it |
//! | precompiled | what its `compile` made of it | runs the machine code | runs the machine code |
//!
//! Such a process ends when its module ends, right after *ready*: its start can be measured, holding it cannot. WasmEdge's
//! WASI gives a guest the host's `CLOCK_MONOTONIC`, so the reading is the workload's own; Wasmtime's counts from the start
//! of the process, so there it is the instant at which this process has read the 8 bytes.
//!
//! Where they are: `WASMEDGE_CLI` and `WASMTIME_CLI`, else `PATH`. `tools/setup.sh wasmedge` sets `WASMEDGE_CLI`, with the
//! loader and the libraries that it needs.

use std::{collections::BTreeMap, env, ffi::OsString, fs, path::Path, process};

use super::{
    Artifact, Identity, Instance, Limits, Refusal, RefusalKind, Runtime, RuntimeError, Workload,
    spawned::{Output, Spawned},
    wasm::{self, PAGE},
    wasmedge_log,
};
use crate::{Component, Isolation, Phase, Subject, Temperature, clock, disk, marks, process::child::find_program};

/// Which engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cli {
    /// `wasmtime`.
    Wasmtime,
    /// `wasmedge`.
    WasmEdge,
}

impl Cli {
    const fn name(self) -> &'static str {
        match self {
            Self::Wasmtime => "wasmtime",
            Self::WasmEdge => "wasmedge",
        }
    }

    const fn variable(self) -> &'static str {
        match self {
            Self::Wasmtime => "WASMTIME_CLI",
            Self::WasmEdge => "WASMEDGE_CLI",
        }
    }

    /// The words that start the program; `None` where it is not found.
    fn program(self) -> Option<Vec<OsString>> {
        if let Some(path) = env::var_os(self.variable()) {
            let loader = env::var_os("WASMEDGE_CLI_LOADER").zip(env::var_os("WASMEDGE_CLI_LIBRARIES"));
            return Some(match loader {
                Some((loader, libraries)) if self == Self::WasmEdge => {
                    vec![loader, "--library-path".into(), libraries, path]
                }
                _ => vec![path],
            });
        }
        find_program(self.name()).map(|path| vec![path.into()])
    }

    /// Its arguments before the file.
    fn run(self, precompiled: bool, limits: &Limits) -> Vec<OsString> {
        let words: Vec<String> = match self {
            Self::WasmEdge => vec![
                "--log-level=error".to_owned(),
                "--run-mode".to_owned(),
                (if precompiled { "aot" } else { "interpreter" }).to_owned(),
                "--memory-page-limit".to_owned(),
                (limits.memory / PAGE).min(1 << 16).to_string(),
            ],
            Self::Wasmtime => {
                let allow = precompiled.then(|| "--allow-precompiled".to_owned());
                let limit = format!("-Wtrap-on-grow-failure=y,max-memory-size={}", limits.memory);
                ["run".to_owned()].into_iter().chain(allow).chain([limit]).collect()
            }
        };
        words.into_iter().map(OsString::from).collect()
    }

    fn compile(self, module: &Path, code: &Path) -> Vec<OsString> {
        let (module, code) = (module.into(), code.into());
        match self {
            Self::WasmEdge => vec!["compile".into(), module, code],
            Self::Wasmtime => vec!["compile".into(), module, "-o".into(), code],
        }
    }
}

/// A command line.
///
/// ```
/// use runtime_baseline::Temperature;
/// use runtime_baseline::runtime::{Runtime, RuntimeError, Workload, wasm_cli::{Cli, WasmCli}};
///
/// match WasmCli::new(Cli::WasmEdge) {
///     Ok(cli) => cli.prepare(&Workload::ready(), Temperature::Cold)?.start()?.stop()?,
///     Err(RuntimeError::Unavailable(why)) => println!("{why}"),
///     Err(error) => return Err(error),
/// }
/// # Ok::<(), RuntimeError>(())
/// ```
#[derive(Debug)]
pub struct WasmCli {
    identity: Identity,
    job: Job,
}

#[derive(Debug, Clone)]
struct Job {
    cli: Cli,
    program: Vec<OsString>,
    limits: Limits,
    workload: String,
}

impl WasmCli {
    /// The command line of `cli`, with the default [`Limits`].
    ///
    /// # Errors
    /// As [`with_limits`](Self::with_limits).
    pub fn new(cli: Cli) -> Result<Self, RuntimeError> {
        Self::with_limits(cli, Limits::default())
    }

    /// The command line of `cli`, with limits of one's own for each process.
    ///
    /// # Errors
    /// [`RuntimeError::Unavailable`] when it is not here, or does not say its version.
    ///
    /// # Panics
    /// Never: its name is a constant that is valid.
    pub fn with_limits(cli: Cli, limits: Limits) -> Result<Self, RuntimeError> {
        let subject: Subject = format!("{}-cli", cli.name()).parse().expect("a valid constant");
        let unavailable = |reason: String| {
            let remedy = format!("install {} and have it in PATH, or name it in {}", cli.name(), cli.variable());
            RuntimeError::from(Refusal::new(&subject, RefusalKind::NotFound, reason, remedy))
        };
        let program = cli.program().ok_or_else(|| unavailable(format!("no {} was found", cli.name())))?;
        let job = Job { cli, program, limits, workload: String::new() };
        let output = job.output(vec!["--version".into()]).map_err(|error| unavailable(error.to_string()))?;
        let component = version(&output.text)
            .and_then(|version| Component::new(cli.name(), version).ok())
            .ok_or_else(|| unavailable(format!("it does not say its version, but {:?}", output.text.trim())))?;
        let identity = Identity::new(subject, component, Isolation::Process)
            .with_setting("time_limit", format!("{:?}", limits.time))
            .with_setting("memory_limit_bytes", limits.memory)
            .with_setting("wasi", "preview1, the engine's own");
        Ok(Self { identity, job })
    }
}

/// The first word that looks like an exact version.
fn version(text: &str) -> Option<&str> {
    let exact = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit()) && word.split('.').count() >= 3;
    text.split_whitespace().find(exact)
}

impl Runtime for WasmCli {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn temperatures(&self) -> &[Temperature] {
        &[Temperature::Cold, Temperature::Precompiled]
    }

    fn holds(&self) -> bool {
        false
    }

    fn prepare(&self, workload: &Workload, temperature: Temperature) -> Result<Box<dyn Artifact>, RuntimeError> {
        let (of, wasm) = wasm::Job::of(self, self.job.limits, workload, temperature)?;
        let job = Job { workload: of.workload, ..self.job.clone() };
        let precompiled = temperature == Temperature::Precompiled;
        let file = disk::Artifact::write(&if precompiled { job.compile(&wasm)? } else { wasm.into_owned() })?;
        Ok(Box::new(OnDisk { job, precompiled, file }))
    }
}

impl Job {
    fn invalid(&self, reason: impl Into<String>) -> RuntimeError {
        RuntimeError::Invalid { workload: self.workload.clone(), reason: reason.into() }
    }

    fn spawn(&self, arguments: Vec<OsString>) -> Result<Spawned, RuntimeError> {
        let words: Vec<OsString> = self.program.iter().cloned().chain(arguments).collect();
        Spawned::new(&words, self.limits.time)
            .map_err(|source| RuntimeError::Io { path: self.program[0].clone().into(), source })
    }

    /// Runs to its end and gives what it said.
    fn output(&self, arguments: Vec<OsString>) -> Result<Output, RuntimeError> {
        let mut process = self.spawn(arguments)?;
        process.end(&[]).ok_or_else(|| self.time_limit())
    }

    fn time_limit(&self) -> RuntimeError {
        RuntimeError::TimeLimit { workload: self.workload.clone(), limit: self.limits.time }
    }

    /// What its own compiler makes of `wasm`.
    fn compile(&self, wasm: &[u8]) -> Result<Vec<u8>, RuntimeError> {
        let directory = disk::workplace()?;
        let (module, code) = (directory.path().join("module.wasm"), directory.path().join("module.so"));
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| RuntimeError::Io { path, source }
        };
        fs::write(&module, wasm).map_err(io(&module))?;
        let output = self.output(self.cli.compile(&module, &code))?;
        if output.status.success() { fs::read(&code).map_err(io(&code)) } else { Err(self.invalid(output.said())) }
    }

    /// Why a process ended before it was ready.
    fn judge(&self, output: &Output) -> RuntimeError {
        let workload = self.workload.clone();
        let text = &output.text;
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let told = match self.cli {
            Cli::WasmEdge => wasmedge_log::judge(&workload, self.limits, text, &output.said()),
            Cli::Wasmtime if says(&["exceeds memory limits", "forcing trap when growing memory"]) => {
                Some(RuntimeError::MemoryLimit { workload: workload.clone(), limit: self.limits.memory })
            }
            Cli::Wasmtime => {
                says(&["unknown import", "failed to parse", "failed to compile", "no `_start`", "not a WebAssembly"])
                    .then(|| self.invalid(output.said()))
            }
        };
        told.unwrap_or_else(|| match output.status.success() {
            true => RuntimeError::NotReady { workload },
            false => RuntimeError::Failed { workload, reason: output.said() },
        })
    }
}

struct OnDisk {
    job: Job,
    precompiled: bool,
    file: disk::Artifact,
}

impl Artifact for OnDisk {
    fn settings(&self) -> BTreeMap<String, String> {
        let mode = match (self.job.cli, self.precompiled) {
            (Cli::WasmEdge, false) => "interpreter",
            (Cli::WasmEdge, true) => "aot",
            (Cli::Wasmtime, false) => "cranelift",
            (Cli::Wasmtime, true) => "cranelift, precompiled",
        };
        BTreeMap::from([("mode".to_owned(), mode.to_owned())])
    }

    fn artifact_bytes(&self) -> Option<u64> {
        Some(self.file.length())
    }

    fn start(&self) -> Result<Box<dyn Instance>, RuntimeError> {
        let job = &self.job;
        let before = clock::monotonic();
        // The file as the other process sees it.
        let own = self.file.path().strip_prefix("/proc/self").unwrap_or(self.file.path());
        let path = Path::new("/proc").join(process::id().to_string()).join(own);
        let mut arguments = job.cli.run(self.precompiled, &job.limits);
        arguments.push(path.into());
        marks::begin(Phase::Process);
        let mut process = job.spawn(arguments)?;
        let (bytes, length) = process.read().ok_or_else(|| job.time_limit())?;
        let (now, reading) = (clock::monotonic(), u64::from_le_bytes(bytes));
        // WasmEdge logs to standard output: what is no reading of this start's clock is text.
        let ready_at = match job.cli {
            Cli::WasmEdge => Some(reading).filter(|at| (before..=now).contains(at)),
            Cli::Wasmtime => Some(now).filter(|_| reading <= now - before),
        };
        match ready_at.filter(|_| length == bytes.len()) {
            Some(ready_at) => Ok(Box::new(Ready { ready_at, process, job: job.clone() })),
            None => {
                let output = process.end(&bytes[..length]).ok_or_else(|| job.time_limit())?;
                Err(job.judge(&output))
            }
        }
    }
}

/// A process that has said ready. Dropping kills it if it lives.
struct Ready {
    ready_at: u64,
    process: Spawned,
    job: Job,
}

impl Instance for Ready {
    fn ready_at(&self) -> u64 {
        self.ready_at
    }

    /// A command line ends with its module, so it soon is not.
    fn is_alive(&mut self) -> bool {
        self.process.is_running()
    }

    fn stop(mut self: Box<Self>) -> Result<(), RuntimeError> {
        let output = self.process.end(&[]).ok_or_else(|| self.job.time_limit())?;
        if output.status.success() { Ok(()) } else { Err(self.job.judge(&output)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_the_programs_say() {
        assert_eq!(version("/opt/bin/wasmedge version 0.17.1\n (plugin \"x\") version 0.1.0.0\n"), Some("0.17.1"));
        assert_eq!(version("wasmtime 48.0.8 (0123456 2026-10-01)\n"), Some("48.0.8"));
        assert_eq!(version("wasmtime"), None);
    }
}
