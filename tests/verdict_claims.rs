//! The published figures: complete, and their factors recomputed from their own values.

use runtime_baseline::{Bound, Date, Indicator, SourceKind, claims, claims::Claim};

/// Those of the document that the crate was created from.
fn tables() -> impl Iterator<Item = &'static Claim> {
    claims().iter().filter(|claim| claim.section().starts_with("14."))
}

/// Those that others publish.
fn published() -> impl Iterator<Item = &'static Claim> {
    claims().iter().filter(|claim| !claim.section().starts_with("14."))
}

#[test]
fn every_row_of_the_tables_is_there() {
    let rows: Vec<String> = tables()
        .map(|c| {
            let side = |s: &runtime_baseline::claims::Side| {
                let mark = match s.metric().bound() {
                    Bound::Exact => "",
                    Bound::About => "~",
                    Bound::Above => ">",
                    Bound::Below => "<",
                };
                format!("{} {mark}{}", s.metric().subject(), s.metric().quantity())
            };
            let factor = c.factor().map_or_else(|| "-".to_owned(), ToString::to_string);
            format!(
                "{} {} | {} | {} | {factor}",
                c.section(),
                c.reference().metric().indicator(),
                side(c.reference()),
                side(c.contender())
            )
        })
        .collect();
    // Written down from the tables a second time, on purpose: a slip in the file shows as a difference.
    let expected = [
        "14.3.1 startup_time | container/alpine 1.2 s | container+wasmedge 6 ms | 200× faster",
        "14.3.1 startup_p99 | container/alpine 2.5 s | container+wasmedge 12 ms | 208× faster",
        "14.3.2 image_size | container/alpine 13 MB | container+wasmedge 900 kB | 14× smaller",
        "14.3.2 memory_baseline | container/alpine 18 MB | container+wasmedge 2.1 MB | 8.5× smaller",
        "14.3.2 memory_peak | container/alpine 35 MB | container+wasmedge 5 MB | 7× smaller",
        "14.3.2 cpu_baseline | container/alpine 2% | container+wasmedge 0.5% | 4× lower",
        "14.3.3 density | container/alpine 300 instances | container+wasmedge 3000 instances | 10× higher",
        "14.3.3 cold_start_cpu_peak | container/alpine 80% | container+wasmedge 3% | 26× lower",
        "14.4.1 control_plane_memory | kubernetes ~512 MB | k3s ~250 MB | 2× smaller",
        "14.4.1 control_plane_startup | kubernetes ~30 s | k3s ~10 s | 3× faster",
        "14.4.1 binary_size | kubernetes ~1 GB | k3s ~60 MB | 16× smaller",
        "14.4.2 node_memory | kubernetes ~512 MB | k3s ~250 MB | 2× smaller",
        "14.4.2 storage_latency | kubernetes 2 ms | k3s 100 µs | 20× faster",
        "14.4.2 list_watch_pressure | kubernetes 100% | k3s 60% | 40% reduction",
        "14.4.3 max_nodes | kubernetes >1000 nodes | k3s 1000 nodes | -",
        "14.4.3 density | kubernetes 50 instances | k3s 10 instances | -",
        "14.4.3 total_objects | kubernetes >100000 objects | k3s ~10000 objects | -",
        "14.5.1 engine_startup | opa 100 ms | opa-wasm/wasmedge 6 ms | 16× faster",
        "14.5.1 engine_memory | opa 50 MB | opa-wasm/wasmedge 2 MB | 25× smaller",
        "14.5.1 evaluation_latency | opa 10 ms | opa-wasm/wasmedge 1 ms | 10× faster",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn every_side_says_where_it_comes_from() {
    for claim in tables() {
        for side in [claim.reference(), claim.contender()] {
            let provenance = side.metric().provenance();
            assert_eq!(provenance.source().kind(), SourceKind::Benchmark);
            assert!(provenance.source().reference().ends_with(claim.section()), "{}", claim.id());
            assert_eq!(provenance.date().to_string(), "2025-01");
        }
        let opa = claim.section().starts_with("14.5");
        assert_eq!(claim.reference().is_versioned(), opa, "only OPA's rows state the reference's own version");
        assert!(claim.contender().is_versioned());
    }
    let startup = claims().get("startup-time").unwrap().reference().metric();
    let environment = startup.provenance().environment();
    assert_eq!((environment.hardware.cores, environment.hardware.memory_bytes), (Some(4), Some(8_000_000_000)));
    assert_eq!(environment.conditions.concurrency, Some(100));
    assert_eq!(startup.indicator(), Indicator::StartupTime);
}

#[test]
fn recomputing_every_factor_finds_where_the_source_rounds_or_contradicts_itself() {
    for claim in tables() {
        let (a, b) = (claim.reference().metric().quantity().as_f64(), claim.contender().metric().quantity().as_f64());
        let Some(factor) = claim.factor() else { continue };
        let expected = match factor.sense().as_str() {
            "higher" => b / a,
            "reduction" => (a - b) / a * 100.0,
            _ => a / b,
        };
        assert_eq!(claim.computed_factor(), Some(expected), "{}", claim.id());
        let (low, high) = factor.printed_range();
        assert!((low..=high).contains(&expected), "{}: {expected} is not printed as {factor}", claim.id());
    }
    let found: Vec<String> = claims().iter().flat_map(|c| c.findings()).map(|f| f.to_string()).collect();
    let expected = [
        "startup-p99: 208× faster in 14.3.1 is rounded: the table gives 208.33",
        "image-size: 14× smaller in 14.3.2 is rounded: the table gives 14.44",
        "memory-baseline: 8.5× smaller in 14.3.2 is cut off, not rounded: the table gives 8.57",
        "memory-baseline: ~2 MB in 14.3.4 is approximate: the table gives 2.1 MB",
        "memory-baseline: ~2 MB in 14.7.2 is approximate: the table gives 2.1 MB",
        "cold-start-cpu-peak: 26× lower in 14.3.3 is cut off, not rounded: the table gives 26.67",
        "control-plane-memory: 2× smaller in 14.4.1 is rounded: the table gives 2.05",
        "control-plane-memory: 50% reduction in 14.4.4 is approximate: the table gives 51.17",
        "binary-size: 16× smaller in 14.4.1 is cut off, not rounded: the table gives 16.67",
        "node-memory: 2× smaller in 14.4.2 is rounded: the table gives 2.05",
        "max-nodes: < 1000 nodes in 14.4.4 contradicts the table: the table gives 1000 nodes",
        "policy-engine-startup: 16× faster in 14.5.1 is cut off, not rounded: the table gives 16.67",
        "policy-evaluation-latency: < 1 ms in 14.5.2 contradicts the table: the table gives 1 ms",
    ];
    assert_eq!(found, expected, "{found:#?}");
}

#[test]
fn there_are_forty_and_more_each_with_its_source_its_date_and_its_versions() {
    assert!(claims().len() >= 40, "{}", claims().len());
    let today = Date::today();
    for claim in claims().iter() {
        for side in [claim.reference(), claim.contender()] {
            let provenance = side.metric().provenance();
            assert!(provenance.source().reference().len() > 10, "{}", claim.id());
            assert!(today.days_until(provenance.date()) <= 1, "{} is of the future", claim.id());
            // A side whose own release the source does not state says so, and names what is stated.
            assert!(!provenance.components().is_empty(), "{}", claim.id());
            let is_a_change = provenance.components().iter().any(|c| c.to_string().contains("pull request"));
            assert!(!(is_a_change && side.is_versioned()), "{} names a change as if it were a release", claim.id());
        }
    }
    let unversioned: Vec<&str> = published()
        .filter(|claim| !(claim.reference().is_versioned() && claim.contender().is_versioned()))
        .map(Claim::id)
        .collect();
    let expected = [
        "opa-wasm-against-rego",
        "wasmtime-pooling",
        "toywasm-wasmtime-cached",
        "toywasm-wasmtime-memory",
        "toywasm-wasmedge-interpreter",
        "shim-memory-one",
        "shim-memory-hundred",
        "kuasar-startup",
        "gvisor-density-start",
    ];
    assert_eq!(unversioned, expected, "a source that states no release is a rarity that somebody looked at");
}

#[test]
fn what_projects_publish_of_themselves_names_the_versions_of_each_side() {
    for claim in published() {
        let factor = claim.factor().expect("a sense, and so a factor");
        assert!(factor.is_computed() && claim.findings().is_empty(), "{}", claim.id());
        let (low, high) = factor.printed_range();
        assert!((low..=high).contains(&claim.computed_factor().unwrap()), "{}", claim.id());
    }
    let youki = claims().get("youki-against-runc").unwrap();
    assert_eq!(youki.factor().unwrap().to_string(), "1.78× faster");
    let of = |side: &runtime_baseline::claims::Side| side.metric().provenance().components()[0].to_string();
    assert_eq!((of(youki.reference()), of(youki.contender())), ("runc 1.0.0-rc93".into(), "youki 0.0.1".into()));
    let range = claims().get("kuasar-startup").unwrap().reference().metric();
    assert_eq!((range.as_stated().as_str(), range.quantity().to_string().as_str()), ("850 ms – 950 ms", "900 ms"));
}
