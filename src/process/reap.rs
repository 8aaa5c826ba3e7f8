//! How a child ended.

use rustix::{
    io::Errno,
    process::{Pid, WaitOptions, WaitStatus, waitpid},
};

/// Waits for a child's end, however long that takes.
pub(crate) fn reap(child: Pid) -> Result<WaitStatus, Errno> {
    loop {
        match waitpid(Some(child), WaitOptions::empty()) {
            Err(Errno::INTR) | Ok(None) => {}
            Ok(Some((_, status))) => return Ok(status),
            Err(e) => return Err(e),
        }
    }
}

/// In words, for an error.
pub(crate) fn describe(status: WaitStatus) -> String {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => "ended in an unknown way".to_owned(),
    }
}
