//! How many instances this process can hold: each takes memory mappings, of which the kernel allows a number, and
//! addresses, which engines reserve far more of than memory. Where either is used up, allocations fail anywhere in the
//! process. So the count ends below it, as an error.

use std::{
    fs,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use crate::{
    Subject,
    runtime::{Resource, RuntimeError},
};

/// Where /proc/sys/vm/max_map_count cannot be read: the kernel's default.
const MAX_MAP_COUNT: u64 = 65_530;

/// Of this process, whose mappings the kernel counts together.
pub(super) static ROOM: LazyLock<Room> = LazyLock::new(Room::of_this_process);

/// What live instances take of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) mappings: u64,
    /// Bytes of addresses, used or not.
    pub(super) addresses: u64,
}

impl Need {
    /// Of so many instances that need as much.
    pub(super) fn times(self, instances: usize) -> Self {
        let times = |each: u64| each.saturating_mul(instances as u64);
        Self { mappings: times(self.mappings), addresses: times(self.addresses) }
    }
}

/// Counts what live instances hold.
#[derive(Debug)]
pub(super) struct Room {
    mappings: Share,
    addresses: Share,
}

/// One thing that there is so much of.
#[derive(Debug)]
struct Share {
    taken: AtomicU64,
    most: u64,
}

impl Share {
    const fn new(most: u64) -> Self {
        Self { taken: AtomicU64::new(0), most }
    }

    /// What was taken before, where that leaves too little.
    fn take(&self, more: u64) -> Result<(), u64> {
        let fits = |taken: u64| taken.checked_add(more).filter(|sum| *sum <= self.most);
        self.taken.fetch_update(Relaxed, Relaxed, fits).map(drop)
    }

    fn give_back(&self, taken: u64) {
        self.taken.fetch_sub(taken, Relaxed);
    }
}

impl Room {
    /// Seven eighths of the mappings that the kernel allows, and 31 of 32 parts of the addresses; the rest is for everything
    /// else in the process.
    fn of_this_process() -> Self {
        let read = fs::read_to_string("/proc/sys/vm/max_map_count").ok();
        let mappings = read.and_then(|text| text.trim().parse().ok()).unwrap_or(MAX_MAP_COUNT);
        let addresses = addresses();
        Self { mappings: Share::new(mappings - mappings / 8), addresses: Share::new(addresses - addresses / 32) }
    }

    /// Takes what is needed, which is free again when the seat is dropped.
    pub(super) fn take(&'static self, need: Need, subject: &Subject) -> Result<Seat, RuntimeError> {
        let full = |resource, reason: String| RuntimeError::Full { subject: subject.clone(), resource, reason };
        self.mappings.take(need.mappings).map_err(|taken| {
            let reason = format!(
                "{taken} memory mappings are taken, {} more are needed, and of this machine's vm.max_map_count {} are \
                 used at most",
                need.mappings, self.mappings.most
            );
            full(Resource::Mappings, reason)
        })?;
        self.addresses.take(need.addresses).map_err(|taken| {
            self.mappings.give_back(need.mappings);
            let gib = |bytes: u64| bytes >> 30;
            let reason = format!(
                "{} GiB of addresses are reserved, {} more are needed, and of this process's address space {} are used at \
                 most",
                gib(taken),
                gib(need.addresses),
                gib(self.addresses.most)
            );
            full(Resource::AddressSpace, reason)
        })?;
        Ok(Seat { room: self, need })
    }
}

/// Bytes of addresses that this process can have. The stacks lie near the end of what the kernel gives to programs, which
/// is a power of two; a limit of the user's (`ulimit -v`) may be less.
fn addresses() -> u64 {
    let on_the_stack = 0_u8;
    let end = (std::ptr::from_ref(&on_the_stack).addr() as u64).next_power_of_two();
    let limit = rustix::process::getrlimit(rustix::process::Resource::As).current;
    limit.unwrap_or(u64::MAX).min(end)
}

/// Room that is taken.
#[derive(Debug)]
pub(super) struct Seat {
    room: &'static Room,
    need: Need,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.mappings.give_back(self.need.mappings);
        self.room.addresses.give_back(self.need.addresses);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(mappings: u64, addresses: u64) -> Need {
        Need { mappings, addresses }
    }

    #[test]
    fn what_is_dropped_can_be_taken_again_and_a_refusal_takes_nothing() {
        static ROOM: Room = Room { mappings: Share::new(10), addresses: Share::new(100) };
        let subject = "wasmtime".parse().unwrap();
        let refused = |need: Need| match ROOM.take(need, &subject) {
            Err(RuntimeError::Full { resource, .. }) => resource,
            other => panic!("{other:?}"),
        };
        let first = ROOM.take(need(6, 60), &subject).unwrap();
        assert_eq!(refused(need(5, 1)), Resource::Mappings);
        assert_eq!(refused(need(u64::MAX, 1)), Resource::Mappings);
        assert_eq!(refused(need(1, 41)), Resource::AddressSpace);
        assert_eq!(refused(need(1, 2).times(usize::MAX)), Resource::Mappings);
        let second = ROOM.take(need(4, 40), &subject).unwrap();
        drop((first, second));
        ROOM.take(need(5, 50).times(2), &subject).unwrap();
    }

    #[test]
    fn this_process_has_more_than_it_maps_now() {
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        let ends = maps.lines().filter_map(|line| u64::from_str_radix(line.split(['-', ' ']).nth(1)?, 16).ok());
        // But for the kernel's own page at the very end.
        let last = ends.filter(|end| *end < 1 << 63).max().unwrap();
        assert!(addresses() >= last, "{:x} {last:x}", addresses());
    }
}
