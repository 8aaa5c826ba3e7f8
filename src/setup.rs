//! What the set-up said of what it could not bring. `tools/setup.sh` and `tools/cargo.sh` leave two files for each step that
//! failed or was left out, `NAME.reason` and `NAME.remedy`, so that a row of the report tells the true reason and not only
//! that something is missing.

use std::{
    env,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

/// More than any reason: what is longer is not read.
const MOST: u64 = 2000;

/// Why there is none of what a step brings, and what to do: as the first of these steps said it that said anything, else as
/// the caller would.
pub(crate) fn said(steps: &[&str], reason: &str, remedy: &str) -> (String, String) {
    let directory = env::var_os("RUNTIME_BASELINE_SETUP").filter(|value| !value.is_empty());
    let directory = directory.map_or_else(|| PathBuf::from("target/setup"), PathBuf::from);
    let noted = steps.iter().find_map(|step| noted(&directory, step));
    noted.unwrap_or_else(|| (reason.to_owned(), remedy.to_owned()))
}

fn noted(directory: &Path, step: &str) -> Option<(String, String)> {
    let line = |kind: &str| {
        let mut text = String::new();
        let file = File::open(directory.join(format!("{step}.{kind}"))).ok()?;
        file.take(MOST).read_to_string(&mut text).ok()?;
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then_some(text)
    };
    Some((line("reason")?, line("remedy")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_counts_when_both_halves_say_something() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &[u8]| std::fs::write(directory.path().join(name), text).unwrap();
        assert_eq!(noted(directory.path(), "opa"), None);
        write("opa.reason", b"no network\nhere\n");
        assert_eq!(noted(directory.path(), "opa"), None);
        write("opa.remedy", b" \n");
        assert_eq!(noted(directory.path(), "opa"), None);
        write("opa.remedy", b"put one on PATH\n");
        let expected = ("no network here".to_owned(), "put one on PATH".to_owned());
        assert_eq!(noted(directory.path(), "opa"), Some(expected));
        write("opa.reason", b"\xff\xfe");
        assert_eq!(noted(directory.path(), "opa"), None);
    }

    #[test]
    fn without_a_note_the_callers_own_words_hold() {
        let (reason, remedy) = said(&["no-such-step"], "there is none", "make setup");
        assert_eq!((reason.as_str(), remedy.as_str()), ("there is none", "make setup"));
    }
}
