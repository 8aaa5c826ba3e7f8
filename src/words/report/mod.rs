//! What a report says, sentence by sentence.

pub(crate) mod answers;
pub(crate) mod evidence;
pub(crate) mod figures;
pub(crate) mod fleet;
pub(crate) mod machine;
pub(crate) mod page;
pub(crate) mod phases;
pub(crate) mod rest;
pub(crate) mod terminal;

use crate::Language;

/// Between the parts of a list within a sentence.
pub(crate) const fn comma(language: Language) -> &'static str {
    language.pick("、", ", ")
}

/// Between clauses.
pub(crate) const fn semicolon(language: Language) -> &'static str {
    language.pick("；", "; ")
}

/// Between the parts of a name.
pub(crate) const fn clause(language: Language) -> &'static str {
    language.pick("，", ", ")
}

/// Between sentences.
pub(crate) const fn space(language: Language) -> &'static str {
    language.pick("", " ")
}

/// At the end of one.
pub(crate) const fn end(language: Language) -> &'static str {
    language.pick("。", ".")
}

/// Before what follows from it.
pub(crate) const fn colon(language: Language) -> &'static str {
    language.pick("：", ": ")
}

/// What is said aside.
pub(crate) fn aside(text: &str, language: Language) -> String {
    match language {
        Language::English => format!(" ({text})"),
        Language::Chinese => format!("（{text}）"),
    }
}
