//! Process ids that a fill leaves to the rest of the machine: when the last is taken no program can start another, not even
//! the one that would end the fill.

use procfs::{Current, LoadAverage};

use super::Stop;
use crate::{resource::process_ids, runtime::Resource};

/// One in so many is left.
const SPARED: u64 = 16;

/// The ids of the machine.
pub(super) struct Pids {
    /// In use before the fill.
    before: u64,
    /// That there may be.
    all: u64,
}

impl Pids {
    /// `None` where the kernel does not say.
    pub fn of_this_machine() -> Option<Self> {
        Some(Self { before: in_use()?, all: process_ids::limit()? })
    }

    /// How many more instances the fill may start that take one each. `None` where they take none, or the kernel does not say.
    pub fn left(&self, live: usize) -> Option<u64> {
        self.left_of(in_use()?, live as u64)
    }

    fn left_of(&self, in_use: u64, live: u64) -> Option<u64> {
        let taken = in_use.saturating_sub(self.before);
        // Others come and go meanwhile.
        (taken >= live.div_ceil(2)).then(|| (self.all - self.all / SPARED).saturating_sub(in_use))
    }

    /// What ends a fill that has none left.
    pub fn stop(&self) -> Stop {
        let reason = format!(
            "all but a {SPARED}th of the machine's {} process ids are in use, and that is left to other programs: raise \
             kernel.pid_max",
            self.all
        );
        Stop::Limit { resource: Resource::Pids, reason }
    }
}

/// Processes and threads of the machine.
fn in_use() -> Option<u64> {
    LoadAverage::current().ok().map(|load| u64::from(load.max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_are_left_to_others() {
        let pids = Pids { before: 100, all: 1_600 };
        assert_eq!(pids.left_of(600, 500), Some(900));
        assert_eq!((pids.left_of(1_500, 1_400), pids.left_of(1_600, 1_400)), (Some(0), Some(0)));
        assert_eq!(pids.left_of(110, 500), None, "they are in one process");
        assert_eq!(pids.left_of(1_550, 5_000), None, "who is about to use up the ids is another");
        assert_eq!(pids.left_of(90, 16), None);
        assert!(pids.stop().reason().is_some_and(|reason| reason.contains("1600")));
        assert!(Pids::of_this_machine().is_some_and(|here| here.before > 0 && here.all > here.before));
    }
}
