//! `gate --run`: two commands side by side on this machine.

use std::{
    fs,
    hash::{BuildHasher, Hasher, RandomState},
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use fastrand::Rng;
use runtime_baseline::{
    Baseline, Language,
    compare::{Gate, GateReport},
};

use crate::{Failure, args, load};

/// Fewer pairs say too little of how pairs differ.
const LEAST: u32 = 5;

/// One side's command, started once for each pair.
///
/// It stays in this program's process group, so that an interrupt from the terminal ends both. Its output of figures is
/// not shown; what it says of errors is.
struct Side<'a> {
    name: &'static str,
    text: &'a str,
}

impl Side<'_> {
    /// The wall time from the spawn to the exit, on CLOCK_MONOTONIC.
    fn run(&self) -> Result<Duration, Failure> {
        let mut command = command(self.text);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let start = Instant::now();
        let mut child = command.spawn().map_err(|e| format!("cannot start {} ({}): {e}", self.name, self.text))?;
        let status = child.wait()?;
        let took = start.elapsed();
        // A command that fails early would be the faster one.
        if status.success() { Ok(took) } else { Err(self.failed(status).into()) }
    }

    fn failed(&self, status: ExitStatus) -> String {
        let how = match (status.code(), status.signal()) {
            (Some(code), _) => format!("exited with {code}"),
            (None, Some(signal)) => format!("was ended by signal {signal}"),
            (None, None) => "did not exit".to_owned(),
        };
        let Self { name, text } = self;
        format!("{name} ({text}) {how}: a command that fails is not timed; run it by itself until it succeeds")
    }

    /// The baseline that the command just left, which is taken away so that the next one's cannot be mixed up with it.
    fn baseline(&self, path: &Path) -> Result<Baseline, Failure> {
        let Self { name, text } = self;
        let baseline = load(path).map_err(|e| format!("{name} ({text}) left no baseline that can be read: {e}"))?;
        fs::remove_file(path).map_err(|e| format!("cannot take {} away: {e}", path.display()))?;
        Ok(baseline)
    }
}

/// Plain words are a program and its arguments; anything else is for the shell, whose own start is then in the time.
fn command(text: &str) -> Command {
    let plain = |c: char| c.is_ascii_alphanumeric() || c.is_whitespace() || "_-+./:,@%=".contains(c);
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.split_first() {
        // A word with `=` in front would set a variable.
        Some((program, arguments)) if text.chars().all(plain) && !program.contains('=') && !text.contains('\n') => {
            let mut command = Command::new(program);
            command.args(arguments);
            command
        }
        _ => {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", text]);
            command
        }
    }
}

/// Runs the pairs, and says what they were.
pub fn run(gate: &Gate, args: &args::Gate, commands: &[String]) -> Result<(GateReport, String), Failure> {
    let [base, head] = commands else { return Err("give two commands: BASE and HEAD".into()) };
    let (base, head) = (Side { name: "base", text: base }, Side { name: "head", text: head });
    let seed = args.seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
    let mut schedule = Schedule::of(seed, args);
    let report = match &args.baseline_at {
        None => {
            // The first start of a program reads it from the disk; neither side's is timed.
            base.run()?;
            head.run()?;
            let mut times = Vec::new();
            while let Some(head_first) = schedule.next() {
                let pair = in_order(head_first, || base.run(), || head.run())?;
                schedule.said(&format!("base {:.3?}, head {:.3?}", pair.0, pair.1));
                let ns = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
                times.push((ns(pair.0), ns(pair.1)));
            }
            gate.compare_times("wall time", &times)?
        }
        Some(path) => {
            if path.exists() {
                let path = path.display();
                return Err(format!(
                    "{path} is there already: move it away, or an old figure could pass for a new one"
                )
                .into());
            }
            let left_by = |side: &Side| {
                side.run()?;
                side.baseline(path)
            };
            let mut pairs = Vec::new();
            while let Some(head_first) = schedule.next() {
                pairs.push(in_order(head_first, || left_by(&base), || left_by(&head))?);
                schedule.said("done");
            }
            gate.compare_pairs(&pairs)?
        }
    };
    let (pairs, base, head) = (schedule.done, base.text, head.text);
    let note = match Language::from(args.language) {
        Language::Chinese => format!("`{base}` 与 `{head}` 成对运行 {pairs} 次，次序种子为 {seed}\n"),
        _ => format!("{pairs} pairs of `{base}` and `{head}`, order by seed {seed}\n"),
    };
    Ok((report, note))
}

fn in_order<T>(
    head_first: bool,
    base: impl FnOnce() -> Result<T, Failure>,
    head: impl FnOnce() -> Result<T, Failure>,
) -> Result<(T, T), Failure> {
    if head_first {
        let head = head()?;
        Ok((base()?, head))
    } else {
        Ok((base()?, head()?))
    }
}

/// Which side goes first in each pair, and when to stop: after a number of pairs or a time, both of which are set before
/// anything is known. Of every two pairs each side is first in one, at random in which.
struct Schedule {
    rng: Rng,
    head_first: bool,
    pairs: u32,
    time: Option<Duration>,
    begun: Instant,
    done: u32,
}

impl Schedule {
    fn of(seed: u64, args: &args::Gate) -> Self {
        let (rng, head_first) = (Rng::with_seed(seed), false);
        Self { rng, head_first, pairs: args.pairs, time: args.time, begun: Instant::now(), done: 0 }
    }

    /// Whether the head goes first in the next pair; nothing when there is none.
    fn next(&mut self) -> Option<bool> {
        let more = match self.time {
            None => self.done < self.pairs,
            // One more, if it takes as long as those before did.
            Some(time) => self.done < LEAST || self.begun.elapsed() * (self.done + 1) / self.done <= time,
        };
        self.head_first = if self.done.is_multiple_of(2) { self.rng.bool() } else { !self.head_first };
        more.then_some(self.head_first)
    }

    fn said(&mut self, what: &str) {
        self.done += 1;
        let of = if self.time.is_none() { format!(" of {}", self.pairs) } else { String::new() };
        eprintln!("pair {}{of}: {what}", self.done);
    }
}
