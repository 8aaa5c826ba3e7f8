//! A baseline with every kind of figure, and its raw data: the same to the last digit every time.

#![allow(dead_code, reason = "each test file uses its own part")]

pub mod chromium;
pub mod full;

use std::{fs, path::Path};

use runtime_baseline::{
    Baseline, Component, Environment, Indicator, Interval, Isolation, Metric, Phase, Provenance, Quantity, Source,
    SourceKind, Statistic, Temperature, UnavailableRow, Unit,
    samples::{Axis, Curve, Samples},
};

use Temperature::{Cold, Precompiled, Warm};

/// The day on which the synthetic run was.
pub const DAY: &str = "2026-11-23";

/// What is measured, and by which version of what.
#[derive(Clone, Copy)]
struct Subject(&'static str, &'static str, &'static str, Isolation);

const NOOP: Subject = Subject("noop", "runtime-baseline", "0.1.0", Isolation::None);
const WASMTIME: Subject = Subject("wasmtime", "wasmtime", "48.0.8", Isolation::InProcess);
const WASMEDGE: Subject = Subject("wasmedge/interpreter", "WasmEdge", "0.17.1", Isolation::InProcess);
const BUSYBOX: Subject = Subject("container/busybox", "libcontainer", "0.7.0", Isolation::Container);
const BOTH: Subject = Subject("container+wasmedge", "WasmEdge", "0.17.1", Isolation::WasmInContainer);
const OPA: Subject = Subject("opa", "opa", "1.22.2", Isolation::Process);
const REGORUS: Subject = Subject("regorus", "regorus", "0.14.1", Isolation::InProcess);
const OPA_WASM: Subject = Subject("opa-wasm/wasmtime", "opa-wasm", "0.3.4", Isolation::InProcess);

/// One figure's circumstances.
struct Figure {
    indicator: Indicator,
    subject: Subject,
    workload: &'static str,
    temperature: Option<Temperature>,
    concurrency: u32,
    load: &'static str,
    engine: Vec<(&'static str, &'static str)>,
    observed: Vec<(&'static str, &'static str)>,
    part: Option<String>,
}

fn figure(indicator: Indicator, subject: Subject, workload: &'static str) -> Figure {
    let (engine, observed) = (Vec::new(), Vec::new());
    let (temperature, part) = (None, None);
    Figure { indicator, subject, workload, temperature, concurrency: 1, load: "idle", engine, observed, part }
}

impl Figure {
    fn at(mut self, temperature: Temperature) -> Self {
        self.temperature = Some(temperature);
        self
    }

    fn of_a_burst(mut self) -> Self {
        (self.concurrency, self.load) = (100, "cold start");
        self
    }

    fn with(mut self, engine: &[(&'static str, &'static str)]) -> Self {
        self.engine = engine.to_vec();
        self
    }

    fn metric(&self, statistic: Statistic, quantity: Quantity) -> Metric {
        let Subject(name, component, version, isolation) = self.subject;
        let mut environment = Environment::default();
        let hardware = &mut environment.hardware;
        (hardware.cpu, hardware.cores, hardware.memory_bytes) =
            (Some("AMD EPYC".into()), Some(2), Some(25_149_030_400));
        (hardware.storage, hardware.virtualization) = (Some("ext4 on vda".into()), Some("KVM".into()));
        let software = &mut environment.software;
        (software.os, software.kernel, software.rustc) =
            (Some("Debian GNU/Linux 12".into()), Some("6.18.44".into()), Some("1.95.0".into()));
        let conditions = &mut environment.conditions;
        conditions.concurrency = Some(self.concurrency);
        conditions.load = Some(self.load.into());
        conditions.isolation = Some(isolation);
        conditions.part.clone_from(&self.part);
        let [engine, observed] = [&self.engine, &self.observed]
            .map(|pairs| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect());
        (conditions.engine, conditions.observed) = (engine, observed);
        conditions.noise = vec![
            "no cpufreq: frequency unknown".into(),
            "only 2 cores: the harness and the system share them with the workload".into(),
            "a fan that I heard".into(),
        ];
        let source = Source::new(SourceKind::Benchmark, "runtime-baseline 0.1.0, benches/startup").unwrap();
        let provenance = Provenance::new(source, Component::new(component, version).unwrap(), DAY.parse().unwrap())
            .with_component(Component::new("runtime-baseline", "0.1.0").unwrap())
            .with_environment(environment);
        let metric = Metric::new(self.indicator, name.parse().unwrap(), quantity, provenance)
            .unwrap()
            .with_statistic(statistic)
            .with_workload(self.workload);
        self.temperature.into_iter().fold(metric, Metric::with_temperature)
    }
}

/// A baseline being filled, beside its samples.
struct Filling<'a> {
    directory: &'a Path,
    baseline: Baseline,
    seed: u64,
}

impl Filling<'_> {
    /// Between 0 and 1; the same every time.
    fn draw(&mut self) -> f64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Skewed, as times are: a bulk above `centre`, and a tail.
    fn skewed(&mut self, count: usize, centre: f64) -> Vec<u64> {
        (0..count).map(|_| (centre * (0.95 + 0.1 * self.draw() - 0.05 * (1.0 - self.draw()).ln())) as u64).collect()
    }

    fn samples(&mut self, figure: &Figure, values: Vec<u64>, statistics: &[Statistic]) {
        let unit = figure.indicator.units()[0];
        let values = values.into_iter().map(|value| value as f64);
        let samples = Samples::of_unknown_turns(figure.indicator, unit, values).unwrap();
        let path = samples.save(self.directory, figure.indicator.as_str()).unwrap();
        for statistic in statistics {
            let estimated = samples.estimate(*statistic, 0.95).unwrap();
            let metric = figure
                .metric(*statistic, estimated.quantity(unit).unwrap())
                .with_count(samples.len() as u64)
                .with_samples(&path);
            self.baseline.push(match estimated.quantities(unit).unwrap() {
                Some(interval) => metric.with_interval(interval).unwrap(),
                None => metric,
            });
        }
    }

    fn value(&mut self, figure: &Figure, statistic: Statistic, value: f64, unit: Unit) {
        self.baseline.push(figure.metric(statistic, Quantity::new(value, unit).unwrap()));
    }

    fn curve(&mut self, figure: &Figure, axes: [(&str, Unit); 2], points: Vec<(f64, f64)>, slope: u64) {
        let [x, y] = axes.map(|(label, unit)| Axis::new(label, unit).unwrap());
        let path = Curve::new(x, y, points).unwrap().save(self.directory, "curve").unwrap();
        let [value, low, high] =
            [slope, slope - slope / 50, slope + slope / 50].map(|n| Quantity::whole(n, figure.indicator.units()[0]));
        let interval = Interval::new(0.95, low, high).unwrap();
        let metric = figure.metric(Statistic::Slope, value).with_interval(interval).unwrap();
        self.baseline.push(metric.with_samples(path));
    }
}

/// Every family, every kind of plot, every warning, raw data that is missing and raw data that is damaged.
pub fn complete(directory: &Path) -> Baseline {
    fs::create_dir_all(directory.join("samples")).unwrap();
    let mut filling = Filling { directory, baseline: Baseline::new(), seed: 1 };
    starts(&mut filling);
    policies(&mut filling);
    footprint(&mut filling);
    let mut baseline = filling.baseline;
    let row = |subject: &str, indicator, reason, remedy| {
        UnavailableRow::new(subject.parse().unwrap(), indicator, reason, remedy)
    };
    baseline.push_unavailable(
        row("wasmedge/aot", Indicator::StartupTime, "libwasmedge 0.17.1 not found", "set WASMEDGE_DIR")
            .with_workload("ready")
            .with_temperature(Cold),
    );
    baseline.push_unavailable(row("k3s", Indicator::ControlPlaneMemory, "no k3s was found", "install k3s"));
    baseline.save(directory.join("baseline.json")).unwrap();
    baseline
}

fn starts(filling: &mut Filling<'_>) {
    let both = [Statistic::Median, Statistic::P99];
    let singles = [(NOOP, Warm, 20.0), (WASMTIME, Warm, 3e3), (WASMTIME, Cold, 1.5e6), (WASMEDGE, Cold, 3e4)];
    for (subject, temperature, centre) in singles {
        let values = filling.skewed(1000, centre);
        filling.samples(&figure(Indicator::StartupTime, subject, "ready").at(temperature), values, &both);
    }
    // The machine slowed down meanwhile, and there are two bulks.
    let mut slower = filling.skewed(300, 6e6);
    slower.extend(filling.skewed(300, 9e6));
    filling.samples(&figure(Indicator::StartupTime, BUSYBOX, "ready").at(Cold), slower, &both);
    let few = filling.skewed(200, 5e6);
    filling.samples(&figure(Indicator::StartupTime, BOTH, "ready").at(Cold), few, &both);
    for (subject, centre) in [(BUSYBOX, 3e8), (BOTH, 2.5e8), (WASMTIME, 4e7)] {
        let values = filling.skewed(400, centre);
        let p99 = figure(Indicator::StartupP99, subject, "ready").at(Cold).of_a_burst();
        filling.samples(&p99, values.clone(), &[Statistic::P99]);
        let time = figure(Indicator::StartupTime, subject, "ready").at(Cold).of_a_burst();
        filling.samples(&time, values, &[Statistic::Median, Statistic::Max]);
        let rate = figure(Indicator::StartRate, subject, "ready").at(Cold).of_a_burst();
        filling.value(&rate, Statistic::Rate, 1e11 / centre, Unit::PerSecond);
    }
    by_phase(filling);
    // Raw data that is not there, and raw data that is none.
    let gone = figure(Indicator::LifecycleTime, BUSYBOX, "ready").at(Cold);
    let metric = gone.metric(Statistic::Median, Quantity::nanoseconds(15_000_000));
    filling.baseline.push(metric.with_count(40).with_samples("samples/gone.csv"));
    fs::write(filling.directory.join("samples/damaged.csv"), "lifecycle_time_ns\nmany\n").unwrap();
    let damaged = figure(Indicator::LifecycleTime, BOTH, "ready").at(Cold);
    let metric = damaged.metric(Statistic::Median, Quantity::nanoseconds(12_000_000));
    filling.baseline.push(metric.with_count(40).with_samples("samples/damaged.csv"));
}

/// Where the time of some starts goes; the phases of one do not add up to it.
fn by_phase(filling: &mut Filling<'_>) {
    use Phase::{Bundle, Call, Cgroup, Clone, Compile, Exec, Instantiate, Load, Mounts, Namespaces, Run};
    let busybox =
        [(Call, 5e4), (Bundle, 3e5), (Clone, 5e5), (Cgroup, 4e5), (Namespaces, 1.25e6), (Mounts, 2e6), (Exec, 3e6)];
    let both = [(Call, 5e4), (Clone, 5e5), (Namespaces, 1e6), (Mounts, 2e6), (Load, 1e5), (Compile, 1e6), (Run, 6e4)];
    let wasmtime = [(Call, 40.0), (Instantiate, 2_500.0), (Run, 500.0)];
    type Start<'a> = (Subject, Temperature, f64, &'a [(Phase, f64)]);
    let starts: [Start<'_>; 3] =
        [(BUSYBOX, Cold, 7.5e6, &busybox), (BOTH, Cold, 5e6, &both), (WASMTIME, Warm, 3_040.0, &wasmtime)];
    for (subject, temperature, whole, each) in starts {
        let mut part =
            |part, took| mean(filling, figure(Indicator::StartupTime, subject, "ready").at(temperature), part, took);
        part(Phase::WHOLE.to_owned(), whole);
        each.iter().for_each(|(phase, took)| part(phase.part(), *took));
    }
    for (subject, scale) in [(BUSYBOX, 40.0), (BOTH, 50.0)] {
        let burst = || figure(Indicator::StartupTime, subject, "ready").at(Cold).of_a_burst();
        for (part, took) in [(Phase::WHOLE.to_owned(), 7e6), (Mounts.part(), 4e6), (Exec.part(), 3e6)] {
            mean(filling, burst(), part, took * scale);
        }
    }
}

/// The mean of six.
fn mean(filling: &mut Filling<'_>, figure: Figure, part: String, nanoseconds: f64) {
    let figure = Figure { part: Some(part), ..figure };
    let metric = figure.metric(Statistic::Mean, Quantity::new(nanoseconds, Unit::Nanoseconds).unwrap());
    filling.baseline.push(metric.with_count(6));
}

fn policies(filling: &mut Filling<'_>) {
    let engines = [(OPA, 9e4, 1e8), (REGORUS, 5e3, 2e5), (OPA_WASM, 2e3, 3e5)];
    for (policy, factor) in [("rbac", 1.0), ("abac", 4.0)] {
        for (engine, latency, startup) in engines {
            let values = filling.skewed(600, latency * factor);
            let decision = figure(Indicator::EvaluationLatency, engine, policy);
            filling.samples(&decision, values, &[Statistic::Median, Statistic::P99]);
            let rate = figure(Indicator::EvaluationRate, engine, policy);
            filling.value(&rate, Statistic::Rate, (1e9 / (latency * factor)).round(), Unit::PerSecond);
            for (temperature, share) in [(Cold, 1.0), (Precompiled, 0.1)] {
                let values = filling.skewed(400, startup * share);
                let start = figure(Indicator::EngineStartup, engine, policy).at(temperature);
                filling.samples(&start, values, &[Statistic::Median]);
            }
            let memory = figure(Indicator::EngineMemory, engine, policy);
            filling.value(&memory, Statistic::Slope, 18_000.0 * factor, Unit::Bytes);
        }
    }
    for (engine, per_byte) in [(REGORUS, 0.3), (OPA_WASM, 0.1)] {
        let points = (0..12).map(|i| (f64::from(1 << i) * 1e3, 5e3 + per_byte * f64::from(1 << i) * 1e3)).collect();
        let growth = figure(Indicator::EvaluationLatency, engine, "scan");
        filling.curve(&growth, [("data size", Unit::Bytes), ("evaluation latency", Unit::Nanoseconds)], points, 300);
    }
}

fn footprint(filling: &mut Filling<'_>) {
    for (subject, each, fixed) in [(WASMTIME, 8_500.0, 9e6), (BUSYBOX, 1.2e6, 4e6), (BOTH, 2.4e6, 5e6)] {
        let memory = figure(Indicator::MemoryBaseline, subject, "ready");
        let points: Vec<(f64, f64)> =
            (1..=20).map(|i| (f64::from(i) * 10.0, fixed + f64::from(i) * 10.0 * each)).collect();
        filling.curve(&memory, [("live instances", Unit::Instances), ("memory", Unit::Bytes)], points, each as u64);
        filling.value(&figure(Indicator::ImageSize, subject, "ready"), Statistic::Single, each / 2.0, Unit::Bytes);
        filling.value(&figure(Indicator::CpuBaseline, subject, "ready"), Statistic::Mean, 0.5, Unit::Percent);
    }
    for (subject, stop, live, rate, each) in
        [(WASMTIME, "limit: slots", 30_000.0, 61_000.0, 8_500.0), (BUSYBOX, "budget: memory", 900.0, 180.0, 1.2e6)]
    {
        let full = |indicator| {
            let figure = figure(indicator, subject, "ready").with(&[("budget", "8 GiB")]);
            Figure { load: "fill", ..figure }
        };
        let count = Figure { observed: vec![("stopped_by", stop)], ..full(Indicator::Density) };
        filling.value(&count, Statistic::Single, live, Unit::Instances);
        filling.value(&full(Indicator::StartRate), Statistic::Rate, rate, Unit::PerSecond);
        filling.value(&full(Indicator::MemoryBaseline), Statistic::Slope, each, Unit::Bytes);
    }
    let values = filling.skewed(500, 2e6);
    let write = figure(Indicator::StorageLatency, Subject("etcd", "etcd", "3.4.23", Isolation::Process), "put");
    filling.samples(&write, values, &[Statistic::Median, Statistic::P99]);
}

/// Markup, markdown and long words wherever a baseline may hold text.
pub const HOSTILE: &str =
    "</td></table><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;`|[a](javascript:b)\n# c";

/// A baseline whose every text is hostile.
pub fn hostile() -> Baseline {
    let mut environment = Environment::default();
    environment.hardware.cpu = Some(HOSTILE.into());
    environment.software.os = Some(HOSTILE.into());
    environment.conditions.noise = vec![HOSTILE.into(), "w".repeat(300)];
    environment.conditions.load = Some(HOSTILE.into());
    let mut baseline = Baseline::new();
    for (setting, value) in [("a", 1), ("b", 2)] {
        let mut environment = environment.clone();
        environment.conditions.engine = [(HOSTILE.to_owned(), format!("{HOSTILE}{setting}"))].into();
        let source = Source::new(SourceKind::Benchmark, HOSTILE).unwrap();
        let component = Component::new("<script>alert(1)</script>", "1\"&amp;").unwrap();
        let provenance = Provenance::new(source, component, DAY.parse().unwrap()).with_environment(environment);
        let subject = "s".repeat(200).parse().unwrap();
        let metric = Metric::new(Indicator::StartupTime, subject, Quantity::nanoseconds(value), provenance).unwrap();
        baseline.push(metric.with_workload(HOSTILE).with_samples(format!("samples/{HOSTILE}.csv")));
    }
    let subject = "wasmedge".parse().unwrap();
    baseline.push_unavailable(
        UnavailableRow::new(subject, Indicator::StartupTime, HOSTILE, HOSTILE).with_workload(HOSTILE),
    );
    baseline
}
