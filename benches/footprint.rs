//! What instances take: bytes to ship, memory that they hold and at its peak, CPU while they idle and while a burst starts;
//! and the memory of policy engines. Each runtime and each engine in fresh processes of its own.
//!
//! `cargo bench --bench footprint` records; `-- --quick` takes less time.

#[path = "evaluation/matrix.rs"]
mod matrix;
mod support;

use std::{collections::BTreeMap, error::Error, time::Duration};

use runtime_baseline::{
    Baseline, Bound, Conditions, Indicator, Interval, Isolation, Quantity, Statistic, Temperature, UnavailableRow,
    Unit,
    policy::{self, PolicyError, PolicyForm},
    probe::{
        Described, MemoryPoint, ProbeError, Target, cold_start_cpu_peak, engine_memory, idle_cpu, memory_growth,
        memory_peak, shipped,
    },
    runtime::{Identity, Registry, RuntimeError, Workload},
    session::{Figure, METHOD, Session},
    stats::{Axis, Curve, Summary},
};
use support::{Mode, Place};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Of each runtime.
const INDICATORS: [Indicator; 5] = [
    Indicator::ImageSize,
    Indicator::MemoryBaseline,
    Indicator::MemoryPeak,
    Indicator::CpuBaseline,
    Indicator::ColdStartCpuPeak,
];

/// The fewest repetitions whose median has a 95 % interval.
const REPEATS: usize = 6;

/// How many starts a burst releases together: the published figures say 100.
const BURST: usize = 100;

/// The finest interval at which CPU time is read.
const SAMPLING: Duration = Duration::from_millis(1);

fn main() -> Outcome {
    let mode = Mode::of_this_run();
    let place = Place::of(mode);
    let mut run = Run { session: Session::begin("benches/footprint", place.path())?, mode };
    for subject in Registry::subjects() {
        match Described::of(&subject) {
            Ok(described) => run.runtime(&described)?,
            Err(error) => INDICATORS.iter().for_each(|indicator| run.refused(&subject, *indicator, None, &error)),
        }
    }
    for subject in policy::Registry::subjects() {
        run.engine(&subject)?;
    }
    support::finish(run.session, &place, mode);
    // With what `evaluation` recorded before: all that there is of each engine.
    matrix::print(&Baseline::load(place.path().join("baseline.json"))?, &policy::Registry::subjects());
    Ok(())
}

struct Run {
    session: Session,
    mode: Mode,
}

impl Run {
    fn runtime(&mut self, described: &Described) -> Outcome {
        let most = if self.mode == Mode::Test { 1 } else { described.temperatures.len() };
        for temperature in described.temperatures.iter().take(most) {
            let target = Target::new(described.identity.subject.as_str(), Workload::ready(), *temperature);
            self.size(&target)?;
            self.memory(&target, &described.identity)?;
            self.peak(&target)?;
            self.idle(&target, &described.identity)?;
            self.burst(&target)?;
        }
        Ok(())
    }

    fn size(&mut self, target: &Target) -> Outcome {
        let indicator = Indicator::ImageSize;
        let Some(shipped) = self.ask(target, indicator, || shipped(target)) else { return Ok(()) };
        let subject = shipped.identity.subject.clone();
        let Some(size) = shipped.size else {
            // What is warm was shipped before; what is never anything else ships nothing at all.
            if subject.as_str() == "noop" {
                let (reason, remedy) = ("it runs no workload, and ships none", "ask a runtime that does");
                self.session.unavailable(UnavailableRow::new(subject, indicator, reason, remedy));
            }
            return Ok(());
        };
        println!("{}: ships {} bytes in {} files, gzip layer {:?}", name(target), size.bytes, size.files, size.layer);
        let figure = Figure::new(indicator, &shipped.identity, "ready").at(target.temperature);
        let figure = figure.with_settings(shipped.settings);
        let layer = size.layer.map(|layer| (layer, "ready/gzip"));
        for (bytes, workload) in [Some((size.bytes, "ready")), layer].into_iter().flatten() {
            let figure = of(&figure, workload);
            self.session.record_value(&figure, Statistic::Single, Quantity::bytes(bytes), 1)?;
        }
        Ok(())
    }

    fn memory(&mut self, target: &Target, identity: &Identity) -> Outcome {
        let indicator = Indicator::MemoryBaseline;
        let counts = self.counts(target, identity);
        let grown = self.repeat(target, indicator, || {
            let growth = memory_growth(target, &counts)?;
            let slopes = [Some(growth.pss_slope()?), Some(growth.page_tables_slope()?), growth.charge_slope()?];
            Ok((growth, slopes))
        });
        let Some((first, _)) = grown.first() else { return Ok(()) };
        let figure = Figure::new(indicator, &first.identity, "ready").at(target.temperature);
        let figure = figure.with_settings(first.settings.clone());
        let [pss, page_tables, charge] =
            [0, 1, 2].map(|i| grown.iter().filter_map(|(_, slopes)| slopes[i]).collect::<Vec<u64>>());
        self.bytes(&figure, "ready", "pss-slope", &pss)?;
        self.curve(&figure, pss[0], first.points())?;
        self.bytes(&figure, "ready/page-tables", "VmPTE-slope", &page_tables)?;
        // In process, instances are small beside the steps in which a cgroup is charged.
        match (&first.charge_method, &first.no_charge) {
            (Some(method), _) if contained(identity) => {
                self.bytes(&figure, "ready/charge", &format!("{method}, slope"), &charge)?;
            }
            (None, Some(missing)) if contained(identity) => {
                let row = UnavailableRow::new(missing.subject.clone(), indicator, &missing.reason, &missing.remedy);
                self.session.unavailable(row.with_workload("ready/charge").with_temperature(target.temperature));
            }
            _ => {}
        }
        let host: Vec<u64> = grown.iter().filter_map(|(growth, _)| growth.host_bytes()).collect();
        self.bytes(&figure, "none", "pss, files resident", &host)?;
        println!("{}: each holds {} bytes, the host {} bytes", name(target), median(&pss), median(&host));
        Ok(())
    }

    fn peak(&mut self, target: &Target) -> Outcome {
        let indicator = Indicator::MemoryPeak;
        let peaks = self.repeat(target, indicator, || memory_peak(target));
        let Some(first) = peaks.first() else { return Ok(()) };
        let figure = Figure::new(indicator, &first.identity, "ready").at(target.temperature);
        let figure = figure.with_settings(first.settings.clone());
        let bytes: Vec<u64> = peaks.iter().map(|peak| peak.bytes).collect();
        let firsts: Vec<u64> = peaks.iter().map(|peak| peak.first).collect();
        println!(
            "{}: a start takes {} bytes at its peak, the first one {} ({})",
            name(target),
            median(&bytes),
            median(&firsts),
            first.method
        );
        self.bytes(&figure, "ready", &format!("{}, mean of starts", first.method), &bytes)?;
        // One start of a container is nothing beside the steps of a cgroup's peak.
        if first.method == "VmHWM" {
            self.bytes(&figure, "ready/first", &first.method, &firsts)?;
        }
        Ok(())
    }

    fn idle(&mut self, target: &Target, identity: &Identity) -> Outcome {
        let indicator = Indicator::CpuBaseline;
        let instances = self.counts(target, identity).last().copied().unwrap_or(1);
        let span = Duration::from_millis(if self.mode == Mode::Test { 20 } else { self.mode.choose(1000, 100) });
        let Some(idle) = self.ask(target, indicator, || idle_cpu(target, instances, span, REPEATS as u32)) else {
            return Ok(());
        };
        let figure = Figure::new(indicator, &idle.identity, "ready").at(target.temperature);
        let figure = figure.concurrent(instances as u32, "idle").with_settings(idle.settings.clone());
        let figure = figure.with_settings(method(&format!("{}, the harness's own included", idle.method)));
        let percent = idle.percent_each();
        println!("{}: idle, each takes less than {:.6} % of a core", name(target), percent[percent.len() / 2]);
        self.percent(&figure, &percent, Bound::Below)?;
        // The host without an instance, whole: that much of the figure above is not the instances'.
        let Some(host) = idle.host else { return Ok(()) };
        let figure = of(&figure.concurrent(1, "idle"), "none");
        self.percent(&figure, &[host.percent()], Bound::Exact)
    }

    fn burst(&mut self, target: &Target) -> Outcome {
        let indicator = Indicator::ColdStartCpuPeak;
        let concurrent = if self.mode == Mode::Test { 10 } else { BURST };
        let rounds = if self.mode == Mode::Test { 1 } else { REPEATS as u32 };
        let burst = || cold_start_cpu_peak(target, concurrent, rounds, SAMPLING);
        let Some(peak) = self.ask(target, indicator, burst) else { return Ok(()) };
        let figure = Figure::new(indicator, &peak.identity, "ready").at(target.temperature);
        let figure = figure.concurrent(concurrent as u32, "cold start").with_settings(peak.settings.clone());
        let sampled = format!("{}, every {SAMPLING:?}, highest of 10 ms", peak.method);
        let figure = figure.with_settings(method(&sampled));
        let mut percent = peak.peaks.clone();
        percent.sort_by(f64::total_cmp);
        println!(
            "{}: a burst of {concurrent} takes {:.1} % of the node at its peak; sampling every {:.2} ms takes {:.2} % of a core",
            name(target),
            percent[percent.len() / 2],
            peak.interval as f64 / 1e6,
            peak.sampling
        );
        self.percent(&figure, &percent, Bound::Exact)?;
        if peak.identity.subject.as_str() == "noop" {
            // What sampling costs is a figure of the harness: where there is nothing to sample but the harness.
            let figure = Figure::new(Indicator::CpuBaseline, &peak.identity, "sampling").at(target.temperature);
            self.percent(
                &of(&figure, "none/sampling").with_settings(method(&sampled)),
                &[peak.sampling],
                Bound::Exact,
            )?;
        }
        Ok(())
    }

    fn engine(&mut self, subject: &str) -> Outcome {
        let indicator = Indicator::EngineMemory;
        let server = subject == "opa";
        // What compiles a policy has it compiled before.
        let compiles = policy::Registry::only(subject).is_ok_and(|e| e.forms().contains(&PolicyForm::Precompiled));
        let form = if compiles { PolicyForm::Precompiled } else { PolicyForm::Source };
        for (policy, many) in self.policies() {
            // A server for each engine; OPA keeps nothing compiled.
            let counts = if server { [1, 2, 3] } else { many };
            let mut taken = Vec::new();
            let repeats = if self.mode == Mode::Test { 1 } else { REPEATS };
            for _ in 0..repeats {
                match engine_memory(subject, policy, form, &counts) {
                    Ok(memory) => taken.push((memory.growth.pss_slope()?, memory)),
                    Err(error) => {
                        self.refused(subject, indicator, Some(policy), &error);
                        break;
                    }
                }
            }
            let Some((_, first)) = taken.first() else { continue };
            let figure = Figure::new(indicator, &first.growth.identity, policy).at(match form {
                PolicyForm::Precompiled => Temperature::Precompiled,
                _ => Temperature::Cold,
            });
            let slopes: Vec<u64> = taken.iter().map(|(slope, _)| *slope).collect();
            let peaks: Vec<u64> = taken.iter().map(|(_, memory)| memory.peak).collect();
            println!("{subject}, {policy}: each holds {} bytes, {} at its peak", median(&slopes), median(&peaks));
            self.bytes(&figure, &format!("{policy}/peak"), &first.peak_method, &peaks)?;
            if server {
                // A server is one process for all: its set size, with the program, which a second one would share.
                let alone: Vec<u64> = taken.iter().filter_map(|(_, memory)| memory.growth.first()).collect();
                println!("{subject}, {policy}: a server alone holds {} bytes", median(&alone));
                self.bytes(&figure, policy, "pss", &alone)?;
                self.bytes(&figure, &format!("{policy}/second"), "pss-slope", &slopes)?;
            } else {
                self.bytes(&figure, policy, "pss-slope", &slopes)?;
            }
        }
        Ok(())
    }

    /// The policies whose engines differ in what they hold, and at how many engines memory is read.
    fn policies(&self) -> Vec<(&'static str, [usize; 3])> {
        let all = vec![
            ("rbac-1000", [4, 8, 12]),
            ("rbac-10", [20, 40, 60]),
            ("rbac-10000", [2, 3, 4]),
            ("admission", [20, 40, 60]),
            ("http_authz", [20, 40, 60]),
            ("release", [20, 40, 60]),
        ];
        match self.mode {
            Mode::Full => all,
            // Each takes a fresh process, and WasmEdge's compiler seconds in it.
            Mode::Quick => all[..1].to_vec(),
            Mode::Test => all[1..2].to_vec(),
        }
    }

    /// At how many instances memory is read: so many that they outweigh what else moves.
    fn counts(&self, target: &Target, identity: &Identity) -> Vec<usize> {
        let step = match (identity.isolation, target.temperature) {
            (Isolation::None, _) => 1000,
            (Isolation::InProcess, Temperature::Cold) => 50,
            (Isolation::InProcess, _) => 50,
            (Isolation::Container, _) => self.mode.choose(24, 12),
            _ => 6,
        };
        let step = if self.mode == Mode::Test { step.min(3) } else { step };
        (1..=4).map(|i| i * step).collect()
    }

    /// A measurement that may fail, and then is a row.
    fn ask<T>(
        &mut self,
        target: &Target,
        indicator: Indicator,
        measure: impl FnOnce() -> Result<T, ProbeError>,
    ) -> Option<T> {
        let outcome = measure();
        if let Err(error) = &outcome {
            eprintln!("{}, {indicator}: {error}", name(target));
            let row = self.row(&target.subject, indicator, error).map(|row| row.with_temperature(target.temperature));
            row.into_iter().for_each(|row| self.session.unavailable(row));
        }
        outcome.ok()
    }

    /// The same, as often as a median with an interval takes. All or nothing.
    fn repeat<T>(
        &mut self,
        target: &Target,
        indicator: Indicator,
        measure: impl Fn() -> Result<T, ProbeError>,
    ) -> Vec<T> {
        let times = if self.mode == Mode::Test { 1 } else { REPEATS };
        self.ask(target, indicator, || (0..times).map(|_| measure()).collect()).unwrap_or_default()
    }

    fn refused(&mut self, subject: &str, indicator: Indicator, workload: Option<&str>, error: &ProbeError) {
        eprintln!("{subject}, {indicator}: {error}");
        let row = self.row(subject, indicator, error);
        let row = row.map(|row| workload.into_iter().fold(row, UnavailableRow::with_workload));
        row.into_iter().for_each(|row| self.session.unavailable(row));
    }

    /// What cannot run here says what to do; all else is a failed measurement.
    fn row(&self, subject: &str, indicator: Indicator, error: &ProbeError) -> Option<UnavailableRow> {
        let (reason, remedy) = match error {
            ProbeError::Unavailable(refusal)
            | ProbeError::Runtime(RuntimeError::Unavailable(refusal))
            | ProbeError::Policy(PolicyError::Unavailable(refusal)) => (refusal.reason.clone(), refusal.remedy.clone()),
            error => (error.to_string(), "the measurement failed: run it again".to_owned()),
        };
        Some(UnavailableRow::new(subject.parse().ok()?, indicator, reason, remedy))
    }

    fn bytes(&mut self, figure: &Figure, workload: &str, read: &str, samples: &[u64]) -> Outcome {
        let figure = of(figure, workload).with_settings(method(read));
        Ok(self.session.record(&figure, samples, &[Statistic::Median])?)
    }

    /// The readings that the first slope is of.
    fn curve(&mut self, figure: &Figure, slope: u64, points: &[MemoryPoint]) -> Outcome {
        let figure = figure.clone().with_settings(method("pss-slope"));
        let points = points.iter().map(|point| (point.instances as f64, point.pss as f64)).collect();
        let (x, y) = (Axis::new("live instances", Unit::Instances)?, Axis::new("memory", Unit::Bytes)?);
        let curve = Curve::new(x, y, points)?;
        Ok(self.session.record_curve(&figure, Statistic::Slope, Quantity::bytes(slope), &curve)?)
    }

    /// The median of ascending percentages, with its interval where there are enough.
    fn percent(&mut self, figure: &Figure, percent: &[f64], bound: Bound) -> Outcome {
        let quantity = |percent: f64| Quantity::new(percent, Unit::Percent);
        // The ranks of the median and of its interval depend on the number of values alone.
        let ranks = Summary::of(&(0..percent.len() as u64).collect::<Vec<_>>())?;
        let interval = match ranks.median_interval(0.95) {
            Some(ends) => {
                let ends = [ends.low, ends.high].map(|rank| quantity(percent[rank as usize]));
                let [low, high] = ends;
                Some(Interval::new(0.95, low?, high?)?)
            }
            None => None,
        };
        let value = quantity(percent[ranks.median() as usize])?;
        let count = percent.len() as u64;
        Ok(self.session.record_bound(figure, Statistic::Median, value, bound, interval, count)?)
    }
}

/// The figure of a workload, or of a part: `ready/gzip`, and `none` is the host without an instance.
fn of(figure: &Figure, workload: &str) -> Figure {
    let part = workload.split_once('/').map(|(_, part)| part).or((workload == "none").then_some("host"));
    let part = part.map(|part| (Conditions::PART.to_owned(), part.to_owned()));
    let mut figure = figure.clone().with_settings(part.into_iter().collect());
    figure.workload = workload.to_owned();
    figure
}

fn contained(identity: &Identity) -> bool {
    matches!(identity.isolation, Isolation::Container | Isolation::WasmInContainer)
}

fn method(read: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(METHOD.to_owned(), read.to_owned())])
}

fn name(target: &Target) -> String {
    format!("{}/{}", target.subject, target.temperature)
}

fn median(samples: &[u64]) -> u64 {
    Summary::of(samples).map(|summary| summary.median()).unwrap_or_default()
}
