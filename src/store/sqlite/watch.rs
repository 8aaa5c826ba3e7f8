//! Changes, as those who watch are told of them: SQLite tells nobody, so writers of this process ring a bell, and each watch
//! reads what is new on a connection of its own.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rusqlite::{Connection, params};

use super::{
    Database,
    client::{end_of, object},
};
use crate::store::{Event, Revision, StoreError, Watch};

const NEWS: &str = "SELECT key, value, revision FROM change
    WHERE revision > ?1 AND key >= ?2 AND key < ?3 ORDER BY revision";

/// How often it was rung.
#[derive(Debug, Default)]
pub(super) struct Bell {
    rung: Mutex<u64>,
    heard: Condvar,
}

impl Bell {
    pub fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.heard.notify_all();
    }

    fn rung(&self) -> u64 {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it was rung more often than that.
    fn wait(&self, known: u64, patience: Duration) {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.heard.wait_timeout_while(rung, patience, |rung| *rung == known));
    }
}

pub(super) struct SqliteWatch {
    connection: Connection,
    database: Arc<Database>,
    prefix: String,
    /// The last revision that was read.
    after: Revision,
    come: VecDeque<Event>,
}

impl SqliteWatch {
    pub fn of(database: &Arc<Database>, prefix: &str, after: Revision) -> Result<Self, StoreError> {
        let connection = database.connect()?;
        let (prefix, come) = (prefix.to_owned(), VecDeque::new());
        Ok(Self { connection, database: Arc::clone(database), prefix, after, come })
    }

    fn look(&mut self) -> Result<(), StoreError> {
        let news = || {
            let mut statement = self.connection.prepare_cached(NEWS)?;
            let rows = statement.query_map(params![self.after.0, self.prefix, end_of(&self.prefix)], object)?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let news = news().map_err(|error| self.database.failed(&error))?;
        self.after = news.last().map_or(self.after, |last| last.revision);
        self.come.extend(news);
        Ok(())
    }
}

impl Watch for SqliteWatch {
    fn next(&mut self, patience: Duration) -> Result<Option<Event>, StoreError> {
        let deadline = Instant::now().checked_add(patience);
        while self.come.is_empty() {
            // The bell first: what is written after that look rings it again.
            let known = self.database.bell.rung();
            self.look()?;
            let left = deadline.map_or(patience, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                break;
            }
            if self.come.is_empty() {
                self.database.bell.wait(known, left);
            }
        }
        Ok(self.come.pop_front())
    }
}
