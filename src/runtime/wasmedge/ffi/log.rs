//! The engine's log: there, and only there, it says which import is missing and that memory was refused.

use std::{cell::RefCell, slice, sync::OnceLock};

use wasmedge_sys::ffi;

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// At most this many lines are kept of one start.
const KEPT: usize = 32;

/// Keeps what the engine logs away from the process's standard streams.
pub(in crate::runtime::wasmedge) fn capture() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        // SAFETY: the function has the type asked for and lives for ever.
        unsafe {
            ffi::WasmEdge_LogSetLevel(ffi::WasmEdge_LogLevel_Warn);
            ffi::WasmEdge_LogSetCallback(Some(keep));
        }
    });
}

unsafe extern "C" fn keep(message: *const ffi::WasmEdge_LogMessage) {
    // SAFETY: the engine passes a message that is valid during the call.
    let text = unsafe { (*message).Message };
    if text.Buf.is_null() {
        return;
    }
    // SAFETY: not null, and the engine's text has that length and is valid during the call.
    let text = unsafe { slice::from_raw_parts(text.Buf.cast::<u8>(), text.Length as usize) };
    // The engine logs on the thread that runs the guest. A thread that is ending has no log any more.
    let _ = LINES.try_with(|log| {
        let mut log = log.borrow_mut();
        if log.len() < KEPT {
            log.push(String::from_utf8_lossy(text).into_owned());
        }
    });
}

/// What 0.17.1 logs when a guest asks for more than `WasmEdge_ConfigureSetMaxMemoryPage` allows.
pub(super) fn refuses_memory(line: &str) -> bool {
    line.contains("Memory grow page failed, exceeded limited") || line.contains("Memory Instance: Limited")
}

/// What 0.17.1 logs when it cannot compile and goes on without.
fn interprets_instead(line: &str) -> bool {
    line.contains("use interpreter mode instead") || line.contains("falling back to interpreter")
}

/// What was logged on this thread since it was last taken.
pub(super) fn take() -> Vec<String> {
    LINES.take()
}

/// The first line on this thread for which `is` holds.
fn find(is: impl Fn(&str) -> bool) -> Option<String> {
    LINES.with_borrow(|lines| lines.iter().find(|line| is(line)).cloned())
}

/// Whether this thread's guest was refused memory.
pub(super) fn memory_refused() -> bool {
    find(refuses_memory).is_some()
}

/// The line that says that the engine interprets what it should have compiled.
pub(super) fn not_compiled() -> Option<String> {
    find(interprets_instead)
}
