//! A factor as published, with the sense in which it is meant.

use crate::{
    Language,
    claims::{Factor, Sense},
};

impl Factor {
    /// `200× faster`, `40% reduction`, in `language`.
    #[must_use]
    pub fn describe(&self, language: Language) -> String {
        let mark = if self.sense() == Sense::Reduction { "%" } else { "×" };
        let sense = match self.sense() {
            Sense::Faster => language.pick("更快", "faster"),
            Sense::Smaller => language.pick("更小", "smaller"),
            Sense::Lower => language.pick("更低", "lower"),
            Sense::Higher => language.pick("更高", "higher"),
            Sense::Reduction => language.pick("降低", "reduction"),
        };
        format!("{}{mark} {sense}", self.printed())
    }
}
