//! How thorough a pass is, and what of it was asked for.

use std::{env, ffi::OsString, path::PathBuf};

use regex_lite::Regex;

/// How thorough a pass over a plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Pass {
    /// For figures that are to be quoted.
    Full,
    /// For a first look: the same figures from fewer processes and less time.
    Quick,
    /// Everything once, to see that it works. Nothing is recorded.
    Test,
}

impl Pass {
    /// One of three values: for a full pass, a quick one, and a test.
    pub fn of<T>(self, [full, quick, test]: [T; 3]) -> T {
        match self {
            Self::Full => full,
            Self::Quick => quick,
            Self::Test => test,
        }
    }

    /// From the command line of a bench, as criterion reads it: without `--bench` it is a test, and `--quick` is one.
    #[must_use]
    pub fn of_this_bench() -> Self {
        let has = |flag: &str| env::args_os().any(|argument| argument == flag);
        if !has("--bench") || has("--test") || has("--list") {
            Self::Test
        } else if has("--quick") {
            Self::Quick
        } else {
            Self::Full
        }
    }
}

/// Which lanes were asked for, as criterion understands the words of its command line that are no flags: regular
/// expressions that match a part of `group/lane`, or with `--exact` the whole of it.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    words: Vec<Word>,
}

#[derive(Debug, Clone)]
enum Word {
    Exact(String),
    Part(Regex),
}

/// The filter is no regular expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the filter {word:?} is no regular expression: {why}")]
pub struct FilterError {
    word: String,
    why: String,
}

/// Flags of criterion that take a value, which is no filter.
const VALUED: [&str; 20] = [
    "--baseline",
    "--baseline-lenient",
    "--color",
    "--colour",
    "--confidence-level",
    "--format",
    "--load-baseline",
    "--measurement-time",
    "--noise-threshold",
    "--nresamples",
    "--output-format",
    "--plotting-backend",
    "--profile-time",
    "--sample-size",
    "--save-baseline",
    "--significance-level",
    "--warm-up-time",
    "-b",
    "-c",
    "-s",
];

impl Filter {
    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Lanes whose `group/lane` matches that expression.
    ///
    /// # Errors
    /// [`FilterError`] when it is none.
    pub fn part(word: &str) -> Result<Self, FilterError> {
        let error = |error: regex_lite::Error| FilterError { word: word.to_owned(), why: error.to_string() };
        Ok(Self { words: vec![Word::Part(Regex::new(word).map_err(error)?)] })
    }

    /// From the command line of a bench.
    ///
    /// # Errors
    /// [`FilterError`] when a word that is no flag is no regular expression.
    pub fn of_this_bench() -> Result<Self, FilterError> {
        Self::of(env::args_os().skip(1))
    }

    fn of(arguments: impl Iterator<Item = OsString>) -> Result<Self, FilterError> {
        let (mut words, mut exact, mut value) = (Vec::new(), false, false);
        for argument in arguments {
            let argument = argument.to_string_lossy();
            if std::mem::take(&mut value) {
                continue;
            }
            if argument == "--exact" {
                exact = true;
            } else if VALUED.iter().any(|flag| *flag == argument) {
                value = true;
            } else if !argument.starts_with('-') {
                words.push(argument.into_owned());
            }
        }
        if exact {
            return Ok(Self { words: words.into_iter().map(Word::Exact).collect() });
        }
        let parts = words.iter().map(|word| Self::part(word)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { words: parts.into_iter().flat_map(|part| part.words).collect() })
    }

    /// Whether nothing was named.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether a lane of that `group/lane` was asked for.
    #[must_use]
    pub fn matches(&self, id: &str) -> bool {
        let asked = |word: &Word| match word {
            Word::Exact(whole) => whole == id,
            Word::Part(part) => part.is_match(id),
        };
        self.words.is_empty() || self.words.iter().any(asked)
    }

    /// Whether a lane whose `group/lane` begins like that may have been asked for.
    #[must_use]
    pub fn may_match(&self, beginning: &str) -> bool {
        let ends_in = |word: &str| beginning.char_indices().any(|(at, _)| word.starts_with(&beginning[at..]));
        let asked = |word: &Word| match word {
            Word::Exact(whole) => whole.starts_with(beginning),
            // Of an expression that is more than a word, anything may be.
            Word::Part(part) if part.as_str().contains(|c: char| "\\^$.|?*+()[]{}".contains(c)) => true,
            Word::Part(part) => beginning.contains(part.as_str()) || ends_in(part.as_str()),
        };
        self.words.is_empty() || self.words.iter().any(asked)
    }
}

/// Where a bench records: `target/baseline`, wherever the target directory is.
#[must_use]
pub fn usual_directory() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from).join("baseline")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arguments: &[&str]) -> Filter {
        Filter::of(arguments.iter().map(OsString::from)).unwrap()
    }

    #[test]
    fn words_that_are_no_flags_and_no_values_of_flags_are_the_filter() {
        assert!(of(&["--bench", "--quick"]).matches("anything"));
        let filter = of(&["--bench", "--save-baseline", "main", "wasmtime|runc"]);
        assert!(filter.matches("startup_time/wasmtime/warm") && filter.matches("startup_time/runc/cold"));
        assert!(!filter.matches("startup_time/crun/cold") && !filter.matches("main"));
        let exact = of(&["--exact", "startup_time/crun/cold"]);
        assert!(exact.matches("startup_time/crun/cold") && !exact.matches("startup_time/crun/cold by hand"));
    }

    #[test]
    fn a_beginning_is_asked_for_if_it_may_go_on_as_asked() {
        let filter = of(&["time/wasm"]);
        assert!(filter.may_match("startup_time/wasmtime") && filter.may_match("startup_time/"));
        assert!(!filter.may_match("startup_time/crun"));
        assert!(of(&["cr.n"]).may_match("startup_time/runc"));
        assert!(!of(&["--exact", "startup_time/runc/cold"]).may_match("startup_time/crun"));
    }

    #[test]
    fn a_filter_that_is_no_expression_is_named() {
        let error = Filter::part("warm(").unwrap_err().to_string();
        assert!(error.contains("\"warm(\""), "{error}");
    }
}
