//! The few WASI preview1 calls that the outputs of ordinary toolchains import, for a guest without files, arguments or
//! environment: standard input is empty, standard output carries the ready protocol, standard error is dropped.
//!
//! It knows no engine: each call takes the guest's memory as bytes and answers with WASI's error number. Every pointer
//! comes from the guest and is checked; a bad one is `EFAULT`, never a panic. [`imports`] has the calls as a table.

pub(in crate::runtime) mod imports;

use std::{fs::File, io::Read};

use rustix::time::{ClockId, clock_gettime};

/// The module name of every import.
pub(crate) const MODULE: &str = "wasi_snapshot_preview1";

/// WASI's error numbers, as far as these calls need them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errno {
    /// The file descriptor is not open, or not for this.
    BadF = 8,
    /// A pointer lies outside the memory.
    Fault = 21,
    /// An argument that is not one.
    Inval = 28,
    /// The host could not do it.
    Io = 29,
    /// A stream has no position.
    SPipe = 70,
}

/// What a call answers: 0 or an error number.
pub(crate) fn code(outcome: Result<(), Errno>) -> i32 {
    outcome.map_or_else(|errno| errno as i32, |()| 0)
}

/// At most this many vectors are taken from one `fd_write`, as POSIX systems do; a short write is legal.
const IOV_MAX: u32 = 1024;

/// The host side of one guest.
#[derive(Debug)]
pub(crate) struct Wasi {
    /// The first bytes of standard output: the ready reading.
    reading: [u8; 8],
    /// How many of them have come.
    filled: usize,
    /// Which of the three standard streams are open.
    open: [bool; 3],
}

impl Default for Wasi {
    fn default() -> Self {
        Self { reading: [0; 8], filled: 0, open: [true; 3] }
    }
}

impl Wasi {
    /// The workload's own reading of the clock, once all 8 bytes of it have come.
    pub(crate) fn reading(&self) -> Option<u64> {
        (self.filled == self.reading.len()).then(|| u64::from_le_bytes(self.reading))
    }

    /// Clock 0 is the wall clock, clock 1 the raw `CLOCK_MONOTONIC` of the host; a guest has no CPU clocks.
    pub(crate) fn clock_time_get(memory: &mut [u8], clock: u32, out: u32) -> Result<(), Errno> {
        let id = match clock {
            0 => ClockId::Realtime,
            1 => ClockId::Monotonic,
            _ => return Err(Errno::Inval),
        };
        let slot = bytes(memory, out, 8)?;
        let now = clock_gettime(id);
        // Neither clock is negative on a machine whose date is after 1970.
        slot.copy_from_slice(&(now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64).to_le_bytes());
        Ok(())
    }

    /// Writes vectors of bytes to standard output or standard error.
    pub(crate) fn fd_write(
        &mut self,
        memory: &mut [u8],
        fd: u32,
        vectors: u32,
        count: u32,
        out: u32,
    ) -> Result<(), Errno> {
        self.stream(fd)?;
        if fd == 0 {
            return Err(Errno::BadF);
        }
        let mut written: u32 = 0;
        for index in 0..count.min(IOV_MAX) {
            let at = index.checked_mul(8).and_then(|offset| vectors.checked_add(offset)).ok_or(Errno::Fault)?;
            let (start, length) = (word(memory, at)?, word(memory, at.checked_add(4).ok_or(Errno::Fault)?)?);
            let content = bytes(memory, start, length)?;
            written = written.checked_add(length).ok_or(Errno::Inval)?;
            if fd == 1 {
                let room = &mut self.reading[self.filled..];
                let taken = room.len().min(content.len());
                room[..taken].copy_from_slice(&content[..taken]);
                self.filled += taken;
            }
        }
        put(memory, out, written)
    }

    /// Closes a standard stream.
    pub(crate) fn fd_close(&mut self, fd: u32) -> Result<(), Errno> {
        *self.stream(fd)? = false;
        Ok(())
    }

    /// Says of a standard stream that it can be read or written, and nothing else.
    pub(crate) fn fd_fdstat_get(&mut self, memory: &mut [u8], fd: u32, out: u32) -> Result<(), Errno> {
        self.stream(fd)?;
        // struct fdstat: type (0, unknown), flags at 2, rights at 8, rights that opened files inherit at 16.
        let rights: u64 = if fd == 0 { 1 << 1 } else { 1 << 6 };
        let stat = bytes(memory, out, 24)?;
        stat.fill(0);
        stat[8..16].copy_from_slice(&rights.to_le_bytes());
        Ok(())
    }

    /// A stream has no position.
    pub(crate) fn fd_seek(&mut self, fd: u32) -> Result<(), Errno> {
        self.stream(fd)?;
        Err(Errno::SPipe)
    }

    /// No arguments, or no environment: a count of 0 and a size of 0.
    pub(crate) fn no_sizes(memory: &mut [u8], count: u32, size: u32) -> Result<(), Errno> {
        put(memory, count, 0)?;
        put(memory, size, 0)
    }

    /// Random bytes from the host.
    pub(crate) fn random_get(memory: &mut [u8], out: u32, length: u32) -> Result<(), Errno> {
        let target = bytes(memory, out, length)?;
        File::open("/dev/urandom").and_then(|mut source| source.read_exact(target)).map_err(|_| Errno::Io)
    }

    /// The open standard stream `fd`.
    fn stream(&mut self, fd: u32) -> Result<&mut bool, Errno> {
        self.open.get_mut(fd as usize).filter(|open| **open).ok_or(Errno::BadF)
    }
}

/// The guest's bytes at `start`, or a fault. An empty range is legal anywhere within the memory.
fn bytes(memory: &mut [u8], start: u32, length: u32) -> Result<&mut [u8], Errno> {
    let start = start as usize;
    let end = start.checked_add(length as usize).ok_or(Errno::Fault)?;
    memory.get_mut(start..end).ok_or(Errno::Fault)
}

fn word(memory: &mut [u8], at: u32) -> Result<u32, Errno> {
    let mut value = [0; 4];
    value.copy_from_slice(bytes(memory, at, 4)?);
    Ok(u32::from_le_bytes(value))
}

fn put(memory: &mut [u8], at: u32, value: u32) -> Result<(), Errno> {
    bytes(memory, at, 4)?.copy_from_slice(&value.to_le_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A memory of 64 bytes whose one vector, at 0, is (`start`, `length`).
    fn memory(start: u32, length: u32) -> Vec<u8> {
        let mut memory = vec![7; 64];
        put(&mut memory, 0, start).unwrap();
        put(&mut memory, 4, length).unwrap();
        memory
    }

    #[test]
    fn the_reading_is_the_first_8_bytes_in_however_many_writes() {
        let mut wasi = Wasi::default();
        let mut guest = memory(16, 5);
        guest[16..29].copy_from_slice(b"\x01\0\0\0\0\0\0\0extra");
        wasi.fd_write(&mut guest, 1, 0, 1, 8).unwrap();
        assert_eq!((wasi.reading(), word(&mut guest, 8).unwrap()), (None, 5));
        put(&mut guest, 0, 21).unwrap();
        put(&mut guest, 4, 8).unwrap();
        wasi.fd_write(&mut guest, 1, 0, 1, 8).unwrap();
        assert_eq!((wasi.reading(), word(&mut guest, 8).unwrap()), (Some(1), 8));
    }

    #[test]
    fn standard_error_is_not_the_reading() {
        let mut wasi = Wasi::default();
        wasi.fd_write(&mut memory(16, 8), 2, 0, 1, 8).unwrap();
        assert_eq!(wasi.reading(), None);
    }

    #[test]
    fn a_stream_that_is_not_open_is_refused() {
        let mut wasi = Wasi::default();
        let mut guest = memory(16, 8);
        for fd in [0, 3, u32::MAX] {
            assert_eq!(wasi.fd_write(&mut guest, fd, 0, 1, 8), Err(Errno::BadF), "fd {fd}");
        }
        wasi.fd_close(1).unwrap();
        assert_eq!(wasi.fd_write(&mut guest, 1, 0, 1, 8), Err(Errno::BadF));
        assert_eq!(wasi.fd_close(1), Err(Errno::BadF));
        assert_eq!(wasi.fd_seek(1), Err(Errno::BadF));
        assert_eq!(wasi.fd_seek(2), Err(Errno::SPipe));
    }

    #[test]
    fn the_clocks_are_the_hosts() {
        let mut guest = vec![0; 8];
        let before = crate::clock::monotonic();
        Wasi::clock_time_get(&mut guest, 1, 0).unwrap();
        let reading = u64::from_le_bytes(guest[..8].try_into().unwrap());
        assert!((before..=crate::clock::monotonic()).contains(&reading));
        Wasi::clock_time_get(&mut guest, 0, 0).unwrap();
        assert_ne!(u64::from_le_bytes(guest[..8].try_into().unwrap()) / 1_000_000_000, reading / 1_000_000_000);
        assert_eq!(Wasi::clock_time_get(&mut guest, 2, 0), Err(Errno::Inval));
        assert_eq!(Wasi::clock_time_get(&mut guest, 1, 1), Err(Errno::Fault));
    }

    #[test]
    fn random_bytes_stay_inside_their_range() {
        let mut guest = vec![0; 64];
        Wasi::random_get(&mut guest, 16, 32).unwrap();
        assert!(guest[..16].iter().chain(&guest[48..]).all(|byte| *byte == 0));
        assert!(guest[16..48].iter().any(|byte| *byte != 0), "32 zero bytes from the host's random source");
    }

    proptest! {
        /// Whatever pointers a guest passes, the answer is a number, and what is written lies inside its memory.
        #[test]
        fn no_pointer_panics(fd in 0u32..5, a in any::<u32>(), b in any::<u32>(), c in any::<u32>(), size in 0usize..256) {
            let mut guest = vec![0xff; size];
            let mut wasi = Wasi::default();
            let _ = wasi.fd_write(&mut guest, fd, a % 300, b, c % 300);
            let _ = wasi.fd_write(&mut guest, fd, a, b, c);
            let _ = wasi.fd_fdstat_get(&mut guest, fd, a);
            let _ = Wasi::clock_time_get(&mut guest, fd, a);
            let _ = Wasi::no_sizes(&mut guest, a, b);
            prop_assert_eq!(Wasi::random_get(&mut guest, a, u32::MAX), Err(Errno::Fault));
        }
    }
}
