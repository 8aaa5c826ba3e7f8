//! Machines beside each other.

use crate::Language;

pub(crate) const fn title(language: Language) -> &'static str {
    language.pick("同一数据在各台机器上", "The same figure on each machine")
}

pub(crate) const fn caption(language: Language) -> &'static str {
    language.pick("倍数相对于第一台有此数据的机器", "factors are against the first machine that has the figure")
}

pub(crate) const fn columns(language: Language) -> [&'static str; 2] {
    language.pick(["数据", "对象"], ["figure", "subject"])
}

pub(crate) fn machine(place: usize, language: Language) -> String {
    match language {
        Language::English => format!("machine {place}"),
        Language::Chinese => format!("机器 {place}"),
    }
}
