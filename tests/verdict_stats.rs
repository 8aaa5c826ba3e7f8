//! What holds of any samples.

use proptest::prelude::*;
use runtime_baseline::{
    Indicator, Unit,
    claims::Claims,
    stats::{Change, Decision, Line, Samples, Summary, warnings},
};

fn samples() -> impl Strategy<Value = Vec<u64>> {
    let any = prop::collection::vec(any::<u64>(), 1..400);
    let few_values = prop::collection::vec(0u64..5, 1..400);
    let typical = prop::collection::vec(1_000u64..2_000, 1..400);
    prop_oneof![any, few_values, typical]
}

proptest! {
    #[test]
    fn quantiles_are_ordered_samples_inside_their_intervals(values in samples(), p in 0.0f64..=1.0, level in 0.01f64..0.999) {
        let summary = Summary::of(&values).unwrap();
        let value = summary.quantile(p);
        prop_assert!(values.contains(&value));
        prop_assert!(summary.min() <= summary.median() && summary.median() <= summary.p90());
        prop_assert!(summary.p90() <= summary.p99() && summary.p99() <= summary.max());
        // Nearest rank by its definition: at least p of the samples are not above it, and fewer are below it.
        let below = values.iter().filter(|x| **x < value).count() as f64;
        let not_above = values.iter().filter(|x| **x <= value).count() as f64;
        let n = values.len() as f64;
        prop_assert!(not_above >= p * n - 1e-6 && (below < p * n + 1e-6 || p == 0.0));
        if let Some(interval) = summary.quantile_interval(p, level) {
            prop_assert!(interval.low <= value && value <= interval.high);
            prop_assert!(values.contains(&interval.low) && values.contains(&interval.high));
            let wider = summary.quantile_interval(p, level + (1.0 - level) / 2.0);
            prop_assert!(wider.is_none_or(|w| w.low <= interval.low && w.high >= interval.high));
        }
        prop_assert!(summary.mean() >= summary.min() as f64 * 0.999_999 && summary.mean() <= summary.max() as f64 * 1.000_001);
    }

    #[test]
    fn a_change_and_its_reverse_are_opposite(old in samples(), new in samples(), least in 0.0f64..0.5) {
        let (old, new) = (Summary::of(&old).unwrap(), Summary::of(&new).unwrap());
        let (Some(there), Some(back)) = (Change::between(&old, &new, 0.95), Change::between(&new, &old, 0.95)) else {
            return Ok(());
        };
        let close = |a: f64, b: f64| (a == b) || (a / b - 1.0).abs() < 1e-9;
        prop_assert!(close(there.ratio.value, back.ratio.inverse().value));
        prop_assert!(close(there.ratio.low, back.ratio.inverse().low));
        prop_assert!((there.superiority.unwrap() + back.superiority.unwrap() - 1.0).abs() < 1e-9);
        let opposite = match there.decide(least) {
            Decision::Higher => Decision::Lower,
            Decision::Lower => Decision::Higher,
            other => other,
        };
        prop_assert_eq!(back.decide(least), opposite);
    }

    #[test]
    fn a_set_against_itself_never_changed(values in samples()) {
        let summary = Summary::of(&values).unwrap();
        for change in [Change::between(&summary, &summary, 0.95), Change::paired(&values, &values, 0.95).unwrap()] {
            let decision = change.map(|change| change.decide(0.0));
            prop_assert!(!matches!(decision, Some(Decision::Higher | Decision::Lower)), "{:?}", change);
        }
    }

    #[test]
    fn nothing_panics(values in prop::collection::vec(any::<u64>(), 0..200), points in prop::collection::vec(any::<(u64, u64)>(), 0..20)) {
        for warning in warnings(&values) {
            prop_assert!(!warning.to_string().is_empty());
        }
        let _ = Change::paired(&values, &values, 0.95);
        if let Ok(line) = Line::fit(&points, 0.95) {
            prop_assert!(line.low <= line.slope && line.slope <= line.high);
        }
    }

    #[test]
    fn files_read_back_and_text_is_never_trusted(values in samples(), text in "\\PC{0,80}", lines in "startup_time_ns(\n[0-9 a-]{0,21}){0,4}") {
        let samples = Samples::new(Indicator::StartupTime, Unit::Nanoseconds, values).unwrap();
        prop_assert_eq!(&Samples::from_csv(&samples.to_csv()).unwrap(), &samples);
        let _ = Samples::from_csv(&text);
        let _ = Samples::from_csv(&lines);
        let _ = Claims::from_toml(&text);
    }
}
