//! Intervals hold the true value as often as they say, where samples of one process or of one turn resemble each other.

use std::f64::consts::TAU;

use runtime_baseline::{
    Indicator, Statistic, Unit,
    samples::{Samples, SamplesError},
    stats::{Summary, Warning},
};

const LEVEL: f64 = 0.95;
const EXPERIMENTS: usize = 400;
/// Of so many experiments at the level, fewer hits than this come about once in 10,000 times.
const LEAST_HITS: usize = 362;
/// What every process has in common, in nanoseconds.
const TRUTH: f64 = 1e6;

/// Normal deviates, the same every time.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (TAU * self.uniform()).cos()
    }
}

/// How samples resemble each other: the spread, on the logarithm, of processes, of turns, and of samples.
#[derive(Clone, Copy)]
struct Machine {
    process: f64,
    turn: f64,
    sample: f64,
}

impl Machine {
    fn measure(self, noise: &mut Noise, processes: u32, turns: u32, each: u32) -> Samples {
        let mut samples = Samples::new(Indicator::StartupTime, Unit::Nanoseconds).unwrap();
        for process in 0..processes {
            let of_process = self.process * noise.normal();
            for turn in 0..turns {
                let of_turn = self.turn * noise.normal();
                let mut last = noise.normal();
                for _ in 0..each {
                    // Each sample takes over 0.6 of the one before it.
                    last = 0.6 * last + 0.8 * noise.normal();
                    let value = TRUTH * (of_process + of_turn + self.sample * last).exp();
                    samples.push(process, turn, value.round()).unwrap();
                }
            }
        }
        samples
    }
}

/// How often the interval of samples holds `truth`, and how often that of samples taken as independent does.
fn hits(statistic: Statistic, truth: f64, mut measure: impl FnMut() -> Samples) -> (usize, usize) {
    let (mut ours, mut independent) = (0, 0);
    for _ in 0..EXPERIMENTS {
        let samples = measure();
        let (low, high) = samples.estimate(statistic, LEVEL).unwrap().interval.unwrap();
        ours += usize::from(low <= truth && truth <= high);
        let values: Vec<u64> = samples.values().iter().map(|value| *value as u64).collect();
        let summary = Summary::of(&values).unwrap().interval(statistic, LEVEL).unwrap();
        independent += usize::from(summary.low as f64 <= truth && truth <= summary.high as f64);
    }
    (ours, independent)
}

#[test]
fn a_median_over_processes_covers_and_that_of_independent_samples_does_not() {
    let machine = Machine { process: 0.05, turn: 0.03, sample: 0.02 };
    for processes in [6, 11] {
        let mut noise = Noise(1);
        let (ours, independent) = hits(Statistic::Median, TRUTH, || machine.measure(&mut noise, processes, 5, 20));
        assert!(ours >= LEAST_HITS, "{processes} processes: {ours} of {EXPERIMENTS}");
        // The rule that every sample is evidence of its own fails the same experiments.
        assert!(independent < EXPERIMENTS / 2, "{processes} processes: {independent} of {EXPERIMENTS}");
    }
}

#[test]
fn a_median_over_the_turns_of_one_process_covers_what_that_process_has() {
    // The process is the same every time, so that its own value is the truth.
    let machine = Machine { process: 0.0, turn: 0.05, sample: 0.02 };
    for turns in [6, 20] {
        let mut noise = Noise(2);
        let (ours, independent) = hits(Statistic::Median, TRUTH, || machine.measure(&mut noise, 1, turns, 20));
        assert!(ours >= LEAST_HITS, "{turns} turns: {ours} of {EXPERIMENTS}");
        assert!(independent < EXPERIMENTS * 3 / 4, "{turns} turns: {independent} of {EXPERIMENTS}");
    }
    let mut noise = Noise(2);
    let found = machine.measure(&mut noise, 2, 10, 5).estimate(Statistic::Median, LEVEL).unwrap();
    let method = found.evidence.method.to_string();
    assert!(method.contains("within 2 processes: what differs between processes is not in it"), "{method}");
}

#[test]
fn a_tail_over_processes_covers_and_that_of_independent_samples_does_not() {
    let machine = Machine { process: 0.05, turn: 0.0, sample: 0.02 };
    // The 99th percentile of a standard normal deviate.
    let truth = TRUTH * (0.02f64 * 2.326_347_87).exp();
    let mut noise = Noise(3);
    let (ours, independent) = hits(Statistic::P99, truth, || machine.measure(&mut noise, 8, 10, 25));
    assert!(ours >= LEAST_HITS, "{ours} of {EXPERIMENTS}");
    assert!(independent < EXPERIMENTS / 2, "{independent} of {EXPERIMENTS}");
}

#[test]
fn a_slope_of_each_process_is_a_sample() {
    let mut noise = Noise(4);
    let machine = Machine { process: 0.1, turn: 0.0, sample: 0.0 };
    let slopes = machine.measure(&mut noise, 6, 1, 1);
    let found = slopes.estimate(Statistic::Slope, LEVEL).unwrap();
    let mut sorted = slopes.values().to_vec();
    sorted.sort_by(f64::total_cmp);
    assert_eq!((found.value, found.interval), (sorted[2], Some((sorted[0], sorted[5]))));
    assert_eq!(found.evidence.method.to_string(), "order statistics of 6 processes' values");
    assert_eq!(slopes.warnings(&[Statistic::Slope]), [], "six processes are enough");
}

#[test]
fn what_has_too_little_evidence_has_no_interval_or_no_figure() {
    let machine = Machine { process: 0.05, turn: 0.03, sample: 0.02 };
    let of = |processes, turns, each| machine.measure(&mut Noise(5), processes, turns, each);
    for samples in [of(1, 1, 1), of(1, 1, 500), of(5, 1, 100), of(2, 2, 100)] {
        let found = samples.estimate(Statistic::Median, LEVEL).unwrap();
        assert_eq!((found.interval, found.evidence.method.as_str()), (None, "none"));
        assert!(matches!(samples.warnings(&[Statistic::Median])[..], [Warning::TooFew { .. }, ..]));
    }
    // Six processes have an interval at 95 %, and none at 99 %: turns do not step in for processes that are there.
    assert_eq!(of(6, 50, 10).estimate(Statistic::Median, 0.99).unwrap().interval, None);
    for (samples, needed, found) in [(of(6, 9, 11), 100, 99), (of(1, 1, 50), 100, 50), (of(50, 1, 1), 100, 50)] {
        let error = samples.estimate(Statistic::P99, LEVEL).unwrap_err();
        let SamplesError::TooFew { needed: least, found: there, .. } = error else { panic!("{error}") };
        assert_eq!((least, there), (needed, found));
    }
    // A process that is long enough for a tail has one, although its turns do not bound it.
    let found = of(1, 10, 50).estimate(Statistic::P99, LEVEL).unwrap();
    assert_eq!(found.interval, None);
    let empty = Samples::new(Indicator::StartupTime, Unit::Nanoseconds).unwrap();
    assert!(matches!(empty.estimate(Statistic::Median, LEVEL), Err(SamplesError::Empty)));
    for level in [0.0, 1.0, f64::NAN] {
        assert!(matches!(of(6, 1, 1).estimate(Statistic::Median, level), Err(SamplesError::Level(_))));
    }
}

#[test]
fn the_mean_is_of_all_samples_and_extremes_are_what_was_seen() {
    let times = Samples::of_one_process(Indicator::StartupTime, Unit::Nanoseconds, (1..=10).map(f64::from)).unwrap();
    let of = |statistic| times.estimate(statistic, LEVEL).unwrap();
    assert_eq!((of(Statistic::Mean).value, of(Statistic::Mean).interval), (5.5, None));
    assert_eq!((of(Statistic::Min).value, of(Statistic::Max).value), (1.0, 10.0));
    assert_eq!(of(Statistic::Median).interval, Some((2.0, 9.0)));
    // Samples of a file whose turns nobody recorded are summarised as they were, and the method says it.
    let old = Samples::from_csv("startup_time_ns\n1\n2\n3\n4\n5\n6\n").unwrap();
    let found = old.estimate(Statistic::Median, LEVEL).unwrap();
    assert_eq!((found.value, found.interval), (3.0, Some((1.0, 6.0))));
    assert!(found.evidence.method.to_string().contains("turns not recorded"), "{}", found.evidence.method);
}
