//! [regorus](https://github.com/microsoft/regorus), the Rego engine in Rust: its interpreter, and its register machine.
//!
//! Its regular release counts memory only when it replaces the process's global allocator, which a library must not do
//! to its users. So [`Limits::memory`] bounds the data document and the input: their JSON text is a lower bound of what
//! they take. What a comprehension or a builtin collects while it runs is bounded by [`Limits::time`] alone, and a builtin is not
//! stopped: an answer that comes after its time is none.
//!
//! Where the register machine of 0.14.1 departs from the interpreter and from OPA, seen while these policies were
//! written; the tests below notice when it no longer does:
//! - two values for one rule are undefined instead of an error;
//! - an `else` after a body whose iteration found nothing is never reached: put the iteration into a rule of its own;
//! - `every` takes a call for true although the function's last definition failed after its first expression: use
//!   `not` and a rule that looks for the opposite.

mod contained;

use std::{num::NonZeroU32, sync::Arc};

use ::regorus::{
    Engine, LimitError, Value,
    languages::rego::compiler::{Compiler, CompilerError},
    rvm::{Program, RegoVM, program::DeserializationResult, vm::VmError},
    utils::limits::ExecutionTimerConfig,
};

use self::contained::{Contained, caught};
use super::{Evaluator, Loader, Policy, PolicyEngine, PolicyError, PolicyForm, checked_data, read, read_bytes};
use crate::{
    Component, Isolation, Subject,
    adapter::{Identity, Limits},
    disk::Artifact,
};

/// Steps between two looks at the clock: a look costs 30 ns, a step 10 ns to 1 µs, so that a limit is noticed within
/// 0.3 ms and costs below 2 %.
const CHECK_INTERVAL: NonZeroU32 = NonZeroU32::new(256).expect("not zero");

/// How regorus decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Machine {
    /// `Engine::eval_rule`.
    Interpreter,
    /// A `Program` on a `RegoVM`.
    Rvm,
}

/// The engine.
///
/// ```
/// use runtime_baseline::{
///     policy::{Policy, PolicyEngine, PolicyForm, regorus::Regorus},
///     runtime::Limits,
/// };
///
/// let policy = Policy::by_name("http_authz")?;
/// let loader = Regorus::rvm().prepare(&policy, PolicyForm::Precompiled, Limits::default())?;
/// let mut engine = loader.load()?;
/// let decision = engine.evaluate(r#"{"method": "GET", "path": ["healthz"]}"#)?;
/// assert_eq!(decision, r#"{"allow":true,"reason":"granted","status":200}"#);
/// # Ok::<(), runtime_baseline::policy::PolicyError>(())
/// ```
#[derive(Debug)]
pub struct Regorus {
    identity: Identity,
    machine: Machine,
}

impl Regorus {
    /// The interpreter, subject `regorus`.
    #[must_use]
    pub fn interpreter() -> Self {
        Self::new("regorus", Machine::Interpreter)
    }

    /// The register machine, subject `regorus/rvm`: the policy is compiled to a program, which can be kept on disk.
    #[must_use]
    pub fn rvm() -> Self {
        Self::new("regorus/rvm", Machine::Rvm)
    }

    fn new(subject: &str, machine: Machine) -> Self {
        let subject: Subject = subject.parse().expect("a valid constant");
        // The library's own word: it stamps the programs it compiles with its version.
        let version = Program::new().metadata.compiler_version;
        let component = Component::new("regorus", version).expect("regorus has a version");
        let identity = Identity::new(subject, component, Isolation::InProcess)
            .with_setting("rego", "v1")
            .with_setting("time_check_interval", CHECK_INTERVAL)
            .with_setting("instruction_limit", "none");
        Self { identity, machine }
    }
}

impl PolicyEngine for Regorus {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn forms(&self) -> &[PolicyForm] {
        match self.machine {
            Machine::Interpreter => &[PolicyForm::Source],
            Machine::Rvm => &[PolicyForm::Source, PolicyForm::Precompiled],
        }
    }

    fn prepare(&self, policy: &Policy, form: PolicyForm, limits: Limits) -> Result<Box<dyn Loader>, PolicyError> {
        let subject = &self.identity.subject;
        if !self.forms().contains(&form) {
            return Err(PolicyError::UnsupportedForm {
                subject: subject.clone(),
                policy: policy.name.clone(),
                reason: "the interpreter has nothing but the source; ask regorus/rvm".to_owned(),
            });
        }
        let data = checked_data(policy, limits)?;
        let rule = format!("data.{}", policy.entrypoint.replace('/', "."));
        let asked = Asked { subject: subject.clone(), policy: policy.name.clone(), rule, limits };
        let compiled = caught(&asked, || Ok(asked.compile(&policy.rego)))?;
        // The interpreter learns of a missing function only when it gets there; the compiler knows.
        if self.machine == Machine::Interpreter {
            match compiled {
                // What only the compiler cannot do is no reason to refuse.
                Ok(_) | Err(Refusal::CompilerOnly(_)) => {}
                Err(Refusal::Policy(error)) => return Err(error),
            }
            let rego = Artifact::write(policy.rego.as_bytes())?;
            return Ok(Box::new(Interpreted { asked, rego, data: Artifact::write(data.as_bytes())? }));
        }
        let program = compiled.map_err(Refusal::into_error)?;
        let code = match form {
            PolicyForm::Source => Artifact::write(policy.rego.as_bytes())?,
            PolicyForm::Precompiled => {
                Artifact::write(&program.serialize_binary().map_err(|reason| asked.invalid(reason))?)?
            }
        };
        Ok(Box::new(Compiled { asked, form, code, data: Artifact::write(data.as_bytes())? }))
    }
}

/// What is asked of which policy, within which limits.
#[derive(Debug, Clone)]
struct Asked {
    subject: Subject,
    policy: String,
    rule: String,
    limits: Limits,
}

/// Why a policy did not compile to a program.
enum Refusal {
    /// The policy is wrong.
    Policy(PolicyError),
    /// The compiler cannot do what the interpreter can.
    CompilerOnly(PolicyError),
}

impl Refusal {
    fn into_error(self) -> PolicyError {
        match self {
            Self::Policy(error) | Self::CompilerOnly(error) => error,
        }
    }
}

impl Asked {
    fn timer(&self) -> ExecutionTimerConfig {
        ExecutionTimerConfig { limit: self.limits.time, check_interval: CHECK_INTERVAL }
    }

    fn invalid(&self, reason: impl ToString) -> PolicyError {
        PolicyError::Invalid { policy: self.policy.clone(), reason: reason.to_string().trim().to_owned() }
    }

    fn failed(&self, reason: impl ToString) -> PolicyError {
        PolicyError::Failed { policy: self.policy.clone(), reason: reason.to_string().trim().to_owned() }
    }

    fn too_slow(&self) -> PolicyError {
        PolicyError::TimeLimit { policy: self.policy.clone(), limit: self.limits.time }
    }

    fn parse(&self, rego: String) -> Result<Engine, PolicyError> {
        let mut engine = Engine::new();
        // As OPA does: a builtin that is given what it cannot take is undefined.
        engine.set_strict_builtin_errors(false);
        engine.add_policy(format!("{}.rego", self.policy), rego).map_err(|e| self.invalid(e))?;
        Ok(engine)
    }

    fn parse_data(&self, json: &str) -> Result<Value, PolicyError> {
        Value::from_json_str(json).map_err(|e| PolicyError::Data { policy: self.policy.clone(), reason: e.to_string() })
    }

    fn parse_input(&self, json: &str) -> Result<Value, PolicyError> {
        if json.len() as u64 > self.limits.memory {
            return Err(PolicyError::MemoryLimit { policy: self.policy.clone(), limit: self.limits.memory });
        }
        Value::from_json_str(json).map_err(|e| PolicyError::Input { reason: e.to_string() })
    }

    fn compile(&self, rego: &str) -> Result<Arc<Program>, Refusal> {
        let mut engine = self.parse(rego.to_owned()).map_err(Refusal::Policy)?;
        let compiled = engine.compile_with_entrypoint(&self.rule.as_str().into()).map_err(|e| {
            // regorus has no type for it; the conformance suite notices when it changes its words.
            Refusal::Policy(if e.to_string() == "not a valid rule path" {
                PolicyError::UnknownEntrypoint {
                    policy: self.policy.clone(),
                    entrypoint: self.rule.trim_start_matches("data.").replace('.', "/"),
                    known: Vec::new(),
                }
            } else {
                self.invalid(e)
            })
        })?;
        Compiler::compile_from_policy(&compiled, &[&self.rule]).map_err(|e| match &e.error {
            CompilerError::UnknownFunction { name } | CompilerError::UnknownBuiltinFunction { name } => {
                Refusal::Policy(PolicyError::MissingBuiltin {
                    subject: self.subject.clone(),
                    policy: self.policy.clone(),
                    builtin: name.clone(),
                })
            }
            _ => Refusal::CompilerOnly(self.invalid(&e)),
        })
    }
}

struct Interpreted {
    asked: Asked,
    rego: Artifact,
    data: Artifact,
}

impl Loader for Interpreted {
    fn load(&self) -> Result<Box<dyn Evaluator>, PolicyError> {
        let (rego, data) = (read(&self.rego)?, read(&self.data)?);
        let engine = caught(&self.asked, || {
            let mut engine = self.asked.parse(rego)?;
            engine.add_data(self.asked.parse_data(&data)?).map_err(|e| self.asked.invalid(e))?;
            engine.set_execution_timer_config(self.asked.timer());
            Ok(engine)
        })?;
        Ok(Box::new(Contained::new(&self.asked, engine)))
    }
}

impl Evaluator for Contained<Engine> {
    fn evaluate(&mut self, input: &str) -> Result<String, PolicyError> {
        self.decide(input, |asked, engine, input| {
            engine.set_input(input);
            engine.eval_rule(asked.rule.clone()).map_err(|e| match e.downcast_ref() {
                Some(LimitError::TimeLimitExceeded { .. }) => asked.too_slow(),
                _ => asked.failed(e),
            })
        })
    }
}

struct Compiled {
    asked: Asked,
    form: PolicyForm,
    code: Artifact,
    data: Artifact,
}

impl Loader for Compiled {
    fn load(&self) -> Result<Box<dyn Evaluator>, PolicyError> {
        let program = match self.form {
            PolicyForm::Source => {
                let rego = read(&self.code)?;
                caught(&self.asked, || self.asked.compile(&rego).map_err(Refusal::into_error))?
            }
            PolicyForm::Precompiled => match Program::deserialize_binary(&read_bytes(&self.code)?) {
                Ok(DeserializationResult::Complete(program)) => Arc::new(program),
                Ok(DeserializationResult::Partial(_)) => {
                    return Err(self.asked.invalid("the program was compiled by another version of regorus"));
                }
                Err(reason) => return Err(self.asked.invalid(reason)),
            },
        };
        let mut vm = RegoVM::new();
        vm.load_program(program);
        // The default stops at 25,000 instructions, which a scan of 1,000 bindings exceeds; time is what is limited.
        vm.set_max_instructions(usize::MAX);
        vm.set_strict_builtin_errors(false);
        vm.set_execution_timer_config(Some(self.asked.timer()));
        let data = self.asked.parse_data(&read(&self.data)?)?;
        vm.set_data(data).map_err(|e| self.asked.invalid(e))?;
        Ok(Box::new(Contained::new(&self.asked, vm)))
    }
}

impl Evaluator for Contained<RegoVM> {
    fn evaluate(&mut self, input: &str) -> Result<String, PolicyError> {
        self.decide(input, |asked, vm, input| {
            vm.set_input(input);
            vm.execute_entry_point_by_index(0).map_err(|e| match e {
                VmError::TimeLimitExceeded { .. } => asked.too_slow(),
                e => asked.failed(e),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_it_states_is_the_one_that_is_linked() {
        for engine in [Regorus::interpreter(), Regorus::rvm()] {
            let identity = engine.identity();
            let locked = crate::versions::component(&identity.subject, "regorus").unwrap();
            assert_eq!(identity.components, [locked]);
        }
    }

    #[test]
    fn a_program_that_is_not_one_is_refused() {
        let policy = Policy::new("p", "package p\nallow if input.x\n", "p/allow");
        let engine = Regorus::rvm();
        let asked = Asked {
            subject: engine.identity.subject.clone(),
            policy: "p".into(),
            rule: "data.p.allow".into(),
            limits: Limits::default(),
        };
        let program = asked.compile(&policy.rego).unwrap_or_else(|e| panic!("{}", e.into_error()));
        let good = program.serialize_binary().unwrap();
        let mut old = good.clone();
        old[4] = 1;
        for bytes in [&b""[..], b"REGO", &good[..good.len() - 7], &old, b"\0asm\x01\0\0\0 and more than that"] {
            let (code, data) = (Artifact::write(bytes).unwrap(), Artifact::write(b"{}").unwrap());
            let loader = Compiled { asked: asked.clone(), form: PolicyForm::Precompiled, code, data };
            let error = loader.load().err().expect("refused");
            assert!(matches!(error, PolicyError::Invalid { .. }), "{error}");
        }
    }

    /// Interpreter, then register machine.
    fn decide(rego: &str, input: &str) -> [String; 2] {
        let policy = Policy::new("p", rego, "p/allow");
        [Regorus::interpreter(), Regorus::rvm()].map(|engine| {
            let loader = engine.prepare(&policy, PolicyForm::Source, Limits::default()).unwrap();
            loader.load().unwrap().evaluate(input).unwrap_or_else(|e| e.to_string())
        })
    }

    /// The documentation above tells of these; when one fails, regorus has mended it, and the documentation is wrong.
    #[test]
    fn where_the_register_machine_departs() {
        let [interpreter, rvm] = decide("package p\nallow := 1 if input.x\nallow := 2 if input.x\n", r#"{"x": 1}"#);
        assert!(interpreter.contains("conflict"), "{interpreter}");
        assert_eq!(rvm, "null");

        let rego = "package p\nallow := 1 if {\n\tsome i in [1]\n\ti == 2\n} else := 3\n";
        assert_eq!(decide(rego, "{}"), ["3", "null"]);

        let rego = "package p\nallow if {\n\tevery i, s in [\"a\", \":x\"] {\n\t\tf(s, input[i])\n\t}\n}\n\
                    f(s, v) if s == v\nf(s, v) if {\n\tstartswith(s, \":\")\n\tv != \"\"\n}\n";
        assert_eq!(decide(rego, r#"["a", "b"]"#), ["true", "true"]);
        assert_eq!(decide(rego, r#"["a", ""]"#), ["null", "true"]);
    }
}
