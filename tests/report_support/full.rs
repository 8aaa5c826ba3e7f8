//! A baseline as large as a full pass leaves one: some 1,150 figures of every family, most with samples, and both sides of
//! the published claims.

use std::{fs, path::Path};

use runtime_baseline::{
    Baseline, Component, Environment, Indicator, Isolation, Provenance, Source, SourceKind, Statistic, Temperature,
    UnavailableRow, samples::Samples,
};

use Isolation::{Container, InProcess, Process, WasmInContainer};
use Temperature::{Cold, Precompiled, Warm};

/// What is measured, at which temperature, by which component, and how it compares.
type Runtime = (&'static str, Temperature, (&'static str, &'static str), Isolation, f64);

const RUNTIMES: [Runtime; 20] = [
    ("noop", Warm, ("runtime-baseline", "0.1.0"), Isolation::None, 0.03),
    ("wasmtime", Cold, ("wasmtime", "48.0.8"), InProcess, 1050.0),
    ("wasmtime", Precompiled, ("wasmtime", "48.0.8"), InProcess, 30.0),
    ("wasmtime", Warm, ("wasmtime", "48.0.8"), InProcess, 3.0),
    ("wasmedge/interpreter", Cold, ("WasmEdge", "0.17.1"), InProcess, 28.0),
    ("wasmedge/interpreter", Warm, ("WasmEdge", "0.17.1"), InProcess, 10.0),
    ("wasmedge/jit", Cold, ("WasmEdge", "0.17.1"), InProcess, 7_790.0),
    ("wasmedge/aot", Precompiled, ("WasmEdge", "0.17.1"), InProcess, 56.0),
    ("wasmedge/aot", Warm, ("WasmEdge", "0.17.1"), InProcess, 11.0),
    ("wasmtime-cli", Cold, ("wasmtime", "48.0.8"), Process, 9_000.0),
    ("wasmedge-cli", Cold, ("WasmEdge", "0.17.1"), Process, 22_000.0),
    ("wasmedge-cli", Precompiled, ("WasmEdge", "0.17.1"), Process, 23_000.0),
    ("container/scratch", Cold, ("libcontainer", "0.7.0"), Container, 4_640.0),
    ("container/alpine", Cold, ("libcontainer", "0.7.0"), Container, 5_030.0),
    ("container/debian", Cold, ("libcontainer", "0.7.0"), Container, 5_200.0),
    ("crun", Cold, ("crun", "1.8.1"), Container, 5_480.0),
    ("runc", Cold, ("runc", "1.1.5"), Container, 13_700.0),
    ("container+wasmtime", Precompiled, ("wasmtime", "48.0.8"), WasmInContainer, 4_530.0),
    ("container+wasmedge", Cold, ("WasmEdge", "0.17.1"), WasmInContainer, 4_600.0),
    ("container+wasmedge", Precompiled, ("WasmEdge", "0.17.1"), WasmInContainer, 4_430.0),
];

const ENGINES: [Runtime; 7] = [
    ("regorus", Cold, ("regorus", "0.14.1"), InProcess, 6.5),
    ("regorus/rvm", Precompiled, ("regorus", "0.14.1"), InProcess, 3.7),
    ("opa-wasm/wasmtime", Cold, ("opa-wasm", "0.3.4"), InProcess, 2.4),
    ("opa-wasm/wasmtime", Precompiled, ("opa-wasm", "0.3.4"), InProcess, 2.4),
    ("opa-wasm/wasmedge", Precompiled, ("WasmEdge", "0.17.1"), InProcess, 4.1),
    ("opa", Cold, ("opa", "1.22.2"), Process, 381.0),
    ("opa/eval", Cold, ("opa", "1.22.2"), Process, 21_900.0),
];

const POLICIES: [&str; 12] = [
    "admission",
    "admission-large",
    "http_authz",
    "rbac-10",
    "rbac-100",
    "rbac-1000",
    "rbac-10000",
    "release",
    "scan-10",
    "scan-100",
    "scan-1000",
    "scan-10000",
];

struct Filling<'a> {
    directory: &'a Path,
    baseline: Baseline,
    seed: u64,
}

/// The circumstances of a figure, apart from what is measured.
#[derive(Clone, Copy)]
struct At {
    workload: &'static str,
    concurrency: u32,
    load: &'static str,
    setting: Option<(&'static str, &'static str)>,
}

const ALONE: At = At { workload: "ready", concurrency: 1, load: "idle", setting: None };

impl Filling<'_> {
    fn draw(&mut self) -> f64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 11) as f64 / (1u64 << 53) as f64
    }

    fn environment(runtime: Runtime, at: At) -> Environment {
        let mut environment = Environment::default();
        let hardware = &mut environment.hardware;
        (hardware.cpu, hardware.cores, hardware.memory_bytes) =
            (Some("AMD EPYC".into()), Some(2), Some(25_276_063_744));
        hardware.storage = Some("ext4 on vda (rotational or virtual disk)".into());
        hardware.virtualization = Some("KVM".into());
        let software = &mut environment.software;
        software.os = Some("Debian GNU/Linux 12 (bookworm)".into());
        (software.kernel, software.rustc) = (Some("6.18.44".into()), Some("1.95.0".into()));
        let conditions = &mut environment.conditions;
        (conditions.concurrency, conditions.load) = (Some(at.concurrency), Some(at.load.into()));
        conditions.isolation = Some(runtime.3);
        for (name, value) in [("compiler", "cranelift"), ("opt_level", "speed"), ("time_limit", "10s")] {
            conditions.engine.insert(name.into(), value.into());
        }
        if let Some((name, value)) = at.setting {
            conditions.set(name, value);
        }
        conditions.noise = vec![
            "no cpufreq: frequency unknown".into(),
            "load average 0.78 on 2 cores: end what else runs, and wait a minute".into(),
            "only 2 cores: the harness and the system share them with the workload".into(),
        ];
        environment
    }

    /// Figures of samples around `centre`, in the indicator's own unit.
    fn sampled(&mut self, indicator: Indicator, runtime: Runtime, at: At, count: usize, centre: f64, of: &[Statistic]) {
        let unit = indicator.units()[0];
        let values: Vec<f64> = (0..count)
            .map(|_| {
                let value = centre * (0.95 + 0.1 * self.draw() - 0.05 * (1.0 - self.draw()).ln());
                if unit.is_integer() { value.round().max(1.0) } else { value }
            })
            .collect();
        let samples = Samples::of_unknown_turns(indicator, unit, values).unwrap();
        let path = samples.save(self.directory, indicator.as_str()).unwrap();
        let (name, temperature, (component, version), ..) = runtime;
        for statistic in of {
            // A tail takes a hundred samples.
            let Ok(estimated) = samples.estimate(*statistic, 0.95) else { continue };
            let source =
                Source::new(SourceKind::Benchmark, "runtime-baseline 0.1.0 (git 675f0350c642), benches/startup");
            let component = Component::new(component, version).unwrap();
            let provenance = Provenance::new(source.unwrap(), component, super::DAY.parse().unwrap())
                .with_component(Component::new("runtime-baseline", "0.1.0").unwrap())
                .with_environment(Self::environment(runtime, at));
            let quantity = estimated.quantity(unit).unwrap();
            let metric = runtime_baseline::Metric::new(indicator, name.parse().unwrap(), quantity, provenance)
                .unwrap()
                .with_statistic(*statistic)
                .with_workload(at.workload)
                .with_temperature(temperature)
                .with_count(samples.len() as u64)
                .with_samples(&path);
            self.baseline.push(match estimated.quantities(unit).unwrap() {
                Some(interval) => metric.with_interval(interval).unwrap(),
                None => metric,
            });
        }
    }
}

/// As a full pass leaves it.
pub fn full(directory: &Path) -> Baseline {
    fs::create_dir_all(directory.join("samples")).unwrap();
    let mut filling = Filling { directory, baseline: Baseline::new(), seed: 7 };
    starts(&mut filling);
    policies(&mut filling);
    footprint(&mut filling);
    let mut baseline = filling.baseline;
    for (subject, indicator) in [("k3s", Indicator::ControlPlaneMemory), ("kubernetes", Indicator::ControlPlaneMemory)]
    {
        let row =
            UnavailableRow::new(subject.parse().unwrap(), indicator, "nothing here measures it", "a later release");
        baseline.push_unavailable(row);
    }
    baseline
}

fn starts(filling: &mut Filling<'_>) {
    use Indicator::{LifecycleTime, StartRate, StartupP99, StartupTime};
    use Statistic::{Median, P99};
    for runtime in RUNTIMES {
        let centre = runtime.4 * 1e3;
        for (workload, count, factor) in [("ready", 240, 1.0), ("http-handler", 120, 8.0), ("compute-kernel", 60, 12.0)]
        {
            let at = At { workload, ..ALONE };
            filling.sampled(StartupTime, runtime, at, count, centre * factor, &[Median, P99]);
        }
        let burst = At { concurrency: 100, load: "cold start", ..ALONE };
        filling.sampled(StartupTime, runtime, burst, 30, centre * 40.0, &[Median]);
        filling.sampled(StartupP99, runtime, burst, 30, centre * 70.0, &[Median]);
        filling.sampled(StartRate, runtime, burst, 30, 2e9 / centre, &[Median]);
        if runtime.3.is_contained() || runtime.3 == Process {
            for workload in ["ready", "http-handler"] {
                let at = At { workload, ..ALONE };
                filling.sampled(LifecycleTime, runtime, at, 120, centre * 1.1, &[Median, P99]);
            }
        }
        // What the engine's own interface does without the adapter, a pool, and limits.
        if runtime.3 == InProcess {
            let by_hand = At { setting: Some(("part", "by hand")), ..ALONE };
            filling.sampled(StartupTime, runtime, by_hand, 240, centre * 0.95, &[Median]);
        }
        for size in ["1", "10", "100"] {
            let pool = At { setting: Some(("pool", size)), ..ALONE };
            filling.sampled(StartupTime, runtime, pool, 60, centre * 0.1, &[Median]);
        }
        for limit in ["memory 8 MiB", "memory 64 MiB", "cpu 0.5"] {
            let limited = At { setting: Some(("part", limit)), ..ALONE };
            filling.sampled(StartupTime, runtime, limited, 60, centre * 1.2, &[Median]);
            filling.sampled(
                StartupP99,
                runtime,
                At { setting: limited.setting, ..burst },
                30,
                centre * 80.0,
                &[Median],
            );
        }
    }
}

fn policies(filling: &mut Filling<'_>) {
    use Indicator::{EngineMemory, EngineStartup, EvaluationLatency, EvaluationRate};
    use Statistic::{Median, P99};
    for (i, workload) in POLICIES.into_iter().enumerate() {
        for engine in ENGINES {
            let centre = engine.4 * 1e3 * (1.0 + i as f64 / 4.0);
            let at = At { workload, ..ALONE };
            filling.sampled(EngineStartup, engine, at, 60, centre * 300.0, &[Median, P99]);
            let warm = (engine.0, Warm, engine.2, engine.3, engine.4);
            // Each engine once: its forms differ in how they start alone.
            if engine.0 == "opa-wasm/wasmtime" && engine.1 == Precompiled {
                continue;
            }
            filling.sampled(EvaluationLatency, warm, at, 240, centre, &[Median, P99]);
            for threads in [1, 2] {
                let busy = At { concurrency: threads, load: "decisions without pause", ..at };
                filling.sampled(EvaluationRate, warm, busy, 12, 1e9 / centre * f64::from(threads), &[Median]);
            }
            filling.sampled(EngineMemory, engine, at, 12, 600_000.0, &[Median]);
            let peak = At { setting: Some(("part", "peak")), ..at };
            filling.sampled(EngineMemory, engine, peak, 12, 900_000.0, &[Median]);
        }
    }
}

fn footprint(filling: &mut Filling<'_>) {
    use Indicator::{ColdStartCpuPeak, CpuBaseline, Density, ImageSize, MemoryBaseline, MemoryPeak, StartRate};
    use Statistic::{Median, Single};
    for (i, runtime) in RUNTIMES.into_iter().enumerate().skip(1) {
        let scale = 1.0 + i as f64;
        let part = |part| At { setting: Some(("part", part)), ..ALONE };
        filling.sampled(ImageSize, runtime, ALONE, 1, 300.0 * scale.powi(4), &[Single]);
        filling.sampled(ImageSize, runtime, part("gzip"), 1, 100.0 * scale.powi(4), &[Single]);
        for workload in ["ready", "http-handler"] {
            let at = At { workload, ..ALONE };
            filling.sampled(MemoryBaseline, runtime, at, 12, 8_000.0 * scale, &[Median]);
            filling.sampled(MemoryPeak, runtime, at, 12, 90_000.0 * scale, &[Median]);
        }
        for (name, share) in [("page tables", 0.3), ("host", 900.0), ("set size", 0.1)] {
            filling.sampled(MemoryBaseline, runtime, part(name), 12, 8_000.0 * scale * share, &[Median]);
        }
        filling.sampled(CpuBaseline, runtime, ALONE, 12, 0.02 * scale, &[Median]);
        let burst = At { concurrency: 100, load: "cold start", ..ALONE };
        filling.sampled(ColdStartCpuPeak, runtime, burst, 12, 90.0 + scale / 4.0, &[Median]);
        let fill = At { load: "fill", setting: Some(("budget", "8 GiB")), ..ALONE };
        filling.sampled(Density, runtime, fill, 1, 30_000.0 / scale, &[Single]);
        filling.sampled(StartRate, runtime, fill, 1, 60_000.0 / scale, &[Single]);
    }
}
