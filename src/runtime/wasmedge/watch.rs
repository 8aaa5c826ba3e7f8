//! The time limit: one thread for all guests, which sleeps until the nearest deadline and then has the engine stop that
//! guest. A start costs it two short locks; the thread is woken only when a deadline is nearer than the one it waits for.

use std::{
    collections::BTreeMap,
    fmt, io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// What can be stopped from another thread.
pub(super) trait Stop: Send + Sync {
    /// Has whatever runs in it end. Called again until it has ended.
    fn stop(&self);
}

/// How long a stopped guest may take until it is told again.
const AGAIN: Duration = Duration::from_millis(20);

/// Watches guests. The thread ends with it.
pub(super) struct Watch(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// By deadline, then by number, so that two of the same instant differ.
    running: BTreeMap<(Instant, u64), Arc<dyn Stop>>,
    next: u64,
    /// When the thread looks again; `None`: when it is woken.
    wakes: Option<Instant>,
    closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    pub(super) fn new() -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        thread::Builder::new().name("wasmedge-limit".to_owned()).spawn(move || keep(&own))?;
        Ok(Self(shared))
    }

    /// Watches `guest` until the answer is dropped. It is stopped after `limit`; one too far away to count never comes.
    pub(super) fn over(&self, guest: Arc<dyn Stop>, limit: Duration) -> Watched<'_> {
        let Some(deadline) = Instant::now().checked_add(limit) else { return Watched { watch: self, key: None } };
        let mut state = self.0.lock();
        let key = (deadline, state.next);
        state.next += 1;
        state.running.insert(key, guest);
        if state.wakes.is_none_or(|wakes| deadline < wakes) {
            self.0.changed.notify_one();
        }
        Watched { watch: self, key: Some(key) }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("running", &self.0.lock().running.len()).finish()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_one();
    }
}

fn keep(shared: &Shared) {
    let mut state = shared.lock();
    while !state.closed {
        let now = Instant::now();
        while let Some(mut first) = state.running.first_entry()
            && first.key().0 <= now
        {
            // Under the lock: the guest cannot leave, and its engine cannot be freed, while it is told.
            first.get_mut().stop();
            let ((_, number), guest) = first.remove_entry();
            state.running.insert((now + AGAIN, number), guest);
        }
        let first = state.running.first_key_value().map(|(key, _)| key.0);
        state.wakes = first;
        state = match first {
            Some(deadline) => {
                let left = deadline.saturating_duration_since(now);
                shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
            }
            None => shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
        };
    }
}

/// A guest that is watched.
pub(super) struct Watched<'a> {
    watch: &'a Watch,
    key: Option<(Instant, u64)>,
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        let Some((deadline, number)) = self.key else { return };
        let mut state = self.watch.0.lock();
        // A guest that was stopped has a later deadline.
        if state.running.remove(&(deadline, number)).is_none() {
            state.running.retain(|key, _| key.1 != number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    #[derive(Default)]
    struct Count(AtomicU32);

    impl Stop for Count {
        fn stop(&self) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    #[test]
    fn is_told_after_its_limit_again_and_again_until_it_ends() {
        let (watch, guest, other) = (Watch::new().unwrap(), Arc::new(Count::default()), Arc::new(Count::default()));
        // The farther deadline comes first: the nearer one must wake the thread.
        let far = watch.over(Arc::clone(&other) as _, Duration::from_secs(3600));
        let near = watch.over(Arc::clone(&guest) as _, Duration::from_millis(1));
        while guest.0.load(SeqCst) < 3 {
            thread::yield_now();
        }
        drop(near);
        let told = guest.0.load(SeqCst);
        thread::sleep(4 * AGAIN);
        assert_eq!((guest.0.load(SeqCst), other.0.load(SeqCst)), (told, 0));
        drop(far);
        assert!(watch.0.lock().running.is_empty());
    }

    #[test]
    fn a_limit_without_end_is_no_limit() {
        let (watch, guest) = (Watch::new().unwrap(), Arc::new(Count::default()));
        drop(watch.over(Arc::clone(&guest) as _, Duration::MAX));
        assert_eq!(Arc::strong_count(&guest), 1);
    }

    #[test]
    fn the_thread_ends_with_the_watch() {
        let watch = Watch::new().unwrap();
        let shared = Arc::downgrade(&watch.0);
        drop(watch);
        while shared.strong_count() > 0 {
            thread::yield_now();
        }
    }
}
