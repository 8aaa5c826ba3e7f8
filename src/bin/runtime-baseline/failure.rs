//! What goes wrong, as sentences for people.

use std::{error::Error, path::PathBuf};

use runtime_baseline::{Baseline, Indicator, Subject};

/// Whatever goes wrong: nothing here is handled by kind.
pub type Failure = Box<dyn Error>;

/// What only the command line can get wrong.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(
        "there is no baseline at {}: measure one (make bench, in a checkout of runtime-baseline), take figures over from \
         another tool (runtime-baseline import --help), or name the file that you mean", .0.display()
    )]
    NoBaseline(PathBuf),
    #[error("{} has no {what}; {there}", path.display())]
    NothingMatches { path: PathBuf, what: String, there: String },
    #[cfg(not(feature = "measure"))]
    #[error(
        "--all-here asks the runtimes and policy engines of this build for their versions, and this build has none: build \
         it with them (cargo run --features cli), or name what is here (--here 'wasmtime 48.0.8')"
    )]
    NoRuntimes,
    #[error("cannot write to standard output: {0}; check where it leads, and the space left there")]
    Print(std::io::Error),
    #[error("nothing was changed, since the records say something else:\n  {}", .0.join("\n  "))]
    Contradicts(Vec<String>),
    #[error("{} was not changed, since the claim would not load: {error}", path.display())]
    Claim { path: PathBuf, error: runtime_baseline::ClaimsError },
}

/// An error and its causes as one sentence. Most errors name their cause themselves, and then it is not said twice.
pub fn explained(failure: &dyn Error) -> String {
    let mut text = failure.to_string();
    let mut cause = failure.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

/// What a baseline holds, for somebody who asked for something else.
pub fn there(baseline: &Baseline) -> String {
    const MOST: usize = 20;
    let mut names: Vec<(&Subject, Vec<Indicator>)> = Vec::new();
    for metric in baseline.metrics() {
        match names.iter_mut().find(|(subject, _)| *subject == metric.subject()) {
            Some((_, indicators)) if indicators.contains(&metric.indicator()) => {}
            Some((_, indicators)) => indicators.push(metric.indicator()),
            None => names.push((metric.subject(), vec![metric.indicator()])),
        }
    }
    if names.is_empty() {
        let rows = baseline.unavailable().len();
        return format!("it holds no figure, and {rows} rows of what could not be measured");
    }
    let more = names.len().saturating_sub(MOST);
    let said = names.iter().take(MOST).map(|(subject, indicators)| {
        let indicators: Vec<&str> = indicators.iter().map(|i| i.as_str()).collect();
        format!("{subject} ({})", indicators.join(", "))
    });
    let said = said.collect::<Vec<_>>().join(", ");
    if more > 0 { format!("it has {said} and {more} more subjects") } else { format!("it has {said}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the outer")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn causes_are_said_once() {
        let outer = Outer(std::io::Error::other("the inner"));
        assert_eq!(explained(&outer), "the outer: the inner");
        assert_eq!(explained(&std::io::Error::other("alone")), "alone");
    }
}
