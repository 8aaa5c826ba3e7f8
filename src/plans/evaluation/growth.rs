//! How a decision grows with the data: RBAC with 10 bindings and more, the user found by key and by scanning, and the
//! slope of a line through the sizes.
//!
//! Cases differ more than sizes do (some need no scan), so each size counts with the mean decision of a whole round of the
//! policy's cases. One sample is the slope of one round over all sizes.

use std::{rc::Rc, time::Duration};

use super::{Lane, LaneError, Plan, turns, warm};
use crate::{
    Indicator, Statistic, Temperature, Unit,
    experiment::{Figure, Pass, Taken},
    policy::{Policy, PolicyEngine, Registry},
    probe::evaluate,
    runtime::Limits,
    samples::{Axis, Curve},
    stats::Line,
};

/// 13 MB of data, in a full pass.
pub(super) const LARGEST: &str = "rbac-100000";

/// Bindings are counted in thousands: of one, a slope in whole nanoseconds would be none.
const PER: f64 = 1_000.0;

type Decide = Box<dyn FnMut() -> Result<u64, LaneError>>;

/// Both ways of finding the user; in a quick pass the one that grows.
pub(super) fn declare(plan: &mut Plan, registry: &Registry) -> Result<(), LaneError> {
    // Loading the largest into each engine takes longer than all that is measured then.
    let sizes: &[u32] = if plan.pass() == Pass::Full { &[10, 1_000, 10_000, 100_000] } else { &[10, 100, 300] };
    // A user that is found by key costs every engine the same at all sizes: what a quick pass shows is the scan.
    let rules: &[&str] = if plan.pass() == Pass::Full { &["", "-allow_any_case"] } else { &["-allow_any_case"] };
    for rule in rules {
        let policies = sizes.iter().map(|size| Ok((*size, Rc::new(Policy::by_name(&format!("rbac-{size}{rule}"))?))));
        let policies = policies.collect::<Result<Vec<_>, LaneError>>()?;
        let workload = format!("rbac{rule}-per-1000-bindings");
        let group = format!("evaluation_growth/rbac{rule}");
        let mut lanes = Vec::new();
        for engine in registry.engines() {
            let name = super::lane_name(engine);
            if !plan.wants(&group, &name) {
                continue;
            }
            let listed: Vec<_> = sizes.iter().map(ToString::to_string).collect();
            let figure = Figure::new(Indicator::EvaluationLatency, engine.identity(), &workload)
                .at(Temperature::Warm)
                // What more data adds to a decision is no decision: it answers no claim about one.
                .of_part("growth")
                .with_setting("sizes", listed.join(" "));
            // Such a figure would be that of its startup.
            if super::is_a_process_each(engine) {
                let remedy = "its startup at each size says what that costs; the same engine as a server has a slope";
                plan.unavailable(figure.unavailable("it loads the data for each decision", remedy));
                continue;
            }
            match policies.iter().map(|(size, policy)| loaded(engine, *size, policy)).collect::<Result<Vec<_>, _>>() {
                Ok(sizes) => lanes.push(lane(name, figure, sizes)),
                Err(error) => plan.refused(&figure, error.as_ref()),
            }
        }
        plan.group(group, turns(plan, 3_000, 300).of(1), lanes);
    }
    Ok(())
}

/// One size of an engine.
struct Size {
    bindings: f64,
    cases: usize,
    decide: Decide,
}

fn loaded(engine: &dyn PolicyEngine, bindings: u32, policy: &Rc<Policy>) -> Result<Size, LaneError> {
    // Limits that 100,000 bindings fit into: the real OPA takes several times their text.
    let room = Limits { time: Duration::from_secs(60), memory: 1 << 30 };
    let mut decide = evaluate(warm(engine, policy, room)?, Rc::clone(policy))?;
    let decide = Box::new(move || decide().map_err(LaneError::from));
    Ok(Size { bindings: f64::from(bindings), cases: policy.cases.len().max(1), decide })
}

fn lane(name: String, figure: Figure, mut sizes: Vec<Size>) -> Lane {
    let lane = Lane::new(name, move |taken: &mut Taken| {
        let mut points = Vec::with_capacity(sizes.len());
        for size in &mut sizes {
            let mut whole = 0;
            for _ in 0..size.cases {
                whole += (size.decide)()?;
            }
            points.push((size.bindings / PER, whole as f64 / size.cases as f64));
        }
        let line = Line::through(&points, 0.95)?;
        // One below zero is noise.
        taken.push(0, line.slope.round().max(0.0));
        let (x, y) =
            (Axis::new("thousand bindings", Unit::Objects)?, Axis::new("evaluation latency", Unit::Nanoseconds)?);
        taken.curve(0, Statistic::Slope, &Curve::new(x, y, points)?);
        Ok::<_, LaneError>(())
    });
    lane.of(figure, &[Statistic::Median])
}
