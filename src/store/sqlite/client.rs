//! What is asked of the table, by one connection.

use std::sync::{Arc, atomic::Ordering};

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Database, watch::SqliteWatch};
use crate::store::{Client, Listing, Object, Revision, StoreError, Watch};

/// The last change of a key: each names the one before it.
const READ: &str = "SELECT key, value, revision FROM change WHERE key = ?1 ORDER BY previous DESC LIMIT 1";

/// Nothing, where the key has a change already. Its first may be forgotten.
const CREATE: &str = "INSERT INTO change (key, previous, value) SELECT ?1, 0, ?2
    WHERE NOT EXISTS (SELECT 1 FROM change WHERE key = ?1)";

/// Nothing, where the last change of the key is another.
const UPDATE: &str = "INSERT INTO change (key, previous, value) SELECT ?1, ?2, ?3
    WHERE ?2 = (SELECT revision FROM change WHERE key = ?1 ORDER BY previous DESC LIMIT 1)";

const PRESENT: &str = "SELECT coalesce(max(revision), 0) FROM change";

/// The other columns are those of the row that has the maximum, as SQLite defines it.
const LIST: &str = "SELECT key, value, max(revision) FROM change
    WHERE key >= ?1 AND key < ?2 AND revision <= ?3 GROUP BY key ORDER BY key";

/// What a later change replaced: each change names the one before it.
const COMPACT: &str = "DELETE FROM change WHERE revision IN
    (SELECT previous FROM change WHERE revision <= ?1 AND previous <> 0)";

pub(super) struct SqliteClient {
    connection: Connection,
    database: Arc<Database>,
}

impl SqliteClient {
    pub fn of(database: &Arc<Database>) -> Result<Self, StoreError> {
        Ok(Self { connection: database.connect()?, database: Arc::clone(database) })
    }

    fn revision(&self, key: &str) -> rusqlite::Result<Option<Revision>> {
        let mut statement = self.connection.prepare_cached(READ)?;
        Ok(statement.query_row([key], object).optional()?.map(|object| object.revision))
    }

    fn refused(&self, reason: String) -> StoreError {
        StoreError::Failed { subject: self.database.subject.clone(), reason }
    }

    /// The revision that a write gave, which is the number of its row; those who watch are told.
    fn written(&self) -> Revision {
        self.database.bell.ring();
        Revision(self.connection.last_insert_rowid())
    }
}

impl Client for SqliteClient {
    fn create(&mut self, key: &str, value: &[u8]) -> Result<Revision, StoreError> {
        let create = || self.connection.prepare_cached(CREATE)?.execute(params![key, value]);
        match create().map_err(|error| self.database.failed(&error))? {
            1 => Ok(self.written()),
            _ => Err(StoreError::Exists { key: key.to_owned() }),
        }
    }

    fn update(&mut self, key: &str, expected: Revision, value: &[u8]) -> Result<Revision, StoreError> {
        let update = || self.connection.prepare_cached(UPDATE)?.execute(params![key, expected.0, value]);
        if update().map_err(|error| self.database.failed(&error))? == 1 {
            return Ok(self.written());
        }
        let present = self.revision(key).map_err(|error| self.database.failed(&error))?;
        Err(StoreError::Stale { key: key.to_owned(), expected, present })
    }

    fn read(&mut self, key: &str) -> Result<Option<Object>, StoreError> {
        let read = || self.connection.prepare_cached(READ)?.query_row([key], object).optional();
        read().map_err(|error| self.database.failed(&error))
    }

    fn list(&mut self, prefix: &str, at: Option<Revision>) -> Result<Listing, StoreError> {
        let list = || {
            // Both questions at one revision.
            let transaction = self.connection.unchecked_transaction()?;
            let present: i64 = transaction.prepare_cached(PRESENT)?.query_row([], |row| row.get(0))?;
            let revision = at.unwrap_or(Revision(present));
            let mut statement = transaction.prepare_cached(LIST)?;
            let rows = statement.query_map(params![prefix, end_of(prefix), revision.0], object)?;
            Ok((present, Listing { objects: rows.collect::<Result<_, _>>()?, revision }))
        };
        let (present, listing) = list().map_err(|error: rusqlite::Error| self.database.failed(&error))?;
        let compacted = self.database.compacted.load(Ordering::Acquire);
        if listing.revision.0 < compacted {
            return Err(self.refused(format!("what was before revision {compacted} is forgotten")));
        }
        if listing.revision.0 > present {
            return Err(self.refused(format!("revision {} is not reached: it is at {present}", listing.revision)));
        }
        Ok(listing)
    }

    fn compact(&mut self, before: Revision) -> Result<(), StoreError> {
        let present: i64 = self
            .connection
            .prepare_cached(PRESENT)
            .and_then(|mut present| present.query_row([], |row| row.get(0)))
            .map_err(|error| self.database.failed(&error))?;
        if before.0 > present {
            return Err(self.refused(format!("revision {before} is not reached: it is at {present}")));
        }
        if self.database.compacted.fetch_max(before.0, Ordering::AcqRel) >= before.0 {
            return Err(self.refused(format!("what was before revision {before} is forgotten already")));
        }
        let compact = || self.connection.prepare_cached(COMPACT)?.execute([before.0]);
        compact().map(drop).map_err(|error| self.database.failed(&error))
    }

    fn watch(&mut self, prefix: &str, after: Revision) -> Result<Box<dyn Watch>, StoreError> {
        Ok(Box::new(SqliteWatch::of(&self.database, prefix, after)?))
    }
}

/// A row of key, value and revision.
pub(super) fn object(row: &Row<'_>) -> rusqlite::Result<Object> {
    Ok(Object { key: row.get(0)?, value: row.get(1)?, revision: Revision(row.get(2)?) })
}

/// A text after all that begin with `prefix`, and before all others that come after it.
pub(super) fn end_of(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}
