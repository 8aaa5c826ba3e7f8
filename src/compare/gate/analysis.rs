//! From the changes of many series to what each of them can be trusted to have changed by.
//!
//! Everything is in logarithms of new over old, so that a rise by a factor and a fall by it are the same distance.

use super::math::{median, moments, spread};

/// Fewer series than this have no common shift that could be told from their own changes.
pub(super) const PEERS: usize = 4;

/// Fewer runs than this on a side say nothing of how runs vary.
pub(super) const RUNS: usize = 3;

/// The biweight's share of the information that a standard deviation has, of normal values; of few of them less.
const EFFICIENCY: f64 = 0.8;

/// What is known of all groups of a kind counts for each of them as so many degrees of freedom of its own: groups differ in
/// how noisy they are, though not without bounds (as Smyth does for genes, *Linear Models and Empirical Bayes Methods*,
/// 2004).
const PRIOR: f64 = 8.0;

/// The same of what is known of a group for each of its series.
const ALIKE: f64 = 4.0;

/// What runs differ by is not normal: now and then a lane lands elsewhere in memory, or on the other bulk of its times.
/// Student's t of so many degrees of freedom has tails like that, and it is taken to be no more certain, however many
/// peers say how large it is.
const TAILS: f64 = 8.0;

/// The variance of a median of n is this times that of one value over n.
const OF_MEDIAN: f64 = std::f64::consts::FRAC_PI_2;

/// How the runs of a comparison hang together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Design {
    /// One run against one.
    Single,
    /// One new run against several old ones.
    References,
    /// Each old run with a new one that ran beside it.
    Pairs,
}

/// A variance, and with how many degrees of freedom it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Noise {
    pub variance: f64,
    pub freedom: f64,
}

/// One series as it was measured.
#[derive(Debug, Clone)]
pub(super) struct Change {
    /// The lanes that it took turns with.
    pub group: usize,
    /// Series of the same kind, whose changes stand in where the group is too small: its indicator.
    pub kind: usize,
    /// Whether it is the reference of its group, which no runtime's change can touch.
    pub anchor: bool,
    /// New over old in each run; nothing where one of the sides is not there.
    pub runs: Vec<Option<f64>>,
    /// What the samples within the runs say of the change's noise; unused where the runs themselves are enough.
    pub within: Option<Noise>,
}

impl Change {
    fn mean(&self) -> Option<f64> {
        let there: Vec<f64> = self.runs.iter().flatten().copied().collect();
        (!there.is_empty()).then(|| there.iter().sum::<f64>() / there.len() as f64)
    }
}

/// What a change comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    /// The change that is judged.
    pub change: f64,
    /// The change as it was measured, the group's shift included.
    pub measured: f64,
    /// The standard error of the first.
    pub deviation: f64,
    /// With how many degrees of freedom that is known.
    pub freedom: f64,
}

/// What a group did as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Shift {
    /// How many series have the shift in common; nothing where they are fewer than [`PEERS`].
    pub common: Option<f64>,
    /// The shift of the anchors, where there are some.
    pub anchors: Option<f64>,
    /// The shift that cannot be the machine's: against the anchors, or of pairs.
    pub own: Option<Found>,
}

/// The changes of all series, each against what its own noise and the runs explain, and what the groups did as wholes.
pub(super) fn analyse(
    changes: &[Change],
    groups: usize,
    design: Design,
    relative: bool,
) -> (Vec<Option<Found>>, Vec<Shift>) {
    let runs = changes.iter().map(|c| c.runs.len()).max().unwrap_or(0);
    let mut members = vec![Vec::new(); groups];
    for (i, change) in changes.iter().enumerate() {
        members[change.group].push(i);
    }
    // For each group the shift in each run.
    let shifts: Vec<Option<Vec<f64>>> =
        members.iter().map(|group| shifts_of(changes, group, runs).filter(|shift| !shift.is_empty())).collect();
    let corrected: Vec<Change> = changes
        .iter()
        .map(|change| match &shifts[change.group] {
            Some(shift) if relative => less(change, shift),
            _ => change.clone(),
        })
        .collect();
    let by_runs = design != Design::Single && runs >= RUNS;
    let found = if by_runs {
        from_runs(changes, &corrected, &members, design, relative)
    } else {
        from_within(changes, &corrected, &members, &shifts)
    };
    let whole = members
        .iter()
        .zip(&shifts)
        .map(|(group, shift)| shift.as_ref().map(|s| whole(changes, group, s, design, by_runs)).unwrap_or_default());
    (found, whole.collect())
}

/// The median change of a group in each run; nothing of too few.
fn shifts_of(changes: &[Change], group: &[usize], runs: usize) -> Option<Vec<f64>> {
    let of_run = |run: usize| {
        let there: Vec<f64> = group.iter().filter_map(|i| changes[*i].runs[run]).collect();
        (there.len() >= PEERS).then(|| median(&there)).flatten()
    };
    (0..runs).map(of_run).collect()
}

fn less(change: &Change, shift: &[f64]) -> Change {
    let runs = change.runs.iter().zip(shift).map(|(run, shift)| run.map(|x| x - shift)).collect();
    Change { runs, ..change.clone() }
}

/// What changes differ by: the variance of one about the others, and which part of it their samples do not explain. That
/// part may come out negative, by chance.
#[derive(Debug, Clone, Copy)]
struct Scatter {
    all: Noise,
    beyond: f64,
}

impl Scatter {
    /// Of changes about zero, each with the variance that its samples explain; nothing of too few.
    fn of(changes: impl Iterator<Item = (f64, Option<f64>)>) -> Option<Self> {
        let (means, explained): (Vec<f64>, Vec<Option<f64>>) = changes.unzip();
        if means.len() < PEERS {
            return None;
        }
        let explained: Vec<f64> = explained.into_iter().flatten().filter(|variance| variance.is_finite()).collect();
        let variance = spread(&means, 0.0).powi(2);
        let all = Noise { variance, freedom: EFFICIENCY * (means.len() - 1) as f64 };
        Some(Self { all, beyond: variance - median(&explained).unwrap_or(0.0) })
    }

    /// Drawn to what others of its kind differ by: four peers alone may agree by chance.
    fn drawn_to(self, others: Option<Self>) -> Self {
        let Some(others) = others else { return self };
        let weight = others.all.freedom.min(PRIOR);
        let (own, freedom) = (self.all.freedom, self.all.freedom + weight);
        let mixed = |a: f64, b: f64| (own * a + weight * b) / freedom;
        let variance = mixed(self.all.variance, others.all.variance);
        Self { all: Noise { variance, freedom }, beyond: mixed(self.beyond, others.beyond) }
    }
}

/// One run against one (or two): the samples' own noise, and what peers differ by beyond theirs, which is what runs of one
/// and the same program differ by.
fn from_within(
    changes: &[Change],
    corrected: &[Change],
    members: &[Vec<usize>],
    shifts: &[Option<Vec<f64>>],
) -> Vec<Option<Found>> {
    let raw_change = |i: usize| Some((changes[i].mean()?, changes[i].within.map(|noise| noise.variance)));
    let change = |i: usize| {
        let shift = shifts[changes[i].group].as_ref()?;
        let (_, explained) = raw_change(i)?;
        Some((less(&changes[i], shift).mean()?, explained))
    };
    let of = |set: &[usize]| Scatter::of(set.iter().filter_map(|i| change(*i)));
    // The changes of a small group hold its shift, so its stand-ins keep theirs.
    let raw = |set: &[usize]| Scatter::of(set.iter().filter_map(|i| raw_change(*i)));
    let (everything, kinds) = ((0..changes.len()).collect::<Vec<_>>(), by_kind(changes));
    let (of_all, raw_of_all) = (of(&everything), raw(&everything));
    let of_kind: Vec<_> = kinds.iter().map(|set| of(set).or(of_all)).collect();
    let raw_of_kind: Vec<_> = kinds.iter().map(|set| raw(set).or(raw_of_all)).collect();
    let of_group: Vec<_> =
        members.iter().map(|set| Some(of(set)?.drawn_to(of_kind[changes[*set.first()?].kind]))).collect();

    let typical: Vec<Option<Noise>> = members.iter().map(|set| typical(changes, set)).collect();
    let found = |i: usize| {
        let change = &corrected[i];
        let within = drawn(change.within?, typical[change.group], ALIKE);
        // The shift that was taken out is known no better than the median of so many.
        let (scatter, shift) = match of_group[change.group] {
            Some(scatter) => (Some(scatter), OF_MEDIAN / members[change.group].len() as f64),
            None => (raw_of_kind[change.kind], 0.0),
        };
        let beyond = scatter.map_or(0.0, |s| s.beyond.max(0.0) + s.all.variance * shift);
        let variance = within.variance + beyond;
        // What lies beyond the samples is the difference of two variances, and known no better than the larger.
        let mut uncertain = within.variance.powi(2) / within.freedom;
        uncertain += scatter.map_or(0.0, |s| (s.all.variance * (1.0 + shift)).powi(2) / s.all.freedom);
        uncertain += beyond.powi(2) / TAILS;
        let freedom =
            if uncertain > 0.0 && uncertain.is_finite() { variance.powi(2) / uncertain } else { f64::INFINITY };
        Some(Found { change: change.mean()?, measured: changes[i].mean()?, deviation: variance.sqrt(), freedom })
    };
    everything.iter().map(|i| found(*i)).collect()
}

/// What the samples of a group's series say of the noise of any of them; nothing of too few.
fn typical(changes: &[Change], set: &[usize]) -> Option<Noise> {
    let finite = |noise: &Noise| noise.variance.is_finite() && noise.freedom.is_finite();
    let known: Vec<Noise> = set.iter().filter_map(|i| changes[*i].within).filter(finite).collect();
    if known.len() < PEERS {
        return None;
    }
    let variances: Vec<f64> = known.iter().map(|noise| noise.variance / middle(noise.freedom)).collect();
    let freedom = known.iter().map(|noise| noise.freedom).sum::<f64>() / 2.0;
    Some(Noise { variance: median(&variances)?, freedom })
}

fn by_kind(changes: &[Change]) -> Vec<Vec<usize>> {
    let mut kinds = vec![Vec::new(); changes.iter().map(|c| c.kind + 1).max().unwrap_or(0)];
    for (i, change) in changes.iter().enumerate() {
        kinds[change.kind].push(i);
    }
    kinds
}

/// Several runs: how each series varied between them, drawn to what its peers did, since three runs alone know little of
/// their own variation.
fn from_runs(
    changes: &[Change],
    corrected: &[Change],
    members: &[Vec<usize>],
    design: Design,
    relative: bool,
) -> Vec<Option<Found>> {
    let own: Vec<Option<(f64, f64)>> = corrected
        .iter()
        .map(|change| {
            let runs: Vec<f64> = change.runs.iter().flatten().copied().collect();
            let (_, variance) = moments(&runs).filter(|_| runs.len() >= RUNS)?;
            // The shift of a small group follows each of its members, which makes them seem to vary less.
            let size = members[change.group].len() as f64;
            let few = if relative && size >= PEERS as f64 { size / (size - 1.0) } else { 1.0 };
            Some((variance * few, runs.len() as f64 - 1.0))
        })
        .collect();
    let pooled = |set: &[usize]| {
        let set: Vec<(f64, f64)> = set.iter().filter_map(|i| own[*i]).collect();
        if set.len() < PEERS {
            return None;
        }
        let typical: Vec<f64> = set.iter().map(|(variance, freedom)| variance / middle(*freedom)).collect();
        let freedom = set.iter().map(|(_, freedom)| freedom).sum::<f64>() / 2.0;
        Some(Noise { variance: median(&typical)?, freedom })
    };
    let of_all = pooled(&(0..corrected.len()).collect::<Vec<_>>());
    let of_kind: Vec<Option<Noise>> = by_kind(corrected).iter().map(|set| pooled(set).or(of_all)).collect();
    let of_group: Vec<Option<Noise>> =
        members.iter().map(|set| Some(drawn(pooled(set)?, of_kind[corrected[*set.first()?].kind], PRIOR))).collect();

    let found = |i: usize| {
        let change = &corrected[i];
        let peers = of_group[change.group].or(of_kind[change.kind]);
        let own = own[i].map(|(variance, freedom)| Noise { variance, freedom });
        let noise = match (own, peers) {
            (Some(own), peers) => drawn(own, peers, ALIKE),
            (None, Some(peers)) => peers,
            (None, None) => return None,
        };
        let runs = change.runs.iter().flatten().count();
        // The new run is one draw; the mean of pairs is of many, and nearly normal.
        let freedom = if design == Design::References { noise.freedom.min(TAILS) } else { noise.freedom };
        let deviation = (noise.variance * of_mean(design, runs)).sqrt();
        Some(Found { change: change.mean()?, measured: changes[i].mean()?, deviation, freedom })
    };
    (0..corrected.len()).map(found).collect()
}

/// A variance drawn to another that is worth so many degrees of freedom, or fewer if it has fewer.
fn drawn(own: Noise, others: Option<Noise>, worth: f64) -> Noise {
    let Some(others) = others else { return own };
    if own.freedom.is_infinite() {
        return own;
    }
    let weight = worth.min(others.freedom);
    let all = own.freedom + weight;
    let variance = (own.variance * own.freedom + others.variance * weight) / all;
    // By the weights alone: a variance that came out small by chance must not count for less in what is uncertain.
    Noise { variance, freedom: all.powi(2) / (own.freedom + weight.powi(2) / others.freedom) }
}

/// The variance of the mean change over that of one run: of pairs it falls with their number; one new run keeps its own
/// noise, however many old ones it is compared with.
fn of_mean(design: Design, runs: usize) -> f64 {
    let share = 1.0 / runs as f64;
    if design == Design::References { 1.0 + share } else { share }
}

/// The median of a variance over its true value (Wilson and Hilferty, 1931).
fn middle(freedom: f64) -> f64 {
    (1.0 - 2.0 / (9.0 * freedom)).powi(3)
}

/// What a group did as a whole, and whether that can be told from what the machine did.
fn whole(changes: &[Change], group: &[usize], shift: &[f64], design: Design, by_runs: bool) -> Shift {
    let (anchors, others): (Vec<usize>, Vec<usize>) = group.iter().partition(|i| changes[**i].anchor);
    let mean = |runs: &[f64]| runs.iter().sum::<f64>() / runs.len() as f64;
    let of = |set: &[usize], run: usize| {
        let there: Vec<f64> = set.iter().filter_map(|i| changes[*i].runs[run]).collect();
        median(&there)
    };
    let each = |set: &[usize]| (0..shift.len()).map(|run| of(set, run)).collect::<Option<Vec<f64>>>();
    let anchored = each(&anchors).zip(each(&others));
    let common = Some(mean(shift));
    let against = match (&anchored, design) {
        (Some((anchors, others)), _) => others.iter().zip(anchors).map(|(a, b)| a - b).collect(),
        (None, Design::Pairs) => shift.to_vec(),
        (None, _) => return Shift { common, ..Shift::default() },
    };
    let noise = if by_runs {
        let one = moments(&against).map(|(_, variance)| variance).unwrap_or(f64::INFINITY);
        Some(Noise { variance: one * of_mean(design, against.len()), freedom: against.len() as f64 - 1.0 })
    } else {
        let means: Vec<f64> = group.iter().filter_map(|i| less(&changes[*i], shift).mean()).collect();
        let share = OF_MEDIAN / others.len() as f64 + OF_MEDIAN.min(anchors.len() as f64) / anchors.len() as f64;
        let variance = spread(&means, 0.0).powi(2) * share;
        Some(Noise { variance, freedom: EFFICIENCY * (means.len() as f64 - 1.0) })
    };
    let own = noise.map(|noise| Found {
        change: mean(&against),
        measured: mean(shift),
        deviation: noise.variance.sqrt(),
        freedom: noise.freedom,
    });
    Shift { common, anchors: anchored.map(|(anchors, _)| mean(&anchors)), own }
}
