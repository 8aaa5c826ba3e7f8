//! Why there is no figure, and what to do about it, in Chinese.
//!
//! A row is stored with English words, which adapters, probes and the steps of the set-up wrote. What they were made of stands
//! here a second time, each beside its Chinese, with the same holes; names, commands, paths and what programs said stay as they
//! are. `tests/reasons` asks that nothing is missing here.

mod imports;
mod policies;
mod programs;
mod runs;
mod runtimes;
mod set_up;
mod stores;

use std::borrow::Cow;

use crate::{
    Language, UnavailableRow,
    template::{HOLE, fill, holes},
};

/// The English form and the Chinese one. Where several fit, the one with the most words of its own is meant.
const FORMS: [&[(&str, &str)]; 7] =
    [set_up::FORMS, programs::FORMS, runtimes::FORMS, policies::FORMS, stores::FORMS, runs::FORMS, imports::FORMS];

/// How often words are looked at within one text: far more than any text takes that this crate wrote. What a baseline has may
/// be anybody's.
const LOOKS: usize = 64;

/// What is longer was not written here, and only cited.
const MOST_BYTES: usize = 4000;

impl UnavailableRow {
    /// The reason in `language`. What this release has no Chinese for, such as what only a program said, stays as it is.
    #[must_use]
    pub fn reason_in(&self, language: Language) -> Cow<'_, str> {
        of(self.reason(), language)
    }

    /// The remedy in `language`, as [`reason_in`](Self::reason_in).
    #[must_use]
    pub fn remedy_in(&self, language: Language) -> Cow<'_, str> {
        of(self.remedy(), language)
    }
}

/// A reason or a remedy in `language`; borrowed where it stays as it is.
pub(crate) fn of(text: &str, language: Language) -> Cow<'_, str> {
    let known = match language {
        Language::Chinese => chinese(text, &mut { LOOKS }),
        Language::English => None,
    };
    known.map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The text in Chinese, if it is made of known sentences: one, one after a name and a colon, or several with semicolons.
fn chinese(text: &str, looks: &mut usize) -> Option<String> {
    if text.is_empty() || text.len() > MOST_BYTES {
        return None;
    }
    *looks = looks.checked_sub(1)?;
    if let Some((form, found)) = sentence(text) {
        // What fills a hole may be a sentence itself: a reason behind a reason.
        let found: Vec<_> =
            found.into_iter().map(|one| chinese(one, looks).unwrap_or_else(|| one.to_owned())).collect();
        return Some(fill(form, &found));
    }
    joined(text, "; ", "；", looks).or_else(|| {
        let mut ends = text.match_indices(": ").map(|(at, colon)| (&text[..at], &text[at + colon.len()..]));
        ends.find_map(|(name, rest)| Some(format!("{name}：{}", chinese(rest, looks)?)))
    })
}

/// The parts between `separator`, where at least one is known.
fn joined(text: &str, separator: &str, other: &str, looks: &mut usize) -> Option<String> {
    let parts: Vec<_> = text.split(separator).collect();
    if parts.len() < 2 {
        return None;
    }
    let known: Vec<_> = parts.iter().map(|part| chinese(part, looks)).collect();
    let all = || known.iter().zip(&parts).map(|(known, part)| known.as_deref().unwrap_or(part));
    known.iter().any(Option::is_some).then(|| all().collect::<Vec<_>>().join(other))
}

/// The Chinese form, and what fills the holes.
fn sentence(text: &str) -> Option<(&'static str, Vec<&str>)> {
    // Most begin otherwise, and need no further look.
    let begins_so = |english: &str| english.starts_with(HOLE) || english.as_bytes().first() == text.as_bytes().first();
    let forms = FORMS.into_iter().flatten().filter(|(english, _)| begins_so(english));
    let fitting = forms.filter_map(|(english, form)| Some((english, form, holes(english, text)?)));
    let own = |english: &str| english.len() - english.matches(HOLE).count() * HOLE.len();
    fitting.max_by_key(|(english, ..)| own(english)).map(|(_, form, found)| (*form, found))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_form_has_the_same_holes_in_both_languages_and_is_known_again() {
        let mut seen = BTreeSet::new();
        for (english, form) in FORMS.into_iter().flatten() {
            assert!(seen.insert(english), "twice: {english}");
            assert!(form.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{form}");
            let found: Vec<String> = (0..english.matches(HOLE).count()).map(|n| format!("<{n}>")).collect();
            let known = chinese(&fill(english, &found), &mut { LOOKS }).unwrap_or_else(|| panic!("{english}"));
            // What is said once in English may be left out where Chinese has said it already, but nothing is made up.
            let filled = fill(form, &found);
            assert_eq!(known, filled, "{english}");
            assert!(!filled.contains("{"), "{form}");
        }
    }

    #[test]
    fn a_reason_behind_a_reason_is_chinese_too() {
        let shown = |text| of(text, Language::Chinese).into_owned();
        assert_eq!(shown("no static busybox: there is none in PATH"), "没有静态 busybox：PATH 中没有");
        assert_eq!(shown("a.tar: it is neither a directory nor a regular file"), "a.tar：既不是目录，也不是普通文件");
        assert_eq!(
            shown("bookworm: it has no libwasmedge0; no mirror of Debian could be tried"),
            "bookworm：其中没有 libwasmedge0；没有可试的 Debian 镜像站"
        );
        assert_eq!(shown("run as root; or apt-get install crun"), "请以 root 运行；或：请运行 apt-get install crun");
        assert_eq!(
            shown(
                "density in a fresh process, preparing wasmtime, ready, warm: it ended without an answer (killed by signal 9)"
            ),
            "density 在新进程中（正在准备 wasmtime, ready, warm）：未应答即已结束（被信号 9 终止）"
        );
    }

    #[test]
    fn what_nobody_here_wrote_stays() {
        for other in ["", "Permission denied (os error 13)", "a: b; c: d", "负载", &"no {} was found; ".repeat(1000)]
        {
            assert!(matches!(of(other, Language::Chinese), Cow::Borrowed(same) if same == other), "{other}");
        }
        assert_eq!(of("it is not in PATH", Language::English), "it is not in PATH");
        // Bounded, whatever it is made of.
        drop(of(&"a: b; ".repeat(600), Language::Chinese));
    }
}
