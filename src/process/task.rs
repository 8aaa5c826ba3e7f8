//! What a fresh process can be asked to do.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};

use super::wire::{Asked, Failure, Progress};

/// A measurement that is sent to a fresh process, and its answer back.
pub(crate) trait Task: Serialize + DeserializeOwned {
    /// Its name, which no other has.
    const NAME: &str;

    /// What it answers.
    type Answer: Serialize + DeserializeOwned;

    /// Why it may have none.
    type Error: Into<Failure>;

    /// Measures, in the fresh process. One that has stages [waits](Progress::wait) at the end of each but the last.
    fn run(self, progress: &Progress) -> Result<Self::Answer, Self::Error>;
}

/// A task that the warden can find by its name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub name: &'static str,
    run: fn(&RawValue, &Progress) -> Result<Box<RawValue>, Failure>,
}

impl Entry {
    /// The entry of `T`, for the table of tasks.
    pub const fn of<T: Task>() -> Self {
        Self { name: T::NAME, run: run::<T> }
    }
}

fn run<T: Task>(of: &RawValue, progress: &Progress) -> Result<Box<RawValue>, Failure> {
    let not_understood = |e: serde_json::Error| Failure::Other(format!("{}: {e}", T::NAME));
    let task: T = serde_json::from_str(of.get()).map_err(not_understood)?;
    to_raw_value(&task.run(progress).map_err(Into::into)?).map_err(not_understood)
}

pub(super) fn serve(tasks: &[Entry], asked: &Asked, progress: &Progress) -> Result<Box<RawValue>, Failure> {
    match tasks.iter().find(|task| task.name == asked.task) {
        Some(task) => (task.run)(&asked.of, progress),
        None => Err(Failure::Other(format!("no task is named {:?}", asked.task))),
    }
}
