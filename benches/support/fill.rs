//! Fills in fresh processes of this program: what a process did before is in no slope, and what kills one that fills is a
//! row, and the run goes on.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio, exit},
};

use runtime_baseline::{
    Temperature,
    probe::{Budget, Density, Gauge, density_while},
    runtime::{Registry, Runtime, Workload},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The order, in the environment of the process that fills.
const VARIABLE: &str = "RUNTIME_BASELINE_FILL";

/// The process that asked, in the same place.
const PARENT: &str = "RUNTIME_BASELINE_FILL_PARENT";

/// Begins a line that is an answer: a test's harness writes to standard output as well.
const MARK: &str = "fill: ";

/// What to fill with, and how far.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    pub subject: String,
    pub temperature: Temperature,
    /// Whether Wasmtime's pool is dense.
    pub dense: bool,
    pub budget: Budget,
    /// A cgroup that the process enters first.
    pub group: Option<PathBuf>,
}

/// What it came to, and the settings of what was filled with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Filled {
    pub density: Density,
    pub settings: BTreeMap<String, String>,
}

/// Does what this process was started for, and ends it. Returns if it was started for something else.
pub fn serve_if_asked() {
    let Ok(order) = env::var(VARIABLE) else { return };
    let order = bind_to_parent().and_then(|()| serde_json::from_str(&order).map_err(|error| error.to_string()));
    let filled: Result<Filled, String> = order.and_then(|order| serve(&order));
    say(&filled);
    exit(0);
}

/// Has the kernel end this process, and with it what it fills with, when whoever asked is gone.
fn bind_to_parent() -> Result<(), String> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|error| error.to_string())?;
    // Who is gone already sends no signal any more.
    let parent = getppid().map_or(0, |pid| pid.as_raw_nonzero().get()).to_string();
    if env::var(PARENT).is_ok_and(|asked| asked == parent) { Ok(()) } else { Err("who asked is gone".to_owned()) }
}

fn serve(order: &Order) -> Result<Filled, String> {
    if let Some(group) = &order.group {
        let members = group.join("cgroup.procs");
        fs::write(&members, "0").map_err(|error| format!("{}: {error}", members.display()))?;
    }
    let runtime = runtime(order)?;
    let artifact = runtime.prepare(&Workload::ready(), order.temperature).map_err(|error| error.to_string())?;
    // Whatever it says, or its end.
    let wait = || drop(io::stdin().read(&mut [0]));
    say(&());
    wait();
    let hold = |live| {
        say(&live);
        wait();
    };
    let density = density_while(artifact.as_ref(), order.budget, hold).map_err(|error| error.to_string())?;
    Ok(Filled { density, settings: artifact.settings() })
}

fn say(answer: &impl Serialize) {
    println!("\n{MARK}{}", serde_json::to_string(answer).expect("plain data"));
}

fn runtime(order: &Order) -> Result<Box<dyn Runtime>, String> {
    #[cfg(feature = "wasmtime")]
    if order.dense {
        let dense = runtime_baseline::runtime::wasmtime::Wasmtime::dense().map_err(|error| error.to_string())?;
        return Ok(Box::new(dense));
    }
    let registry = Registry::of_this_machine();
    let refusal = registry.unavailable().iter().find(|refusal| refusal.subject.as_str() == order.subject);
    let reason = refusal.map_or_else(|| format!("there is no {}", order.subject), ToString::to_string);
    registry.take(&order.subject).ok_or(reason)
}

/// A process that fills.
pub struct Filling {
    child: Child,
    output: BufReader<ChildStdout>,
    gauge: Gauge,
    kills: u64,
}

impl Filling {
    /// Starts it; `arguments` are what leads this program to [`serve_if_asked`]. It waits until it is told to go on.
    pub fn prepare(order: &Order, arguments: &[&str]) -> Result<Self, String> {
        let gauge = order.group.as_deref().map_or_else(Gauge::of_this_process, Gauge::of_group);
        let kills = gauge.kills();
        let program = env::current_exe().map_err(|error| error.to_string())?;
        let order = serde_json::to_string(order).map_err(|error| error.to_string())?;
        let mut command = Command::new(program);
        command.args(arguments).env(VARIABLE, order).env(PARENT, std::process::id().to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("a process to fill in: {error}"))?;
        let output = child.stdout.take().ok_or("a process without standard output")?;
        let mut filling = Self { child, output: BufReader::new(output), gauge, kills };
        filling.hear::<()>()?;
        Ok(filling)
    }

    /// Its process id.
    #[allow(dead_code, reason = "for tests")]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Has it go on: to fill, or once it has filled, to look and to stop.
    pub fn go_on(&mut self) {
        // One that was killed does not hear it, and its end tells why.
        let _ = self.child.stdin.as_mut().map(|stdin| stdin.write_all(b"\n"));
    }

    /// How many live in it, once it has filled.
    pub fn filled(&mut self) -> Result<usize, String> {
        self.hear()
    }

    /// What it came to.
    pub fn end(mut self) -> Result<Filled, String> {
        let filled = self.hear::<Filled>()?;
        let status = self.child.wait().map_err(|error| error.to_string())?;
        if status.success() { Ok(filled) } else { Err(format!("the process that filled ended with {status}")) }
    }

    /// Its next answer; its own words where it failed.
    fn hear<T: DeserializeOwned>(&mut self) -> Result<T, String> {
        let mut line = String::new();
        while self.output.read_line(&mut line).map_err(|error| error.to_string())? > 0 {
            if let Some(answer) = line.trim_end().strip_prefix(MARK) {
                return match serde_json::from_str::<Result<T, String>>(answer) {
                    Ok(outcome) => outcome,
                    Err(_) => serde_json::from_str(answer).map_err(|error| format!("{error} in {answer}")),
                };
            }
            line.clear();
        }
        let status = self.child.wait().map_err(|error| error.to_string())?;
        let killed = self.gauge.kills().saturating_sub(self.kills);
        Err(match status.signal() {
            Some(9) if killed > 0 => format!(
                "limit: memory: the process that filled was killed by the kernel, as {killed} of its group were, whose \
                 memory was used up"
            ),
            _ => format!("the process that filled ended with {status}"),
        })
    }
}

/// Nothing is left of one that failed.
impl Drop for Filling {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Fills in so many processes at the same time, each by the order: all live until the last process has filled.
pub fn fill(order: &Order, processes: usize, arguments: &[&str]) -> Result<Filled, String> {
    let fillings = (0..processes).map(|_| Filling::prepare(order, arguments));
    let mut fillings = fillings.collect::<Result<Vec<_>, _>>()?;
    fillings.iter_mut().for_each(Filling::go_on);
    for filling in &mut fillings {
        filling.filled()?;
    }
    fillings.iter_mut().for_each(Filling::go_on);
    let filled = fillings.into_iter().map(Filling::end).collect::<Result<Vec<_>, _>>()?;
    let densities: Vec<_> = filled.iter().map(|filled| filled.density.clone()).collect();
    let settings = filled.into_iter().next().map(|filled| filled.settings).unwrap_or_default();
    let density = Density::together(&densities).ok_or("no process filled")?;
    Ok(Filled { density, settings })
}
