//! How many instances this process can hold: each takes memory mappings, of which the kernel allows a number, and at
//! that number allocations fail anywhere in the process. So the count ends below it, as an error.

use std::{
    fs,
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use crate::{
    Subject,
    runtime::{Resource, RuntimeError},
};

/// Where /proc/sys/vm/max_map_count cannot be read: the kernel's default.
const MAX_MAP_COUNT: usize = 65_530;

/// Of this process, whose mappings the kernel counts together.
pub(super) static ROOM: LazyLock<Room> = LazyLock::new(Room::of_this_machine);

/// Counts mappings that live instances hold.
#[derive(Debug)]
pub(super) struct Room {
    taken: AtomicUsize,
    most: usize,
}

impl Room {
    /// Seven eighths of what the kernel allows; the rest is for everything else in the process.
    fn of_this_machine() -> Self {
        let read = fs::read_to_string("/proc/sys/vm/max_map_count").ok();
        let most = read.and_then(|text| text.trim().parse().ok()).unwrap_or(MAX_MAP_COUNT);
        Self { taken: AtomicUsize::new(0), most: most - most / 8 }
    }

    /// Takes `mappings`, which are free again when the seat is dropped.
    pub(super) fn take(&'static self, mappings: usize, subject: &Subject) -> Result<Seat, RuntimeError> {
        let fits = |taken: usize| taken.checked_add(mappings).filter(|sum| *sum <= self.most);
        match self.taken.fetch_update(Relaxed, Relaxed, fits) {
            Ok(_) => Ok(Seat { room: self, mappings }),
            Err(taken) => Err(RuntimeError::Full {
                subject: subject.clone(),
                resource: Resource::Mappings,
                reason: self.reason(taken, mappings),
            }),
        }
    }

    fn reason(&self, taken: usize, mappings: usize) -> String {
        format!(
            "{taken} memory mappings are taken, {mappings} more are needed, and of this machine's vm.max_map_count {} are \
             used at most: stop instances, or raise vm.max_map_count",
            self.most
        )
    }
}

/// Mappings that are taken.
#[derive(Debug)]
pub(super) struct Seat {
    room: &'static Room,
    mappings: usize,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.taken.fetch_sub(self.mappings, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_can_be_taken_again_and_a_refusal_takes_nothing() {
        let subject = "wasmtime".parse().unwrap();
        static ROOM: Room = Room { taken: AtomicUsize::new(0), most: 10 };
        let room = &ROOM;
        let first = room.take(6, &subject).unwrap();
        assert!(matches!(room.take(5, &subject), Err(RuntimeError::Full { .. })));
        assert!(matches!(room.take(usize::MAX, &subject), Err(RuntimeError::Full { .. })));
        let second = room.take(4, &subject).unwrap();
        drop((first, second));
        room.take(10, &subject).unwrap();
    }
}
