//! Reads of a store by hand: etcd's through its gRPC and nothing else, SQLite's as one prepared statement. Reads, since the sync of
//! a write moves by more than a client costs.

use std::time::Duration;

use prost::Message;
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tonic::{
    Request, Status,
    client::Grpc,
    codegen::http::uri::PathAndQuery,
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;

use crate::{
    Statistic,
    clock::monotonic,
    experiment::{Figure, Lane, LaneError, Plan},
    store::{LiveStore, Objects},
};

/// The lane of the reads by hand of that store, of objects `0..filled` in turn, and the comparison with the adapter's lane; none where
/// nobody wrote them.
pub fn reads(
    plan: &mut Plan,
    group: &str,
    adapter: &str,
    live: &dyn LiveStore,
    figure: &Figure,
    (objects, filled): (&Objects, u64),
) -> Option<Lane> {
    let reader: Result<Box<dyn Reads>, LaneError> = match figure.identity.subject.as_str() {
        "etcd" => Etcd::to(live.port()?).map(|it| Box::new(it) as _),
        "sqlite" => Sqlite::of(objects, filled).map(|it| Box::new(it) as _),
        _ => return None,
    };
    let mut reader = match reader {
        Ok(reader) => reader,
        Err(error) => {
            eprintln!("{adapter} by hand: {error}");
            return None;
        }
    };
    let name = format!("{adapter} by hand");
    plan.compare(group, adapter, &name);
    let (objects, mut asked) = (objects.clone(), 0);
    Some(Lane::single(name, figure.clone().of_part(super::PART), &[Statistic::Median], move || {
        let key = objects.key(asked % filled);
        let expected = objects.value(asked % filled, 0);
        asked += 1;
        let began = monotonic();
        let value = reader.read(&key)?;
        let took = monotonic() - began;
        if value == expected { Ok(took) } else { Err(LaneError::from(format!("{key} has another value"))) }
    }))
}

trait Reads {
    fn read(&mut self, key: &str) -> Result<Vec<u8>, LaneError>;
}

/// `etcdserverpb.RangeRequest` of one key.
#[derive(Clone, PartialEq, Message)]
struct Range {
    #[prost(bytes = "vec", tag = "1")]
    key: Vec<u8>,
}

/// Its answer.
#[derive(Clone, PartialEq, Message)]
struct Found {
    #[prost(message, repeated, tag = "2")]
    kvs: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(bytes = "vec", tag = "5")]
    value: Vec<u8>,
}

struct Etcd {
    // Before the runtime, on which its tasks are.
    grpc: Grpc<Channel>,
    runtime: Runtime,
}

impl Etcd {
    fn to(port: u16) -> Result<Self, LaneError> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}"))?;
        let channel = runtime.block_on(endpoint.tcp_nodelay(true).connect())?;
        Ok(Self { grpc: Grpc::new(channel), runtime })
    }
}

impl Reads for Etcd {
    fn read(&mut self, key: &str) -> Result<Vec<u8>, LaneError> {
        let request = Request::new(Range { key: key.into() });
        let grpc = &mut self.grpc;
        let answer = self.runtime.block_on(async {
            grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
            let codec = ProstCodec::<Range, Found>::default();
            grpc.unary(request, PathAndQuery::from_static("/etcdserverpb.KV/Range"), codec).await
        })?;
        Ok(answer.into_inner().kvs.pop().map(|kv| kv.value).unwrap_or_default())
    }
}

/// A database of its own, of the adapter's form: which columns there are is what reading costs.
struct Sqlite {
    // Before the directory that it is in.
    connection: Connection,
    _directory: TempDir,
}

impl Sqlite {
    fn of(objects: &Objects, filled: u64) -> Result<Self, LaneError> {
        let directory = crate::disk::directory();
        let directory = tempfile::tempdir_in(directory)?;
        let connection = Connection::open(directory.path().join("state.db"))?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE change (revision INTEGER PRIMARY KEY, key TEXT NOT NULL, previous INTEGER NOT NULL, value BLOB NOT NULL,
                                  UNIQUE (key, previous));
             BEGIN",
        )?;
        for number in 0..filled {
            connection.execute(
                "INSERT INTO change (key, previous, value) VALUES (?1, 0, ?2)",
                (objects.key(number), objects.value(number, 0)),
            )?;
        }
        connection.execute_batch("COMMIT")?;
        Ok(Self { connection, _directory: directory })
    }
}

impl Reads for Sqlite {
    fn read(&mut self, key: &str) -> Result<Vec<u8>, LaneError> {
        const READ: &str = "SELECT key, value, revision FROM change WHERE key = ?1 ORDER BY previous DESC LIMIT 1";
        let mut statement = self.connection.prepare_cached(READ)?;
        let found = statement
            .query_row([key], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, i64>(2)?)));
        Ok(found?.1)
    }
}
