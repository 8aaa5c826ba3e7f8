//! The definitions in the README are those of the library.

use std::{fmt::Write, fs, path::Path};

use runtime_baseline::{Indicator, Language, Temperature};

const BEGIN: &str = "<!-- definitions: begin -->\n";
const END: &str = "<!-- definitions: end -->\n";

/// What is defined for figures from elsewhere and not measured here, so that it does not stand in the README.
const NOT_MEASURED: [Indicator; 1] = [Indicator::WorkloadSize];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The list as the README has it: a line for each indicator that is measured, then one for each temperature.
fn made() -> String {
    let measured = Indicator::ALL.iter().filter(|indicator| !NOT_MEASURED.contains(indicator));
    let indicators = measured.map(|indicator| (indicator.label(), indicator.definition(Language::English)));
    let temperatures = [Temperature::Cold, Temperature::Precompiled, Temperature::Warm];
    let temperatures =
        temperatures.map(|temperature| (temperature.as_str(), temperature.definition(Language::English)));
    let mut text = String::new();
    for (name, definition) in indicators.chain(temperatures) {
        writeln!(text, "- **{name}**: {definition}").unwrap();
    }
    text
}

#[test]
fn the_readme_defines_each_number_as_the_library_does() {
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).expect("the README has a line where the definitions begin");
    let (found, after) = rest.split_once(END).expect("the README has a line where the definitions end");
    let made = made();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{made}{END}{after}")).unwrap();
        return;
    }
    let differing = made.lines().find(|line| !found.lines().any(|other| other == *line));
    assert!(
        found == made,
        "the README's definitions are not those of src/words/definition.rs; the first that it lacks: {differing:?}\n\
         Change them there, in both languages, and write the README anew:\n\
         UPDATE=1 cargo test --no-default-features --test words"
    );
}

/// Whoever begins to measure one is told to take it off the list.
#[test]
fn what_the_readme_leaves_out_is_measured_by_no_plan() {
    let mut directories = vec![root().join("src/plans")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let measured = NOT_MEASURED.iter().find(|indicator| text.contains(&format!("Indicator::{indicator:?}")));
            assert_eq!(measured, None, "{} measures it: take it off NOT_MEASURED", path.display());
        }
    }
}
