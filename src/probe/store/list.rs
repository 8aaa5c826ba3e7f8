//! Lists of many objects.

use std::thread;

use super::ask::fill_part;
use crate::{
    clock,
    probe::{ProbeError, gate::join},
    store::{Client, LiveStore, Objects},
};

/// How many write what is listed: one alone waits for the disk most of the time.
const WRITERS: u64 = 16;

/// A client that lists the same objects again and again.
pub struct Lister {
    client: Box<dyn Client>,
    prefix: String,
    count: usize,
    /// The bytes of all values.
    bytes: usize,
}

impl Lister {
    /// Writes objects `0..count`, and will list them.
    ///
    /// # Errors
    /// [`ProbeError::Store`] when the store fails.
    pub fn of(live: &dyn LiveStore, objects: &Objects, count: u64) -> Result<Self, ProbeError> {
        let writers = WRITERS.min(count.max(1));
        thread::scope(|scope| {
            let write = |first: u64| {
                move || fill_part(live.client()?.as_mut(), objects, (first..count).step_by(writers as usize))
            };
            let writing: Vec<_> = (0..writers).map(|first| scope.spawn(write(first))).collect();
            writing.into_iter().map(join).collect::<Result<Vec<_>, ProbeError>>()
        })?;
        let bytes = (0..count).map(|number| objects.value(number, 0).len()).sum();
        Ok(Self { client: live.client()?, prefix: objects.prefix(), count: count as usize, bytes })
    }

    /// How long the next list takes, in nanoseconds. That it is whole is checked outside the timed span.
    ///
    /// # Errors
    /// [`ProbeError::Store`] when the store fails, [`ProbeError::Stored`] when the list is not whole.
    pub fn timed(&mut self) -> Result<u64, ProbeError> {
        let begin = clock::monotonic();
        let listing = self.client.list(&self.prefix, None)?;
        let took = clock::monotonic() - begin;
        let bytes = listing.objects.iter().map(|object| object.value.len()).sum::<usize>();
        if (listing.objects.len(), bytes) == (self.count, self.bytes) {
            return Ok(took);
        }
        let (found, expected) = (
            format!("{} objects of {bytes} bytes", listing.objects.len()),
            format!("{} of {}", self.count, self.bytes),
        );
        Err(ProbeError::Stored { key: self.prefix.clone(), found, expected })
    }
}

impl std::fmt::Debug for Lister {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lister").field("prefix", &self.prefix).field("count", &self.count).finish_non_exhaustive()
    }
}
