//! A prewarmed pool against a cold start: what a caller waits for who takes an instance that is ready already.
//!
//! **Hand-out**: from the call that asks the pool until a ready instance is in hand. Nothing is created in it, so it is not
//! the startup time of anything: it is recorded as [`StartupTime`](crate::Indicator::StartupTime) at
//! [`Warm`](crate::Temperature::Warm), which means pooled or prewarmed, with the load `prewarmed pool`, a workload of its own
//! name (`ready, pool of 64`) and a setting `pool`, so that it is never taken for a start. That the instance was alive is
//! checked outside the timed span, when it is stopped. Nanoseconds.
//!
//! **Refill**: starts per second while the pool fills, one after the other, from the first call to the last *ready*.
//!
//! **To hold** an instance costs what one more idle, ready instance adds, which is `memory_baseline`.
//!
//! A pool that is empty hands out cold starts: they are no samples of a hand-out.

use std::{
    collections::VecDeque,
    ops::Deref,
    sync::{Mutex, PoisonError},
};

use super::{ProbeError, startup::started};
use crate::{
    clock,
    runtime::{Artifact, Instance},
};

/// Ready instances of one artifact, the oldest handed out first.
///
/// ```
/// use runtime_baseline::{
///     Temperature,
///     probe::Pool,
///     runtime::{Runtime, Workload, noop::Noop},
/// };
///
/// let artifact = Noop::new().prepare(&Workload::ready(), Temperature::Warm)?;
/// let pool = Pool::filled(artifact, 4)?;
/// assert_eq!(pool.ready(), 4);
/// let waited = pool.hand_out()?;
/// assert_eq!(pool.ready(), 3);
/// assert_eq!(pool.refill()?.started, 1);
/// println!("{waited} ns");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Pool<A> {
    artifact: A,
    size: usize,
    /// A lock, as in a pool that threads share: it is part of what a hand-out costs.
    ready: Mutex<VecDeque<Box<dyn Instance>>>,
}

impl<A: Deref<Target = dyn Artifact>> std::fmt::Debug for Pool<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("size", &self.size).field("ready", &self.ready()).finish_non_exhaustive()
    }
}

/// What it took to fill a pool up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refill {
    /// How many instances were started.
    pub started: usize,
    /// From the first call to the last *ready*, in nanoseconds.
    pub elapsed: u64,
}

impl<A: Deref<Target = dyn Artifact>> Pool<A> {
    /// A pool that holds `size` ready instances.
    ///
    /// # Errors
    /// [`ProbeError::Empty`] when `size` is 0, [`ProbeError::Runtime`] when this machine does not hold that many; those
    /// that were started are stopped.
    pub fn filled(artifact: A, size: usize) -> Result<Self, ProbeError> {
        if size == 0 {
            return Err(ProbeError::Empty { what: "a pool", of: "instance" });
        }
        artifact.reserve(size)?;
        let pool = Self { artifact, size, ready: Mutex::default() };
        pool.refill()?;
        Ok(pool)
    }

    /// How many are ready now.
    #[must_use]
    pub fn ready(&self) -> usize {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Starts what is missing, one after the other.
    ///
    /// # Errors
    /// [`ProbeError`] of the first start that fails; the others stay in the pool.
    pub fn refill(&self) -> Result<Refill, ProbeError> {
        let begin = clock::monotonic();
        let (mut started_now, mut last) = (0, begin);
        while self.ready() < self.size {
            let (_, instance) = started(&*self.artifact)?;
            last = instance.ready_at();
            self.ready.lock().unwrap_or_else(PoisonError::into_inner).push_back(instance);
            started_now += 1;
        }
        Ok(Refill { started: started_now, elapsed: last.saturating_sub(begin) })
    }

    /// One hand-out, in nanoseconds. The instance is stopped outside the timed span, which shows that it was alive.
    ///
    /// # Errors
    /// [`ProbeError::Empty`] when none is ready: what would be handed out is a cold start. [`ProbeError::Runtime`] when
    /// the instance had failed while it was held.
    pub fn hand_out(&self) -> Result<u64, ProbeError> {
        let called = clock::monotonic();
        let taken = self.ready.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let returned = clock::monotonic();
        let instance = taken.ok_or(ProbeError::Empty { what: "a hand-out", of: "ready instance in its pool" })?;
        let ready = instance.ready_at();
        if ready > called {
            return Err(ProbeError::Clock { called, ready, returned });
        }
        instance.stop()?;
        Ok(returned - called)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    };

    use super::*;
    use crate::runtime::RuntimeError;

    /// Counts what lives; the `fails`th start fails, and an instance may have died.
    struct Counted {
        live: Arc<AtomicUsize>,
        starts: AtomicUsize,
        fails: usize,
        dead: bool,
    }

    struct One {
        live: Arc<AtomicUsize>,
        ready: u64,
        dead: bool,
    }

    fn gone() -> RuntimeError {
        RuntimeError::Failed { workload: "one".to_owned(), reason: "gone".to_owned() }
    }

    impl Artifact for Counted {
        fn start(&self) -> Result<Box<dyn Instance>, RuntimeError> {
            if self.starts.fetch_add(1, Relaxed) == self.fails {
                return Err(gone());
            }
            self.live.fetch_add(1, Relaxed);
            Ok(Box::new(One { live: Arc::clone(&self.live), ready: clock::monotonic(), dead: self.dead }))
        }
    }

    impl Instance for One {
        fn ready_at(&self) -> u64 {
            self.ready
        }

        fn is_alive(&mut self) -> bool {
            !self.dead
        }

        fn stop(self: Box<Self>) -> Result<(), RuntimeError> {
            if self.dead { Err(gone()) } else { Ok(()) }
        }
    }

    impl Drop for One {
        fn drop(&mut self) {
            self.live.fetch_sub(1, Relaxed);
        }
    }

    fn counted(fails: usize, dead: bool) -> Counted {
        Counted { live: Arc::default(), starts: AtomicUsize::new(0), fails, dead }
    }

    #[test]
    fn a_pool_holds_as_many_as_asked_and_ends_with_them() {
        let artifact = counted(usize::MAX, false);
        let pool = Pool::filled(&artifact as &dyn Artifact, 5).unwrap();
        assert_eq!(artifact.live.load(Relaxed), 5);
        pool.hand_out().unwrap();
        pool.hand_out().unwrap();
        assert_eq!((pool.ready(), artifact.live.load(Relaxed)), (3, 3));
        assert_eq!(pool.refill().unwrap().started, 2);
        assert_eq!(pool.refill().unwrap(), Refill { started: 0, elapsed: 0 });
        drop(pool);
        assert_eq!(artifact.live.load(Relaxed), 0);
    }

    #[test]
    fn what_is_no_hand_out_is_an_error() {
        let artifact = counted(usize::MAX, false);
        assert!(matches!(Pool::filled(&artifact as &dyn Artifact, 0), Err(ProbeError::Empty { .. })));
        let pool = Pool::filled(&artifact as &dyn Artifact, 1).unwrap();
        pool.hand_out().unwrap();
        assert!(matches!(pool.hand_out(), Err(ProbeError::Empty { .. })), "an empty pool");
        let artifact = counted(usize::MAX, true);
        let error = Pool::filled(&artifact as &dyn Artifact, 1).unwrap().hand_out().unwrap_err();
        assert!(matches!(error, ProbeError::Runtime(_)), "handed out dead: {error}");
        let artifact = counted(2, false);
        assert!(matches!(Pool::filled(&artifact as &dyn Artifact, 3), Err(ProbeError::Runtime(_))));
        assert_eq!(artifact.live.load(Relaxed), 0, "those that did start are stopped");
    }
}
