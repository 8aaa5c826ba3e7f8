//! Runs that are killed at random moments: the program, by each signal that people and machines end programs with, or one of
//! its helpers. Afterwards there is no process, no cgroup, no mount, no socket and no directory of it, and every figure that
//! had been written is still there.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
    process::Child,
    thread,
    time::{Duration, Instant},
};

use runtime_baseline::{Baseline, Metric, Series, samples::recompute};
use rustix::process::{
    Pid, Signal, WaitOptions, getpid, kill_process, kill_process_group, set_child_subreaper, waitpid,
};

use crate::{
    Outcome, Scale, found, need, readings,
    record::Found,
    run::{KINDS, Place},
};

/// In a full soak, and at least.
const POINTS: u32 = 200;
const FEWEST: u32 = 6;

/// How long what was killed may take to go away, and how long a run may take whose helper was.
const PATIENCE: Duration = Duration::from_secs(20);
const WHOLE: Duration = Duration::from_secs(300);

/// Who is killed, and by what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Killing {
    Program(Signal),
    /// The whole group, as a terminal does at Ctrl-C.
    Group,
    Helper,
}

const KILLINGS: [Killing; 5] = [
    Killing::Program(Signal::KILL),
    Killing::Program(Signal::TERM),
    Killing::Program(Signal::INT),
    Killing::Group,
    Killing::Helper,
];

/// Kills runs at random moments.
pub fn points(scale: Scale) -> Outcome<()> {
    let seed = env::var("SOAK_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    println!("SOAK_SEED={seed}");
    // What the end of a run leaves without a parent is this process's then, and seen.
    set_child_subreaper(Some(getpid()))?;
    let outcome = Killer::begin(seed).and_then(|killer| killer.points(scale.of(POINTS, FEWEST)));
    set_child_subreaper(None)?;
    outcome.map_err(|error| format!("SOAK_SEED={seed}: {error}").into())
}

struct Killer {
    place: Place,
    random: fastrand::Rng,
    /// How long each kind of run takes when nobody kills it.
    lengths: BTreeMap<&'static str, Duration>,
    mounts: usize,
    /// What the launchers of this target directory keep.
    kept: BTreeSet<PathBuf>,
    /// Left until the next run, which removes it.
    until_next: BTreeSet<PathBuf>,
}

impl Killer {
    /// A whole run of each kind: there is something to lose, and it is known how long they take.
    fn begin(seed: u64) -> Outcome<Self> {
        let mut killer = Self {
            place: Place::new()?,
            random: fastrand::Rng::with_seed(seed),
            lengths: BTreeMap::new(),
            mounts: 0,
            kept: BTreeSet::new(),
            until_next: BTreeSet::new(),
        };
        for (kind, _) in KINDS {
            let begun = Instant::now();
            killer.whole(kind)?;
            killer.lengths.insert(kind, begun.elapsed());
        }
        (killer.mounts, killer.kept) = (mounts(), kept());
        Ok(killer)
    }

    fn whole(&self, kind: &str) -> Outcome<()> {
        let mut child = self.place.run(kind)?.spawn()?;
        let ended = wait(&mut child, WHOLE)?;
        if !ended.is_some_and(|status| status.success()) {
            return Err(format!("{kind}, whole: {ended:?}: {}", fs::read_to_string(self.place.said())?).into());
        }
        self.is_gone(&BTreeSet::new())
    }

    fn points(mut self, points: u32) -> Outcome<()> {
        let written = baseline(&self.place.baseline())?;
        let (mut point, mut missed) = (0, 0);
        while point < points as usize {
            let (kind, _) = KINDS[point % KINDS.len()];
            let killing = KILLINGS[point % KILLINGS.len()];
            let after = self.lengths[kind].mul_f64(self.random.f64());
            let what = format!("{kind}, {killing:?} after {after:.2?}");
            match self.point(kind, killing, after).map_err(|error| format!("{what}: {error}"))? {
                // Its kind takes no longer than that: the next moments lie within it.
                Some(length) => {
                    self.lengths.insert(kind, length);
                    missed += 1;
                }
                None => point += 1,
            }
            let lost = lost(&written, &[&baseline(&self.place.baseline())?]);
            if !lost.is_empty() {
                return Err(format!("{what}: lost {}", lost.join(", ")).into());
            }
        }
        // And what one left until the next run, that has removed.
        for (kind, _) in KINDS {
            self.whole(kind)?;
        }
        let left: Vec<_> = kept().difference(&self.kept).cloned().collect();
        if !left.is_empty() || !half_written(&self.place.baseline()).is_empty() {
            return Err(format!("left for good: {left:?}").into());
        }
        println!(
            "{points} kills ({missed} more came after the run had ended): 0 left behind, 0 of {} figures lost; {} left \
             until the next run: {:?}",
            written.metrics().len(),
            self.until_next.len(),
            self.until_next
        );
        found(Found::Kills { points, left: 0, lost: 0 });
        Ok(())
    }

    /// How long the run took, where it had ended before there was somebody to kill.
    fn point(&mut self, kind: &str, killing: Killing, after: Duration) -> Outcome<Option<Duration>> {
        let begun = Instant::now();
        let mut child = self.place.run(kind)?.spawn()?;
        let program = child.id() as i32;
        let ended = wait(&mut child, after)?;
        let length = begun.elapsed();
        let below: Vec<i32> = readings::tree(program).iter().map(|process| process.pid).collect();
        let mut owners: BTreeSet<i32> = below.iter().copied().collect();
        if ended.is_none() {
            let pid = |id: i32| Pid::from_raw(id).ok_or("no process");
            match killing {
                Killing::Program(signal) => kill_process(pid(program)?, signal)?,
                Killing::Group => kill_process_group(pid(program)?, Signal::INT)?,
                Killing::Helper => {
                    let helpers: Vec<_> = below.into_iter().filter(|id| *id != program).collect();
                    if let Some(helper) = self.random.choice(&helpers) {
                        // It may have ended meanwhile.
                        let _ = kill_process(pid(*helper)?, Signal::KILL);
                    }
                }
            }
            // Started after the look above, and before the signal.
            owners.extend(readings::tree(getpid().as_raw_pid()).iter().map(|process| process.pid));
            owners.remove(&getpid().as_raw_pid());
        }
        // A run whose helper was killed goes on, and is over when it is.
        let patience = if killing == Killing::Helper { WHOLE } else { PATIENCE };
        if wait(&mut child, patience)?.is_none() {
            child.kill()?;
            child.wait()?;
            return Err(format!("it had not ended {patience:?} later").into());
        }
        self.is_gone(&owners)?;
        self.until_next.extend(kept().difference(&self.kept).cloned());
        self.until_next.extend(half_written(&self.place.baseline()));
        Ok(ended.map(|_| length))
    }

    /// An error that names what is there of a run that is over.
    fn is_gone(&self, owners: &BTreeSet<i32>) -> Outcome<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            reap();
            let mut left: Vec<String> = readings::tree(getpid().as_raw_pid())
                .iter()
                .filter(|process| process.pid != getpid().as_raw_pid())
                .map(|process| format!("process {} {:?}", process.pid, process.cmdline().unwrap_or_default()))
                .collect();
            left.extend(readings::groups_of(owners).iter().map(|group| format!("cgroup {}", group.display())));
            left.extend(entries(&self.place.meanwhile()).iter().map(|path| path.display().to_string()));
            if self.mounts > 0 && mounts() != self.mounts {
                left.push(format!("mounts: {} became {}", self.mounts, mounts()));
            }
            let sockets = fs::read_to_string("/proc/net/unix")?;
            let own = self.place.meanwhile().display().to_string();
            left.extend(sockets.lines().filter(|line| line.contains(&own)).map(str::to_owned));
            if left.is_empty() {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(format!("left behind: {}", left.join("; ")).into());
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn wait(child: &mut Child, patience: Duration) -> Outcome<Option<std::process::ExitStatus>> {
    let deadline = Instant::now() + patience;
    loop {
        match child.try_wait()? {
            None if Instant::now() < deadline => thread::sleep(Duration::from_millis(2)),
            ended => return Ok(ended),
        }
    }
}

/// Of the processes that nobody else waits for.
fn reap() {
    while let Ok(Some(_)) = waitpid(None, WaitOptions::NOHANG) {}
}

fn mounts() -> usize {
    fs::read_to_string("/proc/self/mountinfo").map_or(0, |mounts| mounts.lines().count())
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// The directories of launchers and images, two levels down.
fn kept() -> BTreeSet<PathBuf> {
    let launchers = need::target().map(|target| target.join("runtime-baseline")).unwrap_or_default();
    let above = entries(&launchers);
    above.iter().flat_map(|directory| entries(directory)).chain(above.iter().cloned()).collect()
}

/// What a writer that was killed left beside what it was to replace.
fn half_written(directory: &Path) -> Vec<PathBuf> {
    let all = entries(directory).into_iter().chain(entries(&directory.join("samples")));
    all.filter(|path| path.to_string_lossy().ends_with(".runtime-baseline-new")).collect()
}

/// A baseline, each of whose figures has samples that are its own.
pub fn baseline(directory: &Path) -> Outcome<Baseline> {
    let baseline = Baseline::load(directory.join("baseline.json"))?;
    for metric in baseline.metrics() {
        if !recompute(metric, directory)?.is_of(metric) {
            return Err(format!("{} has the samples of another", title(metric)).into());
        }
    }
    Ok(baseline)
}

/// The figures of `written` that are in none of `now`, nor a later one of the same series.
pub fn lost(written: &Baseline, now: &[&Baseline]) -> Vec<String> {
    let all: Vec<_> = now.iter().flat_map(|baseline| baseline.metrics()).map(Series::of).collect();
    written.metrics().iter().filter(|metric| !all.contains(&Series::of(metric))).map(title).collect()
}

fn title(metric: &Metric) -> String {
    let (workload, temperature) = (metric.workload().unwrap_or_default(), metric.temperature());
    format!("{} of {} ({workload}, {temperature:?}, {})", metric.indicator(), metric.subject(), metric.statistic())
}
