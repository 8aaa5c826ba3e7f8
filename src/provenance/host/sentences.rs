//! The sentences about noise, written and known again. A figure is stored with the English one; whoever reads Chinese gets the
//! same one in Chinese.

use std::fmt::Display;

use crate::template::{fill, holes};

macro_rules! sentences {
    ($($name:ident),+ $(,)?) => {
        /// What a sentence about noise is about. What it says stands in the module `words`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum NoiseSentence {
            $($name,)+
        }

        impl NoiseSentence {
            const ALL: &[Self] = &[$(Self::$name,)+];
        }
    };
}

sentences! {
    NoFrequency,
    Governor,
    Boost,
    LoadOnOne,
    Load,
    Others,
    Smt,
    LowMemory,
    Battery,
    OneCore,
    FewCores,
    Steal,
    Throttled,
    ClockFast,
    ClockSlow,
    SlowClock,
    Wsl,
}

impl NoiseSentence {
    /// In English, with what was found.
    pub(super) fn with<const N: usize>(self, found: [&dyn Display; N]) -> String {
        fill(self.forms().0, &found.map(ToString::to_string))
    }
}

/// The sentence in Chinese; `None` where it is none of these.
pub(crate) fn chinese(sentence: &str) -> Option<String> {
    NoiseSentence::ALL.iter().find_map(|known| {
        let (english, chinese) = known.forms();
        Some(fill(chinese, &holes(english, sentence)?))
    })
}

/// The load in the sentence, and of how many cores: the machine's load average, or what others took of it during a run. `None`
/// where it is not a sentence about that.
pub(crate) fn load_average(sentence: &str) -> Option<(&str, u32)> {
    if let Some([load]) = holes(NoiseSentence::LoadOnOne.forms().0, sentence).as_deref() {
        return Some((load, 1));
    }
    let of = |known: NoiseSentence| holes(known.forms().0, sentence);
    match of(NoiseSentence::Load).or_else(|| of(NoiseSentence::Others))?[..] {
        [load, cores] => Some((load, cores.parse().ok()?)),
        _ => None,
    }
}

/// For how many seconds the process was kept waiting by a quota, by the sentence; `None` where it is not one about that.
pub(crate) fn throttled(sentence: &str) -> Option<&str> {
    holes(NoiseSentence::Throttled.forms().0, sentence)?.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::HOLE;

    #[test]
    fn each_sentence_is_known_again_with_what_was_found() {
        for sentence in NoiseSentence::ALL {
            let (english, form) = sentence.forms();
            let count = english.matches(HOLE).count();
            assert_eq!(form.matches(HOLE).count(), count, "{english}");
            assert!(form.chars().any(|c| c as u32 >= 0x2e80), "{form}");
            let found: Vec<String> = (0..count).map(|i| format!("{i}.5 {{}}x")).collect();
            let text = fill(english, &found);
            assert_eq!(chinese(&text), Some(fill(form, &found)), "{text}");
        }
    }

    #[test]
    fn what_is_nobodys_sentence_stays_as_it_is() {
        for other in ["", "only 2 cores", "no cpufreq: frequency unknown!", "load average 1 on 2 cores", "负载"] {
            assert_eq!(chinese(other), None, "{other}");
        }
        let found = NoiseSentence::Load.with([&"0.90", &2]);
        assert_eq!(found, "load average 0.90 on 2 cores: end what else runs, and wait a minute");
        assert_eq!(chinese(&found).unwrap(), "平均负载为 0.90（2 核）：请结束其他程序，并等待一分钟");
        assert_eq!(load_average(&found), Some(("0.90", 2)));
        assert_eq!(load_average(&NoiseSentence::LoadOnOne.with([&"3.20"])), Some(("3.20", 1)));
        assert_eq!(load_average(&NoiseSentence::Others.with([&"1.10", &2])), Some(("1.10", 2)));
        assert_eq!(load_average(&NoiseSentence::FewCores.with([&2])), None);
        assert_eq!(throttled(&NoiseSentence::Throttled.with([&"3.2", &2, &40])), Some("3.2"));
        assert_eq!(throttled(&found), None);
    }
}
