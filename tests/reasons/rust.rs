//! Reads what a file of Rust hands to a row: the words of the literals, with `{}` for what a format puts in.

/// A text between quotes: where its opening quote stands, and its words.
struct Literal {
    begin: usize,
    words: String,
}

/// What the code hands to `marks`: a call, which ends with its bracket, a name that something is given to, or a field.
pub fn handed(code: &str, marks: &[&str]) -> Vec<String> {
    let code = code.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let (blank, literals) = read(code);
    let text = String::from_utf8(blank.clone()).unwrap();
    let mut found = Vec::new();
    for mark in marks {
        for (at, _) in text.match_indices(mark) {
            let goes_on = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            if mark.starts_with(char::is_alphanumeric) && at > 0 && goes_on(blank[at - 1]) {
                continue;
            }
            let begin = at + mark.len();
            let ends = match mark.as_bytes().last() {
                Some(b'=') => b';',
                Some(b':') => b',',
                _ => b')',
            };
            let end = end(&blank, begin, ends);
            // What names a thing is no sentence.
            let is_name =
                |one: &Literal| ["expect(", "join(", "contains("].iter().any(|call| text[..one.begin].ends_with(call));
            let inside = literals.iter().filter(|one| (begin..end).contains(&one.begin) && !is_name(one));
            found.extend(inside.map(|one| one.words.clone()));
        }
    }
    found
}

/// Where `ends` stands next outside of brackets that open later, or what is around closes.
fn end(code: &[u8], begin: usize, ends: u8) -> usize {
    let mut depth = 0;
    for (at, byte) in code.iter().enumerate().skip(begin) {
        if depth == 0 && (*byte == ends || b")]}".contains(byte)) {
            return at;
        }
        depth += i32::from(b"([{".contains(byte)) - i32::from(b")]}".contains(byte));
    }
    code.len()
}

/// The code with blanks for its comments and for what is between quotes, in the same length, and the literals.
fn read(code: &str) -> (Vec<u8>, Vec<Literal>) {
    let (bytes, mut blank, mut literals) = (code.as_bytes(), code.as_bytes().to_vec(), Vec::new());
    let mut at = 0;
    while at < bytes.len() {
        let begin = at;
        match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => {
                at += bytes[at..].iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len() - at);
                blank[begin..at].fill(b' ');
            }
            // A character, and no lifetime.
            b'\'' if bytes.get(at + 1) == Some(&b'\\') => {
                at += 3 + bytes[at + 3..].iter().position(|byte| *byte == b'\'').unwrap_or_default() + 1;
                blank[begin..at].fill(b' ');
            }
            b'\'' if code[at + 1..].chars().nth(1) == Some('\'') => {
                at += 2 + code[at + 1..].chars().next().map_or(0, char::len_utf8);
                blank[begin..at].fill(b' ');
            }
            b'"' => {
                let (raw, close) = match &code[..at] {
                    before if before.ends_with("r#") => (true, "\"#"),
                    before => (before.ends_with('r'), "\""),
                };
                at += 1;
                while !code.as_bytes()[at..].starts_with(close.as_bytes()) {
                    at += 1 + usize::from(!raw && bytes[at] == b'\\');
                }
                literals.push(Literal { begin, words: words(&code[begin + 1..at], raw) });
                blank[begin + 1..at].fill(b' ');
                at += 1;
            }
            _ => at += 1,
        }
    }
    (blank, literals)
}

fn words(inside: &str, raw: bool) -> String {
    let mut text = String::new();
    let mut rest = inside.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' if !raw => match rest.next() {
                Some('\n') => while rest.next_if(|c| c.is_whitespace()).is_some() {},
                other => text.extend(other),
            },
            '{' | '}' if rest.next_if_eq(&c).is_some() => text.push(c),
            '{' => {
                text.push_str("{}");
                while rest.next().is_some_and(|c| c != '}') {}
            }
            c => text.push(c),
        }
    }
    text
}

#[test]
fn the_reader_takes_what_is_handed_and_nothing_else() {
    let code = r##"
        // refuse("a comment that says something")
        fn f<'a>() { refuse(&it, format!("no {name:?} of \"{}\" \
            here", '"'), "two words"); other("not this one") }
        let reason = match x { A => "first words", _ => "other words" }; let y = "not this one";
        T { reason: "a field's words".into(), other: "not this one" }
        refuse("x".parse().expect("not this one")); irrefuse("not this one");
        #[cfg(test)]
mod tests { refuse("not this one") }"##;
    let mut found = handed(code, &["refuse(", "let reason =", "reason:"]);
    found.sort();
    assert_eq!(found, ["a field's words", "first words", "no {} of \"{}\" here", "other words", "two words", "x"]);
}
