//! wasmi, an interpreter written in Rust alone, in this process, at two temperatures.
//!
//! | temperature | before the clock starts | inside a start |
//! |---|---|---|
//! | cold | the .wasm on disk | read it, a fresh engine, validate, translate, link, instantiate, run to ready |
//! | warm | engine, module translated, host functions | a store, look the imports up, instantiate, run to ready |
//!
//! **Translation.** wasmi makes instructions of its own of the module's, and these are not stored, so there is no precompiled
//! start. By itself it does that at a function's first call; here all of it is done when the module is loaded, in a cold start
//! as well: wasmi 1.1 cannot go on with an indirect call whose translation ran out of fuel, and fuel is what keeps the time
//! limit. The settings say `translation: eager`.
//!
//! **Time limit.** A guest runs on fuel, in slices of 100,000 instructions or so; after each the clock is looked at, and in every
//! import as well. Code with fuel is somewhat slower than without, and the settings say so. A single instruction that moves
//! gigabytes is not stopped in its midst, nor is translation.
//!
//! **Start section.** wasmi runs it in one go with what fuel there is, and cannot go on with it. So a module that has one is
//! given an export in its place, which is called in slices before `_start`: the artifact on disk is that module.
//!
//! **Memory limit.** A module whose memory is larger than the limit from the start, and one that asks to grow beyond it, end
//! alike, in [`RuntimeError::MemoryLimit`]; so do tables of more than 10,000 elements together, or one for each 4 KiB of the
//! limit where that is more. The stack is the engine's default: 1,000 calls, and 8 MB of values.
//!
//! **Files.** The module is a file without a name, in `TMPDIR` or else `/var/tmp`: nothing is left of it when the process ends,
//! however it ends.

mod guest;
mod host;
mod start_section;

use self::guest::{Cold, Job, Warm};
use super::{Artifact, Identity, Limits, Runtime, RuntimeError, Workload, room, wasm};
use crate::{Isolation, Subject, Temperature, versions};

/// The wasmi interpreter.
///
/// ```
/// use runtime_baseline::Temperature;
/// use runtime_baseline::runtime::{Runtime, Workload, wasmi::Wasmi};
///
/// let wasmi = Wasmi::new()?;
/// let artifact = wasmi.prepare(&Workload::ready(), Temperature::Warm)?;
/// let before = runtime_baseline::clock::monotonic();
/// let instance = artifact.start()?;
/// println!("{}: {} ns", wasmi.identity().components[0], instance.ready_at() - before);
/// # Ok::<(), runtime_baseline::runtime::RuntimeError>(())
/// ```
#[derive(Debug)]
pub struct Wasmi {
    identity: Identity,
    limits: Limits,
}

impl Wasmi {
    /// wasmi with the default [`Limits`].
    ///
    /// # Errors
    /// As [`with_limits`](Self::with_limits).
    pub fn new() -> Result<Self, RuntimeError> {
        Self::with_limits(Limits::default())
    }

    /// wasmi with limits of one's own, for each of its instances.
    ///
    /// # Errors
    /// [`RuntimeError::Unavailable`] when the engine's exact version is not known.
    ///
    /// # Panics
    /// Never: its name is a constant that is valid.
    pub fn with_limits(limits: Limits) -> Result<Self, RuntimeError> {
        let subject: Subject = "wasmi".parse().expect("a valid constant");
        let component = versions::component(&subject, "wasmi")?;
        let mut identity = Identity::new(subject, component, Isolation::InProcess);
        for (name, value) in guest::settings().into_iter().chain(wasm::settings(&limits)) {
            identity = identity.with_setting(name, value);
        }
        Ok(Self { identity, limits })
    }
}

impl Runtime for Wasmi {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn temperatures(&self) -> &[Temperature] {
        &[Temperature::Cold, Temperature::Warm]
    }

    fn prepare(&self, workload: &Workload, temperature: Temperature) -> Result<Box<dyn Artifact>, RuntimeError> {
        let (of, wasm) = wasm::Job::of(self, self.limits, workload, temperature)?;
        let (job, wasm) = Job::new(of, wasm)?;
        Ok(match temperature {
            Temperature::Cold => Box::new(Cold::new(job, &wasm)?),
            _ => Box::new(Warm::new(job, &wasm)?),
        })
    }
}

#[cfg(test)]
mod tests;
