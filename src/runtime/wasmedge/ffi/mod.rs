//! The calls of WasmEdge's C API that a start makes, as types that free what they own. The one place of this adapter with
//! unsafe code.
//!
//! wasmedge-sdk is not enough for three of them: it never compiles just in time (only the C API's VM does, and the SDK's
//! `Vm` is another thing of the same name: it interprets, whatever the mode says); its time limit leaves C++ frames by
//! `siglongjmp`; and it lends the host functions for as long as a store lives, so that no instance can own both.

pub(super) mod callable;
mod host;
mod log;
mod module;
mod run;

use std::{ffi::CStr, ptr::NonNull};

use wasmedge_sys::ffi::{
    self, WasmEdge_ErrCode_AOTNotImpl, WasmEdge_ErrCode_Interrupted, WasmEdge_ErrCode_Success,
    WasmEdge_ErrCode_Terminated, WasmEdge_String,
};

pub(super) use log::capture as capture_log;
pub(super) use run::{End, Engine, Linked, Live, run, run_in_vm};

/// Why a call of the engine failed.
#[derive(Debug)]
pub(super) struct Fault {
    /// One of `WasmEdge_ErrCode_*`; 0 where an object could not be made.
    code: u32,
    /// The engine's message and what it logged on the way, on one line.
    pub(super) message: String,
    /// Whether the guest was refused memory.
    pub(super) memory: bool,
}

impl Fault {
    /// Whether [`Stop::stop`] ended the guest.
    pub(super) fn interrupted(&self) -> bool {
        self.code == WasmEdge_ErrCode_Interrupted
    }

    /// Whether the module is wrong, or asks for what is not there: the codes of loading, validation and linking, and that of the
    /// compiler where it lacks a proposal that the interpreter has.
    pub(super) fn invalid(&self) -> bool {
        (0x100..0x400).contains(&self.code) || self.code == WasmEdge_ErrCode_AOTNotImpl
    }

    /// What the compiler said, or the log of it: its code stands at the end of it, or in it.
    pub(super) fn of_compiler(message: String) -> Self {
        let code = WasmEdge_ErrCode_AOTNotImpl;
        if message.to_lowercase().replace(':', "").contains(&format!("error code {code}")) {
            let message = format!("the compiler does not take what the module uses ({message})");
            return Self { code, message, memory: false };
        }
        Self { code: 0, message, memory: false }
    }

    /// Whether the guest trapped.
    pub(super) fn trapped(&self) -> bool {
        (0x400..0x500).contains(&self.code)
    }

    fn new(what: &str) -> Self {
        Self { code: 0, message: format!("{what} could not be made"), memory: false }
    }
}

/// An object of the C API that is freed when dropped.
macro_rules! owned {
    ($(#[$doc:meta])* $name:ident, $context:ident, $delete:ident, $share:literal) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) struct $name(NonNull<ffi::$context>);

        impl $name {
            fn own(pointer: *mut ffi::$context) -> Result<Self, Fault> {
                NonNull::new(pointer).map(Self).ok_or_else(|| Fault::new(stringify!($name)))
            }

            fn as_ptr(&self) -> *mut ffi::$context {
                self.0.as_ptr()
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                // SAFETY: the pointer came from the creating call, which gave the ownership away, and is freed once.
                unsafe { ffi::$delete(self.as_ptr()) }
            }
        }

        // SAFETY: the C API ties no object to a thread, and the SDK declares its wrappers of all of these Send and Sync.
        // Sharing: $share.
        #[doc = concat!("Shared between threads: ", $share, ".")]
        unsafe impl Send for $name {}
        // SAFETY: as above.
        unsafe impl Sync for $name {}
    };
}

owned!(
    /// The configuration of whatever is made with it.
    Config, WasmEdge_ConfigureContext, WasmEdge_ConfigureDelete, "read alone once `new` has returned"
);
owned!(
    /// A module that was loaded and validated. An artifact compiled ahead of time brings its machine code along.
    Module, WasmEdge_ASTModuleContext, WasmEdge_ASTModuleDelete, "read alone once validated"
);
owned!(
    /// What modules are linked against.
    Store, WasmEdge_StoreContext, WasmEdge_StoreDelete, "the engine locks it"
);
owned!(Executor, WasmEdge_ExecutorContext, WasmEdge_ExecutorDelete, "its calls are documented as thread-safe");
owned!(Vm, WasmEdge_VMContext, WasmEdge_VMDelete, "used by one start, and by `stop` through its executor");
owned!(
    /// The host functions of a guest.
    Imports, WasmEdge_ModuleInstanceContext, WasmEdge_ModuleInstanceDelete, "read alone once `new` has returned"
);
owned!(Instance, WasmEdge_ModuleInstanceContext, WasmEdge_ModuleInstanceDelete, "one start has it");

fn string(text: &'static str) -> WasmEdge_String {
    // SAFETY: the pointer and the length are those of a string that lives for ever; the API copies or compares it.
    unsafe { ffi::WasmEdge_StringWrap(text.as_ptr().cast(), text.len() as u32) }
}

fn check(result: ffi::WasmEdge_Result) -> Result<(), Fault> {
    // SAFETY: it takes a plain value.
    let code = unsafe { ffi::WasmEdge_ResultGetCode(result) };
    if code == WasmEdge_ErrCode_Success || code == WasmEdge_ErrCode_Terminated {
        return Ok(());
    }
    // SAFETY: the message is a constant of the library, ended by a zero.
    let text = unsafe { CStr::from_ptr(ffi::WasmEdge_ResultGetMessage(result)) };
    let mut message = text.to_string_lossy().into_owned();
    let lines = log::take();
    // Lines of context, and one of advice, say no more than the message does.
    let says = |line: &&str| !["At AST node", "This may be the import"].iter().any(|word| line.contains(word));
    for line in lines.iter().map(|line| line.trim()).filter(says) {
        if !line.contains(text.to_string_lossy().as_ref()) {
            message.push_str("; ");
            message.push_str(&line.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    Err(Fault { code, message, memory: lines.iter().any(|line| log::refuses_memory(line)) })
}
