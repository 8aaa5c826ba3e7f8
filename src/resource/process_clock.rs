//! The CPU clocks of other processes, by their ids.

use std::io;

/// The CPU time of all threads that a process has and had, in nanoseconds; what runs at this instant is known to the last
/// tick of the timer. A process that is gone is `NotFound`.
pub(crate) fn of(pid: i32) -> io::Result<u64> {
    let mut clock: libc::clockid_t = 0;
    // SAFETY: `clock` is a valid place for a clock's id, and any number may be asked for: one that is no process's is an
    // error, which is the return value.
    if unsafe { libc::clock_getcpuclockid(pid, &raw mut clock) } != 0 {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for a time, and any clock's id may be asked for: one whose process ended meanwhile
    // is an error.
    if unsafe { libc::clock_gettime(clock, &raw mut time) } != 0 {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}
