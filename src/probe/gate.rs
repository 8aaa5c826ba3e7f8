//! Where threads wait for each other.

use std::{
    io,
    panic::resume_unwind,
    sync::{Condvar, Mutex, PoisonError},
    thread::{self, Scope, ScopedJoinHandle},
};

use crate::clock;

/// What a thread came to; a panic of its own goes on in this one.
pub(super) fn join<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    match thread.join() {
        Ok(outcome) => outcome,
        Err(panic) => resume_unwind(panic),
    }
}

/// A thread for each of the works, each of which [passes](Gate::pass) the gate before what it is for. Where one cannot be made
/// the gate opens for nothing.
pub(super) fn threads<'scope, T: Send + 'scope, W: FnOnce() -> T + Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    gate: &Gate,
    works: impl IntoIterator<Item = W>,
) -> io::Result<Vec<ScopedJoinHandle<'scope, T>>> {
    let made = works.into_iter().map(|work| thread::Builder::new().spawn_scoped(scope, work));
    made.collect::<io::Result<Vec<_>>>().inspect_err(|_| gate.abandon())
}

/// A barrier that can also be abandoned, which `std::sync::Barrier` cannot: without it, one thread that does not spawn
/// would leave the others waiting for ever.
#[derive(Default)]
pub(super) struct Gate {
    /// How many wait; and once it is open, since when, where they may go.
    state: Mutex<(usize, Option<Option<u64>>)>,
    arrived: Condvar,
    is_open: Condvar,
}

impl Gate {
    /// Waits until the gate opens; says when that was, or nothing where it was abandoned.
    pub fn pass(&self) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 += 1;
        self.arrived.notify_one();
        loop {
            if let Some(opened) = state.1 {
                return opened;
            }
            state = self.is_open.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub fn wait_for(&self, threads: usize) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.arrived.wait_while(state, |state| state.0 < threads));
    }

    /// Lets everybody go, and says when.
    pub fn open(&self) -> u64 {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::monotonic();
        state.1 = Some(Some(now));
        drop(state);
        self.is_open.notify_all();
        now
    }

    /// Has everybody turn back.
    pub fn abandon(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1 = Some(None);
        self.is_open.notify_all();
    }
}
