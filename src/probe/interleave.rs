//! Peers measured in turns, so that a machine that speeds up or slows down does it to all of them alike.

use std::{collections::VecDeque, fmt, time::Duration};

use crate::clock;

/// Why a lane stopped: the probe's error, as text for its row in the report.
pub type LaneError = Box<dyn std::error::Error + Send + Sync>;

type Operation<'a> = Box<dyn FnMut() -> Result<u64, LaneError> + 'a>;

/// One of the peers: a name, and an operation that takes one sample (nanoseconds) each time it is called.
pub struct Lane<'a> {
    name: String,
    operation: Operation<'a>,
    /// Samples a turn, so that each lane's turn takes about the same time.
    batch: u32,
    samples: Vec<u64>,
    /// Samples that nobody has taken yet: the tail of `samples`.
    untaken: VecDeque<u64>,
    failure: Option<LaneError>,
}

impl fmt::Debug for Lane<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").field("name", &self.name).field("samples", &self.samples.len()).finish_non_exhaustive()
    }
}

impl<'a> Lane<'a> {
    /// A lane; `operation` returns one sample.
    pub fn new<E>(name: impl Into<String>, mut operation: impl FnMut() -> Result<u64, E> + 'a) -> Self
    where
        E: Into<LaneError>,
    {
        let operation: Operation<'a> = Box::new(move || operation().map_err(Into::into));
        Self { name: name.into(), operation, batch: 1, samples: Vec::new(), untaken: VecDeque::new(), failure: None }
    }

    /// The lane's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Every sample since the warm-up, in the order taken.
    #[must_use]
    pub fn samples(&self) -> &[u64] {
        &self.samples
    }

    /// Why the lane stopped, if it did.
    #[must_use]
    pub fn failure(&self) -> Option<&LaneError> {
        self.failure.as_ref()
    }

    fn turn(&mut self) {
        for _ in 0..self.batch {
            if self.failure.is_some() {
                return;
            }
            match (self.operation)() {
                Ok(sample) => {
                    self.samples.push(sample);
                    self.untaken.push_back(sample);
                }
                Err(error) => self.failure = Some(error),
            }
        }
    }

    /// Runs the operation until `time` is over, keeps nothing, and sets the batch to what fits into `slice`.
    fn warm_up(&mut self, time: Duration, slice: Duration) {
        let begin = clock::monotonic();
        let mut runs = 0;
        let elapsed = loop {
            if let Err(error) = (self.operation)() {
                self.failure = Some(error);
                return;
            }
            runs += 1;
            let elapsed = clock::monotonic() - begin;
            // Two runs at least: the first pays for what is done once.
            if runs > 1 && u128::from(elapsed) >= time.as_nanos() {
                break elapsed;
            }
        };
        let each = (elapsed / runs).max(1);
        // 256: a turn of the fastest lanes stays short, and their sample files small.
        self.batch = u32::try_from(slice.as_nanos() / u128::from(each)).unwrap_or(u32::MAX).clamp(1, 256);
    }
}

/// Lanes that take turns. Each round gives every lane one turn, in a new order.
///
/// ```
/// use runtime_baseline::probe::{Interleaved, Lane};
///
/// let mut lanes = Interleaved::new(vec![
///     Lane::new("left", || Ok::<_, std::io::Error>(1)),
///     Lane::new("right", || Ok::<_, std::io::Error>(2)),
/// ]);
/// lanes.warm_up(std::time::Duration::from_millis(1));
/// lanes.rounds(3);
/// assert!(lanes.lanes().iter().all(|lane| lane.samples().len() >= 3));
/// ```
#[derive(Debug)]
pub struct Interleaved<'a> {
    lanes: Vec<Lane<'a>>,
    order: Vec<usize>,
    random: fastrand::Rng,
}

impl<'a> Interleaved<'a> {
    /// One lane's turn within a round. Short against frequency drift, long against a cold cache.
    const SLICE: Duration = Duration::from_millis(2);

    /// Lanes that will take turns. The order of turns is random, from a fixed seed, so that a run can be repeated.
    #[must_use]
    pub fn new(lanes: Vec<Lane<'a>>) -> Self {
        let order = (0..lanes.len()).collect();
        Self { lanes, order, random: fastrand::Rng::with_seed(0x0ba5_e11e) }
    }

    /// Runs each lane for `each`, keeps no sample, and gives each lane turns of about the same length.
    pub fn warm_up(&mut self, each: Duration) {
        for lane in &mut self.lanes {
            lane.warm_up(each, Self::SLICE);
        }
    }

    /// Gives every lane `rounds` turns.
    pub fn rounds(&mut self, rounds: usize) {
        for _ in 0..rounds {
            self.random.shuffle(&mut self.order);
            for lane in &self.order {
                self.lanes[*lane].turn();
            }
        }
    }

    /// The sum of the next `count` samples of a lane, in nanoseconds, measuring rounds until there are as many; nothing
    /// once the lane has failed.
    ///
    /// This is how a benchmark framework that asks for one lane after the other still gets interleaved samples.
    pub fn take(&mut self, lane: usize, count: u64) -> Option<Duration> {
        let wanted = usize::try_from(count).unwrap_or(usize::MAX);
        while self.lanes[lane].untaken.len() < wanted {
            if self.lanes[lane].failure.is_some() {
                return None;
            }
            self.rounds(1);
        }
        Some(Duration::from_nanos(self.lanes[lane].untaken.drain(..wanted).sum()))
    }

    /// Leaves out of [`take`](Self::take) what the lane has measured so far; it stays among the lane's samples.
    pub fn skip_untaken(&mut self, lane: usize) {
        self.lanes[lane].untaken.clear();
    }

    /// The lanes, in the order given.
    #[must_use]
    pub fn lanes(&self) -> &[Lane<'a>] {
        &self.lanes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lane_gets_a_turn_each_round_and_samples_keep_their_order() {
        let (mut a, mut b) = (0, 100);
        let mut lanes = Interleaved::new(vec![
            Lane::new("a", || {
                Ok::<_, LaneError>({
                    a += 1;
                    a
                })
            }),
            Lane::new("b", || {
                Ok::<_, LaneError>({
                    b += 1;
                    b
                })
            }),
        ]);
        lanes.rounds(5);
        assert_eq!(lanes.lanes()[0].samples(), [1, 2, 3, 4, 5]);
        assert_eq!(lanes.lanes()[1].samples(), [101, 102, 103, 104, 105]);
    }

    #[test]
    fn taking_from_one_lane_measures_all() {
        let mut lanes =
            Interleaved::new(vec![Lane::new("a", || Ok::<_, LaneError>(3)), Lane::new("b", || Ok::<_, LaneError>(5))]);
        assert_eq!(lanes.take(0, 4), Some(Duration::from_nanos(12)));
        assert_eq!(lanes.take(1, 4), Some(Duration::from_nanos(20)));
        assert_eq!(lanes.lanes()[0].samples().len(), 4);
    }

    #[test]
    fn what_is_skipped_is_not_taken_but_stays_a_sample() {
        let mut n = 0;
        let mut next = || {
            n += 1;
            n
        };
        let mut lanes = Interleaved::new(vec![Lane::new("a", || Ok::<_, LaneError>(next()))]);
        lanes.rounds(3);
        lanes.skip_untaken(0);
        assert_eq!(lanes.take(0, 1), Some(Duration::from_nanos(4)));
        assert_eq!(lanes.lanes()[0].samples(), [1, 2, 3, 4]);
    }

    #[test]
    fn a_failing_lane_stops_and_the_others_go_on() {
        let mut left = 2;
        let mut lanes = Interleaved::new(vec![
            Lane::new("a", || {
                left -= 1;
                if left < 0 { Err("gone") } else { Ok(1) }
            }),
            Lane::new("b", || Ok::<_, LaneError>(1)),
        ]);
        lanes.rounds(4);
        assert_eq!(lanes.lanes()[0].samples().len(), 2);
        assert_eq!(lanes.lanes()[0].failure().map(ToString::to_string).as_deref(), Some("gone"));
        assert_eq!(lanes.lanes()[1].samples().len(), 4);
        assert_eq!(lanes.take(0, 3), None);
    }
}
