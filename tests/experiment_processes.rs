//! Plans in processes of their own. This program is started again for each of them, so it has no test harness: its `main`
//! gets to the experiment before anything else.

use std::process::{self, ExitCode};

use runtime_baseline::{
    Indicator, Statistic, Temperature,
    experiment::{Experiment, Figure, Lane, LaneError, Outcome, Plan, Taken, Turns},
    runtime::{Runtime, noop::Noop},
};

fn figure(workload: &str) -> Figure {
    Figure::new(Indicator::StartupTime, Noop::new().identity(), workload).at(Temperature::Warm)
}

fn declare(plan: &mut Plan) -> Result<(), LaneError> {
    let own = u64::from(process::id());
    let median = &[Statistic::Median];
    let id = Lane::single("id", figure("id"), median, move || Ok::<_, LaneError>(own));
    let deadly = Lane::single("deadly", figure("deadly"), median, || -> Result<u64, LaneError> { process::abort() });
    let is_first = plan.is_first();
    let failing = Lane::single("fails once", figure("fails once"), median, move || {
        if is_first { Ok(1) } else { Err(LaneError::from("not in this process")) }
    });
    let unlike =
        Lane::single("unlike", figure("unlike").with_setting("process", own), median, || Ok::<_, LaneError>(1));
    plan.group("times", Turns::rounds(3).of(2), vec![id, deadly, failing, unlike]);
    let mut next = 0.0;
    let fresh = Lane::new("fresh", move |taken: &mut Taken| {
        next += 1.0;
        taken.push(0, next);
        Ok::<_, LaneError>(())
    });
    plan.fresh("slopes", Turns::rounds(6), vec![fresh.of(figure("fresh"), median)]);
    Ok(())
}

type Test = fn(&Outcome) -> bool;

fn main() -> ExitCode {
    let outcome = match Experiment::new("tests/experiment_processes").in_processes(7).run(declare) {
        Ok(outcome) => outcome,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let tests: [(&str, Test); 4] = [
        ("a_sample_knows_its_process", each_process_is_its_own),
        ("a_lane_that_kills_its_process_has_failed_and_the_others_are_measured", the_deadly_lane_is_a_failure),
        ("a_lane_that_fails_or_differs_in_one_process_has_failed", what_fails_once_has_failed),
        ("samples_of_fresh_processes_are_taken_in_one_and_each_counts_as_one", fresh_samples_are_units),
    ];
    println!("running {} tests", tests.len());
    let mut failed = 0;
    for (name, test) in tests {
        let passed = test(&outcome);
        failed += usize::from(!passed);
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
    }
    let (word, passed) = (if failed == 0 { "ok" } else { "FAILED" }, tests.len() - failed);
    println!("\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out");
    if failed > 0 {
        eprintln!("{outcome:#?}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn each_process_is_its_own(outcome: &Outcome) -> bool {
    let samples = &outcome.lane("times", "id").expect("as planned").figures[0].samples;
    let mut ids: Vec<_> = samples.iter().map(|sample| (sample.process, sample.value as u64)).collect();
    ids.dedup();
    let values: std::collections::BTreeSet<_> = ids.iter().map(|(_, id)| *id).collect();
    let own = u64::from(process::id());
    samples.len() == 7 * 3 * 2 && ids.len() == 7 && values.len() == 7 && !values.contains(&own)
}

fn the_deadly_lane_is_a_failure(outcome: &Outcome) -> bool {
    let lane = outcome.lane("times", "deadly").expect("as planned");
    lane.figures.is_empty() && outcome.failed.iter().any(|row| row.reason().contains("died"))
}

fn what_fails_once_has_failed(outcome: &Outcome) -> bool {
    let reason = |reason: &str| outcome.failed.iter().any(|row| row.reason() == reason);
    reason("not in this process") && reason("the setting process is not the same in every process")
}

fn fresh_samples_are_units(outcome: &Outcome) -> bool {
    let samples = &outcome.lane("slopes", "fresh").expect("as planned").figures[0].samples;
    let median = samples.estimate(Statistic::Median, 0.95).expect("enough processes");
    (samples.len(), samples.processes(), median.interval) == (6, 6, Some((1.0, 6.0)))
}
