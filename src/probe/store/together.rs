//! Many clients at once, released together.

use std::{thread, time::Duration};

use super::ask::Asker;
use crate::{
    clock,
    probe::{
        ProbeError,
        gate::{self, Gate, join},
    },
};

/// Has every client ask for `time`, once at least, on a thread of its own. Returns the latency of each request in
/// nanoseconds, client after client. What a first request alone pays for comes before.
///
/// # Errors
/// [`ProbeError::Empty`] when there is no client; else the first [`ProbeError`] of any.
pub fn together(clients: Vec<Asker>, time: Duration) -> Result<Vec<u64>, ProbeError> {
    if clients.is_empty() {
        return Err(ProbeError::Empty { what: "asking together", of: "client" });
    }
    let count = clients.len();
    let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let begin = Gate::default();
    let outcomes = thread::scope(|scope| {
        let asked = clients.into_iter().map(|client| || ask(client, time, &begin));
        let running = gate::threads(scope, &begin, asked)
            .map_err(|source| ProbeError::Reading { what: "a thread for each client", source })?;
        begin.wait_for(count);
        begin.open();
        Ok::<_, ProbeError>(running.into_iter().map(join).collect::<Vec<_>>())
    })?;
    let mut latency = Vec::new();
    for outcome in outcomes {
        latency.extend(outcome?);
    }
    Ok(latency)
}

fn ask(mut client: Asker, time: u64, begin: &Gate) -> Result<Vec<u64>, ProbeError> {
    let first = client.timed();
    // Those that failed come to the gate too: the others wait for everyone.
    if begin.pass().is_none() {
        return Ok(Vec::new());
    }
    first?;
    let (mut latency, start) = (Vec::new(), clock::monotonic());
    while latency.is_empty() || clock::monotonic() - start < time {
        latency.push(client.timed()?);
    }
    Ok(latency)
}
