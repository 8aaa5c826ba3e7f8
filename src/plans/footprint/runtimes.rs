//! What instances of a runtime take.

use std::time::Duration;

use super::{is_test, lacking, wanted};
use crate::{
    Bound, Indicator, Isolation, Statistic, Temperature, Unit,
    experiment::{Figure, Lane, LaneError, Pass, Plan, Taken, Turns},
    plans::prepared::{flat, lane_name},
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

impl Tables {
    /// Adds the lanes of a subject, or its rows.
    pub fn add(&mut self, plan: &mut Plan, subject: &str) {
        let groups = [
            (SIZE, Indicator::ImageSize),
            (MEMORY, Indicator::MemoryBaseline),
            (PEAK, Indicator::MemoryPeak),
            (IDLE, Indicator::CpuBaseline),
            (BURST, Indicator::ColdStartCpuPeak),
        ];
        let beginning = flat(subject);
        if !groups.iter().any(|(group, _)| plan.wants_some(group, &beginning)) {
            return;
        }
        let described = match Described::of(subject) {
            Ok(described) => described,
            Err(error) => return plan.not_made(subject, &error, &groups.map(|(_, indicator)| indicator)),
        };
        let most = if is_test(plan) { 1 } else { described.temperatures.len() };
        for temperature in described.temperatures.iter().take(most) {
            let one = One { described: &described, target: Target::new(subject, Workload::ready(), *temperature) };
            one.size(plan, &mut self.size);
            one.memory(plan, &mut self.memory);
            // What a start takes and what idles is the same whatever the image holds, or was compiled from: a quick pass asks
            // one of them.
            let warmest = Some(temperature) == described.temperatures.last();
            let contained = described.identity.isolation.is_contained();
            let stands_for_others = warmest && !["container/busybox", "container/debian"].contains(&subject);
            if plan.pass() != Pass::Quick || !contained || stands_for_others {
                one.peak(plan, &mut self.peak);
                one.burst(plan, &mut self.burst);
            }
            if plan.pass() != Pass::Quick || stands_for_others {
                one.idle(plan, &mut self.idle);
            }
        }
        self.working(plan, &described, subject);
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
        let is_ready = self.target.workload == Workload::ready();
        // In process, instances are small beside the steps in which a cgroup is charged; and what the kernel keeps for a
        // container is the same whatever runs in it.
        let charged = self.isolation().is_contained() && is_ready;
        wanted(plan, MEMORY, &self.name(), lanes, |name| {
            let sample = move |taken: &mut Taken| {
                let growth = memory_growth(&target, &counts)?;
                for figure in 0..4 {
                    taken.settings(figure, growth.settings.clone());
                }
                taken.push(0, growth.pss_slope()? as f64);
                taken.push(1, growth.page_tables_slope()? as f64);
                // The host of one workload will do: it differs by the module alone.
                if let Some(host) = growth.host_bytes().filter(|_| is_ready) {
                    taken.push(2, host as f64);
                }
                match (growth.charge_slope()?, &growth.charge_method, &growth.no_charge) {
                    (Some(charge), Some(method), _) if charged => {
                        taken.method(3, format!("{method}, slope"));
                        taken.push(3, charge as f64);
                    }
                    (_, _, Some(missing)) if charged => taken.lacks(3, missing),
                    _ => {}
                }
                let points = growth.points().iter().map(|point| (point.instances as f64, point.pss as f64)).collect();
                let (x, y) = (Axis::new("live instances", Unit::Instances)?, Axis::new("memory", Unit::Bytes)?);
                taken.curve(0, Statistic::Slope, &Curve::new(x, y, points)?);
                Ok::<_, LaneError>(())
            };
            let median = &[Statistic::Median];
            Lane::new(name, sample)
                .of(figure.clone().by_method("pss-slope"), median)
                .of(figure.clone().of_part("page tables").by_method("VmPTE-slope"), median)
                .of(figure.clone().of_part("host").by_method("pss, files resident"), median)
                .of(figure.of_part("charge"), median)
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
        let instances = self.counts(plan).last().copied().unwrap_or(1);
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
