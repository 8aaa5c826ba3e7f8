//! The citation, in either language: what is printed is read as the same.
#![no_main]

use runtime_baseline::{Citation, Language};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(citation) = text.parse::<Citation>() else { return };
    for language in Language::ALL {
        let printed = citation.display(language).to_string();
        assert_eq!(printed.parse::<Citation>().as_ref(), Ok(&citation), "{printed}");
        // Less exact, and still a citation.
        let rounded = citation.display(language).rounded().to_string();
        rounded.parse::<Citation>().expect(&rounded);
    }
});
