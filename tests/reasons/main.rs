//! Every reason and every remedy that this project writes has its Chinese in `src/words/reasons`. The sources are read for what
//! they hand to a row, and each sentence is asked for as a row would show it.

mod rust;
mod shell;

use std::{
    borrow::Cow,
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use runtime_baseline::{Indicator, Language, UnavailableRow};

/// Where an error's words may become a reason: the measurement half, and the errors of the other half that it meets.
const MEASURES: &[&str] = &[
    "adapter",
    "cluster",
    "experiment",
    "launcher",
    "plans",
    "policy",
    "probe",
    "process",
    "resource",
    "runtime",
    "store",
    "versions.rs",
];

/// Where only what is handed to a row itself is one.
const RECORDS: &[&str] = &["compare", "exchange"];

/// Errors of the record half that the other meets.
const ERRORS: &[&str] = &["samples/error.rs", "stats/mod.rs"];

/// What is handed a reason or a remedy.
const OF_ROWS: &[&str] = &[
    "Refusal::new(",
    "NotMade::new(",
    ".unavailable(",
    "UnavailableRow::new(",
    "Failure::refused(",
    "Failure::failed(",
    "refuse(",
    "setup::said(",
    "lacking(",
    "let reason =",
    "let remedy =",
    "let (reason, remedy) =",
    "reason:",
    "remedy:",
];

/// What is handed the words of an error.
const OF_ERRORS: &[&str] = &[
    "failed(",
    "invalid(",
    "engine(",
    "Engine(",
    "unsupported(",
    "trouble(",
    "no_busybox(",
    "lacks(",
    "refused(",
    "Gone(",
    "of_call(",
    "doing(",
    "ok_or(",
    "ok_or_else(",
    "what:",
    "-> Option<&'static str> {",
    "#[error(",
];

/// Sentences that no row shows, each with why.
const NOT_SHOWN: &[(&str, &str)] = &[
    ("is unavailable here", "a refusal is taken apart before it becomes a row"),
    ("preview1, the engine's own", "a setting"),
    ("asked by functions and loops", "a setting"),
    ("the machine's", "a setting"),
    ("ready, cpu limit", "a workload"),
    ("there is one of that name", "a registration that is refused ends the program"),
    ("the filter {} is no regular expression: {}", "an experiment that cannot begin has no rows"),
    ("; it has {}", "the end of another"),
    ("a {} cannot be registered as {}: {}; give it another name", "a registration that is refused ends the program"),
    (
        "a process that measures could not be started: {}; raise the limits on processes and open files",
        "an experiment that cannot begin has no rows",
    ),
    ("the plan could not be made: {}", "an experiment that cannot begin has no rows"),
    ("the plan compares {} of the group {}, which has no such lane", "an experiment that cannot begin has no rows"),
    ("this process was started to measure {}, and came to {}: a program has one experiment", "it ends the experiment"),
    ("{}: the process that was to measure ended before any lane began ({})", "it ends the experiment"),
    ("two lanes sampled one figure ({}): tell them apart by a setting or a part", "it ends the experiment"),
    (
        "{} says not how far to fill: a number of instances such as 3000, or all",
        "an experiment that cannot begin has no rows",
    ),
];

/// What steps of the set-up and of the build say.
const SCRIPTS: &[(&str, &[&str])] = &[
    ("tools/setup.d", &["because ", "fail ", "remedy="]),
    ("tools/setup", &["because ", "fail "]),
    ("tools/setup.sh", &["refused=", "how=", "refuse \"$name\" ", "late:-"]),
    ("tools/cargo.sh", &["refused=", "how="]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(place: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    if place.is_file() {
        let is_test = place.file_stem().is_some_and(|name| name == "tests");
        found.extend((!is_test && place.extension().is_some_and(|it| it == ending)).then(|| place.to_owned()));
        return;
    }
    for entry in fs::read_dir(place).unwrap() {
        files_below(&entry.unwrap().path(), ending, found);
    }
}

/// The sentences of the sources, each with its file.
fn written() -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    let mut add = |place: &str, ending: &str, say: &dyn Fn(&str) -> Vec<String>| {
        let mut files = Vec::new();
        files_below(&root().join(place), ending, &mut files);
        for file in files {
            let name = file.strip_prefix(root()).unwrap().display().to_string();
            let said = say(&fs::read_to_string(&file).unwrap());
            all.extend(said.into_iter().filter(|words| is_sentence(words)).map(|words| (words, name.clone())));
        }
    };
    for place in MEASURES {
        add(&format!("src/{place}"), "rs", &|code| rust::handed(code, &[OF_ROWS, OF_ERRORS].concat()));
    }
    for place in RECORDS {
        add(&format!("src/{place}"), "rs", &|code| rust::handed(code, OF_ROWS));
    }
    for place in ERRORS {
        add(&format!("src/{place}"), "rs", &|code| rust::handed(code, &["#[error("]));
    }
    for (place, marks) in SCRIPTS {
        add(place, "sh", &|script| shell::said(script, marks));
    }
    all
}

/// Two words of its own at least: a name is none, and what only puts other words together is none either.
fn is_sentence(words: &str) -> bool {
    let is_word = |word: &&str| word.len() > 1 && word.chars().all(|c| c.is_ascii_lowercase() || "'-,;:.".contains(c));
    let own = words.replace("{}", " ");
    own.split_whitespace().filter(is_word).count() > 1
}

/// Whether a row in Chinese shows it in Chinese: by itself, or with what somebody else said behind it.
fn is_known(words: &str) -> bool {
    let filled = words.replace("{}", "X");
    [filled.clone(), format!("{filled}: X")].into_iter().any(|text| {
        let subject = "noop".parse().unwrap();
        let row = UnavailableRow::new(subject, Indicator::StartupTime, &text, &text);
        let shown = row.reason_in(Language::Chinese);
        shown == row.remedy_in(Language::Chinese) && matches!(shown, Cow::Owned(_))
    })
}

#[test]
fn each_reason_and_each_remedy_has_its_chinese() {
    let written = written();
    assert!(written.len() > 300, "the reader has lost its way: {} sentences", written.len());
    for (place, _) in SCRIPTS {
        assert!(written.iter().any(|(_, file)| file.starts_with(place)), "nothing is read of {place}");
    }
    let is_left_out = |words: &str| NOT_SHOWN.iter().any(|(left_out, _)| words == *left_out);
    let missing: Vec<_> = written
        .iter()
        .filter(|(words, _)| !is_left_out(words) && !is_known(words))
        .map(|(words, file)| format!("{file}: {words:?}"))
        .collect();
    assert!(
        missing.is_empty(),
        "{} sentences have no Chinese: put each into src/words/reasons, both languages side by side\n{}",
        missing.len(),
        missing.join("\n")
    );
    for (words, why) in NOT_SHOWN {
        assert!(
            written.iter().any(|(other, _)| other == words),
            "nobody says {words:?} any more ({why}): take it off the list"
        );
    }
}

/// A row is read at a shell: what a library's user can do stands in an error's documentation.
#[test]
fn no_sentence_names_the_api() {
    let named: Vec<_> = written().into_iter().filter(|(words, _)| words.contains("::")).collect();
    assert!(named.is_empty(), "{named:?}");
}

#[test]
fn a_sentence_is_told_from_a_name() {
    for words in ["no room", "{} of {} times are no number", "run {} again", "its node's own"] {
        assert!(is_sentence(words), "{words}");
    }
    for words in ["", "{}: {}", "crun", "create: {}", "v1 memory", "--features {}"] {
        assert!(!is_sentence(words), "{words}");
    }
}

#[test]
fn what_nobody_has_put_into_the_table_is_noticed() {
    assert!(is_known("it is not in PATH") && is_known("the helper could not {}"));
    assert!(!is_known("the moon is in the way") && !is_known("{}: the moon is in the way"));
}
