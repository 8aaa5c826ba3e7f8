//! CPU time of a process and everything that it starts.

use std::{collections::BTreeMap, io};

use perf_event::{Builder, Counter, events::Software};
use rustix::time::{ClockId, Timespec, clock_getres, clock_gettime};
use serde::{Deserialize, Serialize};

use super::{account::Account, memory::descendants, process_clock};

/// A way to read CPU time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Way {
    /// The kernel's own event, which may be refused: exact, and inherited by every thread and process that is started after
    /// it was opened by the thread that opened it, or by one of those.
    Perf,
    /// The account of a cgroup that was made for this process, which nobody may have been allowed to make: all that is
    /// started in it, to the last tick of the timer.
    Group,
    /// The clocks of this process and its descendants, added up, to the last tick of the timer: those that ended took their
    /// time along. Reading them takes long, and what it takes is left out.
    Processes,
    /// This process's clock: all its threads, no children. What runs on another CPU at the instant of a reading is known to
    /// the last tick of the timer.
    OwnProcess,
}

/// Counts CPU time from when it was opened, or earlier.
#[derive(Debug)]
pub(crate) enum CpuClock {
    Perf(Box<Counter>),
    Group(Account),
    Processes(Processes),
    OwnProcess,
}

impl CpuClock {
    /// Opens the first of these ways that this user may go, for the calling thread and what it will start.
    pub fn open(ways: &[Way]) -> io::Result<Self> {
        let mut refused = io::Error::new(io::ErrorKind::InvalidInput, "no way was named");
        for way in ways {
            match Self::open_one(*way) {
                Ok(clock) => return Ok(clock),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    fn open_one(way: Way) -> io::Result<Self> {
        match way {
            Way::Perf => {
                let mut counter = Builder::new(Software::TASK_CLOCK).observe_self().any_cpu().inherit(true).build()?;
                counter.enable()?;
                Ok(Self::Perf(Box::new(counter)))
            }
            Way::Group => Account::of_own_group().map(Self::Group),
            Way::Processes => Ok(Self::Processes(Processes::default())),
            Way::OwnProcess => Ok(Self::OwnProcess),
        }
    }

    /// Nanoseconds so far.
    pub fn read(&mut self) -> io::Result<u64> {
        match self {
            Self::Perf(counter) => counter.read(),
            Self::Group(account) => account.read(),
            Self::Processes(processes) => processes.read(),
            Self::OwnProcess => Ok(nanoseconds(ClockId::ProcessCPUTime)),
        }
    }

    /// Which way it goes.
    pub fn way(&self) -> Way {
        match self {
            Self::Perf(_) => Way::Perf,
            Self::Group(_) => Way::Group,
            Self::Processes(_) => Way::Processes,
            Self::OwnProcess => Way::OwnProcess,
        }
    }

    /// The name of the method, for the conditions of a figure.
    pub fn method(&self) -> String {
        let name = match self {
            Self::Perf(_) => return "perf task-clock, inherited".to_owned(),
            Self::Group(account) => account.method(),
            Self::Processes(_) => "CPU clocks of the processes",
            Self::OwnProcess => "CLOCK_PROCESS_CPUTIME_ID",
        };
        format!("{name}, to the tick of {} ms", tick() / 1_000_000)
    }
}

/// What this process and its descendants were seen to have used.
#[derive(Debug, Default)]
pub(crate) struct Processes {
    last: BTreeMap<i32, u64>,
    /// What looking took.
    own: u64,
}

impl Processes {
    fn read(&mut self) -> io::Result<u64> {
        let begun = own_thread();
        let mut now = BTreeMap::new();
        for process in descendants(std::process::id() as i32)? {
            match process_clock::of(process.pid) {
                Ok(time) => drop(now.insert(process.pid, time)),
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(e),
            }
        }
        if let Some(gone) = self.last.keys().find(|pid| !now.contains_key(pid)) {
            return Err(io::Error::other(format!("process {gone} ended, and what it used is not known any more")));
        }
        let sum = now.values().sum::<u64>();
        self.last = now;
        let own_process = nanoseconds(ClockId::ProcessCPUTime);
        self.own += own_thread() - begun;
        Ok((sum + own_process).saturating_sub(self.own))
    }
}

/// CPU time of the calling thread, in nanoseconds.
pub(crate) fn own_thread() -> u64 {
    nanoseconds(ClockId::ThreadCPUTime)
}

/// How often the kernel counts what runs on, in nanoseconds: 1, 4 and 10 ms are usual.
pub(crate) fn tick() -> u64 {
    // The clock that is advanced by the same timer.
    whole(clock_getres(ClockId::MonotonicCoarse))
}

fn nanoseconds(clock: ClockId) -> u64 {
    whole(clock_gettime(clock))
}

fn whole(time: Timespec) -> u64 {
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
