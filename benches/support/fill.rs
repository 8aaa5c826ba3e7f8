//! A fill in a fresh process: this program, started again with an order in its environment.

use std::{
    env,
    io::{self, BufRead, BufReader, Read, Write},
    process::{Child, Command, Stdio, exit},
};

use runtime_baseline::{
    Temperature,
    probe::{Budget, Density, density_while},
    runtime::{Registry, Runtime, Workload},
};
use serde::{Deserialize, Serialize};

const VARIABLE: &str = "RUNTIME_BASELINE_FILL";

/// What to fill with, and how far.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    pub subject: String,
    pub temperature: Temperature,
    pub dense: bool,
    pub budget: Budget,
}

/// Ends this process after it has done what it was started for, if it was.
pub fn serve_if_asked() {
    let Ok(order) = env::var(VARIABLE) else { return };
    let outcome = serde_json::from_str(&order).map_err(|error| error.to_string()).and_then(|order| serve(&order));
    println!("{}", serde_json::to_string(&outcome).expect("plain data"));
    exit(0);
}

fn serve(order: &Order) -> Result<Density, String> {
    let registry;
    #[cfg(feature = "wasmtime")]
    let dense;
    let runtime: &dyn Runtime = match order.dense {
        #[cfg(feature = "wasmtime")]
        true => {
            dense = runtime_baseline::runtime::wasmtime::Wasmtime::dense().map_err(|error| error.to_string())?;
            &dense
        }
        _ => {
            registry = Registry::of_this_machine();
            let named = |runtime: &&dyn Runtime| runtime.identity().subject.as_str() == order.subject;
            registry.runtimes().find(named).ok_or_else(|| format!("there is no {}", order.subject))?
        }
    };
    let artifact = runtime.prepare(&Workload::ready(), order.temperature).map_err(|error| error.to_string())?;
    let hold = |live| {
        if env::var_os("MAPS").is_some() { eprintln!("maps {}", std::fs::read_to_string("/proc/self/maps").unwrap().lines().count()); }
        println!("{live}");
        // An answer, or the other side's end.
        let _ = io::stdin().read(&mut [0]);
    };
    density_while(artifact.as_ref(), order.budget, hold).map_err(|error| error.to_string())
}

/// A process that fills.
struct Filling {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Filling {
    fn begin(order: &Order) -> Result<Self, String> {
        let program = env::current_exe().map_err(|error| error.to_string())?;
        let order = serde_json::to_string(order).map_err(|error| error.to_string())?;
        let mut command = Command::new(program);
        command.env(VARIABLE, order).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("a process to fill in: {error}"))?;
        let output = child.stdout.take().expect("it is piped");
        Ok(Self { child, output: BufReader::new(output) })
    }

    /// Waits until it is full.
    fn wait(&mut self) -> Result<String, String> {
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(|error| error.to_string())?;
        Ok(line)
    }

    /// Lets it look and stop, and takes its answer.
    fn end(mut self) -> Result<Density, String> {
        drop(self.child.stdin.take());
        let mut line = String::new();
        let read = self.output.read_line(&mut line);
        let status = self.child.wait().map_err(|error| error.to_string())?;
        read.map_err(|error| error.to_string())?;
        serde_json::from_str::<Result<Density, String>>(&line).map_err(|_| format!("it ended with {status}"))?
    }
}

/// Fills in a fresh process.
pub fn fill(order: &Order) -> Result<Density, String> {
    let mut filling = Filling::begin(order)?;
    let line = filling.wait()?;
    let _ = io::stdout().flush();
    if line.starts_with('{') {
        return serde_json::from_str::<Result<Density, String>>(&line).map_err(|e| e.to_string())?;
    }
    filling.end()
}
