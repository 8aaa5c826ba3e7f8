//! The three lines of an environment, in either language: what is printed is read as the same.
#![no_main]

use runtime_baseline::{Environment, Language};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(environment) = text.parse::<Environment>() else { return };
    for language in Language::ALL {
        let printed = environment.block(language).to_string();
        assert_eq!(printed.parse::<Environment>().as_ref(), Ok(&environment), "{printed}");
        let rounded = environment.block(language).rounded().to_string();
        rounded.parse::<Environment>().expect(&rounded);
    }
});
