//! A run as a bench makes one, of a few lanes that are over in seconds: what is killed, and what runs beside another.

use std::{
    env,
    ffi::OsString,
    fs::File,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use runtime_baseline::{
    experiment::{Experiment, Filter, Pass, Plan},
    plans::{Density, Evaluation, Startup},
};

use crate::{Outcome, ROLE};

const KIND: &str = "SOAK_RUN";
const DIRECTORY: &str = "SOAK_DIRECTORY";

/// The plans, each with what of it is measured.
pub const KINDS: [(&str, &str); 3] = [
    ("startup", "^(startup_time|lifecycle_time|startup_burst)/(noop|wasmtime|wasmedge-aot|container-scratch|crun)/"),
    ("density", "^density/(noop|wasmtime|container-scratch)/"),
    ("evaluation", "^(engine_startup|evaluation_latency)/http_authz/(regorus|opa-wasm|opa/)"),
];

/// In the process: measures, and records in the directory that the environment names.
pub fn run() -> Outcome<()> {
    let kind = env::var(KIND)?;
    let directory = PathBuf::from(env::var_os(DIRECTORY).ok_or("no directory")?);
    let (_, words) = KINDS.into_iter().find(|(name, _)| *name == kind).ok_or("no such run")?;
    let experiment =
        Experiment::new("tests/soak").pass(Pass::Test).only(Filter::part(words)?).in_processes(2).with_seed(1);
    let declare = |plan: &mut Plan| match kind.as_str() {
        "startup" => Startup::default().declare(plan),
        "density" => Density::default().declare(plan),
        _ => Evaluation::default().declare(plan),
    };
    let (outcome, recorded) = experiment.run_and_record(&directory, declare)?;
    println!("recorded {}", recorded.metrics().len());
    let failed = outcome.failed.iter().map(|row| format!("{}, {}: {}", row.subject(), row.indicator(), row.reason()));
    let failed: Vec<_> = failed.collect();
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n").into()) }
}

/// Where a run records, and where it puts what it needs meanwhile: both in one directory of the test's own.
pub struct Place {
    own: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Outcome<Self> {
        let own = tempfile::tempdir()?;
        std::fs::create_dir(own.path().join("meanwhile"))?;
        Ok(Self { own })
    }

    /// Where it records.
    pub fn baseline(&self) -> PathBuf {
        self.own.path().join("baseline")
    }

    /// Its `TMPDIR`.
    pub fn meanwhile(&self) -> PathBuf {
        self.own.path().join("meanwhile")
    }

    /// What the last run said on standard error.
    pub fn said(&self) -> PathBuf {
        self.own.path().join("said")
    }

    /// A run that records here, in a process group of its own, as a shell starts it.
    pub fn run(&self, kind: &str) -> Outcome<Command> {
        command(kind, &self.baseline(), &self.meanwhile(), &self.said())
    }
}

/// A run that records in `directory`.
pub fn command(kind: &str, directory: &Path, meanwhile: &Path, said: &Path) -> Outcome<Command> {
    let mut command = Command::new(env::current_exe()?);
    let environment: [(&str, OsString); 4] =
        [(ROLE, "run".into()), (KIND, kind.into()), (DIRECTORY, directory.into()), ("TMPDIR", meanwhile.into())];
    command.envs(environment).stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(said)?).process_group(0);
    Ok(command)
}
