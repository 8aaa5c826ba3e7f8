//! What is asked of the table, by one connection.

use std::sync::Arc;

use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};

use super::{Database, watch::SqliteWatch};
use crate::store::{Client, Listing, Object, Revision, StoreError, Watch};

/// The last change of a key: each names the one before it.
const READ: &str = "SELECT key, value, revision FROM change WHERE key = ?1 ORDER BY previous DESC LIMIT 1";

/// Fails where the key has a first change already.
const CREATE: &str = "INSERT INTO change (key, previous, value) VALUES (?1, 0, ?2)";

/// Nothing, where the last change of the key is another.
const UPDATE: &str = "INSERT INTO change (key, previous, value) SELECT ?1, ?2, ?3
    WHERE ?2 = (SELECT revision FROM change WHERE key = ?1 ORDER BY previous DESC LIMIT 1)";

const PRESENT: &str = "SELECT coalesce(max(revision), 0) FROM change";

/// The other columns are those of the row that has the maximum, as SQLite defines it.
const LIST: &str = "SELECT key, value, max(revision) FROM change
    WHERE key >= ?1 AND key < ?2 AND revision <= ?3 GROUP BY key ORDER BY key";

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

    /// The revision that a write gave, which is the number of its row; those who watch are told.
    fn written(&self) -> Revision {
        self.database.bell.ring();
        Revision(self.connection.last_insert_rowid())
    }
}

impl Client for SqliteClient {
    fn create(&mut self, key: &str, value: &[u8]) -> Result<Revision, StoreError> {
        let create = || self.connection.prepare_cached(CREATE)?.execute(params![key, value]);
        match create() {
            Ok(_) => Ok(self.written()),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                Err(StoreError::Exists { key: key.to_owned() })
            }
            Err(error) => Err(self.database.failed(&error)),
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
        if listing.revision.0 > present {
            let reason = format!("revision {} is not reached: it is at {present}", listing.revision);
            return Err(StoreError::Failed { subject: self.database.subject.clone(), reason });
        }
        Ok(listing)
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
