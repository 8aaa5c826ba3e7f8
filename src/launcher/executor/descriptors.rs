//! Closing what a container's init inherited: other containers' standard input, which would never end, the worker's
//! socket, libcontainer's own. The one place of the executor with unsafe code.

use std::{
    io,
    os::fd::{AsRawFd, BorrowedFd},
};

use nix::libc;

/// The descriptor after the standard streams.
const KEPT: i32 = 3;

/// Closes every descriptor but the standard streams and `kept`, which is returned under its new number.
///
/// # Safety
/// Every value of this process that owns a descriptor loses it, but for the standard streams. So none of them may be used
/// or dropped afterwards: the caller ends the process without returning to who made them.
pub(super) unsafe fn keep_only(kept: BorrowedFd<'_>) -> io::Result<BorrowedFd<'static>> {
    if kept.as_raw_fd() != KEPT {
        nix::unistd::dup2(kept.as_raw_fd(), KEPT)?;
    }
    // SAFETY: the call takes plain numbers, and the caller promises that nobody uses what it closes.
    if unsafe { libc::syscall(libc::SYS_close_range, KEPT + 1, u32::MAX, 0) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor was just made, or kept, and nothing closes it before the process ends.
    Ok(unsafe { BorrowedFd::borrow_raw(KEPT) })
}
