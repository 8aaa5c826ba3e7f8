//! `opa eval`: a process for each decision.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Asked, Problem, checked_input, child::path_for_others};
use crate::policy::{Evaluator, Loader, PolicyError};

pub(super) struct Processes(pub(super) Arc<Asked>);

impl Loader for Processes {
    /// Nothing is kept between decisions.
    fn load(&self) -> Result<Box<dyn Evaluator>, PolicyError> {
        let asked = Arc::clone(&self.0);
        let query = format!("data.{}", asked.entrypoint.replace('/', "."));
        Ok(Box::new(Process { bundle: path_for_others(asked.bundle.path()), query, asked }))
    }
}

struct Process {
    asked: Arc<Asked>,
    bundle: String,
    query: String,
}

/// What `opa eval --format json` prints.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    result: Vec<Binding>,
    #[serde(default)]
    errors: Vec<Problem>,
}

#[derive(Deserialize)]
struct Binding {
    expressions: Vec<Expression>,
}

#[derive(Deserialize)]
struct Expression {
    value: Box<RawValue>,
}

impl Evaluator for Process {
    fn evaluate(&mut self, input: &str) -> Result<String, PolicyError> {
        checked_input(input)?;
        let asked = &self.asked;
        let timeout = format!("{}ns", asked.time().as_nanos());
        let arguments =
            ["eval", "--bundle", &self.bundle, "--stdin-input", "--format", "json", "--timeout", &timeout, &self.query];
        let output = asked.run(&arguments, input)?;
        let Ok(answer) = serde_json::from_str::<Answer>(&output.answer) else {
            // It is JSON; but OPA takes no arrays and objects more than 10,000 deep in each other.
            return Err(match output.errors.split_once("unable to parse input: ") {
                Some((_, reason)) => PolicyError::Input { reason: reason.trim().to_owned() },
                None => asked.ended(&output.errors),
            });
        };
        if !answer.errors.is_empty() {
            return Err(asked.judge(&answer.errors));
        }
        let value = answer.result.into_iter().flat_map(|binding| binding.expressions).next();
        Ok(value.map_or_else(|| "null".to_owned(), |expression| Box::<str>::from(expression.value).into()))
    }
}
