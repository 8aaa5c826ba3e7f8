//! What holds of any samples.

use proptest::prelude::*;
use runtime_baseline::{
    Indicator, Statistic, Unit,
    claims::Claims,
    samples::{Recorded, Samples},
    stats::{Change, Decision, Line, Summary, warnings},
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
        for warning in warnings(&values.iter().map(|value| *value as f64).collect::<Vec<_>>()) {
            prop_assert!(!warning.to_string().is_empty());
        }
        let _ = Change::paired(&values, &values, 0.95);
        if let Ok(line) = Line::fit(&points, 0.95) {
            prop_assert!(line.low <= line.slope && line.slope <= line.high);
        }
    }

    #[test]
    fn a_figure_lies_in_its_interval_and_a_tail_of_few_is_refused(
        values in prop::collection::vec((0u32..9, 0u32..4, prop_oneof![-1e6f64..1e6, 0f64..3.0]), 1..600),
        statistic in prop::sample::select(vec![
            Statistic::Median, Statistic::P90, Statistic::P99, Statistic::Mean, Statistic::Min, Statistic::Max,
            Statistic::Slope, Statistic::Rate, Statistic::Single,
        ]),
        level in 0.01f64..0.999,
    ) {
        let mut samples = Samples::new(Indicator::StartRate, Unit::PerSecond).unwrap();
        for (process, turn, value) in &values {
            samples.push(*process, *turn, *value).unwrap();
        }
        let tail = matches!(statistic, Statistic::P90 | Statistic::P99);
        match samples.estimate(statistic, level) {
            Ok(found) => {
                let (least, most) = samples.values().iter().fold((f64::MAX, f64::MIN), |(a, b), x| (a.min(*x), b.max(*x)));
                prop_assert!((least - 1e-6..=most + 1e-6).contains(&found.value));
                if let Some((low, high)) = found.interval {
                    prop_assert!(low <= found.value && found.value <= high);
                }
                prop_assert_eq!(found.evidence.samples as usize, values.len());
            }
            Err(error) => prop_assert!(tail, "{}", error),
        }
        for warning in samples.warnings(&[statistic]) {
            prop_assert!(!warning.to_string().is_empty());
        }
    }

    #[test]
    fn files_read_back_and_text_is_never_trusted(
        values in prop::collection::vec((any::<u32>(), any::<u32>(), 0u64..1 << 53), 0..200),
        text in "\\PC{0,80}",
        lines in "(process,turn,)?startup_time_ns(\n[0-9 a,.-]{0,21}){0,4}",
    ) {
        let mut samples = Samples::new(Indicator::StartupTime, Unit::Nanoseconds).unwrap();
        for (process, turn, value) in values {
            samples.push(process, turn, value as f64).unwrap();
        }
        prop_assert_eq!(&Samples::from_csv(&samples.to_csv()).unwrap(), &samples);
        for text in [text, lines] {
            let _ = Recorded::from_csv(&text);
            let _ = Claims::from_toml(&text);
        }
    }
}
