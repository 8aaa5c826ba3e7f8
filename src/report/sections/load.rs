//! The load that figures were taken at.

use std::collections::HashSet;

use crate::{Metric, provenance::load_average};

/// From this load on, something else is at work, on however many cores: the audit's own limit.
const TOO_HIGH: f64 = 1.0;

/// A load, and on how many cores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Load {
    pub average: f64,
    pub cores: u32,
}

impl Load {
    /// The load that a sentence about noise tells of, as it is stored.
    pub fn in_sentence(sentence: &str) -> Option<Self> {
        let (average, cores) = load_average(sentence)?;
        let average = average.parse().ok()?;
        Some(Self { average, cores })
    }

    /// The highest that the figures were taken at, if it is too high for them.
    pub fn too_high<'a>(metrics: impl IntoIterator<Item = &'a Metric>) -> Option<Self> {
        let noise = |metric: &'a Metric| metric.provenance().environment().conditions.noise.iter();
        // Thousands of figures say the same.
        let sentences: HashSet<&str> = metrics.into_iter().flat_map(noise).map(String::as_str).collect();
        let loads = sentences.into_iter().filter_map(Self::in_sentence);
        loads
            .filter(|load| load.average >= TOO_HIGH)
            .max_by(|a, b| a.average.total_cmp(&b.average).then(a.cores.cmp(&b.cores)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_is_read_of_its_sentence_alone() {
        let of = Load::in_sentence;
        let (end, meanwhile) = ("end what else runs", "kept 1.25 of 4 CPUs busy meanwhile");
        let two = format!("load average 6.90 on 2 cores: {end}, and wait a minute");
        assert_eq!(of(&two), Some(Load { average: 6.9, cores: 2 }));
        let one = format!("load average 1.50 on 1 core: {end}, and wait a minute");
        assert_eq!(of(&one), Some(Load { average: 1.5, cores: 1 }));
        let others = format!("other programs {meanwhile}: {end}, and measure again");
        assert_eq!(of(&others), Some(Load { average: 1.25, cores: 4 }));
        for other in ["load average high", "only 2 cores: shared", "load average x on 2 cores"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
