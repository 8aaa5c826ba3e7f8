//! What an API server asks of a store, in etcd's protocol. `kine` answers these transactions and no others.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use tonic::Streaming;

use super::{
    connection::{Connection, Shared},
    messages::{
        CompactionRequest, CompactionResponse, Compare, KeyValue, MOD, PutRequest, RangeRequest, RangeResponse,
        RequestOp, ResponseHeader, TxnRequest, TxnResponse, WatchCreateRequest, WatchRequest, WatchResponse,
    },
};
use crate::store::{Client, Event, Listing, Object, Revision, StoreError, Watch};

const RANGE: &str = "/etcdserverpb.KV/Range";
const TXN: &str = "/etcdserverpb.KV/Txn";
const COMPACT: &str = "/etcdserverpb.KV/Compact";
const WATCH: &str = "/etcdserverpb.Watch/Watch";

/// A key below which nothing is: reading it tells whether a server answers.
const NOTHING: &str = "/registry/nothing";

/// Whether a server at that port answers a read.
pub(in crate::store) fn answers(port: u16) -> bool {
    let patience = Duration::from_secs(1);
    let read = |mut connection: Connection| connection.ask::<_, RangeResponse>(RANGE, one(NOTHING), patience);
    Connection::to(port).and_then(read).is_ok()
}

/// A connection to a server.
pub(in crate::store) struct GrpcClient {
    connection: Connection,
    server: Shared,
    limit: Duration,
}

impl GrpcClient {
    pub fn of(server: &Shared, limit: Duration) -> Result<Self, StoreError> {
        let connection = Connection::to(server.port()).map_err(|none| none.of(server, limit))?;
        Ok(Self { connection, server: Shared::clone(server), limit })
    }

    fn range(&mut self, request: RangeRequest) -> Result<RangeResponse, StoreError> {
        self.connection.ask(RANGE, request, self.limit).map_err(|none| none.of(&self.server, self.limit))
    }

    /// Writes, where the last change of the key is of the revision `expected`.
    fn write(
        &mut self,
        key: &str,
        expected: i64,
        value: &[u8],
        failure: Vec<RequestOp>,
    ) -> Result<TxnResponse, StoreError> {
        let put = PutRequest { key: key.into(), value: value.to_vec() };
        let request = TxnRequest {
            compare: vec![Compare { target: MOD, key: key.into(), mod_revision: Some(expected) }],
            success: vec![RequestOp { range: None, put: Some(put) }],
            failure,
        };
        self.connection.ask(TXN, request, self.limit).map_err(|none| none.of(&self.server, self.limit))
    }

    fn revision(&self, header: Option<&ResponseHeader>) -> Result<Revision, StoreError> {
        let revision = header.map(|header| Revision(header.revision));
        revision.ok_or_else(|| self.server.failed("an answer without a revision".to_owned()))
    }

    fn object(&self, kv: KeyValue) -> Result<Object, StoreError> {
        object(kv).ok_or_else(|| self.server.failed("a key that is no text".to_owned()))
    }
}

impl Client for GrpcClient {
    fn create(&mut self, key: &str, value: &[u8]) -> Result<Revision, StoreError> {
        // Nothing is read where it exists: kine knows a create by that.
        let answer = self.write(key, 0, value, Vec::new())?;
        if !answer.succeeded {
            return Err(StoreError::Exists { key: key.to_owned() });
        }
        self.revision(answer.header.as_ref())
    }

    fn update(&mut self, key: &str, expected: Revision, value: &[u8]) -> Result<Revision, StoreError> {
        let read = RequestOp { range: Some(one(key)), put: None };
        let answer = self.write(key, expected.0, value, vec![read])?;
        if answer.succeeded {
            return self.revision(answer.header.as_ref());
        }
        let found =
            answer.responses.into_iter().filter_map(|response| response.range).flat_map(|range| range.kvs).next();
        let present = found.map(|kv| Revision(kv.mod_revision));
        Err(StoreError::Stale { key: key.to_owned(), expected, present })
    }

    fn read(&mut self, key: &str) -> Result<Option<Object>, StoreError> {
        let answer = self.range(one(key))?;
        answer.kvs.into_iter().next().map(|kv| self.object(kv)).transpose()
    }

    fn list(&mut self, prefix: &str, at: Option<Revision>) -> Result<Listing, StoreError> {
        let request = RangeRequest {
            key: prefix.into(),
            range_end: end_of(prefix),
            revision: at.map_or(0, |revision| revision.0),
        };
        let answer = self.range(request)?;
        if answer.more {
            return Err(self.server.failed("a list that is not whole".to_owned()));
        }
        // The header has the present revision, whichever was asked for.
        let revision = at.map_or_else(|| self.revision(answer.header.as_ref()), Ok)?;
        let objects = answer.kvs.into_iter().map(|kv| self.object(kv)).collect::<Result<_, _>>()?;
        Ok(Listing { objects, revision })
    }

    fn compact(&mut self, before: Revision) -> Result<(), StoreError> {
        let request = CompactionRequest { revision: before.0 };
        let answer: Result<CompactionResponse, _> = self.connection.ask(COMPACT, request, self.limit);
        answer.map(drop).map_err(|none| none.of(&self.server, self.limit))
    }

    fn watch(&mut self, prefix: &str, after: Revision) -> Result<Box<dyn Watch>, StoreError> {
        let (server, limit) = (Shared::clone(&self.server), self.limit);
        let trouble = |none: super::connection::NoAnswer| none.of(&server, limit);
        let mut connection = Connection::to(server.port()).map_err(trouble)?;
        let create = WatchCreateRequest { key: prefix.into(), range_end: end_of(prefix), start_revision: after.0 + 1 };
        let request = WatchRequest { create: Some(create) };
        let mut answers = connection.subscribe(WATCH, request, limit).map_err(trouble)?;
        let first: Option<WatchResponse> = connection.next(&mut answers, limit).map_err(trouble)?;
        let mut watch =
            GrpcWatch { answers, connection, server: Shared::clone(&server), limit, after, come: VecDeque::new() };
        match first {
            Some(first) if first.created => watch.take(first)?,
            Some(first) => return Err(server.failed(format!("a watch that was not begun: {}", first.cancel_reason))),
            None => return Err(StoreError::TimeLimit { subject: server.subject().clone(), limit }),
        }
        Ok(Box::new(watch))
    }
}

struct GrpcWatch {
    // Before the connection, on which it stands.
    answers: Streaming<WatchResponse>,
    connection: Connection,
    server: Shared,
    limit: Duration,
    /// The last revision that was told, or from which on it was asked.
    after: Revision,
    come: VecDeque<Event>,
}

impl GrpcWatch {
    fn take(&mut self, answer: WatchResponse) -> Result<(), StoreError> {
        if answer.canceled {
            return Err(self.server.failed(format!("it cancelled a watch: {}", answer.cancel_reason)));
        }
        for event in answer.events {
            if event.kind != 0 {
                return Err(self.server.failed("it deleted what nobody asked it to".to_owned()));
            }
            let object = event.kv.and_then(object);
            let object = object.ok_or_else(|| self.server.failed("an event without an object".to_owned()))?;
            self.after = self.after.max(object.revision);
            self.come.push_back(object);
        }
        Ok(())
    }
}

impl Watch for GrpcWatch {
    fn next(&mut self, patience: Duration) -> Result<Option<Event>, StoreError> {
        let deadline = Instant::now().checked_add(patience);
        // An answer may tell of progress alone.
        while self.come.is_empty() {
            let left = deadline.map_or(patience, |deadline| deadline.saturating_duration_since(Instant::now()));
            let answer = self.connection.next(&mut self.answers, left);
            match answer.map_err(|none| none.of(&self.server, self.limit))? {
                Some(answer) => self.take(answer)?,
                None => break,
            }
        }
        Ok(self.come.pop_front())
    }
}

/// The read of one key, linearizable.
fn one(key: &str) -> RangeRequest {
    RangeRequest { key: key.into(), range_end: Vec::new(), revision: 0 }
}

/// The first key after all that begin with `prefix`.
fn end_of(prefix: &str) -> Vec<u8> {
    let mut end = prefix.as_bytes().to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return end;
        }
    }
    // To the end of all keys.
    vec![0]
}

fn object(kv: KeyValue) -> Option<Object> {
    let key = String::from_utf8(kv.key).ok()?;
    Some(Object { key, value: kv.value, revision: Revision(kv.mod_revision) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_is_the_first_key_after_it() {
        assert_eq!(end_of("/registry/pods/"), b"/registry/pods0");
        assert_eq!(end_of(""), [0]);
    }
}
