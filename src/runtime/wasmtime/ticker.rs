//! What makes the time limit real: a thread that advances the engines' epochs.
//!
//! A start costs two atomic additions and never a system call while starts follow each other. The thread wakes once a
//! tick, for a few microseconds; after a second without a start it sleeps for good until the next one wakes it.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use wasmtime::{Engine, EngineWeak};

/// How often epochs advance while something runs. A limit is kept to within two of these.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Epochs until a guest with this limit is stopped: one more than it holds, since the first tick may follow at once. No
/// limit reaches 2^32 ticks (497 days).
pub(crate) fn ticks(limit: Duration) -> u64 {
    limit.as_nanos().div_ceil(TICK.as_nanos()).saturating_add(1).min(u128::from(u32::MAX)) as u64
}

/// After so many ticks without a start the thread sleeps.
pub(super) const LINGER: u32 = 100;

/// One start in the upper half of [`Shared::calls`].
const STARTED: u64 = 1 << 32;

/// Advances the epochs of the engines given to it while any guest runs.
#[derive(Debug)]
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    /// Lower half: guests that run now. Upper half: starts so far, so that the thread sees that there were any.
    calls: AtomicU64,
    asleep: AtomicBool,
    stop: AtomicBool,
    engines: Mutex<Vec<EngineWeak>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("calls", &self.calls).field("asleep", &self.asleep).finish_non_exhaustive()
    }
}

impl Ticker {
    pub(crate) fn new() -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        let thread = thread::Builder::new().name("epoch-ticker".to_owned()).spawn(move || of_thread.run())?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// From now on, and as long as it lives, `engine` is ticked.
    pub(crate) fn add(&self, engine: &Engine) {
        self.shared.engines.lock().unwrap_or_else(PoisonError::into_inner).push(engine.weak());
    }

    /// A guest runs until the value is dropped.
    pub(crate) fn running(&self) -> Running<'_> {
        self.shared.calls.fetch_add(STARTED + 1, SeqCst);
        if self.shared.asleep.load(SeqCst) {
            self.wake();
        }
        Running(&self.shared.calls)
    }

    #[cfg(test)]
    pub(super) fn is_asleep(&self) -> bool {
        self.shared.asleep.load(SeqCst)
    }

    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stop.store(true, SeqCst);
        self.wake();
        if let Some(thread) = self.thread.take() {
            // It cannot have panicked, and a drop has nobody to tell.
            let _ = thread.join();
        }
    }
}

/// A guest that runs.
#[derive(Debug)]
pub(crate) struct Running<'a>(&'a AtomicU64);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl Shared {
    fn run(&self) {
        let (mut seen, mut idle) = (0, 0);
        while self.wait_a_tick() {
            let calls = self.calls.load(SeqCst);
            let running = calls as u32 > 0;
            self.engines.lock().unwrap_or_else(PoisonError::into_inner).retain(|engine| {
                let alive = engine.upgrade();
                if let (true, Some(engine)) = (running, &alive) {
                    engine.increment_epoch();
                }
                alive.is_some()
            });
            idle = if running || calls != seen { 0 } else { idle + 1 };
            seen = calls;
            if idle >= LINGER {
                self.sleep(seen);
                idle = 0;
            }
        }
    }

    /// False when it is time to end. A wake-up in between (one that was meant for a sleep already over) is no tick.
    fn wait_a_tick(&self) -> bool {
        let end = Instant::now() + TICK;
        while !self.stop.load(SeqCst) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            thread::park_timeout(left);
        }
        false
    }

    /// Until a start has been counted. `asleep` is set before `calls` is read, and a start does it the other way round:
    /// one of the two sees the other.
    fn sleep(&self, seen: u64) {
        self.asleep.store(true, SeqCst);
        while self.calls.load(SeqCst) == seen && !self.stop.load(SeqCst) {
            thread::park();
        }
        self.asleep.store(false, SeqCst);
    }
}
