//! Reading another tool's JSON: from a regular file, and with the line where something is wrong.

use std::{fs, os::unix::fs::FileTypeExt, path::Path};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ExchangeError;
use crate::input;

/// The text of a regular file, or of a pipe that another program writes into. A device might never end.
pub(super) fn text(path: &Path) -> Result<String, ExchangeError> {
    let failed = |source| ExchangeError::Read { path: path.to_owned(), source };
    let kind = fs::metadata(path).map_err(failed)?.file_type();
    if !kind.is_file() && !kind.is_fifo() {
        return Err(ExchangeError::NotAFile(path.to_owned()));
    }
    let bytes = input::read_named(path, input::MOST_FOREIGN).map_err(failed)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        form(path, format!("line {line}: not UTF-8"))
    })?;
    // Some programs put a mark before what they write.
    Ok(text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned))
}

/// The one object that the file holds.
pub(super) fn object<T: DeserializeOwned>(path: &Path) -> Result<T, ExchangeError> {
    let text = text(path)?;
    let value = serde_json::from_str::<Value>(&text).map_err(|error| syntax(path, &text, &error))?;
    typed(path, value)
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
