//! One baseline and its stored form.

use std::{fs, path::Path};

use runtime_baseline::{
    Baseline, Component, Environment, Indicator, Interval, Isolation, Metric, Provenance, Quantity, Source, SourceKind,
    Statistic, Temperature, UnavailableRow, Unit,
};

/// The stored form of [`golden`], to the letter.
pub const GOLDEN: &str = r#"{
  "schema": 1,
  "metrics": [
    {
      "indicator": "startup_time",
      "subject": "wasmtime",
      "workload": "ready",
      "temperature": "precompiled",
      "statistic": "median",
      "value": 21450,
      "unit": "ns",
      "interval": {
        "level": 0.95,
        "low": 21010,
        "high": 21960
      },
      "count": 5000,
      "samples": "samples/startup.csv",
      "provenance": {
        "source": {
          "kind": "benchmark",
          "reference": "runtime-baseline 0.1.0, benches/startup"
        },
        "components": [
          {
            "name": "wasmtime",
            "version": "48.0.8"
          }
        ],
        "date": "2026-11-23",
        "environment": {
          "hardware": {
            "cpu": "AMD EPYC",
            "cores": 2,
            "memory_bytes": 25149030400,
            "storage": "ext4 on vda"
          },
          "software": {
            "os": "Debian GNU/Linux 12",
            "kernel": "6.18.44",
            "rustc": "1.95.0"
          },
          "conditions": {
            "concurrency": 1,
            "load": "idle",
            "isolation": "in-process",
            "engine": {
              "allocator": "pooling",
              "compiler": "cranelift"
            },
            "noise": [
              "no cpufreq: frequency unknown"
            ]
          }
        }
      }
    },
    {
      "indicator": "cpu_baseline",
      "subject": "container/alpine",
      "statistic": "single",
      "value": 0.5,
      "unit": "percent",
      "bound": "about",
      "provenance": {
        "source": {
          "kind": "official_docs",
          "reference": "a page"
        },
        "components": [
          {
            "name": "alpine",
            "version": "3.20"
          }
        ],
        "date": "2025-01",
        "environment": {
          "hardware": {},
          "software": {},
          "conditions": {}
        }
      }
    }
  ],
  "unavailable": [
    {
      "subject": "wasmedge",
      "indicator": "startup_time",
      "workload": "ready",
      "temperature": "cold",
      "reason": "libwasmedge 0.17.1 not found",
      "remedy": "set WASMEDGE_DIR"
    }
  ]
}
"#;

pub fn golden() -> Baseline {
    let mut environment = Environment::default();
    let hardware = &mut environment.hardware;
    hardware.cpu = Some("AMD EPYC".into());
    hardware.cores = Some(2);
    hardware.memory_bytes = Some(25_149_030_400);
    hardware.storage = Some("ext4 on vda".into());
    let software = &mut environment.software;
    software.os = Some("Debian GNU/Linux 12".into());
    software.kernel = Some("6.18.44".into());
    software.rustc = Some("1.95.0".into());
    let conditions = &mut environment.conditions;
    conditions.concurrency = Some(1);
    conditions.load = Some("idle".into());
    conditions.isolation = Some(Isolation::InProcess);
    conditions.engine = [("compiler", "cranelift"), ("allocator", "pooling")].map(|(k, v)| (k.into(), v.into())).into();
    conditions.noise = vec!["no cpufreq: frequency unknown".into()];
    let source = Source::new(SourceKind::Benchmark, "runtime-baseline 0.1.0, benches/startup").unwrap();
    let provenance =
        Provenance::new(source, Component::new("wasmtime", "48.0.8").unwrap(), "2026-11-23".parse().unwrap())
            .with_environment(environment);
    let [value, low, high] = [21_450, 21_010, 21_960].map(Quantity::nanoseconds);
    let measured = Metric::new(Indicator::StartupTime, "wasmtime".parse().unwrap(), value, provenance)
        .unwrap()
        .with_workload("ready")
        .with_temperature(Temperature::Precompiled)
        .with_statistic(Statistic::Median)
        .with_interval(Interval::new(0.95, low, high).unwrap())
        .unwrap()
        .with_count(5000)
        .with_samples("samples/startup.csv");

    let source = Source::new(SourceKind::OfficialDocs, "a page").unwrap();
    let provenance = Provenance::new(source, Component::new("alpine", "3.20").unwrap(), "2025-01".parse().unwrap());
    let half = Quantity::new(0.5, Unit::Percent).unwrap();
    let published = Metric::new(Indicator::CpuBaseline, "container/alpine".parse().unwrap(), half, provenance)
        .unwrap()
        .with_bound(runtime_baseline::Bound::About);

    let mut baseline = Baseline::new();
    baseline.push(measured);
    baseline.push(published);
    let subject = "wasmedge".parse().unwrap();
    baseline.push_unavailable(
        UnavailableRow::new(subject, Indicator::StartupTime, "libwasmedge 0.17.1 not found", "set WASMEDGE_DIR")
            .with_workload("ready")
            .with_temperature(Temperature::Cold),
    );
    baseline
}

/// The names of a directory's entries, in order.
pub fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(directory).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
