//! One client at work while the store is compacted beside it.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::ask::Asker;
use crate::{
    probe::{ProbeError, gate::join},
    store::{Client, Revision},
};

/// A key below which nothing is: its list tells the present revision.
const NOTHING: &str = "/registry/nothing/";

/// Has the client ask for `time`, once at least, while `compactor` has the store forget all that was replaced, `every` so often.
/// Returns the latency of each request in nanoseconds, and how often it was compacted.
///
/// # Errors
/// [`ProbeError::Store`] when the store fails either, [`ProbeError::Stored`] when it answers wrongly.
pub fn while_compacted(
    asker: &mut Asker,
    compactor: &mut dyn Client,
    every: Duration,
    time: Duration,
) -> Result<(Vec<u64>, u32), ProbeError> {
    let over = AtomicBool::new(false);
    // So that there is something to forget, and what a first request alone pays for comes before.
    asker.timed()?;
    thread::scope(|scope| {
        let compacting = scope.spawn(|| {
            let (mut times, mut last) = (0, Revision::default());
            // Once at least, however short the time is.
            while times == 0 || !over.load(Ordering::Relaxed) {
                let present = compactor.list(NOTHING, None)?.revision;
                if present > last {
                    compactor.compact(present)?;
                    (times, last) = (times + 1, present);
                }
                thread::sleep(every);
            }
            Ok::<_, ProbeError>(times)
        });
        let (mut latency, begun) = (Vec::new(), Instant::now());
        let asked = loop {
            match asker.timed() {
                Ok(took) => latency.push(took),
                Err(error) => break Err(error),
            }
            if begun.elapsed() >= time || compacting.is_finished() {
                break Ok(latency);
            }
        };
        over.store(true, Ordering::Relaxed);
        let times = join(compacting)?;
        Ok((asked?, times))
    })
}
