//! Objects for a control plane to hold.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};

use crate::{cluster::LiveControlPlane, probe::ProbeError, probe::gate::join};

/// How many create at the same time: one alone waits for the store most of the time.
const WORKERS: usize = 8;

const PATH: &str = "/api/v1/namespaces/default/configmaps";

/// Creates ConfigMaps of some 100 bytes of data each, and counts them: so many more than before.
///
/// # Errors
/// [`ProbeError::Cluster`] when the API server does not answer, [`ProbeError::Stored`] when it refuses one, or has lost some.
pub fn fill(live: &dyn LiveControlPlane, objects: u64) -> Result<(), ProbeError> {
    let before = count(live)?;
    let (next, stopped) = (AtomicU64::new(0), AtomicBool::new(false));
    let work = || -> Result<(), ProbeError> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= objects || stopped.load(Ordering::Relaxed) {
                return Ok(());
            }
            create(live, number).inspect_err(|_| stopped.store(true, Ordering::Relaxed))?;
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        // All of them end, whichever fails.
        let ended: Vec<_> = workers.into_iter().map(join).collect();
        ended.into_iter().collect::<Result<Vec<()>, _>>()
    })?;
    let after = count(live)?;
    if after != before + objects {
        let (found, expected) = (format!("{after} objects"), format!("{} of them", before + objects));
        return Err(ProbeError::Stored { key: PATH.to_owned(), found, expected });
    }
    Ok(())
}

fn create(live: &dyn LiveControlPlane, number: u64) -> Result<(), ProbeError> {
    let mut random = fastrand::Rng::with_seed(number);
    let data: String = (0..100).map(|_| random.alphanumeric()).collect();
    let name = format!("fill-{number}");
    let body = serde_json::json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name }, "data": { "data": data },
    });
    let answer = live.ask("POST", PATH, Some(&body.to_string()))?;
    if answer.status == 201 {
        return Ok(());
    }
    // What it needs may have ended.
    live.check()?;
    let found = format!("status {}: {}", answer.status, answer.body.chars().take(300).collect::<String>());
    Err(ProbeError::Stored { key: format!("{PATH}/{name}"), found, expected: "a ConfigMap".to_owned() })
}

/// How many there are.
fn count(live: &dyn LiveControlPlane) -> Result<u64, ProbeError> {
    let answer = live.ask("GET", &format!("{PATH}?limit=1"), None)?;
    let listed: Option<serde_json::Value> = serde_json::from_str(&answer.body).ok();
    let counted = listed.as_ref().and_then(|listed| {
        let listed_here = listed["items"].as_array()?.len() as u64;
        Some(listed_here + listed["metadata"]["remainingItemCount"].as_u64().unwrap_or(0))
    });
    counted.ok_or_else(|| {
        let found = format!("status {}, and no list", answer.status);
        ProbeError::Stored { key: PATH.to_owned(), found, expected: "a list".to_owned() }
    })
}
