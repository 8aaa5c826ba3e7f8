//! CPU time of a process and everything that it starts.

use std::io;

use perf_event::{Builder, Counter, events::Software};
use rustix::time::{ClockId, clock_gettime};

/// Counts CPU time from when it was opened.
#[derive(Debug)]
pub(crate) enum CpuClock {
    /// The kernel's own event: exact, and inherited by every thread and process that is started after it was opened by the
    /// thread that opened it, or by one of those.
    Perf(Box<Counter>),
    /// This process's clock: all its threads, no children. What runs on another CPU at the instant of a reading is known to
    /// the last timer tick.
    Process,
}

impl CpuClock {
    /// Opens the event for the calling thread and what it will start; the process's clock where the event is refused.
    pub fn open() -> Self {
        let open = || -> io::Result<Counter> {
            let mut counter = Builder::new(Software::TASK_CLOCK).observe_self().any_cpu().inherit(true).build()?;
            counter.enable()?;
            Ok(counter)
        };
        open().map_or(Self::Process, |counter| Self::Perf(Box::new(counter)))
    }

    /// Nanoseconds so far.
    pub fn read(&mut self) -> io::Result<u64> {
        match self {
            Self::Perf(counter) => counter.read(),
            Self::Process => Ok(nanoseconds(ClockId::ProcessCPUTime)),
        }
    }

    /// Whether it sees children of this process.
    pub fn sees_children(&self) -> bool {
        matches!(self, Self::Perf(_))
    }

    /// The name of the method, for the conditions of a figure.
    pub fn method(&self) -> &'static str {
        match self {
            Self::Perf(_) => "perf task-clock, inherited",
            Self::Process => "CLOCK_PROCESS_CPUTIME_ID",
        }
    }
}

/// CPU time of the calling thread, in nanoseconds.
pub(crate) fn own_thread() -> u64 {
    nanoseconds(ClockId::ThreadCPUTime)
}

fn nanoseconds(clock: ClockId) -> u64 {
    let now = clock_gettime(clock);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{hint::black_box, process::Command, time::Instant};

    fn work(milliseconds: u128) {
        let begin = Instant::now();
        while begin.elapsed().as_millis() < milliseconds {
            black_box(0);
        }
    }

    #[test]
    fn sees_threads_and_where_it_says_so_children() {
        let mut clock = CpuClock::open();
        let before = clock.read().unwrap();
        std::thread::spawn(|| work(20)).join().unwrap();
        let threads = clock.read().unwrap() - before;
        // Others may take half the CPU meanwhile, and more.
        assert!(threads > 1_000_000, "{threads} ns, {}", clock.method());
        if clock.sees_children() {
            let before = clock.read().unwrap();
            let script = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done";
            assert!(Command::new("sh").args(["-c", script]).status().unwrap().success());
            let children = clock.read().unwrap() - before;
            assert!(children > 1_000_000, "{children} ns");
        }
    }
}
