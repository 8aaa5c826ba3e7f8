//! How far a control plane goes by Kubernetes' own objectives: objects to 100,000, and nodes that do not exist to 1,000 and beyond,
//! each of a control plane that was started for it; and how its memory and the latency of its answers grow meanwhile.
//!
//! A quick pass has no time for it, unless a filter names it: then it goes a small way.

use std::{collections::BTreeMap, rc::Rc, time::Duration};

use super::{
    prepared::flat,
    quick::{is_short, leave_out},
};
use crate::{
    Bound, Indicator, Statistic, Unit,
    cluster::{ControlPlane, Registry},
    experiment::{Figure, Lane, LaneError, Pass, Plan, Taken, Turns},
    probe::{
        ProbeError,
        cluster::{
            Held,
            scale::{Call, Course, End, Fleet, Grown, Reading, max_nodes, total_objects},
            sum,
        },
    },
    samples::{Axis, Curve},
    stats::Line,
};

/// The most memory that all processes of a control plane may take, in bytes: a small machine's.
const MEMORY: u64 = 4 << 30;

/// How long objects are added to one control plane: some 600 a second were taken on two cores, so that 100,000 come.
const TIME_FOR_OBJECTS: Duration = Duration::from_secs(240);

/// And nodes: the controller manager's own rate of requests lets a few come in each second.
const TIME_FOR_NODES: Duration = Duration::from_secs(360);

/// Latencies of one kind that are kept: ten times what a 99th percentile takes.
const LATENCIES: usize = 1_000;

const TAIL: &[Statistic] = &[Statistic::Median, Statistic::P99];

/// How many create at the same time, and what that load is called.
const CREATING: (u32, &str) = (8, "requests without pause");

/// A part of what processes hold, in bytes.
type Part = fn(&Held) -> u64;

/// What is told of memory: the figure's part, the curve's axis, and which part of it.
const MEMORY_PARTS: [(&str, &str, Part); 2] = [
    ("when it was filled", "memory", |held| held.pss),
    ("anonymous, when it was filled", "anonymous memory", |held| held.anonymous),
];

/// What a full pass does not ask for by itself, since it takes minutes and says little more. The first has the components of
/// `kubernetes` and the store of the second. How fast nodes come is limited by the controller manager, which all have.
const OBJECTS_LEFT_OUT: &[&str] = &["kubernetes+kine"];
const NODES_LEFT_OUT: &[&str] = &["kubernetes+kine", "kubernetes/one-process"];

/// The first figure of a lane. After it come two of each quantity that grows: what it is in the end, and the curve.
const SIZE: usize = 0;

/// The plan of the scale curves in the bench `cluster`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scale;

/// What there are more and more of.
#[derive(Clone, Copy)]
enum Of {
    Objects,
    Nodes,
}

impl Scale {
    /// Declares it.
    ///
    /// # Errors
    /// None of its own.
    pub fn declare(&self, plan: &mut Plan) -> Result<(), LaneError> {
        if !plan.is_first() {
            return Ok(());
        }
        for of in [Of::Objects, Of::Nodes] {
            let (indicator, mut lanes) = (of.indicator(), Vec::new());
            for subject in Registry::subjects() {
                let name = flat(&subject);
                let is_left_out = of.left_out().contains(&subject.as_str()) && !plan.is_filtered();
                if is_left_out || !plan.wants(indicator.as_str(), &name) {
                    continue;
                }
                match Registry::only(&subject) {
                    Ok(plane) if is_short(plan) => leave_out(plan, &of.figure(plane.as_ref(), plan.pass())),
                    Ok(plane) => lanes.push(of.lane(name, Rc::from(plane), plan.pass())),
                    Err(error) => plan.not_made(&subject, &error, &[indicator]),
                }
            }
            plan.group(indicator.as_str(), Turns::rounds(1), lanes);
        }
        Ok(())
    }
}

impl Of {
    fn indicator(self) -> Indicator {
        match self {
            Self::Objects => Indicator::TotalObjects,
            Self::Nodes => Indicator::MaxNodes,
        }
    }

    fn left_out(self) -> &'static [&'static str] {
        match self {
            Self::Objects => OBJECTS_LEFT_OUT,
            Self::Nodes => NODES_LEFT_OUT,
        }
    }

    fn unit(self) -> Unit {
        match self {
            Self::Objects => Unit::Objects,
            Self::Nodes => Unit::Nodes,
        }
    }

    fn one(self) -> &'static str {
        match self {
            Self::Objects => "object",
            Self::Nodes => "node",
        }
    }

    /// In the stored form.
    fn workload(self) -> &'static str {
        match self {
            Self::Objects => "configmaps",
            Self::Nodes => "nodes-of-heartbeats-and-a-pod",
        }
    }

    fn course(self, pass: Pass) -> Course {
        let steps: &[u64] = match self {
            Self::Objects => pass.of([
                &[1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000][..],
                &[500, 1_000, 2_000],
                &[10, 20, 30],
            ]),
            Self::Nodes => pass.of([&[250, 500, 1_000, 1_500, 2_000][..], &[25, 50, 100], &[1, 2, 3]]),
        };
        let time = match self {
            Self::Objects => TIME_FOR_OBJECTS,
            Self::Nodes => TIME_FOR_NODES,
        };
        Course::new(steps).within(MEMORY, time)
    }

    fn fleet(pass: Pass) -> Fleet {
        let mut fleet = Fleet::default();
        if pass == Pass::Test {
            fleet.renewal = Duration::from_secs(1);
        }
        fleet
    }

    /// What is created, changed and read.
    fn calls(self) -> &'static [Call] {
        match self {
            Self::Objects => &[Call::Create, Call::Get, Call::List],
            Self::Nodes => &Call::ALL,
        }
    }

    fn figure(self, plane: &dyn ControlPlane, pass: Pass) -> Figure {
        let figure = Figure::new(self.indicator(), plane.identity(), self.workload());
        figure.with_setting("budget", self.course(pass).budget(self.unit()))
    }

    fn lane(self, name: String, plane: Rc<dyn ControlPlane>, pass: Pass) -> Lane {
        let figure = self.figure(plane.as_ref(), pass);
        let memory = figure.clone().of(Indicator::ControlPlaneMemory).by_method("pss");
        let mut growing: Vec<(String, Figure, &[Statistic])> = Vec::new();
        growing.extend(MEMORY_PARTS.map(|(part, ..)| (part.to_owned(), memory.clone(), &[Statistic::Single][..])));
        growing.extend(self.calls().iter().map(|call| {
            let latency = figure.clone().of(Indicator::StorageLatency);
            let part = format!("{call}, by its API server");
            match call {
                Call::Create => (part, latency.concurrent(CREATING.0, CREATING.1), TAIL),
                // All pages of it, so there are few.
                Call::List => (part, latency, &[Statistic::Median, Statistic::Max][..]),
                Call::Update | Call::Get => (part, latency, TAIL),
            }
        }));
        let lane = Lane::new(name, move |taken: &mut Taken| {
            let live = plane.start()?;
            let course = self.course(pass);
            let grown = match self {
                Self::Objects => total_objects(live.as_ref(), &course),
                Self::Nodes => max_nodes(live.as_ref(), &course, Self::fleet(pass)),
            }?;
            live.stop().map_err(ProbeError::from)?;
            self.tell(taken, &grown)
        });
        let lane = lane.of(figure, &[Statistic::Single]);
        growing.into_iter().fold(lane, |lane, (part, figure, statistics)| {
            let each = format!("{part}, for each {} more", self.one());
            lane.of(figure.clone().of_part(part), statistics).of(figure.of_part(each), &[])
        })
    }

    /// The size, the memory and latencies at the largest that was looked at, and how both grew.
    fn tell(self, taken: &mut Taken, grown: &Grown) -> Result<(), LaneError> {
        taken.push(SIZE, grown.size as f64);
        if let End::Budget(_) = grown.ended_by {
            taken.bound(SIZE, Bound::Above);
        }
        taken.observe(SIZE, "stopped_by", grown.ended_by);
        if let Some(reason) = grown.ended_by.reason() {
            taken.observe(SIZE, "stop_reason", reason);
        }
        let Some(last) = grown.readings.last() else { return Ok(()) };
        if let Some(rate) = last.bound_per_second {
            taken.observe(SIZE, "pods_bound_per_second", format!("{rate:.0}"));
        }
        let mut figures = (SIZE + 1..).step_by(2);
        for ((_, label, part), figure) in MEMORY_PARTS.iter().zip(&mut figures) {
            taken.settings(figure, around(last.size));
            taken.push(figure, part(&sum(&last.held)) as f64);
            for (process, held) in &last.held {
                taken.observe(figure, format!("{process}_bytes"), part(held));
            }
            let of = |reading: &Reading| Some(part(&sum(&reading.held)));
            self.curve(taken, figure + 1, Axis::new(*label, Unit::Bytes)?, grown, of)?;
        }
        for (call, figure) in self.calls().iter().zip(&mut figures) {
            let Some(latencies) = last.of(*call) else { continue };
            taken.settings(figure, around(last.size));
            let all = latencies.nanoseconds();
            let step = all.len().div_ceil(LATENCIES);
            // From the longest on, so that the tail is not cut off.
            all.iter().rev().step_by(step).for_each(|took| taken.push(figure, *took as f64));
            let label = Axis::new(format!("{call} latency"), Unit::Nanoseconds)?;
            self.curve(taken, figure + 1, label, grown, |reading| Some(reading.of(*call)?.tail().1))?;
        }
        Ok(())
    }

    /// What `of` finds in each reading, against the size, where that makes a line.
    fn curve(
        self,
        taken: &mut Taken,
        figure: usize,
        y: Axis,
        grown: &Grown,
        of: impl Fn(&Reading) -> Option<u64>,
    ) -> Result<(), LaneError> {
        let point = |reading: &Reading| Some((reading.size as f64, of(reading)? as f64));
        let points: Vec<_> = grown.readings.iter().filter_map(point).collect();
        if Line::through(&points, 0.95).is_ok() {
            let x = Axis::new(self.unit().as_str(), self.unit())?;
            taken.curve(figure, Statistic::Slope, &Curve::new(x, y, points)?);
        }
        Ok(())
    }
}

/// Says how many objects, or nodes, there were.
fn around(size: u64) -> BTreeMap<String, String> {
    BTreeMap::from([("around".to_owned(), size.to_string())])
}
