//! A guest whose exports the host calls, for adapters of what is built on Wasm: loaded, limited, and kept from disturbing
//! the rest of the process, as the module documentation tells.

use std::{
    ffi::CString,
    fs, io,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use super::{
    Mode, PAGE, PAGES, compile,
    ffi::{
        Config, Engine, Fault, Module,
        callable::{Env, Guest},
    },
    signals,
    watch::{Stop, Watch},
};
use crate::{
    Component, Subject, disk,
    runtime::{Limits, RuntimeError},
};

pub(crate) use super::ffi::callable::{Host, Provided, Refused, View};

/// The engine's name and exact version.
pub(crate) fn component(subject: &Subject) -> Result<Component, RuntimeError> {
    super::component(subject)
}

/// The settings of what [`machine_code`] compiles.
pub(crate) const COMPILER: [(&str, &str); 3] = compile::Ended::ByItself.settings();

/// Why a guest could not be had, or ended.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It wants more memory than its limit.
    Memory,
    /// It was stopped after its time limit.
    Time,
    /// The module is wrong, or asks for what is not there.
    Invalid(String),
    /// It trapped, or the host refused a call.
    Failed(String),
    /// The engine failed.
    Engine(String),
    /// A file could not be written.
    Disk(disk::Error),
}

impl From<disk::Error> for Trouble {
    fn from(error: disk::Error) -> Self {
        Self::Disk(error)
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        if fault.memory {
            Self::Memory
        } else if fault.interrupted() {
            Self::Time
        } else if fault.invalid() {
            Self::Invalid(fault.message)
        } else if fault.trapped() {
            Self::Failed(fault.message)
        } else {
            Self::Engine(fault.message)
        }
    }
}

/// The machine code of `wasm`, compiled ahead of time: a module that asks itself whether it shall stop. Each compilation leaves some 50 KiB in the engine for good.
pub(crate) fn machine_code(wasm: &[u8]) -> Result<disk::Artifact, Trouble> {
    disk::shared(wasm, || {
        let directory = disk::workplace()?;
        let code = compile::ahead_of_time(wasm, directory.path(), compile::Ended::ByItself)?;
        Ok(disk::Artifact::write(&code)?)
    })
}

/// Keeps the time limits of guests, in a thread that ends with it.
#[derive(Debug)]
pub(crate) struct Keeper(Watch);

impl Keeper {
    pub(crate) fn new() -> io::Result<Self> {
        Watch::new().map(Self)
    }
}

/// A module, loaded and validated.
pub(crate) struct Code {
    module: Module,
    config: Config,
    mode: Mode,
    /// Of the memory that it imports, at least and at most.
    pages: (u64, u64),
    /// The loader knows a library by its path: no other file may have this one as long as the library is loaded.
    _file: Arc<disk::Artifact>,
    /// Where it asks whether it shall stop; `None`: the engine stops it.
    stop: Option<u32>,
}

impl Code {
    /// Loads the Wasm in `file`, or the machine code, as `mode` asks. A guest that is not interpreted must stop when the
    /// word at the address `stop` of its memory is not zero: the engine has no other way to end it.
    pub(crate) fn load(
        mode: Mode,
        limits: Limits,
        file: Arc<disk::Artifact>,
        stop: Option<u32>,
    ) -> Result<Self, Trouble> {
        let most = (limits.memory / PAGE).min(PAGES);
        let config = Config::with_atomics(mode, most)?;
        let path = CString::new(file.path().as_os_str().as_bytes()).unwrap_or_default();
        let module = Module::load(&config, &path)?;
        let (least, own) =
            module.imported_memory().ok_or_else(|| Trouble::Invalid("it does not import a memory".to_owned()))?;
        if least.max(1) > most {
            return Err(Trouble::Memory);
        }
        let pages = (least, own.map_or(most, |own| own.min(most)));
        Ok(Self { module, config, mode, pages, _file: file, stop })
    }

    fn engine(&self) -> Result<Arc<Engine>, Trouble> {
        Ok(Engine::executor(&self.config)?)
    }
}

/// Whether `file`, loaded, is mapped as code; unknown where the system does not say. The engine interprets what it does
/// not take for machine code.
pub(crate) fn is_mapped_as_code(file: &Path) -> Option<bool> {
    let inode = fs::metadata(file).ok()?.ino().to_string();
    let code = |line: &str| {
        let mut fields = line.split_whitespace().skip(1);
        fields.next().is_some_and(|access| access.contains('x')) && fields.nth(2) == Some(inode.as_str())
    };
    Some(fs::read_to_string("/proc/self/maps").ok()?.lines().any(code))
}

/// A guest, ready to be called, within its limits.
pub(crate) struct Live<H: Host> {
    // Before the code: it is made of it.
    guest: Guest<H>,
    stopper: Arc<Stopper>,
    keeper: Arc<Keeper>,
    limits: Limits,
    code: Arc<Code>,
}

/// Stops what an engine runs, and remembers that it did.
struct Stopper {
    engine: Arc<Engine>,
    env: Arc<Env>,
    stop: Option<u32>,
    told: AtomicBool,
}

impl Stop for Stopper {
    fn stop(&self) {
        self.told.store(true, SeqCst);
        match self.stop {
            Some(address) => self.env.set_word(address, 1),
            None => self.engine.stop(),
        }
    }
}

impl Stopper {
    fn new(code: &Code, env: Arc<Env>) -> Result<Arc<Self>, Trouble> {
        Ok(Arc::new(Self { engine: code.engine()?, env, stop: code.stop, told: AtomicBool::new(false) }))
    }
}

impl<H: Host> Live<H> {
    /// Instantiates `code`. `exports` are the functions that will be called, by their place in the list.
    pub(crate) fn new(
        code: Arc<Code>,
        keeper: Arc<Keeper>,
        limits: Limits,
        host: H,
        exports: &[&'static str],
    ) -> Result<Self, Trouble> {
        let stopper = Stopper::new(&code, Env::new(code.pages)?)?;
        let (engine, env) = (Arc::clone(&stopper.engine), Arc::clone(&stopper.env));
        let made = within(&keeper, &stopper, &code, limits, || Guest::new(engine, &code.module, env, host, exports));
        let mut live = Self { guest: made?, stopper, keeper, limits, code };
        live.renew()?;
        Ok(live)
    }

    /// Lets `act` call the guest. After an error it can be called again.
    pub(crate) fn run<T>(&mut self, act: impl FnOnce(&View<'_>) -> Result<T, Trouble>) -> Result<T, Trouble> {
        let Self { guest, stopper, keeper, limits, code } = self;
        let outcome = within(keeper, stopper, code, *limits, || act(&guest.view()));
        let told = stopper.told.load(SeqCst);
        self.renew()?;
        match outcome {
            // What the guest, or a function of the host that called it, made of being stopped.
            Err(Trouble::Failed(_) | Trouble::Engine(_)) if told => Err(Trouble::Time),
            other => other,
        }
    }

    /// The value of an exported global that is a 32-bit integer.
    pub(crate) fn global(&self, name: &'static str) -> Option<i32> {
        self.guest.global(name)
    }

    pub(crate) fn host(&self) -> &H {
        self.guest.host()
    }

    /// What was told to stop would stop in its next call too.
    fn renew(&mut self) -> Result<(), Trouble> {
        if self.stopper.told.load(SeqCst) {
            self.stopper = Stopper::new(&self.code, Arc::clone(&self.stopper.env))?;
            match self.code.stop {
                Some(address) => self.stopper.env.set_word(address, 0),
                None => self.guest.set_engine(Arc::clone(&self.stopper.engine)),
            }
        }
        Ok(())
    }
}

impl View<'_> {
    /// Calls an exported function of 32-bit integers; 0 where it has no result.
    pub(crate) fn call(&self, export: usize, arguments: &[i32]) -> Result<i32, Trouble> {
        Ok(self.invoke(export, arguments)?)
    }
}

/// Runs a guest within its time limit, and gives the process its signal handlers back.
fn within<T, E: Into<Trouble>>(
    keeper: &Keeper,
    stopper: &Arc<Stopper>,
    code: &Code,
    limits: Limits,
    act: impl FnOnce() -> Result<T, E>,
) -> Result<T, Trouble> {
    let watched = keeper.0.over(Arc::clone(stopper) as _, limits.time);
    let signals = (code.mode != Mode::Interpreter).then(signals::keep);
    let outcome = act();
    drop((watched, signals));
    outcome.map_err(Into::into)
}
