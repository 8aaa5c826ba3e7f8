//! What was found: a table for people, and figures of their own with the readings beside them.

use std::{fs, path::Path};

use runtime_baseline::{
    Baseline, Component, Environment, Host, Indicator, Interval, Metric, Provenance, Quantity, Source, SourceKind,
    Statistic, Subject, Unit,
    compare::Direction,
    experiment::usual_directory,
    provenance::Date,
    samples::{Axis, Curve},
    stats::Line as Fitted,
};

use crate::{Outcome, Scale, endure::SETTLING, lines::Line, readings::Reading};

/// What one trial found.
pub enum Found {
    Grown(Box<Grown>),
    Kills { points: u32, left: u32, lost: u32 },
    Rounds { rounds: u32, failed: u32 },
}

/// Bytes. Memory is read in pages of 4 KiB, and a heap takes a few more now and then for what lies between its pieces. The shortest
/// lines are 2,000 operations, of which a leak of 32 bytes makes as much.
const HEAP: u64 = 64 << 10;

/// What of a reading is meant.
type Of = fn(&Reading) -> u64;

/// What a line came to. Slopes are bytes for each thousand operations, after it settled.
pub struct Grown {
    pub line: Line,
    pub components: Vec<(String, String)>,
    pub anonymous: Fitted,
    /// Of the second half alone. What fills goes on less and less; what leaks goes on.
    pub late: Fitted,
    pub pss: Fitted,
    pub readings: Vec<Reading>,
}

impl Grown {
    fn ends(&self) -> Option<(&Reading, &Reading)> {
        self.readings.first().zip(self.readings.last())
    }

    /// What there is more of at the end, each with its numbers.
    pub fn counted(&self) -> Vec<String> {
        let Some((first, last)) = self.ends() else { return vec!["it said nothing".to_owned()] };
        let pairs = first.counts().into_iter().zip(last.counts());
        let grown = pairs.filter(|((_, first), (_, last))| last > first);
        grown.map(|((name, first), (_, last))| format!("{name} grew from {first} to {last}")).collect()
    }

    /// Whether anonymous memory takes more than `most` bytes with each thousand operations, in the second half too, whatever the
    /// noise.
    pub fn leaks(&self, most: f64) -> Option<String> {
        let settled = self.readings.get(SETTLING).zip(self.readings.last());
        let by = settled.map_or(0, |(settled, last)| last.anonymous.saturating_sub(settled.anonymous));
        let leaks = self.anonymous.low > most && self.late.low > most && by > HEAP;
        leaks.then(|| format!("anonymous memory grew by {} bytes each 1,000 operations", shown(&self.anonymous)))
    }
}

fn shown(line: &Fitted) -> String {
    format!("{:.0} ({:.0} … {:.0})", line.slope, line.low, line.high)
}

/// Prints the table, and records where the soak was long.
pub fn all(found: &[Found], scale: Scale) -> Outcome<()> {
    let grown: Vec<&Grown> =
        found.iter().filter_map(|one| if let Found::Grown(it) = one { Some(&**it) } else { None }).collect();
    if !grown.is_empty() {
        table(&grown, scale);
    }
    if scale.is_long && !found.is_empty() { record(found) } else { Ok(()) }
}

fn table(grown: &[&Grown], scale: Scale) {
    let memory = if scale.is_long { ["anonymous bytes / 1,000", "PSS bytes / 1,000"].as_slice() } else { &[] };
    let heads = [&["what", "operations"], memory, &["PSS at the end"]].concat();
    let mut rows = vec![heads.into_iter().map(str::to_owned).collect::<Vec<_>>()];
    for one in grown {
        let Some((first, last)) = one.ends() else { continue };
        let mut row = vec![one.line.to_string(), last.operations.to_string()];
        if scale.is_long {
            row.extend([shown(&one.anonymous), shown(&one.pss)]);
        }
        row.push(format!("{:.1} MB", last.pss as f64 / 1e6));
        for ((name, first), (_, last)) in first.counts().into_iter().zip(last.counts()) {
            if rows[0].len() <= row.len() {
                rows[0].push(name.to_owned());
            }
            row.push(if first == last { last.to_string() } else { format!("{first} → {last}") });
        }
        rows.push(row);
    }
    let widths: Vec<_> =
        (0..rows[0].len()).map(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0)).collect();
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        println!("{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

fn record(found: &[Found]) -> Outcome<()> {
    let directory = usual_directory().with_file_name("baseline-soak");
    fs::create_dir_all(directory.join("samples"))?;
    let environment = Host::here().capture(&directory);
    let mut baseline = Baseline::new();
    for one in found {
        match one {
            Found::Grown(grown) => of_memory(grown, &directory, &environment, &mut baseline)?,
            Found::Kills { points, left, lost } => {
                baseline.push(counted("left_behind", "kill points", *left, *points, &environment)?);
                baseline.push(counted("figures_lost", "kill points", *lost, *points, &environment)?);
            }
            Found::Rounds { rounds, failed } => {
                baseline.push(counted("failed_runs", "two runs at once", *failed, 4 * rounds, &environment)?);
            }
        }
    }
    let path = directory.join("baseline.json");
    baseline.merge_into(&path)?;
    println!("recorded in {}", path.display());
    Ok(())
}

/// The slopes of a line's memory, with the curves that they are of.
fn of_memory(grown: &Grown, directory: &Path, machine: &Environment, baseline: &mut Baseline) -> Outcome<()> {
    let indicator = Indicator::other("memory_growth", Unit::Bytes, Direction::LessIsBetter)?;
    let parts: [(_, _, Of); 2] =
        [("anonymous", &grown.anonymous, |it| it.anonymous), ("proportional set size", &grown.pss, |it| it.pss)];
    for (part, line, of) in parts {
        let points = grown.readings.iter().map(|it| (it.operations as f64 / 1000.0, of(it) as f64)).collect();
        let operations = Axis::new("thousand operations", Unit::other("thousands")?)?;
        let curve = Curve::new(operations, Axis::new("memory", Unit::Bytes)?, points)?;
        let path = curve.save(directory, &format!("memory_growth.{}.{part}", grown.line))?;
        let mut environment = machine.clone();
        environment.conditions.part = Some(part.to_owned());
        environment.conditions.set("per", "1000 operations");
        let subject: Subject = grown.line.subject.parse()?;
        let bytes = |value: f64| Quantity::new(value.max(0.0).round(), Unit::Bytes);
        let interval = Interval::new(0.95, bytes(line.low.floor())?, bytes(line.high.ceil())?)?;
        let provenance = provenance(&grown.components, environment)?;
        let metric = Metric::new(indicator, subject, bytes(line.slope)?, provenance)?
            .with_workload(grown.line.to_string())
            .with_statistic(Statistic::Slope)
            .with_count(grown.readings.len() as u64)
            .with_interval(interval)?;
        baseline.push(metric.with_curve(path));
    }
    Ok(())
}

fn counted(indicator: &'static str, workload: &str, count: u32, of: u32, machine: &Environment) -> Outcome<Metric> {
    let indicator = Indicator::other(indicator, Unit::Objects, Direction::LessIsBetter)?;
    let provenance = provenance(&[], machine.clone())?;
    let metric =
        Metric::new(indicator, "runtime-baseline".parse()?, Quantity::whole(count.into(), Unit::Objects), provenance)?;
    Ok(metric.with_workload(workload).with_statistic(Statistic::Single).with_count(of.into()))
}

fn provenance(components: &[(String, String)], environment: Environment) -> Outcome<Provenance> {
    let source = Source::new(SourceKind::Benchmark, "runtime-baseline, tests/soak")?;
    let own = Component::new("runtime-baseline", env!("CARGO_PKG_VERSION"))?;
    let mut provenance = Provenance::new(source, own, Date::today()).with_environment(environment);
    for (name, version) in components {
        provenance = provenance.with_component(Component::new(name, version)?);
    }
    Ok(provenance)
}
