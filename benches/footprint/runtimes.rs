//! What instances of a runtime take.

use std::time::Duration;

use runtime_baseline::{
    Bound, Indicator, Isolation, Quantity, Statistic, Temperature, UnavailableRow, Unit,
    probe::{
        Described, MemoryPeak, MemoryPoint, ProbeError, Target, cold_start_cpu_peak, idle_cpu, memory_growth,
        memory_peak, shipped,
    },
    runtime::{Identity, Workload},
    samples::{Axis, Curve},
    session::Figure,
    stats::Summary,
};

use super::{Mode, Outcome, REPEATS, Row, Run, median, method, of};

const INDICATORS: [Indicator; 5] = [
    Indicator::ImageSize,
    Indicator::MemoryBaseline,
    Indicator::MemoryPeak,
    Indicator::CpuBaseline,
    Indicator::ColdStartCpuPeak,
];

/// How many starts a burst releases together: the published figures say 100.
const BURST: usize = 100;

/// How many processes besides, loaded somewhere else each, tell what page tables take.
const MORE_LOADED: usize = 14;

/// How many times as often as others a peak is measured at most: in a process that compiles, which threads and heaps do the
/// work is chance, and a cgroup's peak is in steps.
const MORE: usize = 4;

/// The finest interval at which CPU time is read.
const SAMPLING: Duration = Duration::from_millis(1);

pub fn measure(run: &mut Run, subject: &str) -> Outcome {
    let described = match Described::of(subject) {
        Ok(described) => described,
        Err(error) => {
            let row = |indicator| Row { subject, indicator, workload: None, temperature: None };
            INDICATORS.into_iter().for_each(|indicator| run.refused(row(indicator), &error));
            return Ok(());
        }
    };
    let Described { identity, temperatures, holds, .. } = &described;
    let most = if run.mode == Mode::Test { 1 } else { temperatures.len() };
    for temperature in temperatures.iter().take(most) {
        let mut of = Measured { run, identity, target: Target::new(subject, Workload::ready(), *temperature) };
        of.size()?;
        of.memory()?;
        of.peak()?;
        of.idle()?;
        of.burst()?;
    }
    // What a program with code and data of some size takes: one that only says ready has none. What runs no program takes
    // nothing of them.
    // In a quick pass the smallest image stands for all containers of the same program.
    let stands_for_others = identity.isolation != Isolation::Container || subject == "container/scratch";
    if identity.isolation == Isolation::None || run.mode == Mode::Quick && !stands_for_others {
        return Ok(());
    }
    for workload in working(run.mode) {
        for temperature in temperatures {
            let mut of = Measured { run, identity, target: Target::new(subject, workload.clone(), *temperature) };
            of.size()?;
            // As warm as they come.
            if *holds && Some(temperature) == temperatures.last() {
                of.memory()?;
            }
        }
    }
    Ok(())
}

/// Whether the median of peaks is told to within some per cent.
fn is_narrow(peaks: &[MemoryPeak]) -> bool {
    let bytes: Vec<u64> = peaks.iter().map(|peak| peak.bytes).collect();
    let Ok(summary) = Summary::of(&bytes) else { return false };
    let interval = summary.median_interval(0.95);
    interval.is_some_and(|interval| (interval.high - interval.low) * 20 <= summary.median())
}

/// Workloads that do some work before they are ready.
fn working(mode: Mode) -> Vec<Workload> {
    match mode {
        Mode::Full => vec![Workload::http_handler(), Workload::compute_kernel()],
        Mode::Quick | Mode::Test => vec![Workload::http_handler()],
    }
}

/// A runtime with a workload at a temperature.
struct Measured<'a> {
    run: &'a mut Run,
    identity: &'a Identity,
    target: Target,
}

impl Measured<'_> {
    fn size(&mut self) -> Outcome {
        let indicator = Indicator::ImageSize;
        let Some(shipped) = self.ask(indicator, shipped) else { return Ok(()) };
        let Some(size) = shipped.size else {
            // What is warm was shipped before; what runs no workload ships nothing at all.
            if self.identity.isolation == Isolation::None {
                let (reason, remedy) = ("it runs no workload, and ships none", "ask a runtime that does");
                let subject = shipped.identity.subject.clone();
                self.run.session.unavailable(UnavailableRow::new(subject, indicator, reason, remedy));
            }
            return Ok(());
        };
        println!("{}: ships {} bytes in {} files, gzip layer {:?}", self.name(), size.bytes, size.files, size.layer);
        let figure = self.figure(indicator, &shipped.identity).with_settings(shipped.settings);
        let layer = size.layer.map(|layer| (layer, "/gzip"));
        for (bytes, part) in [Some((size.bytes, "")), layer].into_iter().flatten() {
            let figure = of(&figure, &format!("{}{part}", self.target.workload.name));
            self.run.session.record_value(&figure, Statistic::Single, Quantity::bytes(bytes), 1)?;
        }
        Ok(())
    }

    fn memory(&mut self) -> Outcome {
        let counts = self.counts();
        let grown = self.repeat(Indicator::MemoryBaseline, |target| {
            let growth = memory_growth(target, &counts)?;
            let slopes = [Some(growth.pss_slope()?), Some(growth.page_tables_slope()?), growth.charge_slope()?];
            Ok((growth, slopes))
        });
        let [pss, page_tables, charge] =
            [0, 1, 2].map(|i| grown.iter().filter_map(|(_, slopes)| slopes[i]).collect::<Vec<u64>>());
        // The one that is as the median says stands for all.
        let middle = median(&pss);
        let Some((typical, _)) = grown.iter().find(|(_, slopes)| slopes[0] == Some(middle)) else { return Ok(()) };
        let figure = self.figure(Indicator::MemoryBaseline, &typical.identity).with_settings(typical.settings.clone());
        self.bytes(&figure, "", "pss-slope", &pss)?;
        self.curve(&figure, middle, typical.points())?;
        let page_tables = [page_tables, self.page_tables_of_more()].concat();
        self.bytes(&figure, "/page-tables", "VmPTE-slope", &page_tables)?;
        // In process, instances are small beside the steps in which a cgroup is charged; and what the kernel keeps for a
        // container is the same whatever runs in it.
        let contained = self.identity.isolation.is_contained();
        if contained && self.target.workload == Workload::ready() {
            match (&typical.charge_method, &typical.no_charge) {
                (Some(method), _) => self.bytes(&figure, "/charge", &format!("{method}, slope"), &charge)?,
                (None, Some(missing)) => {
                    let workload = format!("{}/charge", self.target.workload.name);
                    let (subject, indicator) = (missing.subject.clone(), Indicator::MemoryBaseline);
                    let row = UnavailableRow::new(subject, indicator, &missing.reason, &missing.remedy);
                    let row = row.with_workload(workload).with_temperature(self.target.temperature);
                    self.run.session.unavailable(row);
                }
                _ => {}
            }
        }
        let host: Vec<u64> = grown.iter().filter_map(|(growth, _)| growth.host_bytes()).collect();
        println!("{}: each holds {middle} bytes, the host {} bytes", self.name(), median(&host));
        // The host of one workload will do: it differs by the module alone.
        if self.target.workload == Workload::ready() {
            self.run.bytes(&figure, "none", "pss, files resident", &host)?;
        }
        Ok(())
    }

    /// Where modules run in containers, the processes of one measurement are copies of one: how many tables each has depends
    /// on where that one was loaded. A few instances of each of some more tell.
    fn page_tables_of_more(&self) -> Vec<u64> {
        let more = if self.run.mode == Mode::Test { 0 } else { MORE_LOADED };
        let more = if self.identity.isolation == Isolation::WasmInContainer { more } else { 0 };
        let slope = || memory_growth(&self.target, &[2, 4, 6])?.page_tables_slope();
        // All or nothing: those that failed are no sample of the others.
        (0..more).map(|_| slope()).collect::<Result<_, _>>().unwrap_or_default()
    }

    fn peak(&mut self) -> Outcome {
        let (least, most) =
            (self.run.repeats(), if self.run.mode == Mode::Test { 1 } else { REPEATS * self.run.mode.choose(MORE, 2) });
        let peaks = self.ask(Indicator::MemoryPeak, |target| {
            let mut peaks = Vec::new();
            while peaks.len() < least || peaks.len() < most && !is_narrow(&peaks) {
                peaks.push(memory_peak(target)?);
            }
            Ok(peaks)
        });
        let peaks = peaks.unwrap_or_default();
        let Some(first) = peaks.first() else { return Ok(()) };
        let figure = self.figure(Indicator::MemoryPeak, &first.identity).with_settings(first.settings.clone());
        let bytes: Vec<u64> = peaks.iter().map(|peak| peak.bytes).collect();
        println!(
            "{}: a start takes {} bytes at its peak, the first one in a process {} ({})",
            self.name(),
            median(&bytes),
            first.first,
            first.method
        );
        // One start is a page or two, or a step of a cgroup's peak: seen beside, and no figure of its own.
        let mut figure = figure.observed("first_bytes", first.first);
        if let Some(files) = first.first_files {
            figure = figure.observed("first_files_bytes", files);
        }
        self.bytes(&figure, "", &format!("{}, mean of starts", first.method), &bytes)
    }

    fn idle(&mut self) -> Outcome {
        let instances = self.counts().last().copied().unwrap_or(1);
        let mode = self.run.mode;
        let span = Duration::from_millis(if mode == Mode::Test { 20 } else { mode.choose(1000, 100) });
        let idle = |target: &Target| idle_cpu(target, instances, span, REPEATS as u32);
        let Some(idle) = self.ask(Indicator::CpuBaseline, idle) else { return Ok(()) };
        let figure = self.figure(Indicator::CpuBaseline, &idle.identity);
        let figure = figure.concurrent(instances as u32, "idle").with_settings(idle.settings.clone());
        let figure = figure.with_settings(method(&format!("{}, the harness's own included", idle.method)));
        let percent = idle.percent_each();
        println!("{}: idle, each takes less than {:.6} % of a core", self.name(), percent[percent.len() / 2]);
        self.run.percent(&figure, &percent, Bound::Below)?;
        // The host without an instance, whole: that much of the figure above is not the instances'.
        let Some(host) = idle.host else { return Ok(()) };
        let figure = of(&figure.concurrent(1, "idle"), "none");
        self.run.percent(&figure, &[host.percent()], Bound::Exact)
    }

    fn burst(&mut self) -> Outcome {
        let (concurrent, rounds) = if self.run.mode == Mode::Test { (10, 1) } else { (BURST, REPEATS as u32) };
        let burst = |target: &Target| cold_start_cpu_peak(target, concurrent, rounds, SAMPLING);
        let Some(peak) = self.ask(Indicator::ColdStartCpuPeak, burst) else { return Ok(()) };
        let figure = self.figure(Indicator::ColdStartCpuPeak, &peak.identity);
        let figure = figure.concurrent(concurrent as u32, "cold start").with_settings(peak.settings.clone());
        let sampled = format!("{}, every {SAMPLING:?}, highest of 10 ms", peak.method);
        let figure = figure.with_settings(method(&sampled));
        let mut percent = peak.peaks.clone();
        percent.sort_by(f64::total_cmp);
        println!(
            "{}: a burst of {concurrent} takes {:.1} % of the node at its peak; sampling every {:.2} ms takes {:.2} % of a core",
            self.name(),
            percent[percent.len() / 2],
            peak.interval as f64 / 1e6,
            peak.sampling
        );
        self.run.percent(&figure, &percent, Bound::Exact)?;
        if self.identity.isolation == Isolation::None {
            // What sampling costs is a figure of the harness: where there is nothing to sample but the harness.
            let figure = of(&self.figure(Indicator::CpuBaseline, &peak.identity), "none/sampling");
            self.run.percent(&figure.with_settings(method(&sampled)), &[peak.sampling], Bound::Exact)?;
        }
        Ok(())
    }

    /// At how many instances memory is read: so many that they outweigh what else moves.
    fn counts(&self) -> Vec<usize> {
        let works = self.target.workload != Workload::ready();
        let step = match (self.identity.isolation, self.target.temperature) {
            (Isolation::None, _) => 1000,
            // Each start compiles, for up to a fifth of a second, and holds what that made; or it interprets.
            (Isolation::InProcess, Temperature::Cold) if works => self.run.mode.choose(4, 2),
            (Isolation::InProcess, _) if works => 10,
            (Isolation::InProcess, _) => 50,
            _ if works => 16,
            // The steps in which a cgroup is charged are large.
            _ => 32,
        };
        let step = if self.run.mode == Mode::Test { step.min(3) } else { step };
        (1..=4).map(|i| i * step).collect()
    }

    /// A measurement that may fail, and then is a row.
    fn ask<T>(&mut self, indicator: Indicator, measure: impl FnOnce(&Target) -> Result<T, ProbeError>) -> Option<T> {
        let Target { subject, workload, temperature, .. } = &self.target;
        let row = Row { subject, indicator, workload: Some(&workload.name), temperature: Some(*temperature) };
        measure(&self.target).map_err(|error| self.run.refused(row, &error)).ok()
    }

    /// The same, as often as a median with an interval takes. All or nothing.
    fn repeat<T>(&mut self, indicator: Indicator, measure: impl Fn(&Target) -> Result<T, ProbeError>) -> Vec<T> {
        let times = self.run.repeats();
        self.ask(indicator, |target| (0..times).map(|_| measure(target)).collect()).unwrap_or_default()
    }

    fn figure(&self, indicator: Indicator, identity: &Identity) -> Figure {
        Figure::new(indicator, identity, &self.target.workload.name).at(self.target.temperature)
    }

    /// Records bytes of the workload, or of a part of it.
    fn bytes(&mut self, figure: &Figure, part: &str, read: &str, samples: &[u64]) -> Outcome {
        let workload = format!("{}{part}", self.target.workload.name);
        self.run.bytes(figure, &workload, read, samples)
    }

    /// The readings that a slope is of.
    fn curve(&mut self, figure: &Figure, slope: u64, points: &[MemoryPoint]) -> Outcome {
        let figure = figure.clone().with_settings(method("pss-slope"));
        let points = points.iter().map(|point| (point.instances as f64, point.pss as f64)).collect();
        let (x, y) = (Axis::new("live instances", Unit::Instances)?, Axis::new("memory", Unit::Bytes)?);
        let curve = Curve::new(x, y, points)?;
        Ok(self.run.session.record_curve(&figure, Statistic::Slope, Quantity::bytes(slope), &curve)?)
    }

    fn name(&self) -> String {
        let Target { subject, workload, temperature, .. } = &self.target;
        format!("{subject}/{temperature}, {}", workload.name)
    }
}
