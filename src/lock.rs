//! Waiting for a lock that another process holds, and not for ever.

use std::{
    fs::{File, TryLockError},
    thread,
    time::{Duration, Instant},
};

/// How often it is tried.
const INTERVAL: Duration = Duration::from_millis(10);

/// Holds the file's lock. `waits` is told how long it took so far, before each further try.
///
/// # Errors
/// [`TryLockError::WouldBlock`] when another process still holds it after `patience`.
pub(crate) fn within(file: &File, patience: Duration, mut waits: impl FnMut(Duration)) -> Result<(), TryLockError> {
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if began.elapsed() < patience => {
                waits(began.elapsed());
                thread::sleep(INTERVAL);
            }
            other => return other,
        }
    }
}
