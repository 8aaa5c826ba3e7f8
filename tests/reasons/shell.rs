//! Reads what a script says: the words in double quotes, with `{}` for what the shell puts in.

use std::{iter::Peekable, str::Chars};

/// What stands in quotes behind `marks`, and what is said in place of a variable that is empty.
pub fn said(script: &str, marks: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for line in script.lines().filter(|line| !line.trim_start().starts_with('#')) {
        for (at, mark) in marks.iter().flat_map(|mark| line.match_indices(mark)) {
            let mut rest = line[at + mark.len()..].chars().peekable();
            while rest.next_if_eq(&'"').is_some() {
                let words = quoted(&mut rest, '"', &mut found);
                found.push(words);
                while rest.next_if_eq(&' ').is_some() {}
            }
        }
    }
    found
}

/// The words up to `close`.
fn quoted(rest: &mut Peekable<Chars>, close: char, found: &mut Vec<String>) -> String {
    let mut text = String::new();
    while let Some(c) = rest.next() {
        match c {
            '\\' => text.extend(rest.next()),
            '$' => {
                text.push_str("{}");
                variable(rest, found);
            }
            c if c == close => break,
            c => text.push(c),
        }
    }
    text
}

/// What follows a dollar sign: a name, one in braces, or a command.
fn variable(rest: &mut Peekable<Chars>, found: &mut Vec<String>) {
    match rest.peek() {
        Some('{') => {
            rest.next();
            let inside = quoted(rest, '}', found);
            found.extend(inside.split_once(":-").map(|(_, words)| words.to_owned()));
        }
        Some('(') => {
            let mut depth = 0;
            for c in rest.by_ref() {
                depth += i32::from(c == '(') - i32::from(c == ')');
                if depth == 0 {
                    break;
                }
            }
        }
        Some('*') => drop(rest.next()),
        _ => while rest.next_if(|c| c.is_alphanumeric() || *c == '_').is_some() {},
    }
}

#[test]
fn the_reader_takes_what_is_in_quotes_and_leaves_holes() {
    let script = r#"
# because "a comment that says something"
[ -f "$x" ] || { because "no $x in ${y:-this place}: $(last "$x" | tail)"; return 1; }
note "$name" "one thing" "another $*"
"#;
    let found = said(script, &["because ", "note "]);
    assert_eq!(found, ["this place", "no {} in {}: {}", "{}", "one thing", "another {}"]);
}
