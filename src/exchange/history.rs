//! The `data.js` in which github-action-benchmark keeps every run of a project's benchmarks.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use serde::Deserialize;
use serde_json::Value;

use super::{
    ExchangeError, ImportNote, google,
    import::{Collector, Figure, Import, Imported},
    json, units,
};
use crate::{Direction, Statistic};

/// What stands before the JSON.
pub(super) const ASSIGNMENT: &str = "window.BENCHMARK_DATA";

#[derive(Deserialize)]
struct File {
    entries: BTreeMap<String, Vec<Run>>,
}

/// The benchmarks of one commit.
#[derive(Deserialize)]
struct Run {
    commit: Commit,
    tool: String,
    benches: Vec<Bench>,
}

#[derive(Deserialize)]
struct Commit {
    id: String,
}

#[derive(Deserialize)]
struct Bench {
    name: String,
    /// A value that is none is left out by the tool.
    #[serde(default)]
    value: Value,
    #[serde(default)]
    unit: String,
    /// How far the values lay apart, in words.
    #[serde(default)]
    range: Option<Value>,
}

impl Import {
    /// Reads the `data.js` of github-action-benchmark: of each suite the last run, or the run of the commit that
    /// [`Import::with_commit`] names, since an import is of one version. Earlier runs are counted.
    ///
    /// The file says one value of each benchmark, and in words how far the values lay apart; so a figure has no interval.
    /// Those of one name in one run (of `go test -count`) are samples. Units are read where they stand, and a benchmark
    /// whose unit the indicator has not, or of which the tool says that the other direction is better, is left out.
    ///
    /// # Errors
    /// [`ExchangeError`], which names the file.
    pub fn github_action_benchmark(&self, path: impl AsRef<Path>) -> Result<Imported, ExchangeError> {
        let path = path.as_ref();
        let text = json::text(path)?;
        let object =
            text.trim().strip_prefix(ASSIGNMENT).map_or(text.trim(), |rest| rest.trim_start_matches([' ', '=']));
        let read: File = json::parsed(path, object.trim_end().trim_end_matches(';'))?;
        let mut collector = Collector::new(self, path);
        let several = read.entries.len() > 1;
        for (suite, runs) in &read.entries {
            let wanted = match &self.commit {
                Some(commit) => runs.iter().rposition(|run| run.commit.id.starts_with(commit.as_str())),
                None => runs.len().checked_sub(1),
            };
            let left = runs.len() - usize::from(wanted.is_some());
            if left > 0 {
                collector.notes.push(ImportNote::Runs {
                    suite: suite.clone(),
                    left,
                    taken: wanted.map(|i| runs[i].commit.id.clone()),
                });
            }
            let Some(place) = wanted else { continue };
            self.run(&mut collector, several.then_some(suite), &runs[place], place)?;
        }
        collector.finish()
    }

    fn run(
        &self,
        collector: &mut Collector<'_>,
        suite: Option<&String>,
        run: &Run,
        place: usize,
    ) -> Result<(), ExchangeError> {
        // In the order of the file, those of one name and unit together.
        let mut order: Vec<Vec<&Bench>> = Vec::new();
        let mut places: HashMap<(&str, &str), usize> = HashMap::new();
        for bench in &run.benches {
            let place = *places.entry((bench.name.as_str(), bench.unit.as_str())).or_insert(order.len());
            match order.get_mut(place) {
                Some(all) => all.push(bench),
                None => order.push(vec![bench]),
            }
        }
        for all in order {
            let Bench { name, unit, .. } = all[0];
            if let Some(better) = direction(&run.tool).filter(|better| *better != self.indicator.direction()) {
                let (benchmark, indicator) = (name.clone(), self.indicator);
                collector.notes.push(ImportNote::Direction { benchmark, better, indicator });
                continue;
            }
            if run.tool == "googlecpp" && google::is_spread(name) {
                all.iter().for_each(|_| collector.leave("an aggregate that is no time of the benchmark".to_owned()));
                continue;
            }
            let scaled = units::scale(unit).filter(|(_, unit)| self.indicator.units().contains(unit));
            let Some((scale, unit)) = scaled else {
                let (benchmark, indicator) = (name.clone(), self.indicator);
                collector.notes.push(ImportNote::Unit { benchmark, unit: unit.clone(), indicator });
                continue;
            };
            let id = suite.map_or(name.clone(), |suite| format!("{suite}: {name}"));
            let benchmark = collector.benchmark(name, &id, format!("run {place}, {id:?}"))?;
            all.iter()
                .filter(|b| b.range.is_some())
                .for_each(|_| collector.leave("the range, which is words".to_owned()));
            let value = |bench: &Bench| bench.value.as_f64().map_or(f64::NAN, |value| value * scale);
            if let [one] = all[..] {
                let value = value(one);
                if !(value.is_finite() && value >= 0.0) {
                    let reason = format!("its value is no number: {}", short(&one.value));
                    collector.unavailable(&benchmark, reason, "measure it again");
                    continue;
                }
                let figure = Figure { statistic: statistic(&run.tool), value, interval: None, count: None };
                collector.figures(&benchmark, unit, &[figure])?;
                continue;
            }
            let values: Vec<_> = (0..).zip(&all).map(|(turn, bench)| (0, turn, value(bench))).collect();
            collector.repeated(&benchmark, unit, &values, None)?;
        }
        Ok(())
    }
}

/// The first characters of what stands in place of a number.
fn short(value: &Value) -> String {
    value.to_string().chars().take(40).collect()
}

/// Which statistic a tool's own number is; a tool of one's own does not say.
fn statistic(tool: &str) -> Statistic {
    match tool {
        "cargo" => Statistic::Median,
        "go" | "googlecpp" | "catch2" | "jmh" | "benchmarkdotnet" | "pytest" => Statistic::Mean,
        _ => Statistic::Single,
    }
}

/// Which way is better, where the tool's name says so.
fn direction(tool: &str) -> Option<Direction> {
    match tool {
        "customSmallerIsBetter" => Some(Direction::LessIsBetter),
        "customBiggerIsBetter" => Some(Direction::MoreIsBetter),
        _ => None,
    }
}
