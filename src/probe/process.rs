//! The wall time of an external process, from the call that spawns it until its exit status is there. Nanoseconds.

use std::process::{Command, Stdio};

use super::ProbeError;
use crate::clock;

/// Runs `command` once, without standard input and output.
///
/// # Errors
/// [`ProbeError::Process`] when it cannot be spawned, or does not exit with 0: a process that failed fast is not a fast
/// one.
pub fn process(command: &mut Command) -> Result<u64, ProbeError> {
    let called = clock::monotonic();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let took = clock::monotonic() - called;
    let failed = |reason: String| ProbeError::Process { command: format!("{command:?}"), reason };
    match status {
        Ok(status) if status.success() => Ok(took),
        Ok(status) => Err(failed(status.to_string())),
        Err(error) => Err(failed(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_has_no_time() {
        assert!(process(&mut Command::new("true")).unwrap() > 0);
        let failed = process(&mut Command::new("false")).unwrap_err();
        assert!(failed.to_string().contains("exit status: 1"), "{failed}");
        let missing = process(&mut Command::new("/no/such/program")).unwrap_err();
        assert!(missing.to_string().contains("/no/such/program"), "{missing}");
    }
}
