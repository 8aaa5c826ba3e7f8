//! One program against itself, and against itself with a slowdown in one lane: what the gate says of runs that differ by
//! nothing else.

use std::{
    env,
    error::Error,
    hint::black_box,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use runtime_baseline::{
    Baseline, Indicator, Language, Statistic, Temperature,
    compare::{Gate, GateReport, Measured, Ruling},
    experiment::{Experiment, Figure, Lane, LaneError, Pass, Plan, Turns},
    plans::{Evaluation, Startup},
    runtime::{Runtime, noop::Noop},
};

use super::tally::Tally;

/// Says to this program that it is one run: `<plan> <steps of work for each 1,000 in the slowed lane> <directory>`.
const VARIABLE: &str = "STATISTICS_RUN";

/// The plan of work of a known size, in which one lane can be slowed.
const WORK: &str = "work";

/// The lane that is slowed.
const SLOWED: &str = "arithmetic, 50,000 steps";

/// One run of a plan, in a process of its own.
pub struct Run {
    plan: String,
    per_thousand: u64,
    directory: PathBuf,
}

/// What this process was started for, where that is one run.
pub fn asked() -> Option<Run> {
    let asked = env::var(VARIABLE).ok()?;
    let mut words = asked.splitn(3, ' ');
    let (plan, per_thousand) = (words.next()?.to_owned(), words.next()?.parse().ok()?);
    Some(Run { plan, per_thousand, directory: words.next()?.into() })
}

impl Run {
    /// Measures, and records in the run's directory.
    pub fn measure(&self) -> Result<(), Box<dyn Error>> {
        let experiment = Experiment::new(format!("benches/statistics, {}", self.plan)).pass(Pass::Quick);
        experiment.run_and_record(&self.directory, |plan| match self.plan.as_str() {
            "startup" => Startup::default().declare(plan),
            "evaluation" => Evaluation::default().declare(plan),
            _ => {
                work(plan, self.per_thousand);
                Ok::<(), LaneError>(())
            }
        })?;
        Ok(())
    }

    /// Has it measured, and reads what it left.
    fn baseline(&self) -> Result<Baseline, Box<dyn Error>> {
        let Self { plan, per_thousand, directory } = self;
        let mut command = Command::new(env::current_exe()?);
        command.env(VARIABLE, format!("{plan} {per_thousand} {}", directory.display()));
        let output = command.stdin(Stdio::null()).stdout(Stdio::null()).output()?;
        if !output.status.success() {
            return Err(
                format!("a run of {plan}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into()
            );
        }
        Ok(Baseline::load(directory.join("baseline.json"))?)
    }
}

fn run(plan: &str, slower: u64, directory: &Path) -> Result<Baseline, Box<dyn Error>> {
    Run { plan: plan.to_owned(), per_thousand: 1000 + slower, directory: directory.to_owned() }.baseline()
}

/// `times` pairs of quick passes of the benches that measure times, each gated by itself as one run against another.
pub fn passes(times: usize, tally: &mut Tally) -> Result<(), Box<dyn Error>> {
    for plan in ["startup", "evaluation"] {
        let mut count = Count::default();
        for pair in 0..times {
            let begin = Instant::now();
            let (old, new) = (tempfile::tempdir()?, tempfile::tempdir()?);
            let (old_run, new_run) = (run(plan, 0, old.path())?, run(plan, 0, new.path())?);
            let sides = [(&old_run, &old), (&new_run, &new)];
            let [old, new] = sides.map(|(run, directory)| Measured::with_samples(run, directory.path()));
            let report = Gate::new().compare(&[old], new)?;
            println!(
                "{plan}, pair {}: {} ({:.0} s)",
                pair + 1,
                report.headline(Language::English),
                begin.elapsed().as_secs_f64()
            );
            count.add(&report);
        }
        count.tell(&format!("one quick pass of {plan} against another"), tally);
    }
    Ok(())
}

/// `times` gates of so many pairs of runs side by side: of the same, and with one lane slowed.
pub fn sides(times: usize, pairs: usize, tally: &mut Tally) -> Result<(), Box<dyn Error>> {
    for slower in [0, 50, 20].into_iter().take(if times > 1 { 3 } else { 1 }) {
        let (mut count, mut found, mut below) = (Count::default(), 0, 0);
        for time in 0..times {
            let mut runs = Vec::new();
            for pair in 0..pairs {
                let side = |slower| run(WORK, slower, tempfile::tempdir()?.path());
                // Of every two pairs each side is first in one.
                runs.push(match pair % 2 {
                    0 => (side(0)?, side(slower)?),
                    _ => {
                        let new = side(slower)?;
                        (side(0)?, new)
                    }
                });
            }
            let gate = Gate::new().max_regression(if slower == 20 { 0.01 } else { 0.04 });
            let report = gate.compare_pairs(&runs)?;
            println!("{} ‰ slower, gate {}: {}", slower, time + 1, report.headline(Language::English));
            let slowed = report.rows.iter().find(|row| row.series.contains(SLOWED)).ok_or("the slowed lane is gone")?;
            found += usize::from(slowed.ruling == Ruling::Worse);
            let least = slowed.change.map_or(f64::INFINITY, |change| change.least);
            below += usize::from(slowed.ruling != Ruling::Worse && least > slower as f64 / 1e3);
            count.add(&report);
        }
        match slower {
            0 => count.tell("two sides in turns, the same program", tally),
            50 => tally.share("a lane slowed by 5 %", "found", found, times, "goal: at least 95 %"),
            _ => {
                let what = "a lane slowed by 2 %";
                tally.share(what, "found_or_said_to_be_below", found + below, times, "goal: all");
            }
        }
    }
    Ok(())
}

/// What gates came to, series by series.
#[derive(Default)]
struct Count {
    alarms: usize,
    decided: usize,
    below: usize,
    of: usize,
    fine: usize,
    gates: usize,
    leasts: Vec<f64>,
}

impl Count {
    fn add(&mut self, report: &GateReport) {
        let counts = report.counts();
        self.alarms += counts.worse + counts.better;
        self.decided += counts.worse + counts.better + counts.fine;
        self.of += report.rows.len();
        self.gates += 1;
        self.fine += usize::from(report.outcome().exit_code() == 0);
        for row in &report.rows {
            let Some(change) = row.change else { continue };
            // A series that could have shown what its limit asks, and was left undecided all the same.
            let unseen = matches!(row.ruling, Ruling::Unseen(_));
            self.below += usize::from(unseen && change.least <= row.limit);
            self.leasts.push(change.least);
        }
    }

    fn tell(mut self, what: &str, tally: &mut Tally) {
        if self.gates == 0 {
            return;
        }
        tally.share(what, "false_alarms", self.alarms, self.of, "goal: at most 1 %");
        tally.share(what, "decided", self.decided, self.of, "of series at a limit of 5 %");
        tally.share(what, "undecided_though_visible", self.below, self.of, "goal: none");
        tally.share(what, "gates_that_are_fine", self.fine, self.gates, "goal: at least four of five");
        self.leasts.sort_by(f64::total_cmp);
        let at = |p: f64| self.leasts.get((self.leasts.len() as f64 * p) as usize).map_or(f64::NAN, |x| x * 100.0);
        println!("{what}: least change that could be shown: {:.1} % (median), {:.1} % (p90)", at(0.5), at(0.9));
    }
}

/// Lanes of work that is the same in every run: arithmetic, and reading memory in an order that no prefetcher knows.
fn work(plan: &mut Plan, per_thousand: u64) {
    let noop = Noop::new();
    let kinds = [("arithmetic", 1), ("memory", 1 << 20)];
    let all = kinds.into_iter().flat_map(|kind| [10, 50, 250].map(|thousands| (kind, thousands)));
    let lanes = all.map(|((kind, words), thousands)| {
        let name = format!("{kind}, {thousands},000 steps");
        let steps = thousands * if name == SLOWED { per_thousand } else { 1000 };
        let figure = Figure::new(Indicator::StartupTime, noop.identity(), &name).at(Temperature::Warm);
        let memory = vec![1u32; words];
        Lane::single(name, figure, &[Statistic::Median], move || {
            let begin = Instant::now();
            black_box(mix(&memory, steps));
            u64::try_from(begin.elapsed().as_nanos()).map_err(LaneError::from)
        })
    });
    let lanes = lanes.collect();
    plan.group(WORK, Turns::until(Duration::from_millis(150)), lanes);
}

fn mix(memory: &[u32], steps: u64) -> u64 {
    (0..steps).fold(1, |state, step| {
        let word = u64::from(memory[(state >> 33) as usize % memory.len()]);
        black_box(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(step + word))
    })
}
