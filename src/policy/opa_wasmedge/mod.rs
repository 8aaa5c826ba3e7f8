//! OPA's Wasm on WasmEdge, against OPA's ABI 1.2 and newer.
//!
//! The policy's `policy.wasm` is what OPA compiled (`opa build -t wasm`). WasmEdge runs it in one of two modes, each an
//! engine of its own, as [`runtime::wasmedge`](crate::runtime::wasmedge) has them:
//!
//! - [`OpaWasmEdge::aot`]: machine code, compiled ahead of time. The compiler, LLVM, takes seconds for a policy, so what
//!   it made is kept as long as the process lives, for every policy with the same Wasm. It is the precompiled form alone.
//! - [`OpaWasmEdge::interpreter`]: the Wasm as it is: the source form alone.
//!
//! The engines of a loader that are alive at the same time share the loaded module; each has a memory of its own.
//!
//! **Limits.** OPA's memory has no maximum; the host gives it one that has [`Limits::memory`]. The time limit is kept while
//! the policy runs, its data is parsed, or it is instantiated; for machine code by a question that is woven into the Wasm
//! before it is compiled, since WasmEdge's own way makes a decision eight times slower. Arrays and objects of an input, or of
//! the data, may lie in each other [`DEPTH`] deep: OPA's parser recurses, and machine code has no stack but the thread's.
//!
//! **Builtins.** OPA compiles most of them into the Wasm; the host provides `semver.compare`, `semver.is_valid` and
//! `sprintf`. A policy that needs another is refused when it is prepared. `sprintf` of a value that is neither text nor
//! number, which OPA prints in a notation of its own, fails the evaluation: [`PolicyError::Failed`].

mod guest;
mod weave;

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use serde::Deserialize;
use serde_json::value::RawValue;

use self::guest::Loaded;
use super::{
    Evaluator, Loader, Policy, PolicyEngine, PolicyError, PolicyForm, checked_data, live::Live, opa_abi::Contents,
    opa_builtins, read,
};
use crate::{
    Isolation, Subject,
    disk::Artifact,
    runtime::{
        Identity, Limits, RuntimeError,
        wasmedge::{
            Mode,
            callable::{self, Code, Keeper, Trouble},
        },
    },
    versions,
};

/// How deep arrays and objects of an input, or of the data, may lie in each other.
pub const DEPTH: usize = 1_000;

/// OPA's Wasm on WasmEdge: subject `opa-wasm/wasmedge`, and `opa-wasm/wasmedge/interpreter`.
///
/// ```
/// use runtime_baseline::{
///     policy::{Policy, PolicyEngine, PolicyForm, opa_wasmedge::OpaWasmEdge},
///     runtime::Limits,
/// };
///
/// let policy = Policy::by_name("http_authz")?;
/// let loader = OpaWasmEdge::interpreter()?.prepare(&policy, PolicyForm::Source, Limits::default())?;
/// let mut engine = loader.load()?;
/// let decision = engine.evaluate(r#"{"method": "GET", "path": ["healthz"]}"#)?;
/// assert_eq!(decision, r#"{"allow":true,"reason":"granted","status":200}"#);
/// # Ok::<(), runtime_baseline::policy::PolicyError>(())
/// ```
#[derive(Debug)]
pub struct OpaWasmEdge {
    identity: Identity,
    mode: Mode,
    keeper: Arc<Keeper>,
}

impl OpaWasmEdge {
    /// Machine code, compiled ahead of time.
    ///
    /// # Errors
    /// [`PolicyError::Unavailable`] when the library that was loaded is not of the version that this adapter is for;
    /// [`PolicyError::Engine`] when the thread that keeps the time limit cannot be started.
    pub fn aot() -> Result<Self, PolicyError> {
        Self::new("opa-wasm/wasmedge", Mode::Aot)
    }

    /// The interpreter.
    ///
    /// # Errors
    /// As [`aot`](Self::aot).
    pub fn interpreter() -> Result<Self, PolicyError> {
        Self::new("opa-wasm/wasmedge/interpreter", Mode::Interpreter)
    }

    fn new(subject: &str, mode: Mode) -> Result<Self, PolicyError> {
        let subject: Subject = subject.parse().expect("a valid constant");
        let failed = |reason: String| PolicyError::Engine { subject: subject.clone(), reason };
        let component = callable::component(&subject).map_err(|error| match error {
            RuntimeError::Unavailable(unavailable) => PolicyError::Unavailable(unavailable),
            other => failed(other.to_string()),
        })?;
        let keeper = Keeper::new().map_err(|error| failed(format!("its time limit thread: {error}")))?;
        let mut identity = Identity::new(subject.clone(), component, Isolation::InProcess)
            .with_component(versions::component(&subject, "wasmedge-sdk")?)
            .with_setting("run_mode", mode);
        if mode != Mode::Interpreter {
            for (name, value) in callable::COMPILER {
                identity = identity.with_setting(name, value);
            }
            identity = identity.with_setting("time_limit", "asked by functions and loops");
        }
        Ok(Self { identity, mode, keeper: Arc::new(keeper) })
    }

    fn on_disk(&self, policy: &Policy, form: PolicyForm, limits: Limits) -> Result<OnDisk, PolicyError> {
        let asked = Asked {
            subject: self.identity.subject.clone(),
            policy: policy.name.clone(),
            entrypoint: policy.entrypoint.clone(),
            limits,
            mode: self.mode,
            keeper: Arc::clone(&self.keeper),
        };
        if !self.forms().contains(&form) {
            let reason = match self.mode {
                Mode::Interpreter => "the interpreter keeps nothing compiled",
                _ => "it runs what was compiled ahead of time; opa-wasm/wasmedge/interpreter takes the source",
            };
            return Err(asked.unsupported(reason));
        }
        let Some(wasm) = &policy.wasm else {
            return Err(asked.unsupported("it has no policy.wasm; make one with `opa build -t wasm`"));
        };
        let data = checked_data(policy, limits)?;
        if !is_flat_enough(data) {
            return Err(PolicyError::Data { policy: asked.policy, reason: too_deep() });
        }
        let mut file = Arc::new(Artifact::write(wasm)?);
        let interpreted =
            Code::load(Mode::Interpreter, limits, Arc::clone(&file), None).map_err(|trouble| asked.judge(trouble))?;
        let contents = guest::contents(&asked, Arc::new(interpreted))?;
        contents.check(&asked.subject, &asked.policy, &asked.entrypoint, &opa_builtins::NAMES)?;
        if self.mode == Mode::Aot {
            file = compiled(&asked, wasm)?;
        }
        let data = Artifact::write(data.as_bytes())?;
        Ok(OnDisk { asked: Arc::new(asked), contents, file, data, live: Live::default() })
    }
}

impl PolicyEngine for OpaWasmEdge {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn forms(&self) -> &[PolicyForm] {
        match self.mode {
            Mode::Interpreter => &[PolicyForm::Source],
            _ => &[PolicyForm::Precompiled],
        }
    }

    fn prepare(&self, policy: &Policy, form: PolicyForm, limits: Limits) -> Result<Box<dyn Loader>, PolicyError> {
        Ok(Box::new(self.on_disk(policy, form, limits)?))
    }
}

/// Whether nothing in this JSON lies deeper than [`DEPTH`].
fn is_flat_enough(json: &str) -> bool {
    let (mut depth, mut text, mut escaped) = (0_usize, false, false);
    // What is so short has no room for more.
    json.len() <= DEPTH
        || json.bytes().all(|byte| {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = text,
                b'"' => text = !text,
                b'[' | b'{' if !text => depth += 1,
                b']' | b'}' if !text => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth <= DEPTH
        })
}

fn too_deep() -> String {
    format!("arrays and objects lie more than {DEPTH} deep in each other")
}

/// The machine code of `wasm`, on disk; compiled once in the life of the process. That it runs as such is checked.
fn compiled(asked: &Asked, wasm: &Arc<[u8]>) -> Result<Arc<Artifact>, PolicyError> {
    type ByWasm = HashMap<Arc<[u8]>, Arc<Artifact>>;
    static COMPILED: LazyLock<Mutex<ByWasm>> = LazyLock::new(Mutex::default);
    // Held while it compiles: who wants the same waits for it.
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(file) = compiled.get(wasm) {
        return Ok(Arc::clone(file));
    }
    let woven = weave::weave(wasm).map_err(|reason| asked.invalid(reason))?;
    let file = Arc::new(callable::machine_code(&woven).map_err(|trouble| asked.judge(trouble))?);
    let _loaded = asked.code(&file)?;
    if callable::is_mapped_as_code(file.path()) == Some(false) {
        return Err(asked.judge(Trouble::Engine(format!(
            "it would interpret the policy that it compiled: its code is not mapped; if {} is on a file system mounted noexec, set \
             TMPDIR to a directory on one that is not",
            crate::disk::directory().display()
        ))));
    }
    compiled.insert(Arc::clone(wasm), Arc::clone(&file));
    Ok(file)
}

/// What is asked of which policy, within which limits, on which engine.
struct Asked {
    subject: Subject,
    policy: String,
    entrypoint: String,
    limits: Limits,
    mode: Mode,
    keeper: Arc<Keeper>,
}

impl Asked {
    fn code(&self, file: &Arc<Artifact>) -> Result<Code, PolicyError> {
        let stop = (self.mode == Mode::Aot).then_some(weave::STOP);
        Code::load(self.mode, self.limits, Arc::clone(file), stop).map_err(|trouble| self.judge(trouble))
    }

    fn unsupported(&self, reason: &str) -> PolicyError {
        let (subject, policy) = (self.subject.clone(), self.policy.clone());
        PolicyError::UnsupportedForm { subject, policy, reason: reason.to_owned() }
    }

    fn invalid(&self, reason: String) -> PolicyError {
        PolicyError::Invalid { policy: self.policy.clone(), reason }
    }

    fn judge(&self, trouble: Trouble) -> PolicyError {
        let policy = self.policy.clone();
        match trouble {
            Trouble::Memory => PolicyError::MemoryLimit { policy, limit: self.limits.memory },
            Trouble::Time => PolicyError::TimeLimit { policy, limit: self.limits.time },
            Trouble::Invalid(reason) => PolicyError::Invalid { policy, reason },
            Trouble::Failed(reason) => PolicyError::Failed { policy, reason },
            Trouble::Engine(reason) => PolicyError::Engine { subject: self.subject.clone(), reason },
            Trouble::Disk(error) => error.into(),
        }
    }
}

struct OnDisk {
    asked: Arc<Asked>,
    contents: Contents,
    file: Arc<Artifact>,
    data: Artifact,
    /// The module of the engines that are alive.
    live: Live<Code>,
}

impl Loader for OnDisk {
    fn load(&self) -> Result<Box<dyn Evaluator>, PolicyError> {
        let data = read(&self.data)?;
        let code = self.live.get(|| self.asked.code(&self.file))?;
        let loaded = Loaded::new(&self.asked, code, &self.contents, &data)?;
        Ok(Box::new(InMemory { asked: Arc::clone(&self.asked), loaded }))
    }
}

struct InMemory {
    asked: Arc<Asked>,
    loaded: Loaded,
}

/// OPA's Wasm gives a set of these: one, or none when the query is undefined.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    result: &'a RawValue,
}

impl Evaluator for InMemory {
    fn evaluate(&mut self, input: &str) -> Result<String, PolicyError> {
        let input: &RawValue = serde_json::from_str(input).map_err(|e| PolicyError::Input { reason: e.to_string() })?;
        if !is_flat_enough(input.get()) {
            return Err(PolicyError::Input { reason: too_deep() });
        }
        let answers = self.loaded.decide(&self.asked, input.get())?;
        let understood: Result<Vec<Answer<'_>>, _> = serde_json::from_slice(&answers);
        let answers = understood.map_err(|error| {
            let reason = format!("its answer is not understood: {error}");
            PolicyError::Failed { policy: self.asked.policy.clone(), reason }
        })?;
        Ok(answers.last().map_or_else(|| "null".to_owned(), |answer| answer.result.get().to_owned()))
    }
}

#[cfg(test)]
mod tests;
