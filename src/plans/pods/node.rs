//! The lanes: pods one after the other and many at once, each by phase, on one node; and the memory of what runs them, each time of a
//! node of its own; and how many live on one at the same time. A quick pass has no time for that, unless a filter names it.

use std::{cell::RefCell, rc::Rc, thread, time::Duration};

use super::{
    super::quick::{is_short, leave_out},
    FILL, MEMORY, STARTUP, SUBJECT,
};
use crate::{
    Bound, Indicator, Phase, Statistic, Unit,
    cluster::{
        ControlPlane,
        node::{Agent, LiveNode, Node},
    },
    experiment::{Figure, Lane, LaneError, Pass, Plan, Taken, Turns},
    probe::{
        Stop,
        cluster::{Held, PodBudget, PodStart, fill_with_pods, node_memory, start_pods},
    },
    samples::{Axis, Curve},
    stats::Line,
};

/// What runs in a pod, in the stored form.
const WORKLOAD: &str = "ready";

/// How many pods are created together. A hundred, as published figures have it; a quick pass takes what it has time for.
const TOGETHER: [u32; 3] = [100, 10, 2];

/// How many are created one after the other in a turn.
const SINGLES: [u32; 3] = [5, 5, 1];

/// The turns of both.
const TURNS: [u32; 3] = [6, 1, 1];

/// How many nodes' memory is read. Six are the fewest whose median has an interval at 95 %.
const NODES: [u32; 3] = [6, 1, 1];

/// With so many pods a node's memory is read, after it was without.
const PODS: usize = 10;

/// When that is, in seconds after the node, or the last of the pods, was ready.
const AGE: [u64; 3] = [10, 5, 0];

/// How far a node is filled with pods: the memory of the published figures' node, and the time of other fills.
fn budget(pass: Pass) -> PodBudget {
    let (count, step) = pass.of([(2_000, 25), (50, 10), (2, 1)]);
    PodBudget { count, step, memory: 8 << 30, time: Duration::from_secs(240) }
}

/// A node, and the control plane that it joins.
struct Cluster {
    node: Node,
    plane: Box<dyn ControlPlane>,
}

impl Cluster {
    fn start(&self) -> Result<LiveNode, LaneError> {
        Ok(self.node.join(self.plane.start()?)?)
    }
}

pub(super) fn declare(plan: &mut Plan, plane: Box<dyn ControlPlane>, asked: &[Indicator]) {
    let node = match Node::of(plane.as_ref()) {
        Ok(node) => node,
        Err(error) => return plan.not_made(SUBJECT, &error, asked),
    };
    let cluster = Rc::new(Cluster { node, plane });
    let pass = plan.pass();
    // There from the first sample of either lane on, and gone with the last of them.
    let live: Rc<RefCell<Option<LiveNode>>> = Rc::default();
    let together = pass.of(TOGETHER);
    let lanes = vec![
        startup(SUBJECT.to_owned(), &cluster, &live, Created::OneByOne(pass.of(SINGLES))),
        startup(format!("{SUBJECT}, {together} at once"), &cluster, &live, Created::Together(together)),
    ];
    plan.fresh(STARTUP, Turns::rounds(pass.of(TURNS)), lanes);
    let age = Duration::from_secs(pass.of(AGE));
    plan.fresh(MEMORY, Turns::rounds(pass.of(NODES)), vec![memory(&cluster, age)]);
    let budget = budget(pass);
    let figure = density(&cluster.node, budget);
    if is_short(plan) {
        leave_out(plan, &figure);
    } else {
        plan.group(FILL, Turns::rounds(1), vec![fill(figure, &cluster, budget)]);
    }
}

/// How the pods of one sample come to be.
#[derive(Clone, Copy)]
enum Created {
    OneByOne(u32),
    Together(u32),
}

/// `pod_startup`. The marks cost nothing, so that the whole that the phases are of is the figure's own.
fn startup(name: String, cluster: &Rc<Cluster>, live: &Rc<RefCell<Option<LiveNode>>>, created: Created) -> Lane {
    let mut figure = Figure::new(Indicator::PodStartup, cluster.node.identity(), WORKLOAD);
    if let Created::Together(count) = created {
        figure = figure.concurrent(count, "created together");
    }
    let (cluster, live) = (Rc::clone(cluster), Rc::clone(live));
    let lane = Lane::new(name, move |taken: &mut Taken| {
        let mut live = live.borrow_mut();
        let node = match live.as_ref() {
            Some(node) => node,
            None => live.insert(cluster.start()?),
        };
        let outcome = sample(taken, node, created);
        if outcome.is_err() {
            // The next one has a node to which nothing happened.
            *live = None;
        }
        outcome
    });
    let whole = figure.clone().of_part(Phase::WHOLE);
    let lane = lane.of(figure.clone(), &[Statistic::Median, Statistic::P99]).of(whole, &[Statistic::Mean]);
    PHASES.iter().fold(lane, |lane, phase| lane.of(figure.clone().of_part(phase.part()), &[Statistic::Mean]))
}

/// Those of a pod, in their order.
const PHASES: [Phase; 4] = [Phase::Bound, Phase::Sandbox, Phase::Container, Phase::Reported];

fn sample(taken: &mut Taken, node: &LiveNode, created: Created) -> Result<(), LaneError> {
    let (times, together) = match created {
        Created::OneByOne(times) => (times, 1),
        Created::Together(count) => (1, count as usize),
    };
    for _ in 0..times {
        let pods = start_pods(node, together)?;
        pods.starts.iter().for_each(|start| tell(taken, start));
        pods.delete(node)?;
    }
    Ok(())
}

fn tell(taken: &mut Taken, start: &PodStart) {
    for figure in [0, 1] {
        taken.push(figure, start.whole() as f64);
    }
    for (place, (_, took)) in start.phases().into_iter().enumerate() {
        taken.push(2 + place, took as f64);
    }
}

/// `node_memory`, without pods and with some; and of one shim alone.
fn memory(cluster: &Rc<Cluster>, age: Duration) -> Lane {
    let of = |workload: String| {
        let figure = Figure::new(Indicator::NodeMemory, cluster.node.identity(), workload);
        figure.by_method("pss").with_setting("age", format!("{} s after it was ready", age.as_secs()))
    };
    let (empty, filled) = (of("0-pods".to_owned()), of(format!("{PODS}-pods")));
    let median = &[Statistic::Median];
    let cluster = Rc::clone(cluster);
    let lane = Lane::new(SUBJECT, move |taken: &mut Taken| {
        let node = cluster.start()?;
        thread::sleep(age);
        all(taken, 0, &node_memory(&node)?);
        let pods = start_pods(&node, PODS)?;
        thread::sleep(age);
        let held = node_memory(&node)?;
        all(taken, 2, &held);
        if let Some(shim) = mean(&held, Agent::Shim) {
            taken.push(4, shim.pss as f64);
            taken.push(5, shim.anonymous as f64);
        }
        pods.delete(&node)?;
        node.stop()?;
        Ok::<_, LaneError>(())
    });
    let shim = filled.clone().of_part("one shim");
    let anonymous = |figure: &Figure, part: &str| figure.clone().of_part(part);
    lane.of(empty.clone(), median)
        .of(anonymous(&empty, "anonymous"), median)
        .of(filled.clone(), median)
        .of(anonymous(&filled, "anonymous"), median)
        .of(shim, median)
        .of(anonymous(&filled, "anonymous, one shim"), median)
}

fn density(node: &Node, budget: PodBudget) -> Figure {
    Figure::new(Indicator::Density, node.identity(), "pods").with_setting("budget", budget)
}

/// The count, and what one more takes, of a node that goes with them.
fn fill(figure: Figure, cluster: &Rc<Cluster>, budget: PodBudget) -> Lane {
    let cluster = Rc::clone(cluster);
    let each = figure.clone().of(Indicator::MemoryBaseline);
    let lane = Lane::new(SUBJECT, move |taken: &mut Taken| {
        let node = cluster.start()?;
        let filled = fill_with_pods(&node, budget)?;
        drop(node);
        taken.push(0, filled.ready as f64);
        if let Stop::Budget(_) = filled.stopped_by {
            taken.bound(0, Bound::Above);
        }
        taken.observe(0, "stopped_by", &filled.stopped_by);
        taken.observe(0, "elapsed_ns", filled.elapsed.as_nanos());
        if let Some(reason) = filled.stopped_by.reason() {
            taken.observe(0, "stop_reason", reason);
        }
        taken.settings(1, [("memory_method".to_owned(), filled.memory_method.to_owned())].into());
        let points: Vec<_> = filled.memory.iter().map(|it| (it.live as f64, it.bytes as f64)).collect();
        if Line::through(&points, 0.95).is_ok() {
            let x = Axis::new("live pods", Unit::Instances)?;
            taken.curve(1, Statistic::Slope, &Curve::new(x, Axis::new("memory", Unit::Bytes)?, points)?);
        }
        Ok::<_, LaneError>(())
    });
    lane.of(figure, &[Statistic::Single]).of(each, &[])
}

/// The sum of all, and what each kind has of it.
fn all(taken: &mut Taken, figure: usize, held: &[(Agent, Held)]) {
    for (figure, part) in [(figure, pss as fn(&Held) -> u64), (figure + 1, anonymous)] {
        taken.push(figure, held.iter().map(|(_, held)| part(held)).sum::<u64>() as f64);
        for agent in [Agent::Kubelet, Agent::Containerd, Agent::Shim] {
            let of_it = held.iter().filter(|(one, _)| *one == agent);
            taken.observe(figure, format!("{}_bytes", agent.name()), of_it.map(|(_, held)| part(held)).sum::<u64>());
        }
        taken.observe(figure, "shims", held.iter().filter(|(agent, _)| *agent == Agent::Shim).count());
    }
}

fn pss(held: &Held) -> u64 {
    held.pss
}

fn anonymous(held: &Held) -> u64 {
    held.anonymous
}

fn mean(held: &[(Agent, Held)], agent: Agent) -> Option<Held> {
    let of_it: Vec<_> = held.iter().filter(|(one, _)| *one == agent).map(|(_, held)| held).collect();
    let share = |part: fn(&Held) -> u64| of_it.iter().map(|held| part(held)).sum::<u64>() / of_it.len().max(1) as u64;
    (!of_it.is_empty()).then(|| Held { pss: share(pss), anonymous: share(anonymous) })
}
