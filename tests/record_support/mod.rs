//! Arbitrary records, of every shape that the types allow.
//!
//! A strategy holds those that it is made of, and so does each of its values: unboxed, one of a record takes tens of kilobytes,
//! which a thread's stack has not where nothing is optimised. So texts and records, of which others have many, are boxed.

#![allow(dead_code, reason = "each test file uses its own part")]

pub mod golden;

use proptest::{collection, option, prelude::*, sample::select};
use runtime_baseline::{
    Baseline, Bound, Component, Conditions, Date, Environment, Hardware, Indicator, Interval, Isolation, Metric,
    Provenance, Quantity, Range, Software, Source, SourceKind, Statistic, Temperature, UnavailableRow, Unit,
};

/// Text made of the notation's own punctuation, of escapes and line breaks, and of anything at all.
pub fn text() -> BoxedStrategy<String> {
    prop_oneof![
        3 => "[a-z0-9 .]{0,8}",
        3 => r#"[\]\[|,;=\\"'：｜，；CG0-9 \n\r\tn并发]{0,8}"#,
        1 => any::<String>(),
        1 => select(vec!["硬件:", "4C 8G", "100 并发, 冷启动", "concurrency", "-", "?", "~", "\u{3000}"]).prop_map(Into::into),
    ]
    .boxed()
}

pub fn date() -> impl Strategy<Value = Date> {
    prop_oneof![
        (0..=9999, 1..=12u32, 1..=28u32).prop_map(|(y, m, d)| Date::day(y, m, d).unwrap()),
        (0..=9999, 1..=12u32).prop_map(|(y, m)| Date::month(y, m).unwrap()),
    ]
}

pub fn quantity(unit: Unit) -> BoxedStrategy<Quantity> {
    if unit.is_integer() {
        prop_oneof![any::<u64>(), 0..10_000u64].prop_map(move |n| Quantity::whole(n, unit)).boxed()
    } else {
        use proptest::num::f64;
        let amount = prop_oneof![f64::POSITIVE | f64::ZERO | f64::SUBNORMAL, 0.0..1000.0];
        amount.prop_map(move |x| Quantity::new(x, unit).unwrap()).boxed()
    }
}

pub fn measured() -> impl Strategy<Value = (Indicator, Quantity)> {
    select(Indicator::ALL)
        .prop_flat_map(|i| (Just(i), select(i.units())))
        .prop_flat_map(|(indicator, unit)| (Just(indicator), quantity(unit)))
}

pub fn bound() -> impl Strategy<Value = Bound> {
    select(vec![Bound::Exact, Bound::About, Bound::Above, Bound::Below])
}

pub fn kind() -> impl Strategy<Value = SourceKind> {
    select(SourceKind::ALL.to_vec())
}

/// Names with spaces, full-width punctuation and whatever else a component may be called.
pub fn component() -> BoxedStrategy<Component> {
    let name = prop_oneof!["[a-zA-Z][a-zA-Z0-9 ：｜，.()-]{0,10}", any::<String>()];
    let version =
        prop_oneof!["[0-9]{1,2}\\.[0-9]{1,3}(\\.[0-9]{1,2})?(-rc1|\\+k3s1)?", "v[0-9：｜]{1,5}", any::<String>()];
    (name, version).prop_filter_map("not a component", |(name, version)| Component::new(name, version).ok()).boxed()
}

/// On the heap, as the software's is: all of a record's choices are more than a test's stack holds.
pub fn hardware() -> impl Strategy<Value = Hardware> {
    let memory = prop_oneof![any::<u64>(), select(vec![8_000_000_000, 25_149_030_400, 0])];
    let limits = (option::of(any::<u32>()), option::of(any::<u64>()), option::of(text()));
    let named =
        (option::of(text()), option::of(any::<u32>()), option::of(memory), option::of(text()), option::of(text()));
    (named, limits)
        .prop_map(|((cpu, cores, memory_bytes, storage, virtualization), (quota, limit, cpuset))| {
            let mut hardware = Hardware::default();
            (hardware.cpu, hardware.cores, hardware.memory_bytes) = (cpu, cores, memory_bytes);
            (hardware.storage, hardware.virtualization) = (storage, virtualization);
            (hardware.cpu_quota_millis, hardware.memory_limit_bytes, hardware.cpuset) = (quota, limit, cpuset);
            hardware
        })
        .boxed()
}

pub fn software() -> impl Strategy<Value = Software> {
    let place = (option::of(text()), option::of(any::<bool>()), option::of(text()));
    (option::of(text()), option::of(text()), option::of(text()), place)
        .prop_map(|(os, kernel, rustc, place)| {
            let mut software = Software::default();
            (software.os, software.kernel, software.rustc) = (os, kernel, rustc);
            (software.container, software.user_namespace, software.clock_source) = place;
            software
        })
        .boxed()
}

pub fn conditions() -> impl Strategy<Value = Conditions> {
    let isolation = select(vec![
        Isolation::None,
        Isolation::InProcess,
        Isolation::Process,
        Isolation::Container,
        Isolation::WasmInContainer,
    ]);
    (
        option::of(any::<u32>()),
        option::of(text()),
        option::of(isolation),
        option::of(text()),
        collection::btree_map(text(), text(), 0..3),
        collection::btree_map(text(), text(), 0..3),
        collection::vec(text(), 0..3),
        (
            option::of(text()),
            option::of(text()),
            option::of(text()),
            option::of(any::<u64>()),
            option::of(any::<u64>()),
        ),
    )
        .prop_map(|(concurrency, load, isolation, transport, engine, observed, noise, settings)| {
            let mut conditions = Conditions::default();
            (conditions.part, conditions.method, conditions.budget, conditions.pool, conditions.around) = settings;
            (conditions.concurrency, conditions.load, conditions.isolation) = (concurrency, load, isolation);
            (conditions.transport, conditions.engine) = (transport, engine);
            (conditions.observed, conditions.noise) = (observed, noise);
            conditions
        })
}

pub fn environment() -> BoxedStrategy<Environment> {
    let environment = (hardware(), software(), conditions()).prop_map(|(hardware, software, conditions)| {
        let mut environment = Environment::default();
        (environment.hardware, environment.software, environment.conditions) = (hardware, software, conditions);
        environment
    });
    environment.boxed()
}

pub fn provenance() -> impl Strategy<Value = Provenance> {
    let source = (kind(), text().prop_filter("blank", |t| !t.trim().is_empty()));
    (source, collection::vec(component(), 1..4), date(), environment()).prop_map(
        |((kind, reference), components, date, environment)| {
            let mut components = components.into_iter();
            let source = Source::new(kind, reference).unwrap();
            let provenance = Provenance::new(source, components.next().unwrap(), date).with_environment(environment);
            components.fold(provenance, Provenance::with_component)
        },
    )
}

pub fn temperature() -> impl Strategy<Value = Option<Temperature>> {
    option::of(select(vec![Temperature::Cold, Temperature::Precompiled, Temperature::Warm]))
}

pub fn metric() -> BoxedStrategy<Metric> {
    let statistic =
        select(vec![Statistic::Single, Statistic::Mean, Statistic::Median, Statistic::P99, Statistic::Slope]);
    let details = (option::of(text()), temperature(), statistic, bound(), any::<bool>());
    let extent = (option::of(any::<u64>()), option::of("[a-z/.]{1,9}"), option::of(0.01..0.99));
    let metric = (measured(), "[a-z0-9/+._-]{1,9}", provenance(), details, extent).prop_map(
        |((indicator, quantity), subject, provenance, details, (count, samples, level))| {
            let (workload, temperature, statistic, bound, is_range) = details;
            let mut metric = Metric::new(indicator, subject.parse().unwrap(), quantity, provenance)
                .unwrap()
                .with_statistic(statistic)
                .with_bound(bound);
            // From nothing to the quantity.
            let range = Range::new(Quantity::whole(0, quantity.unit()), quantity).ok().filter(|_| is_range);
            metric = range.into_iter().fold(metric, |metric, range| metric.with_range(range).unwrap());
            metric = workload.into_iter().fold(metric, Metric::with_workload);
            metric = temperature.into_iter().fold(metric, Metric::with_temperature);
            metric = count.into_iter().fold(metric, Metric::with_count);
            metric = samples.into_iter().fold(metric, Metric::with_samples);
            let intervals = level.into_iter().map(|level| Interval::new(level, quantity, quantity).unwrap());
            intervals.fold(metric, |m, interval| m.with_interval(interval).unwrap())
        },
    );
    metric.boxed()
}

pub fn row() -> BoxedStrategy<UnavailableRow> {
    let row = (select(Indicator::ALL), "[a-z]{1,3}", option::of(text()), temperature(), text(), text()).prop_map(
        |(indicator, subject, workload, temperature, reason, remedy)| {
            let row = UnavailableRow::new(subject.parse().unwrap(), indicator, reason, remedy);
            let row = workload.into_iter().fold(row, UnavailableRow::with_workload);
            temperature.into_iter().fold(row, UnavailableRow::with_temperature)
        },
    );
    row.boxed()
}

pub fn baseline() -> impl Strategy<Value = Baseline> {
    (collection::vec(metric(), 0..5), collection::vec(row(), 0..4)).prop_map(|(metrics, rows)| of(metrics, rows))
}

/// Few subjects, workloads, versions and dates, so that series meet again and again.
pub fn crowded() -> impl Strategy<Value = Baseline> {
    let metric = (0..2usize, 0..2usize, temperature(), 0..2u32, 1..4u32, 0..3u64, any::<bool>()).prop_map(
        |(subject, workload, temperature, concurrency, day, value, noisy)| {
            let mut environment = Environment::default();
            environment.conditions.concurrency = Some(concurrency);
            environment.conditions.noise = noisy.then(|| "loaded".to_owned()).into_iter().collect();
            let source = Source::new(SourceKind::Benchmark, "benches/startup").unwrap();
            let component = Component::new("wasmtime", "48.0.8").unwrap();
            let provenance =
                Provenance::new(source, component, Date::day(2026, 11, day).unwrap()).with_environment(environment);
            let subject = ["noop", "wasmtime"][subject].parse().unwrap();
            let metric =
                Metric::new(Indicator::StartupTime, subject, Quantity::nanoseconds(value), provenance).unwrap();
            let metric = temperature.into_iter().fold(metric, Metric::with_temperature);
            [None, Some("ready")][workload].into_iter().fold(metric, Metric::with_workload)
        },
    );
    let row = (0..2usize, 0..2usize, temperature(), "[a-c]").prop_map(|(subject, workload, temperature, reason)| {
        let subject = ["noop", "wasmtime"][subject].parse().unwrap();
        let row = UnavailableRow::new(subject, Indicator::StartupTime, reason, "none");
        let row = [None, Some("ready")][workload].into_iter().fold(row, UnavailableRow::with_workload);
        temperature.into_iter().fold(row, UnavailableRow::with_temperature)
    });
    (collection::vec(metric.boxed(), 0..12), collection::vec(row.boxed(), 0..6))
        .prop_map(|(metrics, rows)| of(metrics, rows))
}

fn of(metrics: Vec<Metric>, rows: Vec<UnavailableRow>) -> Baseline {
    let mut baseline = Baseline::new();
    metrics.into_iter().for_each(|metric| baseline.push(metric));
    rows.into_iter().for_each(|row| baseline.push_unavailable(row));
    baseline
}
