//! A new baseline against old ones, or two programs side by side: did anything get worse?

mod analysis;
mod evidence;
mod judge;
mod limits;
mod math;
mod report;
mod series;
#[cfg(test)]
mod simulation;

pub use limits::{Limits, LimitsError};
pub use report::{Counts, Doubt, Evidence, GateGroup, GateReport, GateRow, GroupRuling, Outcome, RowChange, Ruling};

use std::{collections::HashMap, path::Path};

use super::{Direction, differences};
use crate::{Baseline, Metric, Quantity};
use analysis::{Change, Design, RUNS, analyse};
use evidence::{Figure, figure};
use judge::{Candidate, Judged, Rules};
use series::{Group, Series, is_by_hand, series};

/// What counts as worse.
///
/// A series got **worse** when chance does not explain its change **and** the change exceeds the limit; **better** likewise.
/// It is **fine** when neither, and a worsening beyond the limit is excluded (at 95 %, one-sided) or would have been found
/// (nineteen times in twenty). Otherwise it **could not be seen**, and the least change that could have been is said.
/// The whole is fine when none is worse.
///
/// - **Evidence**: of one run against one, how each side's processes differ (of three and more, where their samples are at
///   hand; else its stored interval), and what its peers differ by from run to run beyond that;
///   of three old runs and more, how these differ from each other; of pairs, how these differ. Sizes of files are exact.
/// - **Relative**: the series that took turns with each other (indicator, statistic, isolation, transport, concurrency) are a
///   group. What at least four of them have in common, the median change, is the machine's and is taken out; a group
///   that moved beyond the limit is shown. Where it has lanes written by hand, which no runtime's change can touch, or
///   where the sides ran in pairs, a common move that these do not explain counts. [`Gate::absolute`] turns this off.
/// - **Many comparisons**: the chance of any false alarm in all of them together is bounded (Holm, 1 % by default).
///
/// ```
/// use runtime_baseline::{Baseline, compare::{Gate, Outcome}};
///
/// let (old, new) = (Baseline::new(), Baseline::new());
/// let report = Gate::new().max_regression(0.05).compare(&[&old], &new)?;
/// // Nothing in common is not fine.
/// assert_eq!((report.outcome(), report.outcome().exit_code()), (Outcome::Unseen, 2));
/// # Ok::<(), runtime_baseline::compare::LimitsError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    rules: Rules,
    relative: bool,
    strict: bool,
    limits: Limits,
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

impl Gate {
    /// A limit of 5 %, and a chance of 1 % for any false alarm.
    #[must_use]
    pub fn new() -> Self {
        let rules = Rules { max_regression: 0.05, false_alarms: 0.01 };
        Self { rules, relative: true, strict: false, limits: Limits::default() }
    }

    /// The largest worsening that is let through, as a fraction: 0.05 for 5 %. What is negative or no number is 0.
    #[must_use]
    pub fn max_regression(mut self, fraction: f64) -> Self {
        self.rules.max_regression = fraction.max(0.0);
        self
    }

    /// The chance of any false alarm in all comparisons together, as a fraction between 0 and 0.5.
    #[must_use]
    pub fn false_alarms(mut self, chance: f64) -> Self {
        self.rules.false_alarms = if chance > 0.0 { chance.min(0.5) } else { f64::MIN_POSITIVE };
        self
    }

    /// Judges each series by itself: what a whole group has in common counts.
    #[must_use]
    pub fn absolute(mut self) -> Self {
        self.relative = false;
        self
    }

    /// Fails what could not be seen.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Limits for single series.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Compares the latest figure of every series with those of one or several old runs, oldest first. Of three and more,
    /// the run is the unit: how the old ones differ is what chance explains.
    ///
    /// # Errors
    /// [`LimitsError::Unmatched`] when a pattern of the limits fits no series.
    pub fn compare<'a>(
        &self,
        old: &[impl Into<Measured<'a>> + Copy],
        new: impl Into<Measured<'a>>,
    ) -> Result<GateReport, LimitsError> {
        let (old, new): (Vec<Measured<'a>>, Measured<'a>) = (old.iter().map(|old| (*old).into()).collect(), new.into());
        let design = if old.len() >= RUNS { Design::References } else { Design::Single };
        self.judge(&old, &[new], design)
    }

    /// Compares runs that were made side by side: each old one with the new one beside it.
    ///
    /// # Errors
    /// [`LimitsError::Unmatched`] when a pattern of the limits fits no series.
    pub fn compare_pairs(&self, pairs: &[(Baseline, Baseline)]) -> Result<GateReport, LimitsError> {
        let side = |baseline| Measured { baseline, directory: None };
        let (old, new): (Vec<_>, Vec<_>) = pairs.iter().map(|(old, new)| (side(old), side(new))).unzip();
        self.judge(&old, &new, Design::Pairs)
    }

    /// Compares two times, taken in pairs, in nanoseconds: `name` is what the output calls the series.
    ///
    /// # Errors
    /// [`LimitsError::Unmatched`] when a pattern of the limits does not fit it.
    pub fn compare_times(&self, name: &str, pairs: &[(u64, u64)]) -> Result<GateReport, LimitsError> {
        let side = |pick: fn(&(u64, u64)) -> u64| {
            let mut all: Vec<u64> = pairs.iter().map(pick).collect();
            all.sort_unstable();
            all.get(all.len().saturating_sub(1) / 2).map(|ns| Quantity::nanoseconds(*ns))
        };
        let runs = pairs.iter().map(|(old, new)| (*old > 0 && *new > 0).then(|| (*new as f64 / *old as f64).ln()));
        let change = Change { group: 0, kind: 0, anchor: false, runs: runs.collect(), within: None };
        let row = Row {
            name: name.to_owned(),
            short: name.to_owned(),
            old: side(|pair| pair.0),
            new: side(|pair| pair.1),
            direction: Direction::LessIsBetter,
            said: Said::Change(change, Evidence::Pairs),
        };
        self.rule(vec![row], &[], Design::Pairs)
    }

    fn judge(&self, old: &[Measured<'_>], new: &[Measured<'_>], design: Design) -> Result<GateReport, LimitsError> {
        let all = series(old, new);
        let mut groups: Vec<Group<'_>> = Vec::new();
        let mut known: HashMap<Group<'_>, usize> = HashMap::new();
        let mut likely: HashMap<&str, &Metric> = HashMap::new();
        for series in all.iter().filter(|series| series.new.iter().any(Option::is_some)) {
            likely.extend(series.any().map(|metric| (loose(&series.short), metric)));
        }
        let mut rows = Vec::with_capacity(all.len());
        for series in &all {
            let (Some(metric), Some(group)) = (series.any(), Group::of(series)) else { continue };
            let group = *known.entry(group.clone()).or_insert_with(|| {
                groups.push(group);
                groups.len() - 1
            });
            // The first group of the same indicator stands for its kind.
            let alike = groups.iter().position(|other| other.indicator == groups[group].indicator);
            let place = Place { group, kind: alike.unwrap_or(group) };
            let gone = || match likely.get(loose(&series.short)) {
                Some(other) => Doubt::Elsewhere(differences(metric, other)),
                None => Doubt::Gone(reason(new, metric)),
            };
            let middle = |side: &[Option<&Metric>]| {
                let mut all: Vec<Quantity> = side.iter().flatten().map(|m| m.quantity()).collect();
                all.sort_by(|a, b| a.as_f64().total_cmp(&b.as_f64()));
                all.get(all.len().saturating_sub(1) / 2).copied()
            };
            rows.push(Row {
                name: series.name.clone(),
                short: series.short.clone(),
                old: middle(&series.old),
                new: middle(&series.new),
                direction: Direction::of(metric.indicator()),
                said: said(series, metric, place, [old, new], design, gone),
            });
        }
        self.rule(rows, &groups, design)
    }

    fn rule(&self, rows: Vec<Row>, groups: &[Group<'_>], design: Design) -> Result<GateReport, LimitsError> {
        self.limits.check(rows.iter().map(|row| (row.name.as_str(), row.short.as_str())))?;
        let mut changes = Vec::new();
        let mut judged = Vec::with_capacity(rows.len());
        for row in &rows {
            let limit = self.limits.of(&row.name, &row.short);
            let ignored = limit.is_some_and(|limit| limit.ignore);
            let direction = limit.and_then(|limit| limit.direction).unwrap_or(row.direction);
            let max_regression = limit.and_then(|limit| limit.max_regression).unwrap_or(self.rules.max_regression);
            let found = match &row.said {
                Said::Change(change, _) if !ignored => {
                    changes.push(change.clone());
                    Candidate::Noisy(changes.len() - 1)
                }
                Said::Exact(old, new) if !ignored => Candidate::Exact(*old, *new),
                _ => Candidate::None,
            };
            judged.push(Judged { found, direction, max_regression, ignored });
        }
        let (found, shifts) = analyse(&changes, groups.len().max(1), design, self.relative);
        let directions = groups.iter().map(Group::direction).chain([Direction::LessIsBetter]);
        let wholes: Vec<_> = directions.zip(shifts).collect();
        let decided = judge::judge(&self.rules, &judged, &changes, &found, &wholes, self.relative);
        let rows = rows.into_iter().zip(&judged).zip(decided.rows).map(|((row, judged), (ruling, change))| {
            let (ruling, evidence) = match (&row.said, ruling) {
                (_, Some(ruling)) if judged.ignored => (ruling, Evidence::None),
                (Said::Change(_, evidence), Some(ruling)) => (ruling, *evidence),
                (Said::Exact(..), Some(ruling)) => (ruling, Evidence::Exact),
                (Said::Nothing(ruling), _) => (ruling.clone(), Evidence::None),
                (_, None) => (Ruling::Unseen(Doubt::FewRuns), Evidence::None),
            };
            let (series, limit) = (row.name, judged.max_regression);
            GateRow { series, old: row.old, new: row.new, change, evidence, limit, ruling }
        });
        let rows = rows.collect();
        let named = groups.iter().zip(decided.groups).filter_map(|(group, whole)| {
            let (series, shift, by_hand, ruling) = whole?;
            Some(GateGroup { name: group.name(), series, shift, by_hand, ruling })
        });
        Ok(GateReport {
            rows,
            groups: named.collect(),
            comparisons: decided.comparisons,
            false_alarms: self.rules.false_alarms,
            max_regression: self.rules.max_regression,
            relative: self.relative,
            strict: self.strict,
        })
    }
}

/// A baseline, and where its files of samples lie.
///
/// Without a directory, or where a file is not there, the stored intervals are the evidence. They hold less: how processes
/// differ may not be in them.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Measured<'a> {
    /// The baseline.
    pub baseline: &'a Baseline,
    /// The directory that its metrics' files are relative to.
    pub directory: Option<&'a Path>,
}

impl<'a> Measured<'a> {
    /// A baseline with its files of samples.
    #[must_use]
    pub fn with_samples(baseline: &'a Baseline, directory: &'a Path) -> Self {
        Self { baseline, directory: Some(directory) }
    }
}

impl<'a> From<&'a Baseline> for Measured<'a> {
    fn from(baseline: &'a Baseline) -> Self {
        Self { baseline, directory: None }
    }
}

/// A series before it is judged.
struct Row {
    name: String,
    short: String,
    old: Option<Quantity>,
    new: Option<Quantity>,
    direction: Direction,
    said: Said,
}

/// What its figures say.
enum Said {
    Change(Change, Evidence),
    Exact(f64, f64),
    Nothing(Ruling),
}

/// Where a change stands among the others, by numbers: its group, and the kind of it.
#[derive(Debug, Clone, Copy)]
struct Place {
    group: usize,
    kind: usize,
}

/// The runs of the old side, and those of the new one.
type Sides<'a, 'b> = [&'b [Measured<'a>]; 2];

fn said(
    series: &Series<'_>,
    metric: &Metric,
    place: Place,
    sides: Sides<'_, '_>,
    design: Design,
    gone: impl Fn() -> Doubt,
) -> Said {
    let there = |side: &[Option<&Metric>]| side.iter().any(Option::is_some);
    if !there(&series.old) {
        return Said::Nothing(Ruling::New);
    }
    if !there(&series.new) {
        return Said::Nothing(Ruling::Unseen(gone()));
    }
    change(series, metric, place, sides, design).unwrap_or_else(|doubt| Said::Nothing(Ruling::Unseen(doubt)))
}

fn change(
    series: &Series<'_>,
    metric: &Metric,
    place: Place,
    sides: Sides<'_, '_>,
    design: Design,
) -> Result<Said, Doubt> {
    let figures = |side: &[Option<&Metric>], runs: &[Measured<'_>]| -> Result<Vec<Option<Figure>>, Doubt> {
        let found = side.iter().zip(runs).map(|(metric, run)| {
            // Where runs are the units, what lies within them is not asked.
            let directory = run.directory.filter(|_| design == Design::Single);
            metric.map(|metric| figure(metric, directory)).transpose()
        });
        found.collect()
    };
    let (old, new) = (figures(&series.old, sides[0])?, figures(&series.new, sides[1])?);
    // Of sizes the newest of each side: nothing varies.
    if let (Some(Figure::Exact(old)), Some(Figure::Exact(new))) =
        (old.iter().rev().flatten().next(), new.iter().rev().flatten().next())
    {
        return if *old == 0.0 && *new != 0.0 { Err(Doubt::Zero) } else { Ok(Said::Exact(*old, *new)) };
    }
    series.of_one_machine(design)?;
    let log = |figure: &Figure| match figure {
        Figure::Exact(value) => (value.ln(), None, Evidence::None),
        Figure::Sampled { log, within, evidence } => (*log, *within, *evidence),
    };
    let Place { group, kind } = place;
    let base = Change { group, kind, anchor: is_by_hand(metric), runs: Vec::new(), within: None };
    if design == Design::Single {
        let (change, within, evidence) = of_figures(
            &old.iter().flatten().map(log).collect::<Vec<_>>(),
            &new.iter().flatten().map(log).collect::<Vec<_>>(),
        );
        let within = Some(within.ok_or(Doubt::NoInterval)?);
        return Ok(Said::Change(Change { runs: vec![Some(change)], within, ..base }, evidence));
    }
    let run = |old: &Option<Figure>, new: &Option<Figure>| {
        let (old, new) = (log(old.as_ref()?), log(new.as_ref()?));
        Some(new.0 - old.0)
    };
    let newest = new.last().copied().flatten();
    let runs = match design {
        Design::Pairs => old.iter().zip(&new).map(|(old, new)| run(old, new)).collect(),
        _ => old.iter().map(|old| run(old, &newest)).collect(),
    };
    let evidence = if design == Design::Pairs { Evidence::Pairs } else { Evidence::Runs };
    Ok(Said::Change(Change { runs, ..base }, evidence))
}

type Log = (f64, Option<analysis::Noise>, Evidence);

/// The change from the mean of the old logarithms to that of the new ones, and the variance of that.
fn of_figures(old: &[Log], new: &[Log]) -> (f64, Option<analysis::Noise>, Evidence) {
    let mean = |side: &[Log]| side.iter().map(|(log, ..)| log).sum::<f64>() / side.len() as f64;
    let parts = |side: &[Log]| -> Option<Vec<(f64, f64)>> {
        let n = side.len() as f64;
        side.iter().map(|(_, noise, _)| noise.map(|noise| (noise.variance / n.powi(2), noise.freedom))).collect()
    };
    let noise = parts(old).zip(parts(new)).map(|(old, new)| {
        let all = [old, new].concat();
        analysis::Noise { variance: all.iter().map(|(v, _)| v).sum(), freedom: math::freedom(&all) }
    });
    let processes = old.iter().chain(new).all(|(.., evidence)| *evidence == Evidence::Processes);
    let evidence = if processes { Evidence::Processes } else { Evidence::Intervals };
    (mean(new) - mean(old), noise, evidence)
}

/// A name without its concurrency, by which a series that is gone is looked for elsewhere.
fn loose(short: &str) -> &str {
    short.split("/concurrency=").next().unwrap_or(short)
}

fn reason(new: &[Measured<'_>], gone: &Metric) -> Option<String> {
    let rows = new.iter().rev().flat_map(|run| run.baseline.unavailable());
    let mut of = rows.filter(|row| row.indicator() == gone.indicator() && row.subject() == gone.subject());
    of.next().map(|row| row.reason().to_owned())
}
