//! Gives the process its signal handlers back. While machine code runs, WasmEdge handles `SIGSEGV`, `SIGBUS` and `SIGFPE`
//! to catch its guests' traps; afterwards it sets them to their defaults, whoever had them before: Rust's message about a
//! stack overflow, or the traps of another engine in this process, which would then end the process. LLVM, which compiles
//! for it, takes all the signals that end a process, to remove its files, and keeps them.

use std::{
    mem::MaybeUninit,
    ptr,
    sync::{Mutex, PoisonError},
};

/// What WasmEdge takes while machine code runs.
static RUNNING: Signals<3> = Signals::new([libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE]);

/// What LLVM takes besides when it compiles to a file: `RegisterHandlers` in its lib/Support/Unix/Signals.inc. A set of
/// its own, so that a start does not pay for it.
static COMPILING: Signals<13> = Signals::new([
    libc::SIGILL,
    libc::SIGTRAP,
    libc::SIGABRT,
    libc::SIGQUIT,
    libc::SIGSYS,
    libc::SIGXCPU,
    libc::SIGXFSZ,
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGTERM,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGPIPE,
]);

/// Signals whose handlers are kept together.
struct Signals<const N: usize> {
    signals: [libc::c_int; N],
    state: Mutex<State<N>>,
}

struct State<const N: usize> {
    /// How many keep them at this moment.
    keepers: usize,
    /// The handlers from before the first of them.
    before: [Option<libc::sigaction>; N],
}

/// While it lives, others may set handlers. With the last one, the handlers from before the first are there again.
pub(super) struct Kept<const N: usize>(&'static Signals<N>);

/// Keeps the handlers that running machine code changes, unless they are kept already.
pub(super) fn keep() -> Kept<3> {
    RUNNING.keep()
}

/// Keeps the handlers that compiling ahead of time changes, unless they are kept already.
pub(super) fn keep_for_compiler() -> (Kept<3>, Kept<13>) {
    // Wasmtime sets its handlers with the first engine of a process, and only then: in between, they would be lost.
    #[cfg(feature = "wasmtime")]
    drop(::wasmtime::Engine::default());
    (RUNNING.keep(), COMPILING.keep())
}

impl<const N: usize> Signals<N> {
    const fn new(signals: [libc::c_int; N]) -> Self {
        Self { signals, state: Mutex::new(State { keepers: 0, before: [None; N] }) }
    }

    fn keep(&'static self) -> Kept<N> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.keepers == 0 {
            state.before = self.signals.map(handler);
        }
        state.keepers += 1;
        Kept(self)
    }
}

impl<const N: usize> Drop for Kept<N> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.keepers -= 1;
        if state.keepers == 0 {
            for (signal, before) in self.0.signals.into_iter().zip(&state.before) {
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

    /// Others use those of the engine meanwhile.
    static ALONE: Signals<1> = Signals::new([libc::SIGURG]);

    #[test]
    fn the_handlers_from_before_the_first_are_there_after_the_last() {
        // SAFETY: a handler that does nothing, for a signal that nothing here raises.
        let before = unsafe { libc::signal(libc::SIGURG, ours as *const () as libc::sighandler_t) };
        let (first, second) = (ALONE.keep(), ALONE.keep());
        // SAFETY: as what WasmEdge does, and as above.
        unsafe { libc::signal(libc::SIGURG, libc::SIG_DFL) };
        drop(first);
        assert_eq!(handler(libc::SIGURG).unwrap().sa_sigaction, libc::SIG_DFL);
        drop(second);
        assert_eq!(handler(libc::SIGURG).unwrap().sa_sigaction, ours as *const () as libc::sighandler_t);
        // SAFETY: what was there before.
        unsafe { libc::signal(libc::SIGURG, before) };
    }
}
