//! One client that asks one thing again and again, and checks what it is answered.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{
    clock,
    probe::ProbeError,
    store::{Client, Objects, Revision},
};

/// How many writes there are for each that is read back.
const READ_BACK: u64 = 16;

/// How many objects one client updates in turn.
const UPDATED: u64 = 16;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A new object.
    Create,
    /// Another version of an object, by compare-and-swap.
    Update,
    /// An object.
    Read,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Read => "read",
        })
    }
}

/// Writes objects `0..count`, for others to read.
///
/// # Errors
/// [`ProbeError::Store`] when the store fails.
pub fn fill(client: &mut dyn Client, objects: &Objects, count: u64) -> Result<(), ProbeError> {
    fill_part(client, objects, 0..count)
}

/// Writes the objects of these numbers.
pub(super) fn fill_part(
    client: &mut dyn Client,
    objects: &Objects,
    numbers: impl Iterator<Item = u64>,
) -> Result<(), ProbeError> {
    for number in numbers {
        client.create(&objects.key(number), &objects.value(number, 0))?;
    }
    Ok(())
}

/// A client at work. Every answer is checked, outside the timed span: a value byte for byte, a revision by its being later than
/// the last; and every sixteenth write is read back.
pub struct Asker {
    client: Box<dyn Client>,
    operation: Operation,
    objects: Objects,
    /// How many there are to read.
    filled: u64,
    asked: u64,
    /// The revisions of the objects that are updated.
    updated: Vec<Revision>,
    last: Revision,
}

impl Asker {
    /// One that writes objects of `size` bytes in a namespace of its own.
    ///
    /// # Errors
    /// [`ProbeError::Store`] when the objects to be updated cannot be created.
    pub fn writer(client: Box<dyn Client>, operation: Operation, size: usize) -> Result<Self, ProbeError> {
        let objects = Objects::pods(namespace(&operation.to_string()), size);
        let mut asker =
            Self { client, operation, objects, filled: 0, asked: 0, updated: Vec::new(), last: Revision::default() };
        if operation == Operation::Update {
            for number in 0..UPDATED {
                let created = asker.client.create(&asker.objects.key(number), &asker.objects.value(number, 0))?;
                asker.updated.push(created);
            }
        }
        Ok(asker)
    }

    /// One that reads objects `0..filled` in turn, which [`fill`] wrote.
    #[must_use]
    pub fn reader(client: Box<dyn Client>, objects: Objects, filled: u64) -> Self {
        let (operation, last) = (Operation::Read, Revision::default());
        Self { client, operation, objects, filled: filled.max(1), asked: 0, updated: Vec::new(), last }
    }

    /// How long the next one takes, in nanoseconds.
    ///
    /// # Errors
    /// [`ProbeError::Store`] when the store fails, [`ProbeError::Stored`] when it answers wrongly.
    pub fn timed(&mut self) -> Result<u64, ProbeError> {
        let asked = self.asked;
        self.asked += 1;
        match self.operation {
            Operation::Create => self.create(asked),
            Operation::Update => self.update(asked),
            Operation::Read => self.read(asked % self.filled),
        }
    }

    fn create(&mut self, number: u64) -> Result<u64, ProbeError> {
        let (key, value) = (self.objects.key(number), self.objects.value(number, 0));
        let begin = clock::monotonic();
        let written = self.client.create(&key, &value)?;
        let took = clock::monotonic() - begin;
        self.check(number, &key, &value, written)?;
        Ok(took)
    }

    fn update(&mut self, asked: u64) -> Result<u64, ProbeError> {
        let (number, version) = (asked % UPDATED, asked / UPDATED + 1);
        let (key, value) = (self.objects.key(number), self.objects.value(number, version));
        let known = self.updated[number as usize];
        let begin = clock::monotonic();
        let written = self.client.update(&key, known, &value)?;
        let took = clock::monotonic() - begin;
        self.updated[number as usize] = written;
        self.check(asked, &key, &value, written)?;
        Ok(took)
    }

    fn read(&mut self, number: u64) -> Result<u64, ProbeError> {
        let key = self.objects.key(number);
        let begin = clock::monotonic();
        let found = self.client.read(&key)?;
        let took = clock::monotonic() - begin;
        let expected = self.objects.value(number, 0);
        if found.as_ref().is_none_or(|object| object.value != expected) {
            return Err(wrong(&key, found.map(|object| object.value), &expected));
        }
        Ok(took)
    }

    fn check(&mut self, asked: u64, key: &str, value: &[u8], written: Revision) -> Result<(), ProbeError> {
        if written <= self.last {
            let (found, expected) = (format!("revision {written}"), format!("one after {}", self.last));
            return Err(ProbeError::Stored { key: key.to_owned(), found, expected });
        }
        self.last = written;
        if asked.is_multiple_of(READ_BACK) {
            let found = self.client.read(key)?;
            if found.as_ref().is_none_or(|object| object.value != value || object.revision != written) {
                return Err(wrong(key, found.map(|object| object.value), value));
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asker").field("operation", &self.operation).field("asked", &self.asked).finish_non_exhaustive()
    }
}

fn wrong(key: &str, found: Option<Vec<u8>>, expected: &[u8]) -> ProbeError {
    let found = match found {
        None => "nothing".to_owned(),
        Some(value) if value.len() == expected.len() => "other bytes, or another revision".to_owned(),
        Some(value) => format!("{} bytes", value.len()),
    };
    ProbeError::Stored { key: key.to_owned(), found, expected: format!("an object of {} bytes", expected.len()) }
}

/// A namespace that no other of this process has.
pub(super) fn namespace(of: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("{of}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
