//! Gives the process its signal handlers back. While machine code runs, WasmEdge handles `SIGSEGV`, `SIGBUS` and `SIGFPE`
//! to catch its guests' traps; afterwards it sets them to their defaults, whoever had them before: Rust's message about a
//! stack overflow, or the traps of another engine in this process, which would then end the process.

use std::{
    mem::MaybeUninit,
    ptr,
    sync::{Mutex, PoisonError},
};

const SIGNALS: [libc::c_int; 3] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE];

struct State {
    /// Guests that run as machine code at this moment.
    running: usize,
    /// The handlers from before the first of them.
    before: [Option<libc::sigaction>; SIGNALS.len()],
}

static STATE: Mutex<State> = Mutex::new(State { running: 0, before: [None; SIGNALS.len()] });

/// While it lives, machine code runs. With the last one, the handlers from before the first are there again.
pub(super) struct Kept(());

/// Keeps the handlers of this moment, unless they are kept already.
pub(super) fn keep() -> Kept {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    if state.running == 0 {
        state.before = SIGNALS.map(handler);
    }
    state.running += 1;
    Kept(())
}

impl Drop for Kept {
    fn drop(&mut self) {
        let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
        state.running -= 1;
        if state.running == 0 {
            for (signal, before) in SIGNALS.into_iter().zip(&state.before) {
                if let Some(before) = before {
                    // SAFETY: the action is one that this process had for this very signal.
                    unsafe { libc::sigaction(signal, before, ptr::null_mut()) };
                }
            }
        }
    }
}

fn handler(signal: libc::c_int) -> Option<libc::sigaction> {
    let mut action = MaybeUninit::uninit();
    // SAFETY: with no new action, the call changes nothing and writes the present one, which is then initialised.
    unsafe { (libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) == 0).then(|| action.assume_init()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    extern "C" fn ours(_: libc::c_int) {}

    #[test]
    fn the_handlers_from_before_the_first_are_there_after_the_last() {
        // SAFETY: a handler that does nothing, for a signal that nothing here raises.
        let rust = unsafe { libc::signal(libc::SIGFPE, ours as *const () as libc::sighandler_t) };
        let (first, second) = (keep(), keep());
        // SAFETY: as what WasmEdge does, and as above.
        unsafe { libc::signal(libc::SIGFPE, libc::SIG_DFL) };
        drop(first);
        assert_eq!(handler(libc::SIGFPE).unwrap().sa_sigaction, libc::SIG_DFL);
        drop(second);
        assert_eq!(handler(libc::SIGFPE).unwrap().sa_sigaction, ours as *const () as libc::sighandler_t);
        // SAFETY: what was there before.
        unsafe { libc::signal(libc::SIGFPE, rust) };
    }
}
