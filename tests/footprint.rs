//! What fresh processes measure, against workloads and policies whose use is known.

#![cfg(feature = "measure")]

#[path = "support/need.rs"]
mod need;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use runtime_baseline::{
    Temperature,
    policy::PolicyForm,
    probe::{
        Described, ProbeError, Target, cold_start_cpu_peak, engine_memory, idle_cpu, memory_growth, memory_growth_here,
        shipped,
    },
    runtime::{Registry, Runtime, Workload, noop::Noop},
};

/// A page of this program that several of its processes have in memory counts in part for each: one test's must not come
/// and go while another's are read.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

fn noop() -> Target {
    Target::new("noop", Workload::ready(), Temperature::Warm)
}

#[test]
fn an_unknown_subject_is_an_error_of_its_own() {
    let _alone = alone();
    let target = Target::new("wasmtime2", Workload::ready(), Temperature::Warm);
    let engine = engine_memory("regorus2", "rbac-10", PolicyForm::Source, &[1, 2, 3]).unwrap_err();
    let errors = [Described::of("wasmtime2").unwrap_err(), memory_growth(&target, &[1, 2, 3]).unwrap_err(), engine];
    for (error, (wanted, all)) in errors.into_iter().zip([
        ("wasmtime2", Registry::subjects()),
        ("wasmtime2", Registry::subjects()),
        ("regorus2", runtime_baseline::policy::Registry::subjects()),
    ]) {
        match error {
            ProbeError::UnknownSubject { name, known, .. } => {
                assert_eq!((name.as_str(), &known), (wanted, &all));
                assert!(known.len() >= 5, "{known:?}");
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn a_temperature_that_a_runtime_lacks_is_said_so() {
    let _alone = alone();
    let target = Target::new("noop", Workload::ready(), Temperature::Cold);
    let error = memory_growth(&target, &[1, 2, 3]).unwrap_err();
    assert!(matches!(error, ProbeError::Fresh(_)) && error.to_string().contains("has no cold start"), "{error}");
}

#[test]
fn nothing_asked_for_is_refused() {
    let _alone = alone();
    assert!(matches!(idle_cpu(&noop(), 0, Duration::ZERO, 1), Err(ProbeError::Empty { .. })));
    assert!(matches!(idle_cpu(&noop(), 1, Duration::ZERO, 0), Err(ProbeError::Empty { .. })));
    assert!(matches!(cold_start_cpu_peak(&noop(), 0, 1, Duration::ZERO), Err(ProbeError::Empty { .. })));
    assert!(memory_growth(&noop(), &[]).unwrap_err().to_string().contains("at least one count"));
    let artifact = Noop::new().prepare(&Workload::ready(), Temperature::Warm).unwrap();
    assert!(matches!(memory_growth_here(artifact.as_ref(), &[]), Err(ProbeError::Empty { .. })));
    let growth = memory_growth(&noop(), &[5, 10]).unwrap();
    assert!(matches!(growth.pss_slope(), Err(ProbeError::Stats(_))), "two points make no slope");
}

#[test]
fn every_runtime_describes_itself_or_says_what_is_missing() {
    let _alone = alone();
    for subject in Registry::subjects() {
        match Described::of(&subject) {
            Ok(described) => {
                assert_eq!(described.identity.subject.as_str(), subject);
                assert!(!described.temperatures.is_empty());
            }
            Err(ProbeError::Unavailable(refusal)) => {
                assert_eq!(refusal.subject.as_str(), subject);
                assert!(!refusal.remedy.is_empty());
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn idle_nothing_takes_next_to_nothing_and_never_none() {
    let _alone = alone();
    let idle = idle_cpu(&noop(), 10, Duration::from_millis(100), 6).unwrap();
    let percent = idle.percent_each();
    assert_eq!(percent.len(), 6);
    assert!(percent.iter().all(|percent| *percent > 0.0 && *percent < 5.0), "{percent:?}");
    assert!(idle.host.is_some());
}

#[test]
fn a_peak_lies_between_nothing_and_the_node() {
    let _alone = alone();
    let peak = cold_start_cpu_peak(&noop(), 20, 2, Duration::from_millis(1)).unwrap();
    assert_eq!(peak.peaks.len(), 2);
    // A tick's worth above all, where the clock knows no better.
    assert!(peak.peaks.iter().all(|peak| *peak > 0.0 && *peak < 140.0), "{peak:?}");
    assert!(peak.interval >= 1_000_000 && peak.sampling > 0.0, "{peak:?}");
}

#[test]
fn what_runs_nothing_ships_nothing() {
    let _alone = alone();
    assert_eq!(shipped(&noop()).unwrap().size, None);
}

#[cfg(feature = "regorus")]
#[test]
fn an_engine_holds_its_policys_data() {
    let _alone = alone();
    let slope = |policy| {
        let memory = engine_memory("regorus", policy, PolicyForm::Source, &[4, 8, 12]).unwrap();
        assert!(memory.peak > 0, "{memory:?}");
        memory.growth.pss_slope().unwrap()
    };
    let (ten, thousand) = (slope("rbac-10"), slope("rbac-1000"));
    // 130 bytes of JSON a binding, of which a value takes more than once.
    assert!(thousand > ten + 990 * 130, "{ten} {thousand}");
}

#[cfg(feature = "opa")]
#[test]
fn what_holds_nothing_is_unavailable() {
    let _alone = alone();
    match engine_memory("opa/eval", "rbac-10", PolicyForm::Source, &[1, 2, 3]) {
        Err(ProbeError::Unavailable(refusal)) => assert_eq!(refusal.subject.as_str(), "opa/eval"),
        other => panic!("{other:?}"),
    }
}

#[cfg(feature = "wasmtime")]
mod wasmtime {
    use runtime_baseline::probe::{MemoryGrowth, memory_peak};

    use super::*;

    /// What a page of the machine holds.
    const PAGE: u64 = 4096;

    /// Says ready after it has written to each of `pages` pages of 4 KiB.
    fn touches(pages: u64) -> Workload {
        let ready = include_str!("../fixtures/workloads/ready.wat");
        let wasm_pages = (pages * PAGE).div_ceil(64 << 10) + 1;
        let larger =
            ready.replace("(memory (export \"memory\") 1)", &format!("(memory (export \"memory\") {wasm_pages})"));
        let touch = format!(
            "(local $i i32)
             (loop $next
               (i32.store (i32.add (i32.const 65536) (i32.mul (local.get $i) (i32.const 4096))) (i32.const 1))
               (local.set $i (i32.add (local.get $i) (i32.const 1)))
               (br_if $next (i32.lt_u (local.get $i) (i32.const {pages}))))
             (i32.store (i32.const 8) (i32.const 0))"
        );
        let text = larger.replace("(i32.store (i32.const 8) (i32.const 0))", &touch);
        assert!(text.contains("$next") && text.contains(&format!(" {wasm_pages})")), "ready.wat has changed: {text}");
        Workload::wasm(format!("touches-{pages}"), text)
    }

    fn grown(workload: Workload, temperature: Temperature) -> MemoryGrowth {
        memory_growth(&Target::new("wasmtime", workload, temperature), &[10, 20, 30, 40]).unwrap()
    }

    fn assert_near(found: u64, expected: u64) {
        assert!((found as f64 / expected as f64 - 1.0).abs() < 0.1, "{found}, expected {expected}");
    }

    #[test]
    fn a_slope_is_what_the_workload_touches() {
        let _alone = alone();
        const PAGES: u64 = 64;
        for temperature in [Temperature::Warm, Temperature::Precompiled] {
            let slope = |workload| grown(workload, temperature).pss_slope().unwrap();
            assert_near(slope(touches(PAGES)) - slope(Workload::ready()), PAGES * PAGE);
        }
    }

    #[test]
    fn points_are_one_for_each_count_and_the_host() {
        let _alone = alone();
        let growth = grown(Workload::ready(), Temperature::Warm);
        assert_eq!(growth.points().iter().map(|point| point.instances).collect::<Vec<_>>(), [0, 10, 20, 30, 40]);
        assert!(growth.points().iter().all(|point| point.processes == 1));
        assert!(growth.host().is_some_and(|host| host.pss > 1 << 20 && host.page_tables > 0));
        assert_eq!(growth.settings["allocator"], "pooling");
        assert!(growth.page_tables_slope().unwrap() > 100, "an instance's memory has mappings");
    }

    /// 4 MiB an instance: 40 of them outweigh the batches of a cgroup's charge by far.
    #[test]
    fn a_cgroups_charge_agrees_with_the_set_size_where_there_is_one() {
        let _alone = alone();
        let growth = grown(touches(1024), Temperature::Precompiled);
        match growth.charge_slope().unwrap() {
            Some(charge) => assert_near(charge, growth.pss_slope().unwrap()),
            None => need::skip("cgroup", &growth.no_charge.expect("it says why")),
        }
    }

    #[test]
    fn a_hungry_workload_has_a_higher_peak() {
        let _alone = alone();
        const PAGES: u64 = 2048;
        let peak = |workload| {
            let peak = memory_peak(&Target::new("wasmtime", workload, Temperature::Precompiled)).unwrap();
            assert_eq!(peak.method, "VmHWM less files");
            peak.bytes
        };
        assert_near(peak(touches(PAGES)) - peak(Workload::ready()), PAGES * PAGE);
    }

    /// Nothing is freed before it is ready, so that two ways to read memory must agree.
    #[test]
    fn a_warm_start_takes_at_its_peak_what_it_then_holds() {
        let _alone = alone();
        let target = Target::new("wasmtime", Workload::ready(), Temperature::Warm);
        let held = memory_growth(&target, &[50, 100, 150, 200]).unwrap().pss_slope().unwrap();
        assert_near(memory_peak(&target).unwrap().bytes, held);
    }

    #[test]
    fn a_module_is_its_own_size() {
        let _alone = alone();
        let size = |temperature| shipped(&Target::new("wasmtime", Workload::ready(), temperature)).unwrap().size;
        let module = wat::parse_bytes(include_bytes!("../fixtures/workloads/ready.wat")).unwrap();
        let cold = size(Temperature::Cold).unwrap();
        assert_eq!((cold.bytes, cold.files, cold.layer), (module.len() as u64, 1, None));
        assert!(size(Temperature::Precompiled).unwrap().bytes > cold.bytes);
        assert_eq!(size(Temperature::Warm), None);
    }

    #[test]
    fn compiling_takes_more_cpu_than_nothing() {
        let _alone = alone();
        let peak = |subject: &str, temperature| {
            let target = Target::new(subject, Workload::ready(), temperature);
            let peak = cold_start_cpu_peak(&target, 20, 3, Duration::from_millis(1)).unwrap();
            peak.peaks.into_iter().fold(0.0, f64::max)
        };
        let (nothing, compiling) = (peak("noop", Temperature::Warm), peak("wasmtime", Temperature::Cold));
        assert!(compiling > nothing, "{nothing} % {compiling} %");
    }

    #[test]
    fn a_workload_that_fails_is_an_error_that_says_how() {
        let _alone = alone();
        let trap = Workload::wasm("trap", include_str!("../fixtures/workloads/trap.wat"));
        let error = memory_peak(&Target::new("wasmtime", trap, Temperature::Warm)).unwrap_err();
        assert!(error.to_string().contains("starting the first instance: trap failed: "), "{error}");
    }
}
