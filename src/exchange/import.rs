//! What the caller says of figures from another tool, and the figures as they are collected.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    path::Path,
};

use super::{ExchangeError, ImportNote};
use crate::{
    Baseline, Indicator, Interval, Metric, MetricError, Provenance, Quantity, QuantityError, Statistic, Subject,
    UnavailableRow, Unit,
};

/// What the caller says of figures that come from another tool's file.
///
/// ```no_run
/// use runtime_baseline::{Component, Indicator, Provenance, Source, SourceKind, exchange::Import};
///
/// let source = Source::new(SourceKind::Benchmark, "parser 2.1.0, benches/parse, criterion 0.8.2")?;
/// let provenance = Provenance::new(source, Component::new("parser", "2.1.0")?, "2026-11-23".parse()?);
/// let import = Import::new(Indicator::EvaluationLatency, provenance)?;
/// let imported = import.criterion("target/criterion")?;
/// println!("{} figures", imported.baseline.metrics().len());
/// imported.notes.iter().for_each(|note| eprintln!("{note}"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    pub(super) indicator: Indicator,
    pub(super) subject: Option<Subject>,
    pub(super) provenance: Provenance,
    pub(super) accepted: Vec<i32>,
    pub(super) criterion_baseline: String,
    pub(super) policy: String,
    pub(super) commit: Option<String>,
}

/// What was read from another tool's file.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The figures, and rows of what could not be one.
    pub baseline: Baseline,
    /// What was left out, and what somebody should know.
    pub notes: Vec<ImportNote>,
}

impl Import {
    /// All figures are of this indicator, and come from there.
    ///
    /// # Errors
    /// [`ExchangeError::NoSuchUnit`] when the indicator is measured neither in times nor in sizes, rates or shares: nothing
    /// that is read here is.
    pub fn new(indicator: Indicator, provenance: Provenance) -> Result<Self, ExchangeError> {
        if !matches!(indicator.units()[0], Unit::Nanoseconds | Unit::Bytes | Unit::PerSecond | Unit::Percent) {
            return Err(ExchangeError::NoSuchUnit(indicator));
        }
        let (criterion_baseline, policy) = ("new".to_owned(), "policy".to_owned());
        Ok(Self { indicator, subject: None, provenance, accepted: vec![0], criterion_baseline, policy, commit: None })
    }

    /// All figures are of this subject. Without it, each benchmark's own name, made into a subject's, is its subject; the
    /// name as it was is the workload either way.
    #[must_use]
    pub fn with_subject(mut self, subject: Subject) -> Self {
        self.subject = Some(subject);
        self
    }

    /// Exit codes that mean success of what hyperfine ran, besides 0.
    #[must_use]
    pub fn with_accepted_exit_codes(mut self, codes: &[i32]) -> Self {
        self.accepted.extend(codes);
        self
    }

    /// Which of the baselines in criterion's directory is read; `new`, the latest run, where nothing is said.
    #[must_use]
    pub fn with_criterion_baseline(mut self, name: &str) -> Self {
        self.criterion_baseline = name.to_owned();
        self
    }

    /// What `opa bench` evaluated, for [`Import::read`]: its file does not say.
    #[must_use]
    pub fn with_policy(mut self, name: &str) -> Self {
        self.policy = name.to_owned();
        self
    }

    /// Of github-action-benchmark, the run of the commit whose id begins so, in place of the last one.
    #[must_use]
    pub fn with_commit(mut self, id: &str) -> Self {
        self.commit = Some(id.to_owned());
        self
    }

    /// Some tools measure time alone.
    pub(super) fn time_alone(&self) -> Result<(), ExchangeError> {
        if self.indicator.units().contains(&Unit::Nanoseconds) {
            Ok(())
        } else {
            Err(ExchangeError::NotATime(self.indicator))
        }
    }
}

/// One benchmark of another tool.
pub(super) struct Benchmark {
    pub subject: Subject,
    /// Its name, on one line.
    pub workload: String,
}

/// A statistic of a benchmark, in its indicator's unit but not yet whole.
pub(super) struct Figure {
    pub statistic: Statistic,
    pub value: f64,
    pub interval: Option<(f64, f64)>,
    /// Nothing where the file does not say.
    pub count: Option<u64>,
}

/// Figures as they are read.
pub(super) struct Collector<'a> {
    import: &'a Import,
    path: &'a Path,
    baseline: Baseline,
    pub notes: Vec<ImportNote>,
    /// Where each benchmark stands: one name is one benchmark.
    taken: HashMap<(Subject, String), String>,
    /// What no figure is made of, and how often.
    left: BTreeMap<String, usize>,
}

impl<'a> Collector<'a> {
    pub fn new(import: &'a Import, path: &'a Path) -> Self {
        let (notes, taken, left) = (Vec::new(), HashMap::new(), BTreeMap::new());
        Self { import, path, baseline: Baseline::new(), notes, taken, left }
    }

    pub fn indicator(&self) -> Indicator {
        self.import.indicator
    }

    pub fn provenance(&self) -> &Provenance {
        &self.import.provenance
    }

    /// Counts something that no figure is made of.
    pub fn leave(&mut self, what: String) {
        *self.left.entry(what).or_default() += 1;
    }

    /// How many of the stored unit one of `named` is, where the indicator has that unit; else the benchmark is left out.
    pub fn fitting(
        &mut self,
        of: &Benchmark,
        named: &str,
        scale: impl Fn(&str) -> Option<(f64, Unit)>,
    ) -> Option<(f64, Unit)> {
        let indicator = self.import.indicator;
        let found = scale(named).filter(|(_, unit)| indicator.units().contains(unit));
        if found.is_none() {
            let (benchmark, unit) = (of.workload.clone(), named.to_owned());
            self.notes.push(ImportNote::Unit { benchmark, unit, indicator });
        }
        found
    }

    /// Begins a benchmark that stands at `place`. `short` is what a subject is made of where the caller named none.
    pub fn benchmark(&mut self, short: &str, name: &str, place: String) -> Result<Benchmark, ExchangeError> {
        let subject = match &self.import.subject {
            Some(subject) => subject.clone(),
            None => Subject::new(subject_name(short))?,
        };
        let workload = one_line(name);
        match self.taken.entry((subject.clone(), workload.clone())) {
            Entry::Occupied(first) => {
                return Err(ExchangeError::Duplicate { name: workload, first: first.get().clone(), second: place });
            }
            Entry::Vacant(entry) => entry.insert(place),
        };
        if holds_a_secret(&workload) {
            self.notes.push(ImportNote::Secret { benchmark: workload.clone() });
        }
        Ok(Benchmark { subject, workload })
    }

    pub fn push(&mut self, metric: Metric, of: &Benchmark) {
        self.baseline.push(metric.with_workload(&of.workload));
    }

    pub fn unavailable(&mut self, of: &Benchmark, reason: impl Into<String>, remedy: &str) {
        let row = UnavailableRow::new(of.subject.clone(), self.import.indicator, reason.into(), remedy);
        self.baseline.push_unavailable(row.with_workload(&of.workload));
    }

    /// The figures of a benchmark, or a row where one of them is above zero and too small for the stored unit: it must not
    /// become zero.
    pub fn figures(&mut self, of: &Benchmark, unit: Unit, figures: &[Figure]) -> Result<(), ExchangeError> {
        let vanishes = |x: f64| unit.is_integer() && x > 0.0 && x.round() == 0.0;
        let gone = |figure: &Figure| vanishes(figure.value) || figure.interval.is_some_and(|(low, _)| vanishes(low));
        if let Some(figure) = figures.iter().find(|figure| gone(figure)) {
            let reason = format!("{} {unit} is less than the smallest {unit} that a figure can have", figure.value);
            self.unavailable(of, reason, "measure many of them as one operation, and say how many in its name");
            return Ok(());
        }
        if unit == Unit::Nanoseconds && figures.iter().all(|figure| figure.value == 0.0) {
            let reason = "it took no time at all: what was measured is no time, or less than the clock can tell";
            self.unavailable(of, reason, "measure many of them as one operation, or another indicator");
            return Ok(());
        }
        let whole = |x: f64| stored(x, unit).map_err(MetricError::from);
        let mut all = figures.iter().flat_map(|figure| {
            let (low, high) = figure.interval.unwrap_or((figure.value, figure.value));
            [figure.value, low, high]
        });
        if let Some(error) = all.find_map(|x| stored(x, unit).err()) {
            self.unavailable(of, error.to_string(), "measure it again");
            return Ok(());
        }
        for figure in figures {
            let (import, subject) = (self.import, of.subject.clone());
            let mut metric = Metric::new(import.indicator, subject, whole(figure.value)?, import.provenance.clone())?
                .with_statistic(figure.statistic);
            if let Some(count) = figure.count {
                metric = metric.with_count(count);
            }
            if let Some((low, high)) = figure.interval {
                metric = metric.with_interval(Interval::new(0.95, whole(low)?, whole(high)?)?)?;
            }
            self.push(metric, of);
        }
        Ok(())
    }

    pub fn finish(self) -> Result<Imported, ExchangeError> {
        let Self { import, path, baseline, mut notes, left, .. } = self;
        let indicator = import.indicator;
        notes.extend(left.into_iter().map(|(what, count)| ImportNote::LeftOut { what, count, indicator }));
        if !baseline.is_empty() {
            return Ok(Imported { baseline, notes });
        }
        Err(match notes.is_empty() {
            true => ExchangeError::Nothing(path.to_owned()),
            false => ExchangeError::NoFigure { path: path.to_owned(), indicator: import.indicator, left_out: notes },
        })
    }
}

/// A value as a figure holds it: whole where the unit is.
pub(super) fn stored(value: f64, unit: Unit) -> Result<Quantity, QuantityError> {
    Quantity::new(if unit.is_integer() { value.round() } else { value }, unit)
}

/// A name made of the characters that a subject's may have: `Grp/Sum of 10` becomes `grp/sum-of-10`. Letters of any script
/// stay.
fn subject_name(id: &str) -> String {
    let mut name = String::with_capacity(id.len());
    for c in id.chars().flat_map(char::to_lowercase) {
        match c {
            c if Subject::allows(c) && c != '-' => name.push(c),
            _ if !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    let trimmed = name.trim_matches('-');
    if trimmed.is_empty() { "unnamed".to_owned() } else { trimmed.to_owned() }
}

/// A name on one line: a script of several is one command all the same.
fn one_line(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect();
    let words: Vec<&str> = plain.split(' ').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "unnamed".to_owned() } else { words.join(" ") }
}

/// Whether a command looks as if it held a password or a token. It is only warned of, so a few words too many do no harm.
fn holds_a_secret(command: &str) -> bool {
    let lower = command.to_ascii_lowercase();
    // A word that names a secret, and something given for it.
    let named = [
        "password",
        "passwd",
        "secret",
        "token",
        "api_key",
        "apikey",
        "api-key",
        "access_key",
        "authorization",
        "bearer",
    ];
    let given =
        |word: &&str| lower.match_indices(*word).any(|(at, _)| lower[at + word.len()..].starts_with(['=', ':', ' ']));
    // https://user:password@host
    let in_address = lower.split_whitespace().filter_map(|word| Some(word.split_once("://")?.1)).any(|rest| {
        let authority = rest.split('/').next().unwrap_or_default();
        authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
    });
    // How well-known services begin their tokens.
    let known = ["akia", "ghp_", "gho_", "github_pat_", "glpat-", "sk-", "xoxb-", "eyj"];
    let words = || lower.split(|c: char| c.is_whitespace() || "\"'=:,".contains(c));
    named.iter().any(given)
        || in_address
        || words().any(|word| word.len() >= 16 && known.iter().any(|k| word.starts_with(k)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_makes_a_subject() {
        for (id, name) in [
            ("Grp/Sum of 10", "grp/sum-of-10"),
            ("sleep 0.001", "sleep-0.001"),
            ("--", "unnamed"),
            ("", "unnamed"),
            ("启动", "启动"),
            ("Größe/Ärger 2", "größe/ärger-2"),
            ("İstanbul", "i-stanbul"),
            ("a  &&  b", "a-b"),
        ] {
            assert_eq!(subject_name(id), name);
            assert!(Subject::new(subject_name(id)).is_ok());
        }
    }

    #[test]
    fn a_name_is_one_line() {
        assert_eq!(one_line("while read x; do\n\techo $x\ndone"), "while read x; do echo $x done");
        assert_eq!(one_line("\u{1b}[31mred\u{2028}"), "[31mred");
        assert_eq!(one_line(" \n "), "unnamed");
    }

    #[test]
    fn a_command_that_holds_a_secret_is_known() {
        for secret in [
            "curl -H 'Authorization: Basic Zm9v' http://x",
            "psql postgres://me:hunter2@db/x",
            "deploy --token=abc",
            "login --password hunter2",
            "TOKEN=abc run",
            "gh auth ghp_0123456789abcdef",
        ] {
            assert!(holds_a_secret(secret), "{secret}");
        }
        for plain in ["tokenize file.txt", "curl http://host:80/x@y", "sk-learn", "bench secretary", "passwd-parser x"]
        {
            assert!(!holds_a_secret(plain), "{plain}");
        }
    }
}
