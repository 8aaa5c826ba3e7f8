//! Where the time of a container's start goes. libcontainer does all of it, in three processes; but it says on its way what
//! it does, through `tracing`. So a start that is marked runs with a subscriber that looks at the clock at some of these
//! words. The processes that libcontainer forks have the subscriber too, and write to memory that the worker shares with them.
//!
//! A start that is not marked runs without a subscriber, as libcontainer's do anywhere.

use std::{
    cell::Cell,
    ptr::{self, NonNull},
    sync::atomic::AtomicU64,
};

use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};
use tracing::{
    Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
    subscriber::{Interest, with_default},
};

use super::protocol::Failure;
use crate::{
    Phase,
    marks::{self, Marks, Slots},
};

/// Starts a container with marks.
pub(super) fn marked<T>(start: impl FnOnce() -> T) -> Result<(T, Marks), Failure> {
    let slots = shared()?;
    Ok(marks::of_shared(slots, || with_default(Listener, start)))
}

/// The phases that every container has, and that somebody must have marked.
fn of_all() -> impl Iterator<Item = Phase> {
    Phase::ALL.into_iter().filter(|phase| phase.is_of_container() || *phase == Phase::Exec)
}

/// What is wrong with the marks of a container that started well: the time of a phase without one would count as another's.
pub(super) fn lacking(marks: &[(Phase, u64)]) -> Option<Failure> {
    let lacks = of_all().find(|phase| marks.iter().all(|(marked, _)| marked != phase))?;
    Some(Failure::Engine(format!("libcontainer did not say where its phase {lacks} begins")))
}

/// Memory that is this process's and its children's, made once.
fn shared() -> Result<&'static Slots, Failure> {
    thread_local! {
        static MADE: Cell<Option<&'static Slots>> = const { Cell::new(None) };
    }
    if let Some(slots) = MADE.get() {
        return Ok(slots);
    }
    let (access, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
    // SAFETY: a new mapping takes nobody's memory.
    let made = unsafe { mmap_anonymous(ptr::null_mut(), size_of::<Slots>(), access, flags) };
    let made = made.map_err(|e| Failure::of_call("memory for marks", e.into()))?;
    let slots = NonNull::new(made.cast::<Slots>()).ok_or_else(|| Failure::Engine("memory at 0".to_owned()))?;
    const { assert!(align_of::<Slots>() <= 4096 && align_of::<AtomicU64>() == 8) };
    // SAFETY: it is as large as asked for, begins on a page, and holds zeros, of which atomic numbers are made; nothing
    // unmaps it before the process ends.
    let slots: &'static Slots = unsafe { slots.as_ref() };
    MADE.set(Some(slots));
    Ok(slots)
}

/// Which phase begins where libcontainer says this, by the module that says it.
fn phase_of(metadata: &Metadata<'_>) -> Option<Phase> {
    let message_alone = || metadata.fields().len() == 1;
    Some(match metadata.target() {
        // The last thing before the first clone is the socket by which the container is told to start.
        "libcontainer::notify_socket" if !message_alone() => Phase::Clone,
        // Which hierarchy there is: the first thing that the process between does.
        "libcgroups::common" => Phase::Cgroup,
        "libcontainer::namespaces" => Phase::Namespaces,
        "libcontainer::rootfs::rootfs" => Phase::Mounts,
        // What was open before is closed between the last mount and the first capability.
        "libcontainer::syscall::linux" if metadata.is_span() => Phase::Privileges,
        "libcontainer::workload::default" if message_alone() => Phase::Exec,
        _ => return None,
    })
}

/// Marks phases. The first mark counts, so that what is said again does no harm.
struct Listener;

impl Subscriber for Listener {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        phase_of(metadata).map_or_else(Interest::never, |_| Interest::always())
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        phase_of(metadata).is_some()
    }

    fn event(&self, event: &Event<'_>) {
        phase_of(event.metadata()).into_iter().for_each(marks::begin);
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        phase_of(span.metadata()).into_iter().for_each(marks::begin);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_without_a_mark_is_missed() {
        let all: Marks = of_all().zip(1..).collect();
        assert_eq!(lacking(&all), None);
        let Some(Failure::Engine(reason)) = lacking(&all[..5]) else { panic!() };
        assert!(reason.contains("phase privileges"), "{reason}");
    }

    #[test]
    fn what_is_said_marks_a_phase_once() {
        let (_, marks) = marked(|| {
            tracing::debug!(target: "libcontainer::namespaces", "unshare or setns");
            tracing::debug!(target: "libcontainer::notify_socket", "received");
            tracing::debug!(target: "libcontainer::namespaces", "unshare or setns");
            drop(tracing::info_span!(target: "libcontainer::syscall::linux", "close_range"));
        })
        .unwrap();
        assert_eq!(marks.iter().map(|mark| mark.0).collect::<Vec<_>>(), [Phase::Namespaces, Phase::Privileges]);
        // Nobody listens any more.
        tracing::debug!(target: "libcontainer::rootfs::rootfs", "prepare rootfs");
        assert!(!marks::is_kept());
    }
}
