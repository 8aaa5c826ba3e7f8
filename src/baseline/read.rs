//! Reading a baseline's file: each error says where in it, and what a later release wrote is kept.

use std::{
    collections::HashSet,
    io,
    ops::RangeInclusive,
    panic,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

use serde::de::{DeserializeOwned, Error as _};
use serde_json::value::RawValue;

use super::{
    Baseline, BaselineError, Runs, UnavailableRow,
    unknown::{self, Kept},
    wire::{Entries, Head, Named, Row},
};
use crate::{
    Metric, MetricError, ProvenanceError, Run,
    metric::{Fields, wire},
    provenance::wire::{self as provenance, RunReference},
};

/// The schemas that this release reads.
const READ: RangeInclusive<u64> = 1..=Baseline::SCHEMA;

/// The most values of a baseline: 300,000 figures as an importer makes them, or 100,000 of benches. Each takes up to eighty bytes
/// once it is read.
pub(super) const MOST_VALUES: usize = 12_000_000;
/// The most entries and fields that are not known, each of which takes a hundred times as long as a value that is.
const MOST_UNKNOWN: usize = 400_000;
/// The most bytes of an entry: what is not known of it takes a hundred times its size for a moment.
const MOST_OF_AN_ENTRY: usize = 256 << 10;

/// From so many bytes on several threads read them, which take a moment to begin.
const MANY: usize = 4 << 20;
/// As many as make reading no more than half of what is done with a baseline then.
const MOST_THREADS: usize = 4;

/// The text of a file, for errors that say where in it.
struct Text<'a> {
    path: &'a Path,
    text: &'a str,
    /// How many entries and fields of it are not known so far.
    unknown: AtomicUsize,
}

pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<Baseline, BaselineError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let (line, column) = position(&bytes[..error.valid_up_to()]);
        BaselineError::NotJson { path: path.to_owned(), line, column, message: "not UTF-8".to_owned() }
    })?;
    let text = Text { path, text, unknown: AtomicUsize::new(0) };
    // An array of as many entries would be taken for the object.
    if text.text.trim_start().starts_with('[') {
        let (path, message) = (path.to_owned(), "an array, and a baseline is an object".to_owned());
        return Err(BaselineError::Shape { path, line: 1, column: 1, message });
    }
    if values(bytes) > MOST_VALUES {
        let more = format!(
            "it holds more than {} million values: keep parts of it in files of their own",
            MOST_VALUES / 1_000_000
        );
        return Err(BaselineError::Read {
            path: path.to_owned(),
            source: io::Error::new(io::ErrorKind::FileTooLarge, more),
        });
    }
    let entries: Entries<'_> = serde_json::from_str(text.text).map_err(|error| text.not_entries(&error))?;
    if !READ.contains(&entries.schema) {
        return Err(text.schema(entries.schema.to_string()));
    }
    let mut baseline = Baseline::new();
    for (name, value) in entries.unknown {
        baseline.unknown_fields.insert(name, value.get().to_owned());
    }
    for entry in text.list("runs", &entries.runs) {
        let run = entry.read(|wire: provenance::Run| Ok(Run::try_from(wire)?))?;
        if let Some((run, fields)) = run.known(&mut baseline) {
            if baseline.runs.get(run.id()).is_some_and(|(there, _)| **there != run) {
                return Err(entry.wrong("another run has the same id"));
            }
            baseline.runs.insert(run.id().to_owned(), (Arc::new(run), fields));
        }
    }
    for part in metrics(&text, &entries.metrics, &baseline.runs) {
        for metric in part? {
            if let Some((metric, fields)) = metric.known(&mut baseline) {
                baseline.metrics.push(metric.with_unknown_fields(fields));
            }
        }
    }
    for entry in text.list("unavailable", &entries.unavailable) {
        let row = entry.read(|wire: Row| UnavailableRow::try_from(wire))?;
        if let Some((row, fields)) = row.known(&mut baseline) {
            baseline.unavailable.push(UnavailableRow { unknown: fields, ..row });
        }
    }
    // The metrics have theirs.
    let mut runs = std::mem::take(&mut baseline.runs);
    let kept = baseline.named_by_kept();
    runs.retain(|_, (run, fields)| !fields.is_empty() || kept.contains(run.id()));
    baseline.runs = runs;
    Ok(baseline)
}

/// The metrics in their order, in parts: those of a large baseline are read by several threads, each of which reads one.
fn metrics(text: &Text<'_>, entries: &[&RawValue], runs: &Runs) -> Vec<Result<Vec<Found<Metric>>, BaselineError>> {
    let read = |first: usize, count: usize| {
        let mut origins = HashSet::new();
        let part = text.list("metrics", entries).skip(first).take(count);
        part.map(|entry| entry.read(|wire| Ok(metric_of(wire, runs)?.share(&mut origins)))).collect()
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    if text.text.len() < MANY || threads == 1 {
        return vec![read(0, entries.len())];
    }
    let size = entries.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let begun = (0..entries.len()).step_by(size).map(|first| {
            // Where there can be no thread more, this one reads the part.
            let thread = thread::Builder::new().spawn_scoped(scope, move || read(first, size));
            thread.map_err(|_| read(first, size))
        });
        let begun: Vec<_> = begun.collect();
        let ended =
            |thread: thread::ScopedJoinHandle<'_, _>| thread.join().unwrap_or_else(|why| panic::resume_unwind(why));
        begun.into_iter().map(|thread| thread.map_or_else(|read| read, ended)).collect()
    })
}

/// A metric of a baseline that has these runs.
fn metric_of(mut wire: wire::Metric, runs: &Runs) -> Result<Metric, MetricError> {
    let run = match wire.provenance.run.take() {
        Some(RunReference::Id(id)) => {
            let (run, _) = runs.get(&id).ok_or(ProvenanceError::UnknownRun(id))?;
            Some(Arc::clone(run))
        }
        Some(RunReference::Whole(run)) => Some(Arc::new(Run::try_from(run)?)),
        None => None,
    };
    let metric = Metric::try_from(wire)?;
    Ok(run.into_iter().fold(metric, Metric::with_run))
}

/// An entry of one of the lists.
struct Entry<'a> {
    text: &'a Text<'a>,
    list: &'static str,
    index: usize,
    raw: &'a RawValue,
}

/// What became of an entry.
enum Found<T> {
    Known(T, Fields),
    Unknown(Kept),
}

impl<T> Found<T> {
    /// The entry and its fields that are not known; one that is not known itself is kept in the baseline.
    fn known(self, baseline: &mut Baseline) -> Option<(T, Fields)> {
        match self {
            Self::Known(entry, fields) => Some((entry, fields)),
            Self::Unknown(kept) => {
                baseline.kept.push(kept);
                None
            }
        }
    }
}

impl Entry<'_> {
    fn wrong(&self, why: &str) -> BaselineError {
        self.text.entry(self.list, self.index, self.raw, &serde_json::Error::custom(why))
    }

    /// The entry as it is known here, within the bound on what is not.
    fn read<W: DeserializeOwned, T>(
        &self,
        into: impl FnOnce(W) -> Result<T, MetricError>,
    ) -> Result<Found<T>, BaselineError> {
        let found = self.found(into)?;
        let more = match &found {
            Found::Known(_, fields) => fields.len(),
            Found::Unknown(_) => 1,
        };
        let unknown = &self.text.unknown;
        if unknown.fetch_add(more, Relaxed) + more > MOST_UNKNOWN {
            return Err(self.wrong(&format!(
                "with it more than {MOST_UNKNOWN} entries and fields are not known: use the release that wrote them"
            )));
        }
        Ok(found)
    }

    fn found<W: DeserializeOwned, T>(
        &self,
        into: impl FnOnce(W) -> Result<T, MetricError>,
    ) -> Result<Found<T>, BaselineError> {
        let keep = |reason| {
            let (name, text) = (Named::of(self.raw), self.raw.get().to_owned());
            Ok(Found::Unknown(Kept { list: self.list, name, reason, text }))
        };
        let failed = |error: serde_json::Error| self.text.entry(self.list, self.index, self.raw, &error);
        if self.raw.get().len() > MOST_OF_AN_ENTRY {
            let larger = format!("an entry of more than {} KiB, which is no figure", MOST_OF_AN_ENTRY >> 10);
            return Err(failed(serde_json::Error::custom(larger)));
        }
        let (wire, fields) = match unknown::read::<W>(self.raw.get()) {
            Ok(read) => read,
            Err(error) => return unknown::word(self.raw).map_or_else(|| Err(failed(error)), keep),
        };
        match into(wire) {
            Ok(entry) => Ok(Found::Known(entry, fields)),
            Err(error) if unknown::finds_no_room(&error) => keep(error.to_string()),
            Err(error) => unknown::word(self.raw).map_or_else(|| Err(failed(serde_json::Error::custom(error))), keep),
        }
    }
}

impl Text<'_> {
    /// Why the whole is not a baseline: the reasons from the outermost in.
    fn not_entries(&self, error: &serde_json::Error) -> BaselineError {
        let (path, line, column) = (self.path.to_owned(), error.line(), error.column());
        let message = message(error);
        // A number that breaks off (`0.`, `1e`) is a syntax error to serde_json.
        let breaks_off = self.text.ends_with(['.', 'e', 'E', '+', '-']) && end(self.text) == (line, column);
        if error.is_eof() || breaks_off {
            return BaselineError::Truncated { path, line, column };
        }
        if error.is_syntax() {
            return BaselineError::NotJson { path, line, column, message };
        }
        match serde_json::from_str::<Head>(self.text) {
            // The rest of the file may break off or be no JSON, which comes before its schema.
            Err(later) if !later.is_data() => self.not_entries(&later),
            Ok(Head { schema: Some(schema) }) if !schema.as_u64().is_some_and(|schema| READ.contains(&schema)) => {
                self.schema(schema.to_string())
            }
            Ok(Head { schema: None }) => self.schema("missing".to_owned()),
            _ => BaselineError::Shape { path, line, column, message },
        }
    }

    fn schema(&self, found: String) -> BaselineError {
        BaselineError::Schema { path: self.path.to_owned(), found }
    }

    fn list<'a>(&'a self, list: &'static str, entries: &'a [&'a RawValue]) -> impl Iterator<Item = Entry<'a>> {
        entries.iter().enumerate().map(move |(index, raw)| Entry { text: self, list, index, raw })
    }

    fn entry(&self, list: &'static str, index: usize, entry: &RawValue, error: &serde_json::Error) -> BaselineError {
        // The entry is borrowed from the text, so the distance of their addresses is its place in it.
        let start = (entry.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let (mut line, mut column) = position(&self.text.as_bytes()[..start]);
        match error.line() {
            // A value that was refused has no place of its own: say where its entry starts.
            0 => {}
            1 => column += error.column().saturating_sub(1),
            below => (line, column) = (line + below - 1, error.column()),
        }
        let (path, name, message) = (self.path.to_owned(), Named::of(entry), message(error));
        BaselineError::Entry { path, line, column, list, index, name, message }
    }
}

/// Names and elements of a JSON text, as far as their marks tell, which stand in strings as well.
pub(super) fn values(text: &[u8]) -> usize {
    text.iter().filter(|byte| matches!(byte, b',' | b':')).count()
}

/// Line and column of what follows `before`, in bytes and from 1, as serde_json counts them.
fn position(before: &[u8]) -> (usize, usize) {
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|b| **b != b'\n').count() + 1;
    (line, column)
}

/// Line and column of the last byte.
fn end(text: &str) -> (usize, usize) {
    let (line, column) = position(text.as_bytes());
    (line, column - 1)
}

/// serde_json's message without the place, which the error states itself.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).map_or(text.clone(), str::to_owned)
}
