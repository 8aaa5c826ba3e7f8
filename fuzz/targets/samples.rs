//! A file of raw data: what is printed is read as the same, and has figures or says why not.
#![no_main]

use runtime_baseline::{Statistic, samples::Recorded};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(recorded) = Recorded::from_csv(text) else { return };
    let printed = match &recorded {
        Recorded::Samples(samples) => {
            for statistic in [Statistic::Median, Statistic::Mean, Statistic::P99, Statistic::Max] {
                let _ = samples.estimate(statistic, 0.95);
            }
            samples.to_csv()
        }
        Recorded::Curve(curve) => curve.to_csv(),
        _ => return,
    };
    assert_eq!(Recorded::from_csv(&printed).as_ref().ok(), Some(&recorded), "{printed}");
});
