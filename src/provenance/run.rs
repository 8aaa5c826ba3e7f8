//! One run of measurements: which, when it began, and what was built from which revision.

use std::{
    collections::hash_map::RandomState,
    fmt::{self, Write},
    hash::BuildHasher,
    str::FromStr,
    time::{SystemTime, UNIX_EPOCH},
};

use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use sha2::{Digest, Sha256};

use super::{Date, ProvenanceError};

/// One run of measurements. Figures of one run were taken together, on one machine, by one program: they are peers.
///
/// ```
/// use runtime_baseline::Run;
///
/// let (run, another) = (Run::begin(), Run::begin());
/// assert_eq!(run.id().len(), 32);
/// assert_ne!(run.id(), another.id());
/// assert!(run.began() <= another.began());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Run {
    id: String,
    began: Moment,
    built_from: Option<String>,
}

impl Run {
    /// The bytes of an id.
    pub(crate) const ID_LENGTH: usize = 32;

    /// A run that begins now, with an id that no other run has.
    #[must_use]
    pub fn begin() -> Self {
        Self { id: random_id(), began: Moment::now(), built_from: None }
    }

    /// A run that was recorded.
    ///
    /// # Errors
    /// [`ProvenanceError::RunId`] when the id is not 32 hexadecimal digits in lower case.
    pub fn recorded(id: impl Into<String>, began: Moment) -> Result<Self, ProvenanceError> {
        let id = id.into();
        if id.len() != Self::ID_LENGTH || !id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        {
            return Err(ProvenanceError::RunId(id));
        }
        Ok(Self { id, began, built_from: None })
    }

    /// Says which revision of its source the program was built from, as its build knew it: `2e18a61f9c40`, or
    /// `2e18a61f9c40-dirty` where files differed from it.
    #[must_use]
    pub fn built_from(mut self, revision: impl Into<String>) -> Self {
        self.built_from = Some(revision.into());
        self
    }

    /// The run's own name: 32 hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When it began.
    #[must_use]
    pub fn began(&self) -> Moment {
        self.began
    }

    /// The revision that the program was built from, where its build knew it.
    #[must_use]
    pub fn revision(&self) -> Option<&str> {
        self.built_from.as_deref()
    }
}

/// 128 bits that nobody else has. The keys of the standard library's hash tables are the kernel's random numbers; they are
/// mixed with the time, the process, and an address, which differ where those would not.
fn random_id() -> String {
    let mut hash = Sha256::new();
    for n in 0_u64..4 {
        hash.update(RandomState::new().hash_one(n).to_le_bytes());
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    hash.update(since.to_le_bytes());
    hash.update(std::process::id().to_le_bytes());
    hash.finalize()[..16].iter().fold(String::with_capacity(32), |mut id, byte| {
        // Writing to a string does not fail.
        let _ = write!(id, "{byte:02x}");
        id
    })
}

/// An instant, to a millisecond, written as RFC 3339 has it, in UTC: `2026-11-27T10:07:57.123Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(DateTime<Utc>);

impl Moment {
    /// Now.
    #[must_use]
    pub fn now() -> Self {
        Self::to_milliseconds(Utc::now())
    }

    fn to_milliseconds(instant: DateTime<Utc>) -> Self {
        // Every instant that has a date has its milliseconds.
        Self(DateTime::from_timestamp_millis(instant.timestamp_millis()).unwrap_or(instant))
    }

    /// The day, in UTC.
    #[must_use]
    pub fn date(self) -> Date {
        Date::of(self.0.date_naive())
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// A text that is no instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no instant: write it as RFC 3339 has it, such as 2026-11-27T10:07:57.123Z")]
pub struct MomentError(String);

impl FromStr for Moment {
    type Err = MomentError;

    /// Reads an instant with any offset; parts of a millisecond are dropped.
    fn from_str(text: &str) -> Result<Self, MomentError> {
        let error = || MomentError(text.to_owned());
        let instant = DateTime::parse_from_rfc3339(text).map_err(|_| error())?;
        let instant = Self::to_milliseconds(instant.with_timezone(&Utc));
        // An offset can move it out of the years that are written with four digits, and it would not be read again.
        if (0..=9999).contains(&instant.0.year()) { Ok(instant) } else { Err(error()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_reads_back() {
        let text = "2026-11-27T10:07:57.123Z";
        let moment: Moment = text.parse().unwrap();
        assert_eq!((moment.to_string().as_str(), moment.date().to_string().as_str()), (text, "2026-11-27"));
        assert_eq!("2026-11-27T11:07:57.1239+01:00".parse(), Ok(moment));
        let now = Moment::now();
        assert_eq!(now.to_string().parse(), Ok(now));
        for text in ["", "2026-11-27", "2026-11-27T10:07:57", "2026-02-30T00:00:00Z", "now"] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_id_is_one_run_s_alone() {
        let ids: std::collections::HashSet<String> = (0..1000).map(|_| Run::begin().id().to_owned()).collect();
        assert_eq!(ids.len(), 1000);
        let began = Moment::now();
        for id in ids {
            assert!(Run::recorded(id, began).is_ok());
        }
        for id in ["", "0", &"g".repeat(32), &"A".repeat(32), &"0".repeat(33)] {
            assert!(matches!(Run::recorded(id, began), Err(ProvenanceError::RunId(_))), "{id:?}");
        }
    }
}
