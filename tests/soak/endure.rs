//! One line of the table, repeated in a process of its own, which reads what it holds forty times on its way.

use std::{
    env,
    process::{Command, Stdio},
};

use runtime_baseline::stats::Line as Fitted;
use serde::{Deserialize, Serialize};

use crate::{
    Outcome, ROLE, Scale, found,
    lines::{self, Line},
    readings::Reading,
    record::{Found, Grown},
};

const LINE: &str = "SOAK_LINE";
const OPERATIONS: &str = "SOAK_OPERATIONS";

/// How often is read.
const READINGS: u32 = 40;

/// Caches and heaps fill first: so many of the first readings are no part of a slope.
pub const SETTLING: usize = READINGS as usize / 4;

/// Bytes for each operation from which on it is a leak. The smallest piece that the heap gives is 32 bytes, so that one lost in
/// 32 operations is found; less than that is noise, and 1 MB after a million operations.
const LEAK: f64 = 1.0;

/// What the process says: what it is, then its readings.
#[derive(Debug, Serialize, Deserialize)]
enum Said {
    Components(Vec<(String, String)>),
    Read(Reading),
}

/// In the process: works through the line that the environment names.
pub fn child() -> Outcome<()> {
    let (title, operations) = (env::var(LINE)?, env::var(OPERATIONS)?.parse::<u32>()?);
    let line = lines::all().into_iter().find(|line| line.to_string() == title).ok_or("no such line")?;
    let (mut operate, components) = line.begin()?;
    let say = |said: &Said| serde_json::to_string(said).map(|text| println!("{text}"));
    say(&Said::Components(components))?;
    let step = operations.div_ceil(READINGS);
    for read in 0..=READINGS {
        // The first step is before anything counts: it makes what lives as long as the process.
        for _ in 0..step {
            operate()?;
        }
        say(&Said::Read(Reading::now(u64::from(read * step))))?;
    }
    Ok(())
}

/// What seems to leak is worked through once more, so many times as often: what leaks goes on, and what fills (a heap, between its
/// pieces) has an end.
const AGAIN: u32 = 8;

/// Has a process work through the line, and looks whether anything grew.
pub fn endures(line: &Line, scale: Scale) -> Outcome<()> {
    let operations = scale.of(line.operations, READINGS);
    let leak = |grown: &Grown| grown.leaks(1000.0 * LEAK).filter(|_| scale.is_long);
    let mut grown = worked_through(line, operations)?;
    if let Some(seems) = leak(&grown).filter(|_| line.grows.is_none()) {
        println!("{line}: {seems}; {AGAIN} times as many show whether it goes on");
        grown = worked_through(line, operations.saturating_mul(AGAIN))?;
    }
    let mut why = grown.counted();
    match line.grows {
        Some(reason) if scale.is_long && why.is_empty() && leak(&grown).is_none() => {
            why.push(format!("it does not grow, which it was known to do: {reason}"));
        }
        Some(_) => {}
        None => why.extend(leak(&grown)),
    }
    found(Found::Grown(Box::new(grown)));
    if why.is_empty() { Ok(()) } else { Err(why.join("; ").into()) }
}

/// Has a process work through the line.
fn worked_through(line: &Line, operations: u32) -> Outcome<Grown> {
    let mut command = Command::new(env::current_exe()?);
    command.env(ROLE, "endure").env(LINE, line.to_string()).env(OPERATIONS, operations.to_string());
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    let (mut components, mut readings) = (Vec::new(), Vec::new());
    for text in String::from_utf8_lossy(&output.stdout).lines() {
        match serde_json::from_str(text) {
            Ok(Said::Components(said)) => components = said,
            Ok(Said::Read(reading)) => readings.push(reading),
            Err(error) => return Err(format!("it said {text:?}: {error}").into()),
        }
    }
    if !output.status.success() {
        return Err(format!("it ended after {} readings: {}", readings.len(), output.status).into());
    }
    let points = |of: fn(&Reading) -> u64| {
        let points = readings.iter().skip(SETTLING).map(|it| (it.operations as f64 / 1000.0, of(it) as f64));
        points.collect::<Vec<_>>()
    };
    let anonymous = points(|it| it.anonymous);
    let late = Fitted::through(&anonymous[anonymous.len() / 2..], 0.95)?;
    let anonymous = Fitted::through(&anonymous, 0.95)?;
    let pss = Fitted::through(&points(|it| it.pss), 0.95)?;
    Ok(Grown { line: *line, components, anonymous, late, pss, readings })
}
