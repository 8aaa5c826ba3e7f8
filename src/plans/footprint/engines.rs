//! The memory of policy engines: what one more takes, and the peak while the first is loaded.

use super::wanted;
use crate::{
    Indicator, Statistic, Temperature,
    experiment::{Figure, Lane, LaneError, Pass, Plan, Taken},
    plans::prepared::flat,
    policy::{PolicyForm, Registry},
    probe::engine_memory,
};

pub(super) const GROUP: &str = "engine_memory";

/// The lanes of one engine, or its row.
pub(super) fn lanes(plan: &mut Plan, subject: &str, lanes: &mut Vec<Lane>) {
    let beginning = flat(subject);
    if !plan.wants_some(GROUP, &beginning) {
        return;
    }
    let engine = match Registry::only(subject) {
        Ok(engine) => engine,
        Err(error) => return plan.not_made(subject, &error, &[Indicator::EngineMemory]),
    };
    // What compiles a policy has it compiled before.
    let compiles = engine.forms().contains(&PolicyForm::Precompiled);
    let (form, temperature) = match compiles {
        true => (PolicyForm::Precompiled, Temperature::Precompiled),
        false => (PolicyForm::Source, Temperature::Cold),
    };
    let is_server = engine.identity().transport.as_deref() == Some("http-loopback");
    for (policy, counts) in policies(plan.pass()) {
        // A process for each engine.
        let counts = if is_server { [1, 2, 3] } else { counts };
        let figure = Figure::new(Indicator::EngineMemory, engine.identity(), policy).at(temperature);
        let subject = subject.to_owned();
        wanted(plan, GROUP, &format!("{beginning}, {policy}"), lanes, |name| {
            let sample = move |taken: &mut Taken| {
                let memory = engine_memory(&subject, policy, form, &counts)?;
                let slope = memory.growth.pss_slope()? as f64;
                // A server is one process for all: its set size, with the program, which a second one would share.
                match memory.growth.first().filter(|_| is_server) {
                    Some(alone) => {
                        taken.push(0, alone as f64);
                        taken.push(2, slope);
                    }
                    None => taken.push(0, slope),
                }
                taken.push(1, memory.peak as f64);
                taken.method(1, memory.peak_method);
                Ok::<_, LaneError>(())
            };
            let (read, median) = (if is_server { "pss" } else { "pss-slope" }, &[Statistic::Median]);
            Lane::new(name, sample)
                .of(figure.clone().by_method(read), median)
                .of(figure.clone().of_part("peak"), median)
                .of(figure.of_part("second").by_method("pss-slope"), median)
        });
    }
}

/// The policies whose engines differ in what they hold, and at how many engines memory is read.
fn policies(pass: Pass) -> Vec<(&'static str, [usize; 3])> {
    let all = vec![
        ("rbac-1000", [4, 8, 12]),
        ("rbac-10", [20, 40, 60]),
        ("rbac-10000", [2, 3, 4]),
        ("admission", [20, 40, 60]),
        ("http_authz", [20, 40, 60]),
        ("release", [20, 40, 60]),
    ];
    match pass {
        Pass::Full => all,
        // Each takes a fresh process, and WasmEdge's compiler seconds in it.
        Pass::Quick => all[..1].to_vec(),
        Pass::Test => all[1..2].to_vec(),
    }
}
