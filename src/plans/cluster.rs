//! What a control plane takes: Kubernetes over etcd and over kine, its components in one process, and K3s. Each sample is of a
//! control plane that was started for it, and those of all take turns.

use std::{rc::Rc, time::Duration};

use super::prepared::flat;
use crate::{
    Indicator, Statistic,
    cluster::{ControlPlane, Registry},
    experiment::{Figure, Lane, LaneError, Plan, Taken, Turns},
    probe::cluster::{Observed, Times, binary_size, observe_filled, sum},
};

const GROUP: &str = "control_plane";
const SIZE: &str = "binary_size";

const INDICATORS: [Indicator; 4] =
    [Indicator::ControlPlaneStartup, Indicator::ControlPlaneMemory, Indicator::CpuBaseline, Indicator::BinarySize];

/// What it holds when it starts, in the stored form.
const EMPTY: &str = "empty";

/// How many objects it is given then, in a full pass.
const OBJECTS: u64 = 10_000;

/// Six are the fewest whose median has an interval at 95 %.
const STARTS: [u32; 3] = [6, 6, 1];

/// The plan of the bench `cluster`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cluster;

impl Cluster {
    /// Declares it.
    ///
    /// # Errors
    /// None of its own.
    pub fn declare(&self, plan: &mut Plan) -> Result<(), LaneError> {
        if !plan.is_first() {
            return Ok(());
        }
        let (mut started, mut sizes) = (Vec::new(), Vec::new());
        for subject in Registry::subjects() {
            let name = flat(&subject);
            if ![GROUP, SIZE].iter().any(|group| plan.wants(group, &name)) {
                continue;
            }
            match Registry::only(&subject) {
                Ok(plane) => {
                    let plane: Rc<dyn ControlPlane> = Rc::from(plane);
                    sizes.push(size(name.clone(), Rc::clone(&plane)));
                    started.push(start(plan, name, plane));
                }
                Err(error) => plan.not_made(&subject, &error, &INDICATORS),
            }
        }
        plan.fresh(SIZE, Turns::rounds(1), sizes);
        plan.fresh(GROUP, Turns::rounds(plan.pass().of(STARTS)), started);
        Ok(())
    }
}

/// A size is counted, not sampled.
fn size(name: String, plane: Rc<dyn ControlPlane>) -> Lane {
    let figure = Figure::new(Indicator::BinarySize, plane.identity(), EMPTY);
    Lane::single(name, figure, &[Statistic::Single], move || binary_size(plane.as_ref()))
}

/// Everything that one start shows.
fn start(plan: &Plan, name: String, plane: Rc<dyn ControlPlane>) -> Lane {
    let seconds = |of| Duration::from_secs(plan.pass().of(of));
    // A quick pass looks at it when it is still busy with its start, so that nothing is said of its idling.
    let times = Times { idle_from: seconds([5, 0, 0]), age: seconds([15, 5, 0]) };
    let objects = plan.pass().of([OBJECTS, 0, 0]);
    let of = |indicator, workload: &str| Figure::new(indicator, plane.identity(), workload);
    let age = format!("{} s after it was ready", times.age.as_secs());
    let memory =
        |workload: &str| of(Indicator::ControlPlaneMemory, workload).by_method("pss").with_setting("age", &age);
    let idle = format!("from {} to {} s after it was ready", times.idle_from.as_secs(), times.age.as_secs());
    let cpu = of(Indicator::CpuBaseline, EMPTY).by_method("clocks of its processes").with_setting("age", idle);
    let (empty, filled) = (memory(EMPTY), memory(&format!("{OBJECTS}-configmaps")));
    let median = &[Statistic::Median];
    let mut figures = vec![of(Indicator::ControlPlaneStartup, EMPTY), empty.clone(), empty.of_part("anonymous")];
    if objects > 0 {
        figures.extend([filled.clone(), filled.of_part("anonymous"), cpu]);
    }
    let mut starts = 0;
    let lane = Lane::new(name, move |taken: &mut Taken| {
        starts += 1;
        // To fill one takes twice as long as the rest, so that every third one is.
        let filled = if starts % 3 == 1 { objects } else { 0 };
        let observed = observe_filled(plane.as_ref(), times, filled)?;
        tell(taken, &observed, objects > 0);
        Ok::<_, LaneError>(())
    });
    figures.into_iter().fold(lane, |lane, figure| lane.of(figure, median))
}

fn tell(taken: &mut Taken, observed: &Observed, idled: bool) {
    taken.push(0, observed.startup() as f64);
    for started in &observed.started {
        let milliseconds = started.ready.saturating_sub(started.began) / 1_000_000;
        taken.observe(0, format!("{}_ms", started.component), milliseconds);
    }
    // The first figure of each: all of it, and the next of what no file backs.
    for (first, held) in [(1, Some(&observed.held)), (3, observed.filled.as_ref())] {
        let Some(held) = held else { continue };
        let all = sum(held);
        taken.push(first, all.pss as f64);
        taken.push(first + 1, all.anonymous as f64);
        for (process, held) in held {
            taken.observe(first, format!("{process}_bytes"), held.pss);
            taken.observe(first + 1, format!("{process}_bytes"), held.anonymous);
        }
    }
    if idled {
        taken.push(5, observed.percent());
    }
}
