//! A factor between two figures, as published.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::metric::ends;

/// In which sense a factor is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sense {
    /// The reference takes so many times the contender's time.
    Faster,
    /// The reference takes so many times the contender's bytes.
    Smaller,
    /// The reference uses so many times what the contender does.
    Lower,
    /// The contender has so many times what the reference has.
    Higher,
    /// The contender uses so many per cent less than the reference.
    Reduction,
}

impl Sense {
    /// Every sense.
    pub const ALL: [Self; 5] = [Self::Faster, Self::Smaller, Self::Lower, Self::Higher, Self::Reduction];

    /// The factor in this sense between two values; nothing where it would divide by zero.
    #[must_use]
    pub fn of(self, reference: f64, contender: f64) -> Option<f64> {
        let factor = match self {
            Self::Faster | Self::Smaller | Self::Lower => reference / contender,
            Self::Higher => contender / reference,
            Self::Reduction => (reference - contender) / reference * 100.0,
        };
        factor.is_finite().then_some(factor)
    }

    /// A factor of this sense as a plain ratio: 40 % less is a ratio of 1.67. Nothing where all or more is gone.
    #[must_use]
    pub fn gain(self, factor: f64) -> Option<f64> {
        match self {
            Self::Reduction => (factor < 100.0).then(|| 100.0 / (100.0 - factor)),
            _ => Some(factor),
        }
    }

    /// How it is printed beside a factor.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::Smaller => "smaller",
            Self::Lower => "lower",
            Self::Higher => "higher",
            Self::Reduction => "reduction",
        }
    }
}

/// A word that is no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown sense {0:?}: write {known}", known = senses())]
pub struct UnknownSense(String);

/// Every sense, for a message: `faster, smaller, lower, higher or reduction`.
pub(super) fn senses() -> String {
    let [rest @ .., last] = Sense::ALL.map(Sense::as_str);
    format!("{} or {last}", rest.join(", "))
}

impl FromStr for Sense {
    type Err = UnknownSense;

    fn from_str(s: &str) -> Result<Self, UnknownSense> {
        Self::ALL.into_iter().find(|sense| sense.as_str() == s).ok_or_else(|| UnknownSense(s.to_owned()))
    }
}

/// A factor as published: `200`, faster. Where only the two values are, it is [computed](Self::is_computed) from them.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    printed: String,
    value: f64,
    /// The ends of a range, or the value twice.
    ends: (f64, f64),
    sense: Sense,
    computed: bool,
}

/// What people write behind a factor, and behind a reduction. 200 % faster is three times as fast, so neither has the other's.
const MARKS: [&[&str]; 2] = [&["times", "×", "x"], &["per cent", "%"]];

impl Factor {
    /// Reads a factor as printed (`8.5`, `200x`, `10x to 12x`, `40%` of a reduction), and says what is wrong with it.
    pub(super) fn read(printed: &str, sense: Sense) -> Result<Self, String> {
        let marks = MARKS[usize::from(sense == Sense::Reduction)];
        let number = |text: &str| {
            let text = text.trim();
            let bare = marks.iter().find_map(|mark| text.strip_suffix(*mark)).unwrap_or(text).trim();
            let (digits, _) = crate::metric::number(bare).ok().filter(|(_, rest)| rest.is_empty())?;
            let value = digits.parse::<f64>().ok().filter(|x| x.is_finite() && *x > 0.0)?;
            Some((digits, value))
        };
        let read = match ends(printed) {
            None => number(printed).map(|(digits, value)| (digits, (value, value))),
            Some((low, high)) => number(low).zip(number(high)).and_then(|((low, least), (high, most))| {
                (least < most).then(|| (format!("{low}–{high}"), (least, most)))
            }),
        };
        let (printed, ends) = read.ok_or_else(|| {
            format!("{printed:?} is no factor: write a number above zero, such as \"8.5\" or \"200x\", or a range, \"10x to 12x\"")
        })?;
        if sense.gain(ends.1).is_none() {
            return Err(format!("a reduction by {printed} % leaves nothing: write less than 100"));
        }
        Ok(Self { printed, value: f64::midpoint(ends.0, ends.1), ends, sense, computed: false })
    }

    /// The factor between two values of a source that states none, in two decimals.
    pub(super) fn between(reference: f64, contender: f64, sense: Sense) -> Result<Self, String> {
        let factor = sense.of(reference, contender).ok_or("the two values have no factor")?;
        Ok(Self { computed: true, ..Self::read(&format!("{factor:.2}"), sense)? })
    }

    /// Whether it was computed from the two values: the source states none.
    #[must_use]
    pub fn is_computed(&self) -> bool {
        self.computed
    }

    /// The number as published, a range as `10–12`.
    pub(crate) fn printed(&self) -> &str {
        &self.printed
    }

    /// The worth of the last printed digit: 1 for `26`, 0.1 for `8.5`.
    pub(super) fn last_digit(&self) -> f64 {
        let decimals = self.printed.rsplit_once('.').map_or(0, |(_, decimals)| decimals.len());
        10f64.powi(-i32::try_from(decimals).unwrap_or(0))
    }

    /// The published factor that is nearest to `factor`: an end of a range, or what lies between.
    pub(super) fn nearest(&self, factor: f64) -> f64 {
        factor.clamp(self.ends.0, self.ends.1)
    }

    /// The factor's value, in its sense: a ratio, or per cent for [`Sense::Reduction`]. Of a range, its middle.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// In which sense it is meant.
    #[must_use]
    pub fn sense(&self) -> Sense {
        self.sense
    }

    /// The values that may have been printed so, by rounding or by cutting off: from half a unit of the last printed
    /// digit below to a whole unit above. `26` may stand for 25.5 to 27.
    #[must_use]
    pub fn printed_range(&self) -> (f64, f64) {
        let unit = self.last_digit();
        (self.ends.0 - unit / 2.0, self.ends.1 + unit)
    }

    /// [`Factor::printed_range`] as gains, whatever the sense.
    #[must_use]
    pub fn gain_range(&self) -> Option<(f64, f64)> {
        let (low, high) = self.printed_range();
        Some((self.sense.gain(low)?, self.sense.gain(high)?))
    }
}
