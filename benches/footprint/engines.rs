//! The memory of policy engines: what one more takes, and the peak while the first is loaded.

use runtime_baseline::{
    Indicator, Temperature,
    policy::{PolicyForm, Registry},
    probe::{EngineMemory, engine_memory},
    session::Figure,
};

use super::{Mode, Outcome, Row, Run, median};

pub fn measure(run: &mut Run, subject: &str) -> Outcome {
    // What compiles a policy has it compiled before.
    let compiles = Registry::only(subject).is_ok_and(|engine| engine.forms().contains(&PolicyForm::Precompiled));
    let form = if compiles { PolicyForm::Precompiled } else { PolicyForm::Source };
    for (policy, counts) in policies(run.mode) {
        // A server for each engine; OPA keeps nothing compiled.
        let counts = if is_server(subject) { [1, 2, 3] } else { counts };
        let taken: Result<Vec<_>, _> =
            (0..run.repeats()).map(|_| engine_memory(subject, policy, form, &counts)).collect();
        match taken {
            Ok(taken) => record(run, subject, policy, form, &taken)?,
            Err(error) => {
                let indicator = Indicator::EngineMemory;
                run.refused(Row { subject, indicator, workload: Some(policy), temperature: None }, &error);
            }
        }
    }
    Ok(())
}

fn record(run: &mut Run, subject: &str, policy: &str, form: PolicyForm, taken: &[EngineMemory]) -> Outcome {
    let Some(first) = taken.first() else { return Ok(()) };
    let figure = Figure::new(Indicator::EngineMemory, &first.growth.identity, policy).at(match form {
        PolicyForm::Precompiled => Temperature::Precompiled,
        _ => Temperature::Cold,
    });
    let slopes = taken.iter().map(|memory| memory.growth.pss_slope()).collect::<Result<Vec<u64>, _>>()?;
    let peaks: Vec<u64> = taken.iter().map(|memory| memory.peak).collect();
    println!("{subject}, {policy}: each holds {} bytes, {} at its peak", median(&slopes), median(&peaks));
    run.bytes(&figure, &format!("{policy}/peak"), &first.peak_method, &peaks)?;
    if !is_server(subject) {
        return run.bytes(&figure, policy, "pss-slope", &slopes);
    }
    // A server is one process for all: its set size, with the program, which a second one would share.
    let alone: Vec<u64> = taken.iter().filter_map(|memory| memory.growth.first()).collect();
    println!("{subject}, {policy}: a server alone holds {} bytes", median(&alone));
    run.bytes(&figure, policy, "pss", &alone)?;
    run.bytes(&figure, &format!("{policy}/second"), "pss-slope", &slopes)
}

fn is_server(subject: &str) -> bool {
    subject == "opa"
}

/// The policies whose engines differ in what they hold, and at how many engines memory is read.
fn policies(mode: Mode) -> Vec<(&'static str, [usize; 3])> {
    let all = vec![
        ("rbac-1000", [4, 8, 12]),
        ("rbac-10", [20, 40, 60]),
        ("rbac-10000", [2, 3, 4]),
        ("admission", [20, 40, 60]),
        ("http_authz", [20, 40, 60]),
        ("release", [20, 40, 60]),
    ];
    match mode {
        Mode::Full => all,
        // Each takes a fresh process, and WasmEdge's compiler seconds in it.
        Mode::Quick => all[..1].to_vec(),
        Mode::Test => all[1..2].to_vec(),
    }
}
