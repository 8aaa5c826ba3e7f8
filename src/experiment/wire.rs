//! What a process that measures says to the one that asked it, and what it is asked: one JSON message a line.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    figure::Asked,
    lane::{CurveOf, Failure, Word},
    plan::Comparison,
};
use crate::{Bound, Indicator, Subject, Temperature, UnavailableRow};

/// What the turns of one process are asked to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Order {
    /// This process among those that measure, from 0.
    pub process: u32,
    /// How many there are.
    pub processes: u32,
    /// The seed of the order of turns; each process has another order.
    pub seed: u64,
    /// Lanes (`group/lane`) in which a process died already: they are left out.
    pub skip: BTreeSet<String>,
}

/// From the process that measures.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Said {
    /// What it does now, for who watches.
    Doing(String),
    /// What cannot be measured.
    Row(Row),
    /// A comparison that the plan asks for.
    Compare(Comparison),
    /// A lane (`group/lane`) begins to sample: should the process die, it died there.
    Begins(String),
    /// A lane has done its turns.
    Lane(Measured),
    /// The plan could not be declared.
    Failed(String),
    /// That was all.
    Done,
}

/// A lane of one process.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Measured {
    pub group: String,
    pub lane: String,
    /// Each sample is of a process of its own.
    pub fresh: bool,
    pub series: Vec<Series>,
    pub failure: Option<Failure>,
}

/// The samples of one figure of a lane, turn by turn.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Series {
    pub asked: Asked,
    pub bound: Bound,
    pub turns: Vec<Vec<f64>>,
    /// Why there is no such figure, where the lane's others are.
    pub lacks: Option<Failure>,
    pub curve: Option<CurveOf>,
}

impl Series {
    pub fn new(asked: Asked) -> Self {
        Self { asked, bound: Bound::Exact, turns: Vec::new(), lacks: None, curve: None }
    }

    /// Takes in what the operation said of this figure.
    pub fn hear(&mut self, word: Word) {
        match word {
            Word::Value(value) => match self.turns.last_mut() {
                Some(turn) => turn.push(value),
                None => self.turns.push(vec![value]),
            },
            Word::Settings(settings) => self.asked.figure.settings.extend(settings),
            Word::Observed(name, value) => drop(self.asked.figure.observed.insert(name, value)),
            Word::Bound(bound) => self.bound = bound,
            Word::Lacks(failure) => self.lacks = Some(failure),
            Word::Curve(curve) => self.curve = Some(curve),
        }
    }
}

/// A row for what cannot be measured.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Row {
    subject: Subject,
    indicator: Indicator,
    workload: Option<String>,
    temperature: Option<Temperature>,
    reason: String,
    remedy: String,
    /// Whether it cannot run here, which is no fault of the run.
    pub refused: bool,
}

impl Row {
    pub fn new(row: &UnavailableRow, refused: bool) -> Self {
        Self {
            subject: row.subject().clone(),
            indicator: row.indicator(),
            workload: row.workload().map(str::to_owned),
            temperature: row.temperature(),
            reason: row.reason().to_owned(),
            remedy: row.remedy().to_owned(),
            refused,
        }
    }

    /// What the row is about: equal for two rows that say why there is no such figure.
    pub fn about(&self) -> impl PartialEq + '_ {
        (&self.subject, self.indicator, &self.workload, self.temperature)
    }

    pub fn into_row(self) -> UnavailableRow {
        let row = UnavailableRow::new(self.subject, self.indicator, self.reason, self.remedy);
        let row = self.workload.into_iter().fold(row, UnavailableRow::with_workload);
        self.temperature.into_iter().fold(row, UnavailableRow::with_temperature)
    }
}
