//! Why a figure no longer speaks of what is here now, and what to do.

use crate::{Language, Stale};

impl Stale {
    /// What makes it so, and what to do, in `language`.
    #[must_use]
    pub fn describe(&self, language: Language) -> String {
        match (self, language) {
            (Self::Age { date, days, limit }, Language::English) => {
                format!("measured on {date}, {days} days ago, and {limit} are allowed: measure again")
            }
            (Self::Age { date, days, limit }, Language::Chinese) => {
                format!("测于 {date}，已过 {days} 天，上限为 {limit} 天：请重新测量")
            }
            (Self::Version { measured, here }, Language::English) => {
                format!("measured on {measured}, and {} is here now: measure again", here.version())
            }
            (Self::Version { measured, here }, Language::Chinese) => {
                format!("测于 {measured}，本机现为 {}：请重新测量", here.version())
            }
        }
    }
}
