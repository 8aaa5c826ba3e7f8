//! What a fresh process can be asked to do. Another measurement is another [`Task`], and a line of [`TASKS`].

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};

pub(crate) use super::wire::Progress;
use super::wire::{Asked, Failure};
use crate::probe::{self, ProbeError};

/// A measurement that is sent to a fresh process, and its answer back.
pub(crate) trait Task: Serialize + DeserializeOwned {
    /// Its name, which no other has.
    const NAME: &str;

    /// What it answers.
    type Answer: Serialize + DeserializeOwned;

    /// Measures, in the fresh process. One that has stages [waits](Progress::wait) at the end of each but the last.
    fn run(self, progress: &Progress) -> Result<Self::Answer, ProbeError>;
}

type Run = fn(&RawValue, &Progress) -> Result<Box<RawValue>, Failure>;

const TASKS: &[(&str, Run)] = &[
    entry::<probe::target::Describe>(),
    entry::<probe::size::Ship>(),
    entry::<probe::memory::Growth>(),
    entry::<probe::peak::OneStart>(),
    entry::<probe::engine_memory::Engines>(),
    entry::<probe::cpu::Idle>(),
    entry::<probe::cpu_peak::Peak>(),
    entry::<probe::density::Share>(),
    #[cfg(test)]
    entry::<super::tests::Misbehave>(),
    #[cfg(test)]
    entry::<probe::cpu::tests::EveryWay>(),
];

const fn entry<T: Task>() -> (&'static str, Run) {
    (T::NAME, run::<T>)
}

fn run<T: Task>(of: &RawValue, progress: &Progress) -> Result<Box<RawValue>, Failure> {
    let not_understood = |e: serde_json::Error| Failure::Other(format!("{}: {e}", T::NAME));
    let task: T = serde_json::from_str(of.get()).map_err(not_understood)?;
    to_raw_value(&task.run(progress)?).map_err(not_understood)
}

pub(super) fn serve(asked: &Asked, progress: &Progress) -> Result<Box<RawValue>, Failure> {
    match TASKS.iter().find(|(name, _)| *name == asked.task) {
        Some((_, run)) => run(&asked.of, progress),
        None => Err(Failure::Other(format!("no task is named {:?}", asked.task))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_tasks_have_one_name() {
        for (i, (name, _)) in TASKS.iter().enumerate() {
            assert!(TASKS[..i].iter().all(|(other, _)| other != name), "{name}");
        }
    }
}
