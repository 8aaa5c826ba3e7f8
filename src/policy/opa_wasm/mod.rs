//! OPA's Wasm on Wasmtime, through [opa-wasm](https://github.com/matrix-org/rust-opa-wasm).
//!
//! The policy's `policy.wasm` is what OPA compiled (`opa build -t wasm`). One engine serves every policy, and one compiled
//! module every engine of a loader that is alive at the same time; each has a memory of its own.
//!
//! **Limits.** OPA's memory has no maximum: its growth is refused beyond [`Limits::memory`]. The time limit is kept by
//! Wasmtime's epochs, to within two ticks of 10 ms, while the policy runs, its data is parsed, or it is instantiated.
//!
//! **Builtins.** OPA compiles most of them into the Wasm; the host provides `semver.compare`, `semver.is_valid` and
//! `sprintf`. A policy that needs another is refused when it is prepared. Where OPA takes a host builtin's error for
//! undefined (`sprintf` of a value that is neither text nor number, `semver.compare` of what is no version), the crate
//! fails the evaluation: [`PolicyError::Failed`].

mod code;
mod guest;

use std::sync::Arc;

use ::opa_wasm::{DefaultContext, Policy as Loaded, Runtime};
use serde::Deserialize;
use serde_json::value::RawValue;
use wasmtime::{Config, Engine, Module, Store};

use self::{
    code::Code,
    guest::{Host, Instance, ready},
};
use super::{
    Evaluator, Loader, Policy, PolicyEngine, PolicyError, PolicyForm, checked_data, live::Live, opa_abi::Contents,
    opa_builtins, read,
};
use crate::{
    Component, Isolation, Subject,
    disk::Artifact,
    runtime::{
        Identity, Limits,
        wasmtime::ticker::{TICK, Ticker, ticks},
    },
    versions,
};

/// OPA's Wasm on Wasmtime, subject `opa-wasm/wasmtime`.
///
/// ```
/// use runtime_baseline::{
///     policy::{Policy, PolicyEngine, PolicyForm, opa_wasm::OpaWasm},
///     runtime::Limits,
/// };
///
/// let policy = Policy::by_name("http_authz")?;
/// let loader = OpaWasm::new()?.prepare(&policy, PolicyForm::Precompiled, Limits::default())?;
/// let mut engine = loader.load()?;
/// let decision = engine.evaluate(r#"{"method": "GET", "path": ["healthz"]}"#)?;
/// assert_eq!(decision, r#"{"allow":true,"reason":"granted","status":200}"#);
/// # Ok::<(), runtime_baseline::policy::PolicyError>(())
/// ```
#[derive(Debug)]
pub struct OpaWasm {
    identity: Identity,
    engine: Engine,
    ticker: Arc<Ticker>,
}

impl OpaWasm {
    /// The engine, with the thread that keeps its time limits.
    ///
    /// # Errors
    /// [`PolicyError::Unavailable`] when the crate's exact version is not known, [`PolicyError::Engine`] when Wasmtime or
    /// the thread cannot be started.
    pub fn new() -> Result<Self, PolicyError> {
        let subject: Subject = "opa-wasm/wasmtime".parse().expect("a valid constant");
        let failed = |reason: String| PolicyError::Engine { subject: subject.clone(), reason };
        let engine =
            Engine::new(Config::new().epoch_interruption(true).wasm_gc(false)).map_err(|e| failed(format!("{e:#}")))?;
        let ticker = Ticker::new().map_err(|e| failed(format!("its ticker thread: {e}")))?;
        ticker.add(&engine);
        let wasmtime = Component::new("wasmtime", wasmtime_environ::VERSION).map_err(|e| failed(e.to_string()))?;
        let identity = Identity::new(subject.clone(), versions::component(&subject, "opa-wasm")?, Isolation::InProcess)
            .with_component(wasmtime)
            .with_setting("compiler", "cranelift")
            .with_setting("allocator", "on-demand")
            .with_setting("epoch_tick", format!("{TICK:?}"));
        Ok(Self { identity, engine, ticker: Arc::new(ticker) })
    }
}

impl PolicyEngine for OpaWasm {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn forms(&self) -> &[PolicyForm] {
        &[PolicyForm::Source, PolicyForm::Precompiled]
    }

    fn prepare(&self, policy: &Policy, form: PolicyForm, limits: Limits) -> Result<Box<dyn Loader>, PolicyError> {
        Ok(Box::new(self.on_disk(policy, form, limits)?))
    }
}

impl OpaWasm {
    fn on_disk(&self, policy: &Policy, form: PolicyForm, limits: Limits) -> Result<OnDisk, PolicyError> {
        let asked = Asked {
            subject: self.identity.subject.clone(),
            policy: policy.name.clone(),
            entrypoint: policy.entrypoint.clone(),
            limits,
            engine: self.engine.clone(),
            ticker: Arc::clone(&self.ticker),
        };
        let Some(wasm) = &policy.wasm else {
            return Err(PolicyError::UnsupportedForm {
                subject: asked.subject,
                policy: asked.policy,
                reason: "it has no policy.wasm; make one with `opa build -t wasm`".to_owned(),
            });
        };
        let data = checked_data(policy, limits)?;
        let module = Module::from_binary(&self.engine, wasm).map_err(|e| asked.invalid(format!("{e:#}")))?;
        let contents = {
            let mut instance = Instance::new(&asked, &module)?;
            Contents::of(&mut instance).map_err(|reason| instance.judge(&asked, reason))?
        };
        contents.check(&asked.subject, &asked.policy, &asked.entrypoint, &opa_builtins::NAMES)?;
        let code = match form {
            PolicyForm::Source => Code::wasm(wasm)?,
            PolicyForm::Precompiled => Code::machine(&module).map_err(|e| asked.trouble(format!("{e:#}")))??,
        };
        let data = Artifact::write(data.as_bytes())?;
        Ok(OnDisk { asked: Arc::new(asked), code, data, live: Live::default() })
    }
}

/// What is asked of which policy, within which limits, on which engine.
struct Asked {
    subject: Subject,
    policy: String,
    entrypoint: String,
    limits: Limits,
    engine: Engine,
    ticker: Arc<Ticker>,
}

impl Asked {
    /// A store with the limits in force. Its time runs from now.
    fn store(&self) -> Store<Host> {
        let mut store = Store::new(&self.engine, Host::new(self.limits.memory));
        store.limiter(|host| host);
        store.set_epoch_deadline(ticks(self.limits.time));
        store
    }

    fn invalid(&self, reason: String) -> PolicyError {
        PolicyError::Invalid { policy: self.policy.clone(), reason }
    }

    fn trouble(&self, reason: String) -> PolicyError {
        PolicyError::Engine { subject: self.subject.clone(), reason }
    }
}

struct OnDisk {
    asked: Arc<Asked>,
    code: Code,
    data: Artifact,
    /// The module of the engines that are alive.
    live: Live<Module>,
}

impl Loader for OnDisk {
    fn load(&self) -> Result<Box<dyn Evaluator>, PolicyError> {
        let asked = Arc::clone(&self.asked);
        let module = self.live.get(|| self.code.load(&asked))?;
        let data = read(&self.data)?;
        let data: &RawValue = serde_json::from_str(&data)
            .map_err(|e| PolicyError::Data { policy: asked.policy.clone(), reason: e.to_string() })?;
        let mut store = asked.store();
        let loaded = {
            let _running = asked.ticker.running();
            let runtime = ready(Runtime::new(&mut store, &module));
            let runtime = runtime.map_err(|e| guest::judge(&asked, &store, e.as_ref()))?;
            let loaded = ready(runtime.with_data(&mut store, &data));
            loaded.map_err(|e| guest::judge(&asked, &store, e.as_ref()))?
        };
        Ok(Box::new(InMemory { asked, store, loaded, _module: module }))
    }
}

struct InMemory {
    asked: Arc<Asked>,
    store: Store<Host>,
    loaded: Loaded<DefaultContext>,
    /// Keeps it for the others of the loader.
    _module: Arc<Module>,
}

/// OPA's Wasm gives a set of these: one, or none when the query is undefined.
#[derive(Deserialize)]
struct Answer {
    result: Box<RawValue>,
}

impl Evaluator for InMemory {
    fn evaluate(&mut self, input: &str) -> Result<String, PolicyError> {
        let input: &RawValue = serde_json::from_str(input).map_err(|e| PolicyError::Input { reason: e.to_string() })?;
        let asked = &*self.asked;
        let _running = asked.ticker.running();
        self.store.set_epoch_deadline(ticks(asked.limits.time));
        let answers = ready(self.loaded.evaluate(&mut self.store, &asked.entrypoint, &input));
        let mut answers: Vec<Answer> = answers.map_err(|e| guest::judge(asked, &self.store, e.as_ref()))?;
        Ok(answers.pop().map_or_else(|| "null".to_owned(), |answer| Box::<str>::from(answer.result).into()))
    }
}

#[cfg(test)]
mod tests;
