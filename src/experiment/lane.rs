//! A lane: figures, and the way to sample them.

use std::{collections::BTreeMap, error::Error, fmt};

use serde::{Deserialize, Serialize};

use super::figure::{Asked, Figure, METHOD};
use crate::{
    Bound, Statistic,
    adapter::{Refusal, RegistryError},
    cluster::ClusterError,
    policy::PolicyError,
    probe::ProbeError,
    runtime::RuntimeError,
    samples::Curve,
    store::StoreError,
};

/// Why a lane's operation has no sample. What cannot run here is told from what failed by its type.
pub type LaneError = Box<dyn Error + Send + Sync>;

type Operation = Box<dyn FnMut(&mut Taken) -> Result<(), LaneError>>;

/// One of the peers that take turns: its figures, and an operation that samples them once each time it is called.
pub struct Lane {
    pub(super) name: String,
    pub(super) asked: Vec<Asked>,
    operation: Operation,
}

impl Lane {
    /// A lane whose operation puts what it measured into a [`Taken`]. Add its figures with [`Lane::of`], in the order of
    /// the numbers that [`Taken::push`] takes.
    pub fn new<E: Into<LaneError>>(
        name: impl Into<String>,
        mut operation: impl FnMut(&mut Taken) -> Result<(), E> + 'static,
    ) -> Self {
        let operation: Operation = Box::new(move |taken| operation(taken).map_err(Into::into));
        Self { name: name.into(), asked: Vec::new(), operation }
    }

    /// A lane of one figure, whose operation returns one sample in the indicator's unit: nanoseconds, bytes.
    pub fn single<E: Into<LaneError>>(
        name: impl Into<String>,
        figure: Figure,
        statistics: &[Statistic],
        mut operation: impl FnMut() -> Result<u64, E> + 'static,
    ) -> Self {
        Self::new(name, move |taken| {
            let sample = operation().map_err(Into::into)?;
            taken.push(0, sample as f64);
            Ok::<_, LaneError>(())
        })
        .of(figure, statistics)
    }

    /// Adds a figure that the operation samples, and which statistics of it are recorded.
    #[must_use]
    pub fn of(mut self, figure: Figure, statistics: &[Statistic]) -> Self {
        self.asked.push(Asked { figure, statistics: statistics.to_vec() });
        self
    }

    /// The lane's name within its group.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Samples once.
    pub(super) fn sample(&mut self) -> Result<Taken, LaneError> {
        let mut taken = Taken::default();
        (self.operation)(&mut taken)?;
        Ok(taken)
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").field("name", &self.name).field("figures", &self.asked.len()).finish_non_exhaustive()
    }
}

/// What one call of a lane's operation measured.
#[derive(Debug, Default)]
pub struct Taken {
    pub(super) said: Vec<(usize, Word)>,
}

/// What an operation says of one of its figures.
#[derive(Debug)]
pub(super) enum Word {
    Value(f64),
    Settings(BTreeMap<String, String>),
    Observed(String, String),
    Bound(Bound),
    Lacks(Failure),
    Curve(CurveOf),
}

/// A curve, and the figure that it is of: its slope, or its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct CurveOf {
    pub statistic: Statistic,
    /// As [`Curve::to_csv`] has it.
    pub csv: String,
}

impl Taken {
    /// One sample of the lane's figure of that number, in the unit of its indicator.
    pub fn push(&mut self, figure: usize, value: f64) {
        self.said.push((figure, Word::Value(value)));
    }

    /// What is known of a figure's settings only once it was measured: how it was read, what was reserved.
    pub fn settings(&mut self, figure: usize, settings: BTreeMap<String, String>) {
        self.said.push((figure, Word::Settings(settings)));
    }

    /// Says how a figure was read, where that is known only once it was.
    pub fn method(&mut self, figure: usize, method: impl ToString) {
        self.settings(figure, BTreeMap::from([(METHOD.to_owned(), method.to_string())]));
    }

    /// What else was seen beside a figure. The last sight counts.
    pub fn observe(&mut self, figure: usize, name: impl Into<String>, value: impl ToString) {
        self.said.push((figure, Word::Observed(name.into(), value.to_string())));
    }

    /// Says that a figure is a bound and no value.
    pub fn bound(&mut self, figure: usize, bound: Bound) {
        self.said.push((figure, Word::Bound(bound)));
    }

    /// Says why there is no such figure here, where the others of the lane are.
    pub fn lacks(&mut self, figure: usize, refusal: &Refusal) {
        self.said.push((figure, Word::Lacks(Failure::from(refusal))));
    }

    /// A curve behind the samples of a figure, of which `statistic` is another figure: its slope, or the rate at its end.
    /// The last one counts.
    pub fn curve(&mut self, figure: usize, statistic: Statistic, curve: &Curve) {
        self.said.push((figure, Word::Curve(CurveOf { statistic, csv: curve.to_csv() })));
    }
}

/// What became of a lane that has no figure, as it stands in a row. An operation may return one as its error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{reason}")]
pub struct Failure {
    /// Whether it cannot run here, which is no fault of the run.
    pub refused: bool,
    /// Why there is no figure.
    pub reason: String,
    /// What to do about it.
    pub remedy: String,
}

impl Failure {
    /// The measurement went wrong.
    #[must_use]
    pub fn failed(reason: impl Into<String>) -> Self {
        let remedy = "run it again; if it fails again, report it with this reason".to_owned();
        Self { refused: false, reason: reason.into(), remedy }
    }

    /// It cannot be measured here.
    #[must_use]
    pub fn refused(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { refused: true, reason: reason.into(), remedy: remedy.into() }
    }

    /// As the error says: a refusal of any layer, or a failure.
    #[must_use]
    pub fn of(error: &(dyn Error + 'static)) -> Self {
        if let Some(failure) = error.downcast_ref::<Self>() {
            return failure.clone();
        }
        if let Some(refusal) = refusal(error) {
            return Self::from(refusal);
        }
        let failed = Self::failed(error.to_string());
        match remedy(error) {
            Some(remedy) => Self { remedy: remedy.to_owned(), ..failed },
            None => failed,
        }
    }
}

impl From<&Refusal> for Failure {
    fn from(refusal: &Refusal) -> Self {
        let Refusal { kind, reason, remedy, .. } = refusal;
        Self { refused: !kind.is_failure(), reason: reason.clone(), remedy: remedy.clone() }
    }
}

/// What the error of any layer says to do about it, if it has something to say.
fn remedy(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let of_probe = error.downcast_ref().and_then(ProbeError::remedy);
    let of_runtime = error.downcast_ref().and_then(RuntimeError::remedy);
    let of_store = error.downcast_ref().and_then(StoreError::remedy);
    let of_cluster = error.downcast_ref().and_then(ClusterError::remedy);
    of_probe.or(of_runtime).or(of_store).or(of_cluster)
}

/// The refusal that an error of any layer is, if it is one.
pub(super) fn refusal<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e Refusal> {
    if let Some(error) = error.downcast_ref::<ProbeError>() {
        return error.refusal();
    }
    if let Some(RuntimeError::Unavailable(refusal)) = error.downcast_ref() {
        return Some(refusal);
    }
    if let Some(PolicyError::Unavailable(refusal)) = error.downcast_ref() {
        return Some(refusal);
    }
    if let Some(StoreError::Unavailable(refusal)) = error.downcast_ref() {
        return Some(refusal);
    }
    if let Some(ClusterError::Unavailable(refusal)) = error.downcast_ref() {
        return Some(refusal);
    }
    if let Some(RegistryError::Unavailable(refusal)) = error.downcast_ref() {
        return Some(refusal);
    }
    error.downcast_ref()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::RefusalKind;

    #[test]
    fn a_refusal_of_any_layer_is_one() {
        let refusal = || Refusal::new(&"opa".parse().unwrap(), RefusalKind::NotFound, "no opa", "bring one");
        let errors: [LaneError; 6] = [
            Box::new(refusal()),
            Box::new(RegistryError::from(refusal())),
            Box::new(ProbeError::from(refusal())),
            Box::new(RuntimeError::from(refusal())),
            Box::new(PolicyError::from(refusal())),
            Box::new(StoreError::from(refusal())),
        ];
        for error in errors {
            assert_eq!(Failure::of(error.as_ref()), Failure::refused("no opa", "bring one"), "{error:?}");
        }
        let unknown =
            RegistryError::UnknownSubject { kind: "engine".into(), name: "no-such".into(), known: Vec::new() };
        assert!(!Failure::of(&unknown).refused);
    }
}
