//! The calls of the `regorus` adapter, written by hand against the library: what the adapter must not cost more than.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use regorus::{Engine, Value, languages::rego::compiler::Compiler, rvm::RegoVM, utils::limits::ExecutionTimerConfig};

/// The same limits as the adapter's, by the same means.
fn timer(limit: Duration) -> ExecutionTimerConfig {
    ExecutionTimerConfig { limit, check_interval: NonZeroU32::new(256).expect("not zero") }
}

/// The interpreter, loaded.
pub fn interpreter(rego: &str, data: &str, limit: Duration) -> Engine {
    let mut engine = Engine::new();
    engine.set_strict_builtin_errors(false);
    engine.add_policy("policy.rego".to_owned(), rego.to_owned()).expect("valid Rego");
    engine.add_data(Value::from_json_str(data).expect("valid JSON")).expect("an object");
    engine.set_execution_timer_config(timer(limit));
    engine
}

/// One decision of the interpreter. `rule` is a path with `data.` before it.
pub fn interpret(engine: &mut Engine, rule: &str, input: &str) -> String {
    engine.set_input(Value::from_json_str(input).expect("valid JSON"));
    json(&engine.eval_rule(rule.to_owned()).expect("a decision"))
}

/// The register machine, loaded.
pub fn rvm(rego: &str, data: &str, rule: &str, limit: Duration) -> RegoVM {
    let mut engine = Engine::new();
    engine.set_strict_builtin_errors(false);
    engine.add_policy("policy.rego".to_owned(), rego.to_owned()).expect("valid Rego");
    let compiled = engine.compile_with_entrypoint(&rule.into()).expect("a rule");
    let program = Compiler::compile_from_policy(&compiled, &[rule]).expect("a program");
    let mut vm = RegoVM::new();
    vm.load_program(Arc::clone(&program));
    vm.set_max_instructions(usize::MAX);
    vm.set_strict_builtin_errors(false);
    vm.set_execution_timer_config(Some(timer(limit)));
    vm.set_data(Value::from_json_str(data).expect("valid JSON")).expect("no conflict");
    vm
}

/// One decision of the register machine.
pub fn run(vm: &mut RegoVM, input: &str) -> String {
    vm.set_input(Value::from_json_str(input).expect("valid JSON"));
    json(&vm.execute_entry_point_by_index(0).expect("a decision"))
}

fn json(value: &Value) -> String {
    if *value == Value::Undefined { "null".to_owned() } else { serde_json::to_string(value).expect("JSON") }
}
