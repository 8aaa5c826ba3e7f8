//! Objects for a control plane to hold.

use super::scale::calls::{at_once, timed};
use crate::{cluster::LiveControlPlane, probe::ProbeError};

pub(super) const PATH: &str = "/api/v1/namespaces/default/configmaps";

/// Creates ConfigMaps of some 100 bytes of data each, and counts them: so many more than before.
///
/// # Errors
/// [`ProbeError::Cluster`] when the API server does not answer, [`ProbeError::Stored`] when it refuses one, or has lost some.
pub fn fill(live: &dyn LiveControlPlane, objects: u64) -> Result<(), ProbeError> {
    let before = count(live)?;
    at_once(0..objects, None, |number| create(live, number))?;
    let after = count(live)?;
    if after != before + objects {
        let (found, expected) = (format!("{after} objects"), format!("{} of them", before + objects));
        return Err(ProbeError::Stored { key: PATH.to_owned(), found, expected });
    }
    Ok(())
}

/// Creates one, and says how long it took.
pub(super) fn create(live: &dyn LiveControlPlane, number: u64) -> Result<u64, ProbeError> {
    let mut random = fastrand::Rng::with_seed(number);
    let data: String = (0..100).map(|_| random.alphanumeric()).collect();
    let body = serde_json::json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": format!("fill-{number}") }, "data": { "data": data },
    });
    Ok(timed(live, ("POST", PATH), Some(&body.to_string()), 201)?.1)
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
