//! WasmEdge, in this process, in its three modes: each is a runtime of its own, since none is a faster form of another.
//!
//! | mode | temperature | before the clock starts | inside a start |
//! |---|---|---|---|
//! | interpreter | cold | the .wasm on disk | load, validate, host functions, link, instantiate, run to ready |
//! | interpreter | warm | module, host functions, linked | a fresh executor, instantiate, run to ready |
//! | JIT | cold | the .wasm on disk | a VM; load, validate, compile with LLVM, link, instantiate, run to ready |
//! | AOT | precompiled | the .so on disk | load, validate, host functions, link, instantiate, run to ready |
//! | AOT | warm | module, host functions, linked | a fresh executor, instantiate, run to ready |
//!
//! JIT has no warm start: the machine code belongs to the VM that compiled it, and a VM holds one instance. AOT has no cold
//! one: what compiles in a start is the JIT; and each compilation ahead of time leaves some 50 KiB in the engine for good.
//!
//! **The mode is what runs.** Since 0.17 the engine interprets an AOT artifact without a word unless the run mode says
//! otherwise, and goes on interpreting when a compilation fails. So each prepared artifact is loaded once and its machine
//! code is looked for: [`Runtime::prepare`] fails where there is none.
//!
//! **Time limit.** A thread sleeps until the nearest deadline and has the engine stop that guest, at its next branch or
//! call; machine code is compiled so that it can be stopped (`interruptible`). Compilation has no limit but the module's
//! size.
//!
//! **Memory limit.** A module whose memory is larger than the limit from the start, and one that asks to grow beyond it,
//! end alike, in [`RuntimeError::MemoryLimit`]. The engine limits no table: a module whose tables could hold more than
//! 10,000 elements together, or one for each 4 KiB of the limit where that is more, is refused with the same error before it
//! runs. The engine limits no stack either: machine code overflows that of its thread, which ends the process, and the interpreter
//! takes gigabytes. So calls that can come back to who makes them are counted in the module itself, which is written anew for
//! that, and trap where their frames come to 512 KiB; a module without such calls runs as it is.
//!
//! **Log.** The engine says in its log alone which import is missing and that memory was refused, so this adapter takes
//! the log of the whole process.
//!
//! **Signals.** While machine code runs, the engine has `SIGSEGV`, `SIGBUS` and `SIGFPE` for the whole process, so no other
//! engine's guest may trap then; this adapter puts back what was there before. It interprets without signals.
//!
//! **Files.** Artifacts are files without names, in `TMPDIR` or else `/var/tmp`: nothing is left of them when the process
//! ends, however it ends. The engine opens them through /proc, which takes 3 µs (interpreter) and 8 µs (AOT) more of a
//! start than a file with a name does. WasmEdge's compiler needs a directory while it works; what a killed process leaves
//! of one, the next process that compiles removes.

pub(crate) mod callable;
mod compile;
#[cfg(feature = "container")]
pub(crate) mod contained;
mod ffi;
mod signals;
pub(crate) mod splice;
mod stack;
mod start;
mod tables;
mod watch;

use std::{fmt, sync::Arc};

use self::{start::Job, watch::Watch};
use super::{
    Artifact, Identity, Limits, Refusal, RefusalKind, Runtime, RuntimeError, Workload, room,
    wasm::{self, PAGE},
};
use crate::{Component, Isolation, Subject, Temperature, versions};

/// The most pages of a 32-bit memory.
const PAGES: u64 = 1 << 16;

/// The version of libwasmedge that this adapter is written for: modes, log and compiler differ between versions.
const VERSION: &str = "0.17.1";

/// How WasmEdge runs a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Instruction by instruction.
    Interpreter,
    /// As machine code, compiled in each start.
    Jit,
    /// As machine code, compiled before.
    Aot,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Interpreter, Self::Jit, Self::Aot];

    /// The name in the stored form, after `wasmedge/`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Interpreter => "interpreter",
            Self::Jit => "jit",
            Self::Aot => "aot",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The WasmEdge engine in one of its modes.
///
/// ```
/// use runtime_baseline::Temperature;
/// use runtime_baseline::runtime::{Runtime, Workload, wasmedge::{Mode, WasmEdge}};
///
/// let wasmedge = WasmEdge::new(Mode::Aot)?;
/// let artifact = wasmedge.prepare(&Workload::ready(), Temperature::Precompiled)?;
/// let before = runtime_baseline::clock::monotonic();
/// let instance = artifact.start()?;
/// println!("{}: {} ns", wasmedge.identity().components[0], instance.ready_at() - before);
/// # Ok::<(), runtime_baseline::runtime::RuntimeError>(())
/// ```
#[derive(Debug)]
pub struct WasmEdge {
    identity: Identity,
    mode: Mode,
    limits: Limits,
    config: Arc<ffi::Config>,
    watch: Arc<Watch>,
}

impl WasmEdge {
    /// WasmEdge in `mode`, with the default [`Limits`].
    ///
    /// # Errors
    /// As [`with_limits`](Self::with_limits).
    pub fn new(mode: Mode) -> Result<Self, RuntimeError> {
        Self::with_limits(mode, Limits::default())
    }

    /// WasmEdge in `mode`, with limits of one's own for each of its instances.
    ///
    /// # Errors
    /// [`RuntimeError::Unavailable`] when the library that was loaded is not of the version that this adapter is for;
    /// [`RuntimeError::Engine`] when the thread that keeps the time limit cannot be started.
    ///
    /// # Panics
    /// Never: its name is a constant that is valid.
    pub fn with_limits(mode: Mode, limits: Limits) -> Result<Self, RuntimeError> {
        let subject: Subject = format!("wasmedge/{mode}").parse().expect("a valid constant");
        let component = component(&subject)?;
        let engine = |reason: String| RuntimeError::Engine { subject: subject.clone(), reason };
        let sdk = versions::component(&subject, "wasmedge-sdk")?;
        let config =
            ffi::Config::new(mode, (limits.memory / PAGE).min(PAGES)).map_err(|fault| engine(fault.message))?;
        let watch = Watch::new().map_err(|error| engine(format!("its time limit thread: {error}")))?;
        let mut identity = Identity::new(subject.clone(), component, Isolation::InProcess)
            .with_component(sdk)
            .with_setting("mode", mode)
            .with_setting("stack_limit_bytes", stack::MOST);
        for (name, value) in wasm::settings(&limits) {
            identity = identity.with_setting(name, value);
        }
        if mode != Mode::Interpreter {
            for (name, value) in compile::Ended::ByEngine.settings() {
                identity = identity.with_setting(name, value);
            }
        }
        Ok(Self { identity, mode, limits, config: Arc::new(config), watch: Arc::new(watch) })
    }
}

/// The engine's name and exact version; refused where the library that was loaded is another.
fn component(subject: &Subject) -> Result<Component, RuntimeError> {
    let found = wasmedge_sys::utils::version_string();
    if found != VERSION {
        let reason = format!("the library says that it is version {found}, not {VERSION}");
        let remedy =
            format!("run tools/setup.sh wasmedge, or set WASMEDGE_DIR to WasmEdge {VERSION}; then build again");
        return Err(Refusal::new(subject, RefusalKind::NotFound, reason, remedy).into());
    }
    Component::new("WasmEdge", found)
        .map_err(|error| RuntimeError::Engine { subject: subject.clone(), reason: error.to_string() })
}

impl Runtime for WasmEdge {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn temperatures(&self) -> &[Temperature] {
        match self.mode {
            Mode::Interpreter => &[Temperature::Cold, Temperature::Warm],
            Mode::Jit => &[Temperature::Cold],
            Mode::Aot => &[Temperature::Precompiled, Temperature::Warm],
        }
    }

    fn prepare(&self, workload: &Workload, temperature: Temperature) -> Result<Box<dyn Artifact>, RuntimeError> {
        let (of, wasm) = wasm::Job::of(self, self.limits, workload, temperature)?;
        if tables::most_elements(&wasm).is_some_and(|most| most > wasm::table_limit(&self.limits) as u64) {
            return Err(of.memory_limit());
        }
        let wasm = stack::bounded(&wasm).map_err(|why| match why {
            stack::Unbounded::Invalid(reason) => of.invalid(reason),
            stack::Unbounded::Frame => of.memory_limit(),
        })?;
        let (config, watch) = (Arc::clone(&self.config), Some(Arc::clone(&self.watch)));
        let job = Job { of, config, watch, mode: self.mode };
        start::prepare(job, temperature, &wasm)
    }
}
