//! `memory_baseline`: what one more idle, ready instance takes from the node. Bytes.
//!
//! In a fresh process that runs nothing else, instances are started one after the other; at each of a few counts, once two
//! readings in a row agree, the memory of that process and of all it started is read. The figure is the slope of a line
//! through those points. The first point, without an instance, is the fixed cost of the host and a figure of its own, so
//! the line is laid through the others: what the first instances alone map is the host's.
//!
//! **Methods.** An instance with processes of its own costs what the kernel charges to the cgroup that holds them and their
//! helpers: what they touch, and what the kernel keeps for them (stacks, page tables, pipes, the structures of namespaces and
//! mounts). A container of one small program is twenty times as dear by that account as by its set size. The kernel charges
//! in batches of 64 pages for each CPU, so the charge must rise by far more than that for its slope to be read. An instance
//! within a process has no such structures but page tables, and is too small beside a batch: it costs what no file backs of
//! its proportional set size (`smaps_rollup`), and its page tables; where instances are large enough, the two ways agree.
//! Where this user may make no cgroup that counts, the same is all that is known of processes, and the figure says that it
//! is more.
//!
//! Set size and page tables are parts of their own. Pages of files (programs, libraries, compiled modules) are in neither:
//! they are the same for every instance of an image or an artifact, so they are the host's; and a proportional part of them
//! depends on which other processes of the machine have the same files in memory.

use std::{collections::BTreeMap, thread, time::Duration};

use serde::{Deserialize, Serialize};

use super::{ProbeError, Target};
use crate::{
    Isolation,
    adapter::{Identity, Refusal, RefusalKind},
    process::{Progress, Task, fresh},
    resource::{
        charge::{Charge, why_not_counted},
        memory::{Usage, release_free_heap},
    },
    runtime::Artifact,
    stats::Line,
};

/// How often memory is read until two readings agree.
const READINGS: u32 = 10;

/// How long it may settle between two readings.
const SETTLE: Duration = Duration::from_millis(2);

/// How long a fill may take: far longer than the largest that makes sense.
const LIMIT: Duration = Duration::from_secs(300);

/// What was in use with that many ready instances, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MemoryPoint {
    /// Ready instances.
    pub instances: u64,
    /// Processes, the host among them.
    pub processes: u64,
    /// The sum of their proportional set sizes.
    pub pss: u64,
    /// Of that, what no file backs.
    pub anonymous: u64,
    /// What is resident of files in the process that has most of them: the processes are of one program.
    pub files: u64,
    /// The sum of their page tables.
    pub page_tables: u64,
    /// What the cgroup was charged, where it has one of its own that counts memory.
    pub charge: Option<u64>,
}

/// Memory against instances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MemoryGrowth {
    /// Whose instances.
    pub identity: Identity,
    /// The artifact's own settings.
    pub settings: BTreeMap<String, String>,
    /// How the charge was read, where it was.
    pub charge_method: Option<String>,
    /// Why it was not, and what to do about it.
    pub no_charge: Option<Refusal>,
    points: Vec<MemoryPoint>,
}

/// What one more instance takes from the node.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NodeSlope {
    /// Bytes.
    pub bytes: u64,
    /// How they were read.
    pub method: String,
    /// Whether that is all; else the kernel keeps more for its processes, which nothing here could count.
    pub is_whole: bool,
    read: fn(&MemoryPoint) -> Option<u64>,
}

impl NodeSlope {
    /// What was in use at a point, read in the same way, in bytes.
    #[must_use]
    pub fn at(&self, point: &MemoryPoint) -> Option<u64> {
        (self.read)(point)
    }
}

impl MemoryGrowth {
    pub(super) fn new(identity: Identity, charge: Option<&Charge>, points: Vec<MemoryPoint>) -> Self {
        let charge_method = charge.map(|charge| charge.method().to_owned());
        let no_charge = charge.is_none().then(|| {
            let (reason, remedy) = why_not_counted(Charge::of_this_process().as_ref());
            Refusal::new(&identity.subject, RefusalKind::NotSupported, reason, remedy)
        });
        Self { identity, settings: BTreeMap::new(), charge_method, no_charge, points }
    }

    /// The points, by number of instances.
    #[must_use]
    pub fn points(&self) -> &[MemoryPoint] {
        &self.points
    }

    /// The host without an instance.
    #[must_use]
    pub fn host(&self) -> Option<MemoryPoint> {
        self.points.first().copied().filter(|point| point.instances == 0)
    }

    /// What the host takes without an instance, in bytes: what no file backs, and the files as if nobody else used them.
    #[must_use]
    pub fn host_bytes(&self) -> Option<u64> {
        self.host().map(|host| host.anonymous + host.files)
    }

    /// What the first instance adds by proportional set size, with what all share: where memory was read at one instance.
    #[must_use]
    pub fn first(&self) -> Option<u64> {
        let first = self.points.iter().find(|point| point.instances == 1)?;
        Some(first.pss.saturating_sub(self.host()?.pss))
    }

    /// What one more instance takes from the node, and how that was read.
    ///
    /// # Errors
    /// As [`pss_slope`](Self::pss_slope).
    pub fn node_slope(&self) -> Result<NodeSlope, ProbeError> {
        let has_processes = !matches!(self.identity.isolation, Isolation::None | Isolation::InProcess);
        Ok(match (has_processes, &self.charge_method) {
            (true, Some(method)) => {
                let read = |point: &MemoryPoint| point.charge;
                NodeSlope { bytes: self.slope(read)?, method: format!("{method}, slope"), is_whole: true, read }
            }
            _ => {
                let read = |point: &MemoryPoint| Some(point.anonymous + point.page_tables);
                let method = "pss and page tables, slope".to_owned();
                NodeSlope { bytes: self.slope(read)?, method, is_whole: !has_processes, read }
            }
        })
    }

    /// What one more instance adds by proportional set size, files apart, in bytes.
    ///
    /// # Errors
    /// [`ProbeError::Stats`] when there are fewer than three points with instances.
    pub fn pss_slope(&self) -> Result<u64, ProbeError> {
        self.slope(|point| Some(point.anonymous))
    }

    /// What one more instance adds in page tables, in bytes.
    ///
    /// # Errors
    /// As [`pss_slope`](Self::pss_slope).
    pub fn page_tables_slope(&self) -> Result<u64, ProbeError> {
        self.slope(|point| Some(point.page_tables))
    }

    /// What one more instance adds to the cgroup's charge, in bytes; `None` where no cgroup counted.
    ///
    /// # Errors
    /// As [`pss_slope`](Self::pss_slope).
    pub fn charge_slope(&self) -> Result<Option<u64>, ProbeError> {
        self.charge_method.as_ref().map(|_| self.slope(|point| point.charge)).transpose()
    }

    fn slope(&self, of: impl Fn(&MemoryPoint) -> Option<u64>) -> Result<u64, ProbeError> {
        let filled = self.points.iter().filter(|point| point.instances > 0);
        let points: Vec<_> = filled.filter_map(|point| Some((point.instances, of(point)?))).collect();
        // Below zero is noise about nothing.
        Ok(Line::fit(&points, 0.95)?.slope.max(0.0).round() as u64)
    }
}

/// Measures in a fresh process of its own. `counts` are the numbers of instances at which memory is read, ascending, besides
/// none.
///
/// ```
/// use runtime_baseline::{Temperature, probe::{Target, memory_growth}, runtime::Workload};
///
/// let target = Target::new("noop", Workload::ready(), Temperature::Warm);
/// let growth = memory_growth(&target, &[1000, 2000, 3000])?;
/// assert!(growth.node_slope()?.bytes < 1000, "nothing but a box");
/// # Ok::<(), runtime_baseline::probe::ProbeError>(())
/// ```
///
/// # Errors
/// [`ProbeError::Unavailable`] when the runtime does not run here or holds no instances, [`ProbeError::Fresh`] when the
/// measurement failed.
pub fn memory_growth(target: &Target, counts: &[usize]) -> Result<MemoryGrowth, ProbeError> {
    Ok(fresh::measure(&Growth { target: target.clone(), counts: counts.to_vec() }, LIMIT)?)
}

/// The same in the calling process, for a runtime of one's own: whatever else grows in the process meanwhile is counted too.
///
/// # Errors
/// [`ProbeError`] when an instance does not start or stop, or memory cannot be read.
pub fn memory_growth_here(artifact: &dyn Artifact, counts: &[usize]) -> Result<Vec<MemoryPoint>, ProbeError> {
    grow(artifact, counts, None, &Progress::none())
}

/// The task behind [`memory_growth`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Growth {
    target: Target,
    counts: Vec<usize>,
}

impl Task for Growth {
    const NAME: &str = "memory_growth";

    type Answer = MemoryGrowth;
    type Error = ProbeError;

    fn run(self, progress: &Progress) -> Result<MemoryGrowth, ProbeError> {
        let (runtime, artifact) = self.target.prepare_to_hold(progress)?;
        let charge = Charge::of_own_group();
        let points = grow(artifact.as_ref(), &self.counts, charge.as_ref(), progress)?;
        let growth = MemoryGrowth::new(runtime.identity().clone(), charge.as_ref(), points);
        Ok(MemoryGrowth { settings: artifact.settings(), ..growth })
    }
}

fn grow(
    artifact: &dyn Artifact,
    counts: &[usize],
    charge: Option<&Charge>,
    progress: &Progress,
) -> Result<Vec<MemoryPoint>, ProbeError> {
    let most = counts.iter().copied().max().unwrap_or(0);
    progress.doing(format!("making room for {most} instances"));
    artifact.reserve_live(most, 1)?;
    let (points, instances) = fill(counts, charge, progress, || Ok(artifact.start()?))?;
    progress.doing(format!("stopping {most} instances"));
    instances.into_iter().try_for_each(|instance| instance.stop())?;
    Ok(points)
}

/// Starts as many as the highest count, and reads memory before and at each count. What was started is returned.
pub(super) fn fill<T>(
    counts: &[usize],
    charge: Option<&Charge>,
    progress: &Progress,
    mut start: impl FnMut() -> Result<T, ProbeError>,
) -> Result<(Vec<MemoryPoint>, Vec<T>), ProbeError> {
    let most = counts.iter().copied().max().ok_or(ProbeError::Empty { what: "memory", of: "count" })?;
    let mut started = Vec::with_capacity(most);
    release_free_heap();
    let mut points = vec![settled(0, charge)?];
    for count in counts {
        progress.doing(format!("starting, {} of {count} are ready", started.len()));
        while started.len() < *count {
            started.push(start()?);
        }
        points.push(settled(started.len(), charge)?);
    }
    Ok((points, started))
}

/// Reads until two readings in a row are within a page.
fn settled(instances: usize, charge: Option<&Charge>) -> Result<MemoryPoint, ProbeError> {
    let mut point = read(instances, charge)?;
    for _ in 0..READINGS {
        thread::sleep(SETTLE);
        let before = point.pss;
        point = read(instances, charge)?;
        if point.pss.abs_diff(before) <= procfs::page_size() {
            break;
        }
    }
    Ok(point)
}

fn read(instances: usize, charge: Option<&Charge>) -> Result<MemoryPoint, ProbeError> {
    let reading = |what| move |source| ProbeError::Reading { what, source };
    let usage = Usage::of_own_tree().map_err(reading("memory of the process and its children"))?;
    let charge = charge.map(|charge| charge.usage().map_err(reading("the cgroup's charge"))).transpose()?;
    Ok(MemoryPoint {
        instances: instances as u64,
        processes: usage.processes as u64,
        pss: usage.pss,
        anonymous: usage.anonymous,
        files: usage.files,
        page_tables: usage.page_tables,
        charge,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::{Runtime, noop::Noop};

    #[test]
    fn slopes_leave_out_the_host_and_files() {
        let point = |instances, anonymous, pss| {
            let files = 3_000_000;
            MemoryPoint { instances, processes: 1, pss, anonymous, files, page_tables: 0, charge: None }
        };
        // The first instances bring what all share, and another process's end makes files dearer.
        let points = vec![
            point(0, 7_000, 2_007_000),
            point(10, 1_050_000, 4_000_000),
            point(20, 1_100_000, 4_000_000),
            point(30, 1_150_000, 9_000_000),
        ];
        let growth = MemoryGrowth::new(Noop::new().identity().clone(), None, points);
        assert_eq!(growth.pss_slope().unwrap(), 5_000);
        assert_eq!((growth.host_bytes(), growth.first()), (Some(3_007_000), None));
        assert_eq!((growth.page_tables_slope().unwrap(), growth.charge_slope().unwrap()), (0, None));
    }

    #[test]
    fn an_instance_with_processes_takes_what_its_cgroup_is_charged() {
        let point = |instances: u64| {
            let (anonymous, page_tables) = (instances * 8_000, instances * 4_000);
            let charge = Some(900_000 + instances * 200_000);
            MemoryPoint { instances, processes: 1, pss: anonymous, anonymous, files: 0, page_tables, charge }
        };
        let of = |isolation, charge_method: Option<&str>| {
            let mut identity = Noop::new().identity().clone();
            identity.isolation = isolation;
            let mut growth = MemoryGrowth::new(identity, None, (0..4).map(point).collect());
            growth.charge_method = charge_method.map(str::to_owned);
            let slope = growth.node_slope().unwrap();
            (slope.bytes, slope.is_whole, slope.at(&point(1)).unwrap())
        };
        assert_eq!(of(Isolation::Container, Some("cgroup")), (200_000, true, 1_100_000));
        assert_eq!(of(Isolation::Process, None), (12_000, false, 12_000), "the kernel keeps more");
        assert_eq!(of(Isolation::InProcess, Some("cgroup")), (12_000, true, 12_000));
    }
}
