//! `total_objects`: how many objects a control plane holds.

use std::time::Instant;

use serde::de::IgnoredAny;

use super::{
    Call, Course, Grown, Reading,
    calls::{at_once, gets, list, lists, wait_for},
};
use crate::{
    cluster::LiveControlPlane,
    probe::{
        ProbeError,
        cluster::{
            fill::{PATH, create},
            observe::memory,
        },
    },
};

/// How many objects are read one by one at each size: three times what a 99th percentile takes.
const GETS: u64 = 300;

/// Makes ConfigMaps of 100 bytes of data each, eight at the same time, up to each size of the course; reads some of them and
/// lists all, one call at a time. What the control plane has made itself is in the lists, and in no count.
///
/// # Errors
/// [`ProbeError::Cluster`] when the API server does not answer, [`ProbeError::Stored`] when it refuses an object, or has not as
/// many as it took; [`ProbeError::Reading`] when the kernel does not tell of its memory.
pub fn total_objects(live: &dyn LiveControlPlane, course: &Course) -> Result<Grown, ProbeError> {
    // The controller manager gives one to each namespace.
    wait_for(live, &format!("{PATH}/kube-root-ca.crt"))?;
    let before = list::<IgnoredAny>(live, PATH, "")?.items.len() as u64;
    let deadline = course.deadline(Instant::now());
    let (mut grown, mut size) = (Grown::begin(), 0);
    for step in &course.steps {
        let created = at_once(size..*step, deadline, |number| create(live, number))?;
        size += created.len() as u64;
        // Where the time was over, what was made until then is looked at: it may be less than a step.
        let mut random = fastrand::Rng::with_seed(size);
        let some = (0..GETS.min(size)).map(|_| format!("{PATH}/fill-{}", random.u64(0..size)));
        let (got, listed) = (gets(live, some)?, lists(live, PATH, before + size)?);
        let calls = [(Call::Create, created), (Call::Update, Vec::new()), (Call::Get, got), (Call::List, listed)];
        if !grown.take(Reading::new(size, calls, memory(live)?), course, deadline) {
            break;
        }
    }
    Ok(grown)
}
