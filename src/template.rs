//! Sentences with holes for what was found: written, and known again by the words around the holes. What is stored is English;
//! whoever reads Chinese gets the same sentence in Chinese, with the same in its holes.

/// A hole. In the language that it is said in again, a hole may have the number of the one that it repeats, from 0: `{1}`.
pub(crate) const HOLE: &str = "{}";

/// The sentence, with what was found in its holes.
pub(crate) fn fill<S: AsRef<str>>(form: &str, found: &[S]) -> String {
    let (mut text, mut rest, mut next) = (String::new(), form, 0);
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((number, after)) = after.split_once('}') else { break };
        let place = number.parse().unwrap_or(next);
        next += 1;
        text.push_str(found.get(place).map_or("", AsRef::as_ref));
        rest = after;
    }
    text + rest
}

/// What stands in the holes of `form`, where it is this sentence's.
pub(crate) fn holes<'a>(form: &str, sentence: &'a str) -> Option<Vec<&'a str>> {
    let Some((first, others)) = form.split_once(HOLE) else { return (form == sentence).then(Vec::new) };
    let (between, last) = others.rsplit_once(HOLE).map_or((None, others), |(between, last)| (Some(between), last));
    // Both ends first: most sentences are told apart by them.
    let mut rest = sentence.strip_prefix(first)?.strip_suffix(last)?;
    let mut found = Vec::new();
    for piece in between.into_iter().flat_map(|between| between.split(HOLE)) {
        // The first of its words, which loses nothing where there is one.
        let (hole, after) = rest.split_once(piece)?;
        found.push(hole);
        rest = after;
    }
    found.push(rest);
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_known_again_by_what_stands_around_its_holes() {
        for (form, sentence, found) in [
            ("no {} here", "no crun here", Some(vec!["crun"])),
            ("no {} here", "no here here", Some(vec!["here"])),
            ("{} of {}", "1 of 2 of 3", Some(vec!["1", "2 of 3"])),
            ("{}: {} ends", "a: b ends: c ends", Some(vec!["a", "b ends: c"])),
            ("plain", "plain", Some(vec![])),
            ("plain", "plain!", None),
            ("no {} here", "no crun", None),
            ("no {}", "yes", None),
        ] {
            assert_eq!(holes(form, sentence), found, "{form}");
        }
    }

    #[test]
    fn holes_are_filled_in_their_order_or_by_their_numbers() {
        assert_eq!(fill("{} of {}.", &["a{}", "b"]), "a{} of b.");
        assert_eq!(fill("{1} has {0}", &["a", "b"]), "b has a");
        assert_eq!(fill("none", &["a"]), "none");
        assert_eq!(fill("{} and {}", &["a"]), "a and ");
    }
}
