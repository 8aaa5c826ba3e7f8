//! The first half of each process's turns against the second half, of every series of samples that the usual baseline names.

use std::{env, error::Error, path::PathBuf};

use runtime_baseline::{
    Baseline, Metric, Statistic,
    compare::{Gate, Ruling},
    samples::Samples,
};

use super::tally::Tally;

/// The chance of a difference where there is none, of each comparison by itself.
const CHANCE: f64 = 0.01;

/// Fewer processes say nothing of how processes differ.
const FEWEST: usize = 6;

/// Counts the series whose halves differ. Each process is a pair, so what is compared is what a gate of pairs compares.
pub fn compare(tally: &mut Tally) -> Result<(), Box<dyn Error>> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let directory = target.join("baseline");
    let path = directory.join("baseline.json");
    if !path.exists() {
        println!("halves of stored samples: there is no {}: run the other benches first", path.display());
        return Ok(());
    }
    let baseline = Baseline::load(&path)?;
    let (mut differ, mut of) = (0, 0);
    let gate = Gate::new().max_regression(0.0).false_alarms(CHANCE);
    let medians = |metric: &&&Metric| metric.statistic() == Statistic::Median;
    for metric in baseline.latest().iter().filter(medians) {
        let Ok(samples) = Samples::of_metric(metric, &directory) else { continue };
        let pairs = halves(&samples);
        if pairs.len() < FEWEST {
            continue;
        }
        let report = gate.compare_times(&metric.subject().to_string(), &pairs)?;
        of += 1;
        if matches!(report.rows[0].ruling, Ruling::Worse | Ruling::Better) {
            println!("differs: {} of {}, {:?}", metric.indicator(), metric.subject(), metric.workload());
            differ += 1;
        }
    }
    tally.share("halves of stored samples, at 99 %", "differing", differ, of, "goal: at most 2 %");
    Ok(())
}

/// Of each process the median of the first half of its turns, and that of the rest, in thousandths of the samples' unit.
fn halves(samples: &Samples) -> Vec<(u64, u64)> {
    let mut processes: Vec<(u32, Vec<(u32, f64)>)> = Vec::new();
    for sample in samples.iter() {
        match processes.last_mut() {
            Some((process, values)) if *process == sample.process => values.push((sample.turn, sample.value)),
            _ => processes.push((sample.process, vec![(sample.turn, sample.value)])),
        }
    }
    let median = |mut values: Vec<f64>| {
        values.sort_unstable_by(f64::total_cmp);
        values.get(values.len().saturating_sub(1) / 2).map(|value| (value * 1e3) as u64)
    };
    let of_process = |(_, values): (u32, Vec<(u32, f64)>)| {
        let turns = values.last()?.0 + 1;
        let (first, second): (Vec<_>, Vec<_>) = values.into_iter().partition(|(turn, _)| *turn < turns / 2);
        let values = |half: Vec<(u32, f64)>| half.into_iter().map(|(_, value)| value).collect();
        median(values(first)).zip(median(values(second)))
    };
    processes.into_iter().filter_map(of_process).collect()
}
