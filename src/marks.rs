//! Marks on the way of one start: what does the work says where a phase begins, and who measures a start by phase has the
//! readings kept. Otherwise a mark is a look at a variable of its thread.
//!
//! A start is on one thread, but for what other processes do for it; those write to memory that they share.

use std::{
    cell::Cell,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{Phase, clock};

/// When each phase began, by its place in [`Phase::ALL`]; 0 where it did not.
pub(crate) type Slots = [AtomicU64; Phase::ALL.len()];

/// Readings in the order of time.
pub(crate) type Marks = Vec<(Phase, u64)>;

/// Where a thread's marks go.
#[derive(Clone, Copy)]
enum Kept {
    Nowhere,
    Here,
    #[cfg_attr(not(feature = "container"), allow(dead_code, reason = "only containers are made in other processes"))]
    Shared(&'static Slots),
}

thread_local! {
    static KEPT: Cell<Kept> = const { Cell::new(Kept::Nowhere) };
    static HERE: Slots = const { [const { AtomicU64::new(0) }; Phase::ALL.len()] };
}

/// Says that a phase begins now. Of several such marks the first one counts.
pub(crate) fn begin(phase: Phase) {
    if is_kept() {
        keep(&[(phase, clock::monotonic())]);
    }
}

/// Whether this thread's marks are kept.
pub(crate) fn is_kept() -> bool {
    !matches!(KEPT.get(), Kept::Nowhere)
}

/// Keeps marks that were made elsewhere for what this thread does.
pub(crate) fn keep(marks: &[(Phase, u64)]) {
    let put = |slots: &Slots| {
        for (phase, at) in marks {
            // Another process, or this one, may have marked it before.
            let _ = slots[*phase as usize].compare_exchange(0, *at, Ordering::Relaxed, Ordering::Relaxed);
        }
    };
    match KEPT.get() {
        Kept::Nowhere => {}
        Kept::Here => HERE.with(put),
        Kept::Shared(slots) => put(slots),
    }
}

/// Does some work on this thread, and returns the marks on its way.
pub(crate) fn of<T>(work: impl FnOnce() -> T) -> (T, Marks) {
    HERE.with(|slots| within(Kept::Here, slots, work))
}

/// The same with marks that processes forked meanwhile make as well, in memory that they share with this one.
#[cfg(feature = "container")]
pub(crate) fn of_shared<T>(slots: &'static Slots, work: impl FnOnce() -> T) -> (T, Marks) {
    within(Kept::Shared(slots), slots, work)
}

fn within<T>(kept: Kept, slots: &Slots, work: impl FnOnce() -> T) -> (T, Marks) {
    struct Before(Kept);
    impl Drop for Before {
        fn drop(&mut self) {
            KEPT.set(self.0);
        }
    }
    slots.iter().for_each(|slot| slot.store(0, Ordering::Relaxed));
    let before = Before(KEPT.replace(kept));
    let done = work();
    drop(before);
    let mut marks: Marks =
        Phase::ALL.into_iter().zip(slots).map(|(phase, at)| (phase, at.load(Ordering::Relaxed))).collect();
    marks.retain(|(_, at)| *at > 0);
    // Of two at the same nanosecond, the one that comes first in a start.
    marks.sort_by_key(|(_, at)| *at);
    (done, marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_kept_only_while_somebody_measures() {
        begin(Phase::Run);
        let before = clock::monotonic();
        let (done, marks) = of(|| {
            begin(Phase::Load);
            keep(&[(Phase::Exec, 1)]);
            begin(Phase::Run);
            begin(Phase::Load);
            7
        });
        assert_eq!(done, 7);
        let phases: Vec<Phase> = marks.iter().map(|(phase, _)| *phase).collect();
        assert_eq!(phases, [Phase::Exec, Phase::Load, Phase::Run]);
        assert!(marks[1..].iter().all(|(_, at)| (before..=clock::monotonic()).contains(at)));
        assert!(!is_kept());
        assert_eq!(of(|| ()).1, [], "what was marked before is gone");
    }

    #[test]
    fn a_panic_ends_the_keeping() {
        let panicked = std::panic::catch_unwind(|| of(|| panic!("on purpose")));
        assert!(panicked.is_err() && !is_kept());
    }
}
