//! Reading another tool's JSON: from a regular file, and with the line where something is wrong.

use std::{borrow::Cow, fs, io::ErrorKind, os::unix::fs::FileTypeExt, path::Path};

use serde::de::DeserializeOwned;
use serde_json::{Value, error::Category};

use super::ExchangeError;
use crate::input;

/// The most objects and lists of a file. Each takes some hundred bytes while it is read, however few it has in the file.
const MOST_HELD: usize = 1_000_000;

/// How a file of gzip begins; pyperf writes one where its name ends so.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Whether it is a pipe, which can be read once.
pub(super) fn is_pipe(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo())
}

/// The text of a regular file, or of a pipe that another program writes into. A device might never end.
pub(super) fn text(path: &Path) -> Result<String, ExchangeError> {
    let bytes = input::read_named(path, input::MOST_FOREIGN).map_err(|source| match source.kind() {
        ErrorKind::InvalidInput => ExchangeError::NotAFile(path.to_owned()),
        _ => ExchangeError::Read { path: path.to_owned(), source },
    })?;
    if bytes.starts_with(&GZIP) {
        return Err(form(path, "it is compressed: name what gunzip makes of it"));
    }
    if bytes.iter().filter(|byte| matches!(byte, b'{' | b'[')).count() > MOST_HELD {
        let most = "more than a million objects and lists, the most that is read of such a file";
        return Err(form(path, format!("it holds {most}: import a part of it")));
    }
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        form(path, format!("line {line}: not UTF-8"))
    })?;
    // Some programs put a mark before what they write.
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}

/// The one object that the file holds.
pub(super) fn object<T: DeserializeOwned>(path: &Path) -> Result<T, ExchangeError> {
    parsed(path, &text(path)?)
}

/// The one object that a text holds, without a tree of values in between.
pub(super) fn parsed<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, ExchangeError> {
    let text = &*without_nan(text);
    if !text.trim_start().starts_with('{') {
        let value = serde_json::from_str::<Value>(text).map_err(|error| syntax(path, text, &error))?;
        return typed(path, value);
    }
    serde_json::from_str(text).map_err(|error| wrong(path, text, &error))
}

/// The first object that a text holds.
pub(super) fn first<T: DeserializeOwned>(path: &Path, text: &str) -> Result<Option<T>, ExchangeError> {
    let text = &*without_nan(text);
    let first = serde_json::Deserializer::from_str(text).into_iter::<T>().next();
    first.transpose().map_err(|error| wrong(path, text, &error))
}

/// Python and google-benchmark write `NaN` and `Infinity` for what is no number, which JSON does not know: they become
/// `null`, so that one of them does not take the rest of the file with it.
fn without_nan(text: &str) -> Cow<'_, str> {
    const NONE: [&str; 4] = ["-Infinity", "-NaN", "Infinity", "NaN"];
    if !text.contains("NaN") && !text.contains("Infinity") {
        return Cow::Borrowed(text);
    }
    let nulls = |text: &str| NONE.iter().fold(text.to_owned(), |text, none| text.replace(none, "null"));
    let mut plain = String::with_capacity(text.len());
    // Every other piece between quotes is a text, which may hold these words and quotes behind a backslash.
    let mut rest = text;
    while let Some(quote) = rest.find('"') {
        let (outside, quoted) = rest.split_at(quote);
        plain.push_str(&nulls(outside));
        let mut escaped = false;
        let end = quoted.char_indices().skip(1).find(|(_, c)| {
            let ends = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        });
        let (quoted, behind) = quoted.split_at(end.map_or(quoted.len(), |(at, _)| at + 1));
        plain.push_str(quoted);
        rest = behind;
    }
    plain.push_str(&nulls(rest));
    Cow::Owned(plain)
}

/// The values that the file holds, one after the other.
pub(super) fn values(path: &Path) -> Result<Vec<Value>, ExchangeError> {
    let text = text(path)?;
    let values = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    values.map(|value| value.map_err(|error| syntax(path, &text, &error))).collect()
}

/// A value as what the tool writes. An array is never that, whatever it holds.
pub(super) fn typed<T: DeserializeOwned>(path: &Path, value: Value) -> Result<T, ExchangeError> {
    if !value.is_object() {
        let found = match value {
            Value::Array(_) => "an array",
            Value::String(_) => "a text",
            Value::Number(_) => "a number",
            _ => "neither an object nor anything else that holds figures",
        };
        return Err(form(path, format!("an object was expected, as the tool writes it, and this is {found}")));
    }
    T::deserialize(value).map_err(|error| form(path, error))
}

pub(super) fn form(path: &Path, message: impl ToString) -> ExchangeError {
    ExchangeError::Form { path: path.to_owned(), message: message.to_string() }
}

/// JSON that is not what the tool writes, or that is none.
fn wrong(path: &Path, text: &str, error: &serde_json::Error) -> ExchangeError {
    match error.classify() {
        Category::Data => form(path, error),
        _ => syntax(path, text, error),
    }
}

/// What is wrong, with its line as it stands there.
fn syntax(path: &Path, text: &str, error: &serde_json::Error) -> ExchangeError {
    const MOST: usize = 60;
    let number = error.line();
    let line = text.lines().nth(number.saturating_sub(1)).unwrap_or_default();
    let shown: String = line.trim().chars().take(MOST).collect();
    if error.is_eof() {
        return form(path, format!("line {number}: the file ends in the middle (EOF): {shown:?}"));
    }
    form(path, format!("line {number}: there is something beside the JSON, or it is none: {shown:?}"))
}
