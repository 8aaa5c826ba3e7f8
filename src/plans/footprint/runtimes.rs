//! What instances of a runtime take.

use std::time::Duration;

use super::{is_test, lacking, wanted};
use crate::{
    Bound, Indicator, Isolation, Statistic, Temperature, Unit,
    experiment::{Figure, Lane, LaneError, Pass, Plan, Taken, Turns},
    plans::{
        prepared::{described, lane_name},
        quick::Candidate,
    },
    probe::{Described, Target, cold_start_cpu_peak, idle_cpu, memory_growth, memory_peak, shipped},
    runtime::Workload,
    samples::{Axis, Curve},
};

const SIZE: &str = "image_size";
const MEMORY: &str = "memory_baseline";
const PEAK: &str = "memory_peak";
const IDLE: &str = "cpu_baseline";
const BURST: &str = "cold_start_cpu_peak";

/// How many starts a burst releases together: the published figures say 100.
const STARTS: usize = 100;

/// The finest interval at which CPU time is read.
const SAMPLING: Duration = Duration::from_millis(1);

/// The lanes of each table, to be.
#[derive(Default)]
pub(super) struct Tables {
    size: Vec<Lane>,
    memory: Vec<Lane>,
    peak: Vec<Lane>,
    idle: Vec<Lane>,
    burst: Vec<Lane>,
}

/// The lanes of all subjects; the rows of those that are not here go into the plan.
pub(super) fn tables(plan: &mut Plan, subjects: Vec<String>) -> Tables {
    let groups = [
        (SIZE, Indicator::ImageSize),
        (MEMORY, Indicator::MemoryBaseline),
        (PEAK, Indicator::MemoryPeak),
        (IDLE, Indicator::CpuBaseline),
        (BURST, Indicator::ColdStartCpuPeak),
    ];
    let described = described(plan, subjects, &groups);
    let here: Vec<_> = described.iter().map(|(subject, _)| subject.clone()).collect();
    let mut tables = Tables::default();
    for (subject, described) in &described {
        tables.add(plan, described, subject, &here);
        tables.working(plan, described, subject);
    }
    tables
}

impl Tables {
    /// Adds the lanes of a subject.
    fn add(&mut self, plan: &mut Plan, described: &Described, subject: &str, here: &[String]) {
        let identity = &described.identity;
        let most = if is_test(plan) { 1 } else { described.temperatures.len() };
        for &temperature in described.temperatures.iter().take(most) {
            let one = One { described, target: Target::new(subject, Workload::ready(), temperature) };
            one.size(plan, &mut self.size);
            let is_warmest = Some(&temperature) == described.temperatures.last();
            let candidate = Candidate { identity, temperature, is_warmest };
            if candidate.is_asked(plan, Indicator::MemoryBaseline, here) {
                one.memory(plan, &mut self.memory);
            }
            if candidate.is_asked(plan, Indicator::MemoryPeak, here) {
                one.peak(plan, &mut self.peak);
            }
            if candidate.is_asked(plan, Indicator::ColdStartCpuPeak, here) {
                one.burst(plan, &mut self.burst);
            }
            // What idles is the same however it was started.
            let asks_once = plan.pass() == Pass::Quick && !is_warmest;
            if !asks_once && candidate.is_asked(plan, Indicator::CpuBaseline, here) {
                one.idle(plan, &mut self.idle);
            }
        }
    }

    /// What a program with code and data of some size takes: one that only says ready has none. What runs no program takes
    /// nothing of them. In a quick pass the smallest image stands for all containers of the same program.
    fn working(&mut self, plan: &mut Plan, described: &Described, subject: &str) {
        let isolation = described.identity.isolation;
        let stands_for_others = isolation != Isolation::Container || subject == "container/scratch";
        if isolation == Isolation::None || plan.pass() == Pass::Quick && !stands_for_others || is_test(plan) {
            return;
        }
        let workloads = match plan.pass() {
            Pass::Full => vec![Workload::http_handler(), Workload::compute_kernel()],
            _ => vec![Workload::http_handler()],
        };
        for workload in workloads {
            for temperature in &described.temperatures {
                let one = One { described, target: Target::new(subject, workload.clone(), *temperature) };
                one.size(plan, &mut self.size);
                // As warm as they come. No published figure asks for it, so that a quick pass does not.
                let warmest = Some(temperature) == described.temperatures.last();
                if described.holds && warmest && plan.pass() != Pass::Quick {
                    one.memory(plan, &mut self.memory);
                }
            }
        }
    }

    /// Puts them into the plan. A size is counted, not sampled.
    pub fn into_groups(self, plan: &mut Plan, rounds: Turns) {
        plan.fresh(SIZE, Turns::rounds(1), self.size);
        plan.fresh(MEMORY, rounds, self.memory);
        plan.fresh(PEAK, rounds, self.peak);
        plan.fresh(IDLE, rounds, self.idle);
        plan.fresh(BURST, rounds, self.burst);
    }
}

/// A runtime with a workload at a temperature.
struct One<'a> {
    described: &'a Described,
    target: Target,
}

impl One<'_> {
    fn name(&self) -> String {
        let name = lane_name(&self.described.identity, self.target.temperature);
        match self.target.workload == Workload::ready() {
            true => name,
            false => format!("{name}, {}", self.target.workload.name),
        }
    }

    fn figure(&self, indicator: Indicator) -> Figure {
        Figure::new(indicator, &self.described.identity, &self.target.workload.name).at(self.target.temperature)
    }

    fn isolation(&self) -> Isolation {
        self.described.identity.isolation
    }

    fn size(&self, plan: &mut Plan, lanes: &mut Vec<Lane>) {
        let figure = self.figure(Indicator::ImageSize);
        if self.isolation() == Isolation::None {
            return lacking(
                plan,
                &figure,
                "it runs no workload, so there is nothing to ship",
                "ask a runtime that does",
            );
        }
        // What is warm was shipped before.
        if self.target.temperature == Temperature::Warm {
            return;
        }
        let target = self.target.clone();
        wanted(plan, SIZE, &self.name(), lanes, |name| {
            let sample = move |taken: &mut Taken| {
                let shipped = shipped(&target)?;
                let size = shipped.size.ok_or("the runtime names nothing that is shipped")?;
                taken.push(0, size.bytes as f64);
                taken.settings(0, shipped.settings.clone());
                if let Some(layer) = size.layer {
                    taken.push(1, layer as f64);
                    taken.settings(1, shipped.settings);
                }
                Ok::<_, LaneError>(())
            };
            let layer = figure.clone().of_part("gzip");
            Lane::new(name, sample).of(figure, &[Statistic::Single]).of(layer, &[Statistic::Single])
        });
    }

    fn memory(&self, plan: &mut Plan, lanes: &mut Vec<Lane>) {
        let figure = self.figure(Indicator::MemoryBaseline);
        let (target, counts) = (self.target.clone(), self.counts(plan));
        // The host of one workload will do: it differs by the module alone.
        let is_ready = self.target.workload == Workload::ready();
        wanted(plan, MEMORY, &self.name(), lanes, |name| {
            let sample = move |taken: &mut Taken| {
                let growth = memory_growth(&target, &counts)?;
                for figure in 0..4 {
                    taken.settings(figure, growth.settings.clone());
                }
                let node = growth.node_slope()?;
                taken.method(0, &node.method);
                taken.push(0, node.bytes as f64);
                if !node.is_whole {
                    taken.bound(0, Bound::Above);
                    if let Some(refusal) = &growth.no_charge {
                        taken.observe(0, "kernel_part", format!("{}: {}", refusal.reason, refusal.remedy));
                    }
                }
                taken.push(1, growth.pss_slope()? as f64);
                taken.push(2, growth.page_tables_slope()? as f64);
                if let Some(host) = growth.host_bytes().filter(|_| is_ready) {
                    taken.push(3, host as f64);
                }
                let points = growth.points().iter();
                let points =
                    points.filter_map(|point| Some((point.instances as f64, node.at(point)? as f64))).collect();
                let (x, y) = (Axis::new("live instances", Unit::Instances)?, Axis::new("memory", Unit::Bytes)?);
                taken.curve(0, Statistic::Slope, &Curve::new(x, y, points)?);
                Ok::<_, LaneError>(())
            };
            let median = &[Statistic::Median];
            Lane::new(name, sample)
                .of(figure.clone(), median)
                .of(figure.clone().of_part("set size").by_method("pss-slope"), median)
                .of(figure.clone().of_part("page tables").by_method("VmPTE-slope"), median)
                .of(figure.of_part("host").by_method("pss, files resident"), median)
        });
    }

    fn peak(&self, plan: &mut Plan, lanes: &mut Vec<Lane>) {
        let (figure, target) = (self.figure(Indicator::MemoryPeak), self.target.clone());
        wanted(plan, PEAK, &self.name(), lanes, |name| {
            let sample = move |taken: &mut Taken| {
                let peak = memory_peak(&target)?;
                taken.push(0, peak.bytes as f64);
                taken.settings(0, peak.settings);
                taken.method(0, format!("{}, mean of starts", peak.method));
                // One start is a page or two, or a step of a cgroup's peak: seen beside, and no figure of its own.
                taken.observe(0, "first_bytes", peak.first);
                if let Some(files) = peak.first_files {
                    taken.observe(0, "first_files_bytes", files);
                }
                Ok::<_, LaneError>(())
            };
            Lane::new(name, sample).of(figure, &[Statistic::Median])
        });
    }

    fn idle(&self, plan: &mut Plan, lanes: &mut Vec<Lane>) {
        // Starting them takes longer than looking at them: a quick pass has half as many containers, and a bound twice as high.
        let most = self.counts(plan).last().copied().unwrap_or(1);
        let instances = if plan.pass() == Pass::Quick && self.isolation().is_contained() { most / 2 } else { most };
        let span = Duration::from_millis(plan.pass().of([1000, 100, 20]));
        let figure = self.figure(Indicator::CpuBaseline);
        let target = self.target.clone();
        wanted(plan, IDLE, &self.name(), lanes, |name| {
            let sample = move |taken: &mut Taken| {
                let idle = idle_cpu(&target, instances, span, 1)?;
                let method = format!("{}, the harness's own included", idle.method);
                for figure in 0..2 {
                    taken.settings(figure, idle.settings.clone());
                    taken.method(figure, &method);
                }
                idle.percent_each().into_iter().for_each(|percent| taken.push(0, percent));
                taken.bound(0, Bound::Below);
                // The host without an instance, whole: that much of the figure above is not the instances'.
                if let Some(host) = idle.host {
                    taken.push(1, host.percent());
                }
                Ok::<_, LaneError>(())
            };
            let instances = u32::try_from(instances).unwrap_or(u32::MAX);
            Lane::new(name, sample)
                .of(figure.clone().concurrent(instances, "idle"), &[Statistic::Median])
                .of(figure.of_part("host"), &[Statistic::Median])
        });
    }

    fn burst(&self, plan: &mut Plan, lanes: &mut Vec<Lane>) {
        let starts = if is_test(plan) { 10 } else { STARTS };
        let figure = self.figure(Indicator::ColdStartCpuPeak).concurrent(starts as u32, "cold start");
        let target = self.target.clone();
        wanted(plan, BURST, &self.name(), lanes, |name| {
            let sample = move |taken: &mut Taken| {
                let peak = cold_start_cpu_peak(&target, starts, 1, SAMPLING)?;
                taken.settings(0, peak.settings);
                taken.method(0, format!("{}, every {SAMPLING:?}, highest of 10 ms", peak.method));
                peak.peaks.into_iter().for_each(|percent| taken.push(0, percent));
                Ok::<_, LaneError>(())
            };
            Lane::new(name, sample).of(figure, &[Statistic::Median])
        });
    }

    /// At how many instances memory is read: so many that they outweigh what else moves.
    fn counts(&self, plan: &Plan) -> Vec<usize> {
        let works = self.target.workload != Workload::ready();
        let step = match (self.isolation(), self.target.temperature) {
            (Isolation::None, _) => 1000,
            // Each start compiles, for up to a fifth of a second, and holds what that made; or it interprets.
            (Isolation::InProcess, Temperature::Cold) if works => plan.pass().of([4, 2, 2]),
            (Isolation::InProcess, _) if works => 10,
            (Isolation::InProcess, _) => plan.pass().of([50, 25, 3]),
            _ if works => plan.pass().of([16, 6, 3]),
            (Isolation::Process, _) => plan.pass().of([32, 8, 3]),
            // The steps in which a cgroup is charged are large.
            _ => plan.pass().of([32, 8, 3]),
        };
        let step = if is_test(plan) { step.min(3) } else { step };
        (1..=4).map(|i| i * step).collect()
    }
}
