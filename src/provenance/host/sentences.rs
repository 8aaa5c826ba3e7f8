//! The sentences about noise. A figure is stored with the English one; whoever reads Chinese gets the same one in Chinese.

use std::fmt::Display;

/// What stands in a sentence's place of something that was found.
const HOLE: &str = "{}";

macro_rules! sentences {
    ($($name:ident: $english:literal, $chinese:literal;)*) => {
        /// A sentence about noise.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Sentence {
            $($name,)*
        }

        impl Sentence {
            const ALL: &[Self] = &[$(Self::$name,)*];

            /// In English and in Chinese: the same holes in the same order.
            const fn forms(self) -> (&'static str, &'static str) {
                match self {
                    $(Self::$name => ($english, $chinese),)*
                }
            }
        }
    };
}

sentences! {
    NoFrequency: "no cpufreq: frequency unknown", "没有 cpufreq：频率未知";
    Governor:
        "CPU governor {} on {} of {} CPUs: set it to performance (cpupower frequency-set -g performance)",
        "CPU 调频策略为 {}（{} 个，共 {} 个 CPU）：请设为 performance（cpupower frequency-set -g performance）";
    Boost:
        "turbo boost is on, so the frequency depends on heat and load: write {} to /{}",
        "睿频已开启，频率随温度和负载变化：请将 {} 写入 /{}";
    LoadOnOne:
        "load average {} on 1 core: end what else runs, and wait a minute",
        "1 核上的平均负载为 {}：请结束其他程序，并等待一分钟";
    Load:
        "load average {} on {} cores: end what else runs, and wait a minute",
        "平均负载为 {}（{} 核）：请结束其他程序，并等待一分钟";
    Smt:
        "SMT is on, so two CPUs share one core: write off to /{}/smt/control, or pin to one of each",
        "SMT 已开启，两个 CPU 共用一个核：请将 off 写入 /{}/smt/control，或只绑定到每核中的一个";
    LowMemory:
        "only {} of {} memory available: end what holds it",
        "可用内存仅 {}（共 {}）：请结束占用内存的程序";
    Battery:
        "on battery, which slows the CPU down: plug the machine in",
        "正在使用电池，CPU 会降速：请接通电源";
    OneCore:
        "only 1 core: the harness and the system share them with the workload",
        "仅 1 核：测量程序和系统与工作负载共用";
    FewCores:
        "only {} cores: the harness and the system share them with the workload",
        "仅 {} 核：测量程序和系统与工作负载共用";
    Steal:
        "the hypervisor gave {}% of the CPU time to others during the run: measure on a dedicated machine",
        "测量期间虚拟机管理程序把 {}% 的 CPU 时间给了其他虚拟机：请在独占的机器上测量";
}

impl Sentence {
    /// In English, with what was found.
    pub(super) fn with<const N: usize>(self, found: [&dyn Display; N]) -> String {
        fill(self.forms().0, found.map(ToString::to_string))
    }
}

/// The sentence in Chinese; `None` where it is none of these.
pub(crate) fn chinese(sentence: &str) -> Option<String> {
    Sentence::ALL.iter().find_map(|known| {
        let (english, chinese) = known.forms();
        let found = holes(english, sentence)?;
        Some(fill(chinese, found.into_iter().map(str::to_owned)))
    })
}

/// The load average in the sentence, and of how many cores; `None` where it is not a sentence about that.
pub(crate) fn load_average(sentence: &str) -> Option<(&str, u32)> {
    if let Some([load]) = holes(Sentence::LoadOnOne.forms().0, sentence).as_deref() {
        return Some((load, 1));
    }
    match holes(Sentence::Load.forms().0, sentence)?[..] {
        [load, cores] => Some((load, cores.parse().ok()?)),
        _ => None,
    }
}

fn fill(form: &str, found: impl IntoIterator<Item = String>) -> String {
    let mut found = found.into_iter();
    form.split(HOLE).map(|piece| format!("{piece}{}", found.next().unwrap_or_default())).collect()
}

/// What stands in the holes of `form`, where it is this sentence's.
fn holes<'a>(form: &str, sentence: &'a str) -> Option<Vec<&'a str>> {
    let mut pieces = form.split(HOLE);
    let mut rest = sentence.strip_prefix(pieces.next()?)?;
    let mut found = Vec::new();
    for piece in pieces {
        // The last piece is the end of the sentence.
        let end = if piece.is_empty() { rest.len() } else { rest.find(piece)? };
        found.push(&rest[..end]);
        rest = &rest[end + piece.len()..];
    }
    rest.is_empty().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sentence_is_known_again_with_what_was_found() {
        for sentence in Sentence::ALL {
            let (english, form) = sentence.forms();
            let count = english.matches(HOLE).count();
            assert_eq!(form.matches(HOLE).count(), count, "{english}");
            assert!(form.chars().any(|c| c as u32 >= 0x2e80), "{form}");
            let found: Vec<String> = (0..count).map(|i| format!("{i}.5 {{}}x")).collect();
            let text = fill(english, found.clone());
            assert_eq!(chinese(&text), Some(fill(form, found)), "{text}");
        }
    }

    #[test]
    fn what_is_nobodys_sentence_stays_as_it_is() {
        for other in ["", "only 2 cores", "no cpufreq: frequency unknown!", "load average 1 on 2 cores", "负载"] {
            assert_eq!(chinese(other), None, "{other}");
        }
        let found = Sentence::Load.with([&"0.90", &2]);
        assert_eq!(found, "load average 0.90 on 2 cores: end what else runs, and wait a minute");
        assert_eq!(chinese(&found).unwrap(), "平均负载为 0.90（2 核）：请结束其他程序，并等待一分钟");
        assert_eq!(load_average(&found), Some(("0.90", 2)));
        assert_eq!(load_average(&Sentence::LoadOnOne.with([&"3.20"])), Some(("3.20", 1)));
        assert_eq!(load_average(&Sentence::FewCores.with([&2])), None);
    }
}
