//! The order of the crate's modules: an import goes down, never up. And no source file is long.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The modules, from the bottom to the top. One may import from those above it in this list, which are below it in the
/// design, and from no other.
const ORDER: &[&str] = &[
    // The record half, which knows no runtime.
    "input",
    "template",
    "lock",
    "whole_file",
    "metric",
    "provenance",
    "samples",
    "stats",
    "baseline",
    "claims",
    "compare",
    "words",
    "exchange",
    "report",
    // The measurement half.
    "clock",
    "marks",
    "disk",
    "setup",
    "adapter",
    "versions",
    "resource",
    "process",
    "launcher",
    "runtime",
    "policy",
    "store",
    "cluster",
    "probe",
    "here",
    "experiment",
    "plans",
    "entry",
    // For the targets in `fuzz/` alone.
    "fuzzing",
];

/// Imports that go up all the same, each with what would cut it. Nothing else may, and one that is gone must leave the list.
const EXCEPTIONS: &[(&str, &str, &str)] = &[(
    "metric",
    "provenance",
    "a metric holds its provenance; the audit and the citation of a metric stand in `provenance`",
)];

/// Where Chinese may stand in code, each with the reason. Nowhere else: a sentence that people read stands in `words`, in two
/// languages side by side. What has none any more must leave the list.
const CHINESE: &[(&str, &str)] = &[
    ("words", "every sentence in two languages"),
    ("metric/indicator.rs", "one table has all names of an indicator"),
    ("metric/stated.rs", "a grammar: what people write around a value is read"),
    ("provenance/notation", "a grammar: its words are read as well as written"),
    ("bin", "its sentences are still on their way to `words`"),
];

/// The most lines of a file.
const MOST_LINES: usize = 400;

/// What is written by hand. Golden files and data are not.
const SOURCES: [&str; 6] = ["rs", "sh", "py", "css", "wat", "rego"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else if path.extension().is_some_and(|extension| SOURCES.iter().any(|source| extension == *source)) {
            found.push(path);
        }
    }
}

/// What the library's modules import from each other: (who, from whom, in which file).
fn imports() -> BTreeSet<(String, String, String)> {
    let source = root().join("src");
    let exported = exports(&fs::read_to_string(source.join("lib.rs")).unwrap());
    let mut files = Vec::new();
    files_below(&source, &mut files);
    let mut all = BTreeSet::new();
    for file in files {
        let inside = file.strip_prefix(&source).unwrap();
        let mut module: Vec<_> = inside.iter().map(|part| part.to_str().unwrap().trim_end_matches(".rs")).collect();
        if inside.extension().is_none_or(|extension| extension != "rs")
            || ["bin", "lib"].contains(&module[0])
            || module.last() == Some(&"tests")
        {
            continue;
        }
        if module.last() == Some(&"mod") {
            module.pop();
        }
        let text = without_tests(&without_comments_and_strings(&fs::read_to_string(&file).unwrap()));
        for name in names_at_the_root(&text, module.len()) {
            let from = exported.get(&name).unwrap_or(&name).clone();
            if from != module[0] {
                all.insert((module[0].to_owned(), from, inside.display().to_string()));
            }
        }
    }
    all
}

/// Which module each name of the crate's root is re-exported from.
fn exports(lib: &str) -> BTreeMap<String, String> {
    let text = without_comments_and_strings(lib);
    let mut found = BTreeMap::new();
    for part in text.split("pub use ").skip(1) {
        let (path, _) = part.split_once(';').unwrap();
        let (module, names) = path.trim().split_once("::").unwrap();
        for name in names.split(['{', '}', ',', ' ', '\n']).filter(|name| !name.is_empty()) {
            found.insert(name.to_owned(), module.to_owned());
        }
    }
    found
}

/// Comments and the content of strings are no imports.
fn without_comments_and_strings(text: &str) -> String {
    stripped(text, false)
}

fn without_comments(text: &str) -> String {
    stripped(text, true)
}

fn stripped(text: &str, keeps_strings: bool) -> String {
    let mut kept = String::new();
    for line in text.lines() {
        let mut quoted = false;
        let mut characters = line.chars().peekable();
        while let Some(c) = characters.next() {
            match c {
                '\\' if quoted => drop(characters.next()),
                '\'' if !quoted && characters.peek() == Some(&'"') => drop(characters.next()),
                '"' => quoted = !quoted,
                '/' if !quoted && characters.peek() == Some(&'/') => break,
                _ if !quoted || keeps_strings => kept.push(c),
                _ => {}
            }
        }
        kept.push('\n');
    }
    kept
}

/// Leaves out each item behind `#[cfg(test)]`: up to its closing brace, or its semicolon.
fn without_tests(text: &str) -> String {
    let mut parts = text.split("#[cfg(test)]");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (mut depth, mut end) = (0, part.len());
        for (at, c) in part.char_indices() {
            depth += i32::from(c == '{') - i32::from(c == '}');
            if depth <= 0 && (c == '}' || c == ';') {
                end = at + 1;
                break;
            }
        }
        kept.push_str(&part[end..]);
    }
    kept
}

/// The names that a file takes from the crate's root, by `crate::` or by as many `super::` as its module is deep.
fn names_at_the_root(text: &str, depth: usize) -> BTreeSet<String> {
    let climbing = "super::".repeat(depth);
    let mut found = BTreeSet::new();
    for prefix in ["crate::", &climbing] {
        for (at, _) in text.match_indices(prefix) {
            let before = text[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            found.extend(heads(&text[at + prefix.len()..]));
        }
    }
    found.remove("super");
    found
}

/// The first name of each branch of a path: one, or those in braces.
fn heads(path: &str) -> Vec<String> {
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    if !path.starts_with('{') {
        return vec![name(path)];
    }
    let (mut depth, mut heads, mut begins) = (0, Vec::new(), true);
    for (at, c) in path.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => begins = true,
            _ if depth == 1 && begins && (c.is_alphanumeric() || c == '_') => {
                heads.push(name(&path[at..]));
                begins = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    heads
}

#[test]
fn imports_go_down() {
    let rank = |module: &str| {
        let found = ORDER.iter().position(|other| *other == module);
        found.unwrap_or_else(|| panic!("module {module} has no place in the order: give it one in tests/layers.rs"))
    };
    let imports = imports();
    assert!(imports.len() > 50, "the reader has lost its way: {imports:?}");
    let is_exception = |who: &str, from: &str| EXCEPTIONS.iter().any(|(a, b, _)| (*a, *b) == (who, from));
    let up: Vec<_> = imports
        .iter()
        .filter(|(who, from, _)| rank(from) > rank(who) && !is_exception(who, from))
        .map(|(who, from, file)| format!("{file}: {who} imports {from}, which is above it"))
        .collect();
    assert!(up.is_empty(), "{}", up.join("\n"));
    for (who, from, why) in EXCEPTIONS {
        let stands = imports.iter().any(|(a, b, _)| (a.as_str(), b.as_str()) == (*who, *from));
        assert!(stands, "{who} imports {from} no more ({why}): take it off the exceptions");
    }
    for module in ORDER {
        let file = root().join("src").join(module);
        assert!(file.is_dir() || file.with_extension("rs").is_file(), "there is no module {module}");
    }
}

#[test]
fn the_reader_sees_every_way_to_import() {
    let text = without_tests(&without_comments_and_strings(
        "use crate::{\n    alpha::{One, Two},\n    beta, Gamma, // crate::comment\n};\nlet x = crate::delta::f(\"crate::string\");\n\
         #[cfg(test)]\nmod tests { use crate::epsilon; fn f() {} }\nuse super::super::zeta::Z;\nuse super::inside;",
    ));
    let seen: Vec<_> = names_at_the_root(&text, 2).into_iter().collect();
    assert_eq!(seen, ["Gamma", "alpha", "beta", "delta", "zeta"]);
}

#[test]
fn sentences_in_two_languages_stand_in_words() {
    let source = root().join("src");
    let mut files = Vec::new();
    files_below(&source, &mut files);
    let rust = files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
    let chinese = rust.flat_map(|file| {
        let inside = file.strip_prefix(&source).unwrap().to_owned();
        chinese_in(&fs::read_to_string(file).unwrap()).into_iter().map(move |line| (inside.clone(), line))
    });
    let mut used = BTreeSet::new();
    let mut elsewhere = Vec::new();
    for (file, line) in chinese {
        match CHINESE.iter().find(|(place, _)| file.starts_with(place)) {
            Some((place, _)) => drop(used.insert(*place)),
            None => elsewhere.push(format!("src/{}:{line}", file.display())),
        }
    }
    assert!(elsewhere.is_empty(), "put these sentences into src/words, both languages:\n{}", elsewhere.join("\n"));
    for (place, _) in CHINESE {
        assert!(used.contains(place), "there is no Chinese in src/{place} any more: take it off the list");
    }
}

/// The lines of code with Chinese in them, from 1. Comments may show it, and so may tests, which stand at the end of a file.
fn chinese_in(text: &str) -> Vec<usize> {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let has_chinese = |line: &str| line.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let lines = without_comments(code);
    lines.lines().enumerate().filter(|(_, line)| has_chinese(line)).map(|(at, _)| at + 1).collect()
}

#[test]
fn chinese_is_found_in_code_alone() {
    let text = "//! 中文\nlet a = 1; // 中文\nlet b = \"https://中文\"; // after\nlet c = '万';\n#[cfg(test)]\nmod tests {\n    \"中文\"";
    assert_eq!(chinese_in(text), [3, 4]);
}

#[test]
fn no_file_is_long() {
    let mut files = Vec::new();
    for directory in ["src", "tests", "benches", "tools", "examples", "build"] {
        files_below(&root().join(directory), &mut files);
    }
    files.push(root().join("build.rs"));
    let lines = |file: &PathBuf| fs::read_to_string(file).unwrap().lines().count();
    let long: Vec<_> = files.iter().map(|file| (file, lines(file))).filter(|(_, lines)| *lines > MOST_LINES).collect();
    assert!(long.is_empty(), "more than {MOST_LINES} lines: {long:?}");
}
