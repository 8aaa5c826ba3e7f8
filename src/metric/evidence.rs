//! What an interval stands on: how many samples, of how many turns and processes, and how it was made of them.

use std::fmt;

use super::Statistic;

/// What a figure and its interval stand on.
///
/// Samples of one turn are alike, and so are those of one process, so the number of samples alone says little:
/// the unit of evidence is named by the method.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Evidence {
    /// How many samples there are.
    pub samples: u64,
    /// In how many turns they were taken, over all processes.
    pub turns: u64,
    /// In how many processes they were taken.
    pub processes: u64,
    /// How the interval was made.
    pub method: IntervalMethod,
}

impl Evidence {
    /// Evidence of so many samples, turns and processes.
    #[must_use]
    pub fn new(samples: u64, turns: u64, processes: u64, method: IntervalMethod) -> Self {
        Self { samples, turns, processes, method }
    }
}

/// How an interval was made. The figure is made the same way: it is the median of the same units' statistics.
///
/// `Display` is for people: `order statistics of 6 processes' medians`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IntervalMethod {
    /// The statistic was taken within each process, and the ends are order statistics of the processes' statistics.
    Processes {
        /// How many processes there were.
        processes: u64,
        /// What was taken within each.
        statistic: Statistic,
    },
    /// As for processes, of turns: what differs from process to process is not in the interval.
    Turns {
        /// How many turns there were.
        turns: u64,
        /// How many processes they were of.
        processes: u64,
        /// What was taken within each.
        statistic: Statistic,
    },
    /// The ends are order statistics of samples whose turns were not recorded: what differs from turn to turn and from
    /// process to process is not in the interval.
    Samples {
        /// How many samples there were.
        samples: u64,
    },
    /// There is no interval: there are too few units of evidence, or the statistic is one that nothing bounds.
    None,
    /// A method that this release does not know, by its name in the stored form.
    Other(String),
}

impl IntervalMethod {
    /// The name in the stored form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Processes { .. } => "order_statistics_of_processes",
            Self::Turns { .. } => "order_statistics_of_turns",
            Self::Samples { .. } => "order_statistics_of_samples",
            Self::None => "none",
            Self::Other(name) => name,
        }
    }

    /// The method of that name in the stored form, for `statistic` of so many samples, turns and processes. A unit that has one
    /// sample has no other statistic.
    #[must_use]
    pub fn named(name: &str, statistic: Statistic, samples: u64, turns: u64, processes: u64) -> Self {
        let within = |units| if samples == units { Statistic::Single } else { statistic };
        match name {
            "order_statistics_of_processes" => Self::Processes { processes, statistic: within(processes) },
            "order_statistics_of_turns" => Self::Turns { turns, processes, statistic: within(turns) },
            "order_statistics_of_samples" => Self::Samples { samples },
            "none" => Self::None,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// In English.
impl fmt::Display for IntervalMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Processes { processes, statistic } => {
                write!(f, "order statistics of {processes} processes' {}", plural(*statistic))
            }
            Self::Turns { turns, processes, statistic } => {
                let within = if *processes == 1 { "process" } else { "processes" };
                let what = plural(*statistic);
                write!(
                    f,
                    "order statistics of {turns} turns' {what} within {processes} {within}: \
                     what differs between processes is not in it"
                )
            }
            Self::Samples { samples } => write!(
                f,
                "order statistics of {samples} samples, turns not recorded: \
                 what differs between turns and processes is not in it"
            ),
            Self::None => f.write_str("no interval"),
            Self::Other(name) => f.write_str(&name.replace('_', " ")),
        }
    }
}

fn plural(statistic: Statistic) -> String {
    match statistic {
        Statistic::Single => "values".to_owned(),
        Statistic::Min => "minima".to_owned(),
        Statistic::Max => "maxima".to_owned(),
        other => format!("{other}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_told_in_english_and_read_back_by_name() {
        let statistic = Statistic::Median;
        let all = [
            (IntervalMethod::Processes { processes: 6, statistic }, "order statistics of 6 processes' medians"),
            (
                IntervalMethod::Turns { turns: 40, processes: 1, statistic },
                "order statistics of 40 turns' medians within 1 process: what differs between processes is not in it",
            ),
            (
                IntervalMethod::Samples { samples: 400 },
                "order statistics of 400 samples, turns not recorded: \
                 what differs between turns and processes is not in it",
            ),
            (
                IntervalMethod::Processes { processes: 400, statistic: Statistic::Single },
                "order statistics of 400 processes' values",
            ),
            (IntervalMethod::None, "no interval"),
            (IntervalMethod::Other("cluster_bootstrap".to_owned()), "cluster bootstrap"),
        ];
        for (method, text) in all {
            assert_eq!(method.to_string(), text);
            let (turns, processes) = match method {
                IntervalMethod::Processes { processes, .. } => (1, processes),
                IntervalMethod::Turns { turns, processes, .. } => (turns, processes),
                _ => (1, 1),
            };
            assert_eq!(IntervalMethod::named(method.as_str(), statistic, 400, turns, processes), method);
        }
    }
}
