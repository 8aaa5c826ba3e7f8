//! Whole comparisons of made-up runs: how often the gate raises a false alarm, and what it finds.
//!
//! Every series has a true value; a run moves all lanes of a group by one drift and each lane by a noise of its own, and
//! its processes spread about that.

use fastrand::Rng;

use super::{
    Direction,
    analysis::{Change, Design, Found, Shift, analyse},
    evidence::{Figure, of_processes},
    judge::{Candidate, Decided, Judged, Rules, judge},
    math::freedom,
    report::{GroupRuling, Ruling},
};

const RULES: Rules = Rules { max_regression: 0.05, false_alarms: 0.01 };

/// Series in groups like those of a real run: a few large ones, many small ones.
fn groups() -> Vec<usize> {
    [vec![100; 4], vec![25; 8], vec![8; 20], vec![4; 10]].concat()
}

struct World {
    /// For each series its group.
    groups: Vec<usize>,
    count: usize,
    /// What a run moves each series by, of its own.
    noise: f64,
    /// Whether that is of Student's t with four degrees of freedom, in place of normal.
    tails: bool,
    /// What processes of one run differ by.
    processes: f64,
    /// What a run moves a whole group by, at most.
    drift: f64,
}

impl World {
    fn of(sizes: &[usize], noise: f64) -> Self {
        let groups = sizes.iter().enumerate().flat_map(|(group, size)| std::iter::repeat_n(group, *size)).collect();
        Self { groups, count: sizes.len(), noise, tails: false, processes: 0.03, drift: 0.12 }
    }

    /// The logarithm of each series in one run, with its noise.
    fn run(&self, rng: &mut Rng, slower: impl Fn(usize) -> f64) -> Vec<(f64, super::analysis::Noise)> {
        let drifts: Vec<f64> = (0..self.count).map(|_| (rng.f64() * 2.0 - 1.0) * self.drift).collect();
        let series = self.groups.iter().enumerate().map(|(i, group)| {
            let own = if self.tails { student(rng) } else { normal(rng) };
            let centre = drifts[*group] + self.noise * own + slower(i).ln();
            let statistics: Vec<f64> = (0..6).map(|_| 1e6 * (centre + self.processes * normal(rng)).exp()).collect();
            match of_processes(&statistics) {
                Some(Figure::Sampled { log, within: Some(noise), .. }) => (log, noise),
                other => panic!("{other:?}"),
            }
        });
        series.collect()
    }

    fn change(&self, i: usize, runs: Vec<Option<f64>>) -> Change {
        Change { group: self.groups[i], kind: self.groups[i] % 5, anchor: false, runs, within: None }
    }

    /// One run against one.
    fn single(&self, rng: &mut Rng, slower: impl Fn(usize) -> f64) -> Vec<Change> {
        let (old, new) = (self.run(rng, |_| 1.0), self.run(rng, slower));
        let sides = old.iter().zip(&new).enumerate();
        let changes = sides.map(|(i, ((a, noise_a), (b, noise_b)))| {
            let parts = [(noise_a.variance, noise_a.freedom), (noise_b.variance, noise_b.freedom)];
            let variance = noise_a.variance + noise_b.variance;
            let within = Some(super::analysis::Noise { variance, freedom: freedom(&parts) });
            Change { within, ..self.change(i, vec![Some(b - a)]) }
        });
        changes.collect()
    }

    /// Pairs of runs, or one run against several.
    fn several(&self, rng: &mut Rng, runs: usize, design: Design, slower: impl Fn(usize) -> f64 + Copy) -> Vec<Change> {
        let old: Vec<_> = (0..runs).map(|_| self.run(rng, |_| 1.0)).collect();
        let new: Vec<_> = match design {
            Design::Pairs => (0..runs).map(|_| self.run(rng, slower)).collect(),
            _ => vec![self.run(rng, slower); runs],
        };
        let of = |i: usize| old.iter().zip(&new).map(move |(old, new)| Some(new[i].0 - old[i].0)).collect();
        (0..self.groups.len()).map(|i| self.change(i, of(i))).collect()
    }

    fn judge(&self, changes: &[Change], design: Design, relative: bool) -> Decided {
        let rows: Vec<Judged> = (0..changes.len())
            .map(|i| Judged {
                found: Candidate::Noisy(i),
                direction: Direction::LessIsBetter,
                max_regression: RULES.max_regression,
                ignored: false,
            })
            .collect();
        let (found, shifts): (Vec<Option<Found>>, Vec<Shift>) = analyse(changes, self.count, design, relative);
        let wholes: Vec<_> = shifts.into_iter().map(|shift| (Direction::LessIsBetter, shift)).collect();
        judge(&RULES, &rows, changes, &found, &wholes, relative)
    }
}

fn normal(rng: &mut Rng) -> f64 {
    (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * (std::f64::consts::TAU * rng.f64()).cos()
}

/// Student's t of four degrees of freedom: one in 120 is more than five away.
fn student(rng: &mut Rng) -> f64 {
    let square = (0..4).map(|_| normal(rng).powi(2)).sum::<f64>() / 4.0;
    normal(rng) / square.sqrt()
}

fn count(decided: &Decided, test: impl Fn(&Ruling) -> bool) -> usize {
    decided.rows.iter().filter(|(ruling, _)| ruling.as_ref().is_some_and(&test)).count()
}

fn alarms(decided: &Decided) -> usize {
    let groups =
        decided.groups.iter().flatten().filter(|whole| matches!(whole.3, GroupRuling::Worse | GroupRuling::Better));
    count(decided, |ruling| matches!(ruling, Ruling::Worse | Ruling::Better)) + groups.count()
}

#[test]
fn two_runs_of_one_binary_are_fine() {
    let mut rng = Rng::with_seed(1);
    let world = World::of(&groups(), 0.03);
    let mut alarmed = 0;
    for _ in 0..200 {
        let decided = world.judge(&world.single(&mut rng, |_| 1.0), Design::Single, true);
        alarmed += usize::from(alarms(&decided) > 0);
        assert_eq!(decided.comparisons, 800);
    }
    // 1 % is promised; five of 200 and more would come by chance in one of twenty.
    assert!(alarmed <= 4, "{alarmed}");
}

#[test]
fn intervals_that_leave_out_what_runs_differ_by_raise_no_alarm() {
    // As of samples that were taken one after another in one process: an interval of nearly nothing.
    let mut rng = Rng::with_seed(2);
    let world = World { processes: 1e-4, ..World::of(&groups(), 0.03) };
    let alarmed = (0..60).filter(|_| {
        let decided = world.judge(&world.single(&mut rng, |_| 1.0), Design::Single, true);
        alarms(&decided) > 0
    });
    assert!(alarmed.count() <= 2);
}

#[test]
fn lanes_that_land_elsewhere_now_and_then_are_few_alarms() {
    let mut rng = Rng::with_seed(7);
    let world = World { tails: true, ..World::of(&groups(), 0.02) };
    let runs = 40;
    let all: usize =
        (0..runs).map(|_| alarms(&world.judge(&world.single(&mut rng, |_| 1.0), Design::Single, true))).sum();
    // One row in 2,000, where the run-to-run noise is what it is; a quiet machine or pairs have none.
    assert!(all * 2000 <= runs * 800, "{all} of {}", runs * 800);
}

#[test]
fn a_slower_lane_is_found_among_quiet_peers() {
    let mut rng = Rng::with_seed(3);
    let world = World::of(&groups(), 0.005);
    let (slower, found) = (420, 50);
    let runs = (0..found).map(|_| {
        let changes = world.single(&mut rng, |i| if i == slower { 1.2 } else { 1.0 });
        let decided = world.judge(&changes, Design::Single, true);
        (decided.rows[slower].0 == Some(Ruling::Worse), alarms(&decided))
    });
    let (hits, all) = runs.fold((0, 0), |(hits, all), (hit, alarms)| (hits + usize::from(hit), all + alarms));
    assert!(hits * 10 >= found * 9, "{hits} of {found}");
    assert!(all <= hits + 2, "{all} alarms, {hits} of them true");
}

#[test]
fn a_group_that_got_slower_as_a_whole_is_said_and_not_hidden() {
    let mut rng = Rng::with_seed(4);
    // A machine that stays as fast as it was, so that the absolute values tell as well.
    let world = World { drift: 0.0, ..World::of(&[25, 25, 25], 0.01) };
    let slower = |i: usize| if (25..50).contains(&i) { 1.3 } else { 1.0 };
    let changes = world.single(&mut rng, slower);
    let decided = world.judge(&changes, Design::Single, true);
    let whole = |decided: &Decided| decided.groups.iter().map(|whole| whole.unwrap().3).collect::<Vec<_>>();
    assert_eq!(whole(&decided), [GroupRuling::Within, GroupRuling::Moved, GroupRuling::Within]);
    assert_eq!(alarms(&decided), 0);
    // By themselves, all of them.
    let decided = world.judge(&changes, Design::Single, false);
    assert_eq!(count(&decided, |ruling| *ruling == Ruling::Worse), 25);

    // A lane by hand that stayed as it was: it is not the machine.
    let anchored = |slower_too: bool, rng: &mut Rng| {
        let of = |i: usize| if i == 25 && !slower_too { 1.0 } else { slower(i) };
        let mut changes = world.single(rng, of);
        changes[25].anchor = true;
        whole(&world.judge(&changes, Design::Single, true))[1]
    };
    assert_eq!(anchored(false, &mut rng), GroupRuling::Worse);
    assert_eq!(anchored(true, &mut rng), GroupRuling::Chance);

    // Side by side, the machine is the same.
    let changes = world.several(&mut rng, 6, Design::Pairs, slower);
    assert_eq!(whole(&world.judge(&changes, Design::Pairs, true))[1], GroupRuling::Worse);
}

#[test]
fn several_runs_know_how_runs_differ() {
    let mut rng = Rng::with_seed(5);
    let world = World::of(&groups(), 0.03);
    for (design, runs) in [(Design::References, 3), (Design::References, 6), (Design::Pairs, 10)] {
        let alarmed = (0..20).filter(|_| {
            let decided = world.judge(&world.several(&mut rng, runs, design, |_| 1.0), design, true);
            alarms(&decided) > 0
        });
        assert!(alarmed.count() <= 1, "{design:?} {runs}");
    }
    let slower = |i: usize| if i == 420 { 1.2 } else { 1.0 };
    let found = (0..20).filter(|_| {
        let decided = world.judge(&world.several(&mut rng, 10, Design::Pairs, slower), Design::Pairs, true);
        decided.rows[420].0 == Some(Ruling::Worse)
    });
    assert!(found.count() >= 18);
}

#[test]
fn the_least_change_that_is_said_is_found() {
    let mut rng = Rng::with_seed(6);
    let world = World::of(&[25, 25, 25, 25], 0.01);
    let row = 30;
    let leasts: Vec<f64> = (0..40)
        .map(|_| world.judge(&world.single(&mut rng, |_| 1.0), Design::Single, true).rows[row].1.unwrap().least)
        .collect();
    let least = leasts.iter().sum::<f64>() / 40.0;
    let found = (0..80).filter(|_| {
        let changes = world.single(&mut rng, |i| if i == row { 1.0 + least } else { 1.0 });
        world.judge(&changes, Design::Single, true).rows[row].0 == Some(Ruling::Worse)
    });
    // Nineteen in twenty are promised.
    let found = found.count();
    assert!(found >= 72, "{found} of 80 at {least}");
}
