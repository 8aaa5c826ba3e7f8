//! The turns of one process: each group warmed up, then rounds in a random order until it is time to stop.

use std::time::Duration;

use super::{
    lane::{Failure, Lane, Taken},
    plan::{Group, Plan, Stop, Turns},
    wire::{Measured, Order, Row, Said, Series},
};
use crate::clock;

/// The most samples that a lane keeps of one process: enough for a far tail, and a file that opens.
const MOST: usize = 20_000;

/// Measures a plan in this process, and says what it comes to.
pub(super) fn measure(mut plan: Plan, order: &Order, say: &mut dyn FnMut(Said)) {
    let mut random = fastrand::Rng::with_seed(order.seed.wrapping_add(u64::from(order.process)));
    for (row, refused) in &plan.rows {
        say(Said::Row(Row::new(row, *refused)));
    }
    for comparison in &plan.comparisons {
        say(Said::Compare(comparison.clone()));
    }
    let of = format!("process {} of {}", order.process + 1, order.processes);
    // The plan itself stays: what it keeps must outlive the lanes.
    for group in std::mem::take(&mut plan.groups) {
        say(Said::Doing(format!("{of}: {}, {} lanes", group.name, group.lanes.len())));
        for measured in turns(group, order, &mut random, say) {
            say(Said::Lane(measured));
        }
    }
}

/// A lane at work.
struct Running {
    lane: Lane,
    series: Vec<Series>,
    samples: usize,
    failure: Option<Failure>,
}

impl Running {
    fn new(lane: Lane) -> Self {
        let series = lane.asked.iter().cloned().map(Series::new).collect();
        Self { lane, series, samples: 0, failure: None }
    }

    fn sample(&mut self) -> Option<Taken> {
        if self.failure.is_some() {
            return None;
        }
        match self.lane.sample() {
            Ok(taken) => {
                if let Some((figure, _)) = taken.said.iter().find(|(figure, _)| *figure >= self.series.len()) {
                    let reason = format!("the lane has no figure {figure}: it has {}", self.series.len());
                    self.failure = Some(Failure::failed(reason));
                    return None;
                }
                Some(taken)
            }
            Err(error) => {
                self.failure = Some(Failure::of(error.as_ref()));
                None
            }
        }
    }

    /// Runs the operation until the time is over and keeps nothing, but what tells how slow it is.
    fn warm_up(&mut self, turns: Turns) {
        let begin = clock::monotonic();
        loop {
            let called = clock::monotonic();
            if self.sample().is_none() {
                return;
            }
            let now = clock::monotonic();
            if u128::from(now - called) > turns.patience.as_nanos() {
                let took = Duration::from_nanos(now - called);
                self.failure = Some(Failure::refused(
                    format!("one sample takes {took:.1?}, and this pass waits {:.1?} for one", turns.patience),
                    "run the bench without --quick",
                ));
                return;
            }
            if u128::from(now - begin) >= turns.warm_up.as_nanos() {
                return;
            }
        }
    }

    fn turn(&mut self, turns: Turns) {
        let begin = clock::monotonic();
        for series in &mut self.series {
            series.turns.push(Vec::new());
        }
        for _ in 0..turns.samples.max(1) {
            let Some(taken) = self.sample() else { break };
            for (figure, word) in taken.said {
                self.series[figure].hear(word);
            }
            self.samples += 1;
            if u128::from(clock::monotonic() - begin) >= turns.at_most.as_nanos() {
                break;
            }
        }
    }

    fn is_done(&self) -> bool {
        self.failure.is_some() || self.samples >= MOST
    }
}

fn turns(group: Group, order: &Order, random: &mut fastrand::Rng, say: &mut dyn FnMut(Said)) -> Vec<Measured> {
    let Group { name, lanes, turns, fresh } = group;
    let mut running: Vec<Running> = lanes.into_iter().map(Running::new).collect();
    let id = |lane: &Lane| format!("{name}/{}", lane.name);
    for one in &mut running {
        if order.skip.contains(&id(&one.lane)) {
            one.failure = Some(Failure::failed("the process died while this was measured"));
        }
    }
    if !turns.warm_up.is_zero() {
        for one in &mut running {
            say(Said::Begins(id(&one.lane)));
            one.warm_up(turns);
        }
    }
    let mut places: Vec<usize> = (0..running.len()).collect();
    let begin = clock::monotonic();
    for round in 1.. {
        random.shuffle(&mut places);
        for place in &places {
            let one = &mut running[*place];
            if !one.is_done() {
                say(Said::Begins(id(&one.lane)));
                one.turn(turns);
            }
        }
        let over = match turns.stop {
            Stop::After(time) => u128::from(clock::monotonic() - begin) >= time.as_nanos(),
            Stop::Rounds(rounds) => round >= rounds,
        };
        if over || running.iter().all(Running::is_done) {
            break;
        }
    }
    let measured = |one: Running| Measured {
        group: name.clone(),
        lane: one.lane.name.clone(),
        fresh,
        series: one.series,
        failure: one.failure,
    };
    running.into_iter().map(measured).collect()
}
