//! What an engine of regorus does to its host: it panics on some inputs, and looks at the clock between steps alone, so that a
//! builtin takes as long as it likes.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use ::regorus::Value;

use super::Asked;
use crate::policy::PolicyError;

/// An engine, until it panics: what is left of it then is not asked again.
pub(super) struct Contained<E> {
    asked: Asked,
    engine: Option<E>,
}

impl<E> Contained<E> {
    pub(super) fn new(asked: &Asked, engine: E) -> Self {
        Self { asked: asked.clone(), engine: Some(engine) }
    }

    /// The engine's decision on an input. One that comes after the time limit is none.
    pub(super) fn decide(
        &mut self,
        input: &str,
        ask: impl FnOnce(&Asked, &mut E, Value) -> Result<Value, PolicyError>,
    ) -> Result<String, PolicyError> {
        let asked = &self.asked;
        let input = asked.parse_input(input)?;
        let Some(engine) = &mut self.engine else { return Err(asked.failed("regorus panicked on an earlier input")) };
        let began = Instant::now();
        let answer = catch_unwind(AssertUnwindSafe(|| ask(asked, engine, input)));
        let is_late = began.elapsed() > asked.limits.time;
        let value = match answer {
            Ok(_) if is_late => return Err(asked.too_slow()),
            Ok(answer) => answer?,
            Err(panic) => {
                self.engine = None;
                return Err(self.asked.failed(words(&*panic)));
            }
        };
        if value == Value::Undefined {
            return Ok("null".to_owned());
        }
        serde_json::to_string(&value).map_err(|e| self.asked.failed(e))
    }
}

/// What reads or compiles a policy, whose panic is one more reason why the policy cannot be taken.
pub(super) fn caught<R>(asked: &Asked, make: impl FnOnce() -> Result<R, PolicyError>) -> Result<R, PolicyError> {
    catch_unwind(AssertUnwindSafe(make)).unwrap_or_else(|panic| Err(asked.invalid(words(&*panic))))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("regorus panicked: {}", text.unwrap_or("it did not say why"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::{
        adapter::Limits,
        policy::{Policy, PolicyEngine, PolicyError, PolicyForm, regorus::Regorus},
    };

    #[test]
    fn a_panic_of_regorus_is_a_failure_of_that_engine_alone() {
        let rego = "package p\nallow := strings.count(input.text, input.part)\n";
        let policy = Policy::new("p", rego, "p/allow");
        for engine in [Regorus::interpreter(), Regorus::rvm()] {
            for form in engine.forms() {
                let loader = engine.prepare(&policy, *form, Limits::default()).unwrap();
                let mut loaded = loader.load().unwrap();
                assert_eq!(loaded.evaluate(r#"{"text": "abab", "part": "ab"}"#).unwrap(), "2");
                for _ in 0..2 {
                    let error = loaded.evaluate(r#"{"text": "abab", "part": ""}"#).unwrap_err();
                    assert!(
                        matches!(error, PolicyError::Failed { .. }) && error.to_string().contains("regorus panicked")
                    );
                }
                assert_eq!(loader.load().unwrap().evaluate(r#"{"text": "x", "part": "x"}"#).unwrap(), "1");
            }
        }
    }

    #[test]
    fn a_policy_that_panics_by_itself_is_a_refusal_or_a_failure() {
        let policy = Policy::new("p", "package p\nallow := numbers.range_step(0, 10, -2)\n", "p/allow");
        for engine in [Regorus::interpreter(), Regorus::rvm()] {
            let decision = engine
                .prepare(&policy, PolicyForm::Source, Limits::default())
                .and_then(|loader| loader.load())
                .and_then(|mut loaded| loaded.evaluate("{}"));
            assert!(decision.unwrap_err().to_string().contains("regorus panicked"));
        }
    }

    #[test]
    fn an_answer_that_comes_too_late_is_none() {
        let policy = Policy::new("p", "package p\nallow := count(numbers.range(1, 2000000))\n", "p/allow");
        let limits = Limits { time: Duration::from_millis(1), ..Limits::default() };
        for engine in [Regorus::interpreter(), Regorus::rvm()] {
            let mut loaded = engine.prepare(&policy, PolicyForm::Source, limits).unwrap().load().unwrap();
            let error = loaded.evaluate("{}").unwrap_err();
            assert!(matches!(error, PolicyError::TimeLimit { .. }), "{error}");
        }
    }
}
