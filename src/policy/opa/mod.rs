//! The real [OPA](https://www.openpolicyagent.org), two ways a user meets it: its server over HTTP on loopback
//! ([`Opa::server`]), and `opa eval` as a process for each decision ([`Opa::process`]). [`Opa::bench`] asks OPA's own
//! benchmark, which measures evaluation alone, as a cross-check.
//!
//! OPA is given the policy as it is shipped: a bundle of Rego and data. What the transport costs is inside the figures, and
//! named by [`Identity::transport`].
//!
//! **Which OPA.** `OPA_BIN`; else `bin/opa` in `$RUNTIME_BASELINE_TOOLS`, or in `target/tools` of the working directory;
//! else `opa` on `PATH`; 1.0 or newer, since the policies are Rego v1. `tools/setup.sh opa` brings one.
//!
//! **Limits.** The time limit ends a decision. OPA has no memory limit of its own: its process may have
//! [`Limits::memory`] and 256 MiB besides, for Go's runtime and the program itself; what exceeds that ends the process,
//! and a server is started anew for the next decision.
//!
//! **Processes.** A server is one engine's, or that of the engines that were loaded together, each with a connection of its
//! own; what ends it ends their decisions too. Processes die with this one, whatever ends it, and with their engines.

mod bench;
mod binary;
mod bundle;
mod child;
mod process;
mod server;

pub use bench::OpaBench;

use std::{sync::Arc, time::Duration};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Loader, Policy, PolicyEngine, PolicyError, PolicyForm, checked_data};
use crate::{
    Isolation, Subject,
    adapter::{Identity, Limits},
    disk::Artifact,
    process::program::Program,
};

/// How a decision is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Server,
    Process,
}

/// The real OPA: subject `opa` as a server, `opa/eval` as a process.
///
/// ```
/// use runtime_baseline::{
///     policy::{Policy, PolicyEngine, PolicyError, PolicyForm, opa::Opa},
///     runtime::Limits,
/// };
///
/// let opa = match Opa::server() {
///     Err(PolicyError::Unavailable(reason)) => return Ok(println!("{reason}")),
///     other => other?,
/// };
/// let policy = Policy::by_name("http_authz")?;
/// let mut engine = opa.prepare(&policy, PolicyForm::Source, Limits::default())?.load()?;
/// let decision = engine.evaluate(r#"{"method": "GET", "path": ["healthz"]}"#)?;
/// assert_eq!(decision, r#"{"allow":true,"reason":"granted","status":200}"#);
/// # Ok::<(), PolicyError>(())
/// ```
#[derive(Debug)]
pub struct Opa {
    identity: Identity,
    binary: Arc<Program>,
    way: Way,
}

impl Opa {
    /// `opa run --server`, asked through its Data API over one kept connection for each engine.
    ///
    /// # Errors
    /// [`PolicyError::Unavailable`] when there is no OPA here, or one that is too old.
    pub fn server() -> Result<Self, PolicyError> {
        Self::new("opa", Way::Server)
    }

    /// `opa eval`, a process for each decision.
    ///
    /// # Errors
    /// [`PolicyError::Unavailable`] when there is no OPA here, or one that is too old.
    pub fn process() -> Result<Self, PolicyError> {
        Self::new("opa/eval", Way::Process)
    }

    fn new(subject: &str, way: Way) -> Result<Self, PolicyError> {
        let subject: Subject = subject.parse().expect("a valid constant");
        let binary = binary::find(&subject)?;
        let mut identity = Identity::new(subject, binary.component.clone(), Isolation::Process);
        identity = match way {
            Way::Server => identity.via("http-loopback").with_setting("log_level", "error"),
            Way::Process => identity.via("process"),
        };
        Ok(Self { identity, binary: Arc::new(binary), way })
    }

    /// What `opa bench` measures of a case: evaluation inside OPA, without any transport. On one processor: its clock stops
    /// before each evaluation, and for that Go stops all others, which takes five times as long as what is measured.
    ///
    /// # Errors
    /// [`PolicyError`] as of [`PolicyEngine::prepare`], and [`PolicyError::Engine`] when OPA's output is not understood.
    pub fn bench(&self, policy: &Policy, input: &str, limits: Limits) -> Result<OpaBench, PolicyError> {
        let asked = Asked { processors: Some(OpaBench::PROCESSORS), ..self.asked(policy, limits)? };
        asked.check()?;
        bench::run(&asked, input)
    }

    fn asked(&self, policy: &Policy, limits: Limits) -> Result<Asked, PolicyError> {
        let data = checked_data(policy, limits)?;
        Ok(Asked {
            subject: self.identity.subject.clone(),
            policy: policy.name.clone(),
            entrypoint: policy.entrypoint.clone(),
            limits,
            processors: None,
            binary: Arc::clone(&self.binary),
            rego: Artifact::write(policy.rego.as_bytes())?,
            bundle: bundle::write(&policy.rego, data)?,
        })
    }
}

impl PolicyEngine for Opa {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn forms(&self) -> &[PolicyForm] {
        &[PolicyForm::Source]
    }

    fn holds(&self) -> bool {
        self.way == Way::Server
    }

    fn prepare(&self, policy: &Policy, form: PolicyForm, limits: Limits) -> Result<Box<dyn Loader>, PolicyError> {
        if !self.forms().contains(&form) {
            return Err(PolicyError::UnsupportedForm {
                subject: self.identity.subject.clone(),
                policy: policy.name.clone(),
                reason: "OPA compiles Rego itself and keeps nothing compiled".to_owned(),
            });
        }
        let asked = self.asked(policy, limits)?;
        asked.check()?;
        let asked = Arc::new(asked);
        Ok(match self.way {
            Way::Server => Box::new(server::Servers(asked)),
            Way::Process => Box::new(process::Processes(asked)),
        })
    }
}

/// What is asked of which policy, within which limits, of which OPA.
struct Asked {
    subject: Subject,
    policy: String,
    entrypoint: String,
    limits: Limits,
    /// On how many of the machine's it runs at the same time, where not on all.
    processors: Option<u32>,
    binary: Arc<Program>,
    rego: Artifact,
    bundle: Artifact,
}

impl Asked {
    fn time(&self) -> Duration {
        self.limits.finite_time()
    }

    /// Lets OPA say what is wrong with the policy, before anything is measured.
    fn check(&self) -> Result<(), PolicyError> {
        let bundle = child::path_for_others(self.bundle.path());
        let output = self.run(&["check", "--bundle", &bundle], "")?;
        if !output.success {
            return Err(self.refused(&output.errors));
        }
        let rego = child::path_for_others(self.rego.path());
        let output = self.run(&["parse", "--format", "json", &rego], "")?;
        let module: Module = serde_json::from_str(&output.answer)
            .map_err(|e| self.trouble(format!("opa parse gave what is not understood: {e}")))?;
        let known = module.rules(self);
        if known.contains(&self.entrypoint) {
            return Ok(());
        }
        Err(PolicyError::UnknownEntrypoint { policy: self.policy.clone(), entrypoint: self.entrypoint.clone(), known })
    }

    /// Runs OPA to its end.
    fn run(&self, arguments: &[&str], input: &str) -> Result<child::Output, PolicyError> {
        child::run(self, arguments, input)
    }

    /// What OPA's complaint about a policy means.
    fn refused(&self, said: &str) -> PolicyError {
        let policy = self.policy.clone();
        let undefined = said.split_once("rego_type_error: undefined function ").map(|(_, rest)| rest);
        match undefined.and_then(|rest| rest.split_whitespace().next()) {
            Some(builtin) => {
                PolicyError::MissingBuiltin { subject: self.subject.clone(), policy, builtin: builtin.to_owned() }
            }
            None => PolicyError::Invalid { policy, reason: said.trim().to_owned() },
        }
    }

    /// What the errors of an evaluation mean.
    fn judge(&self, errors: &[Problem]) -> PolicyError {
        let policy = self.policy.clone();
        if errors.iter().any(|error| error.code == "eval_cancel_error") {
            return PolicyError::TimeLimit { policy, limit: self.limits.time };
        }
        let reasons: Vec<_> = errors.iter().map(|error| error.message.trim()).collect();
        PolicyError::Failed { policy, reason: reasons.join("; ") }
    }

    /// What the end of OPA's process means, given what it said last.
    fn ended(&self, said: &str) -> PolicyError {
        // What Go's runtime says when the kernel refuses it memory. Where the refusal meets the runtime's own allocations, it
        // touches the page that it did not get, at address 0 and outside any of the program's goroutines.
        if ["out of memory", "cannot allocate memory", "addr=0x0\n\ngoroutine 0 "]
            .iter()
            .any(|words| said.contains(words))
        {
            return PolicyError::MemoryLimit { policy: self.policy.clone(), limit: self.limits.memory };
        }
        let said = if said.is_empty() { "it said nothing" } else { said };
        self.trouble(format!("OPA ended: {said}"))
    }

    fn trouble(&self, reason: String) -> PolicyError {
        PolicyError::Engine { subject: self.subject.clone(), reason }
    }
}

/// An error in OPA's answers.
#[derive(Debug, Deserialize)]
struct Problem {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// The input, checked: it becomes part of a larger document.
fn checked_input(input: &str) -> Result<&RawValue, PolicyError> {
    serde_json::from_str(input).map_err(|e| PolicyError::Input { reason: e.to_string() })
}

/// What `opa parse` prints of a module.
#[derive(Deserialize)]
struct Module {
    package: Package,
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Package {
    path: Vec<Term>,
}

#[derive(Deserialize)]
struct Rule {
    head: Head,
}

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    name: String,
    #[serde(default, rename = "ref")]
    reference: Vec<Term>,
}

#[derive(Deserialize)]
struct Term {
    value: serde_json::Value,
}

impl Module {
    /// Paths of the rules, without `data`, each once.
    fn rules(&self, asked: &Asked) -> Vec<String> {
        let text = |term: &Term| term.value.as_str().map(str::to_owned);
        let package: Vec<_> = self.package.path.iter().skip(1).filter_map(text).collect();
        let mut rules: Vec<String> = Vec::new();
        for Rule { head } in &self.rules {
            let mut path = package.clone();
            if head.reference.is_empty() {
                path.push(head.name.clone());
            } else {
                path.extend(head.reference.iter().map_while(text));
            }
            let mut path = path.join("/");
            // `p contains x` and `p[x] := y` are asked as `p`.
            if path != asked.entrypoint && head.reference.len() > 1 {
                path = [package.join("/"), text(&head.reference[0]).unwrap_or_default()].join("/");
            }
            if !rules.contains(&path) {
                rules.push(path);
            }
        }
        rules
    }
}
