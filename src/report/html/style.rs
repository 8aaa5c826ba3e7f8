//! The page's look: one palette for light and one for dark, and no colour that says what nothing else says.

use std::{fmt::Write, sync::LazyLock};

/// A colour's name in the sheet, on light ground, and on dark.
pub(super) const PALETTE: [(&str, &str, &str); 15] = [
    ("ground", "#fdfdfb", "#15171a"),
    ("raised", "#f4f4f0", "#1e2125"),
    ("text", "#1c1e21", "#e4e6e8"),
    ("quiet", "#5b6067", "#a3a9b1"),
    ("rule", "#d9d9d3", "#353a41"),
    ("link", "#1f56a5", "#8ab4f2"),
    ("good", "#1b6b3a", "#7fd1a0"),
    ("bad", "#a32020", "#f29a94"),
    ("warning", "#7a5200", "#e3bd6c"),
    ("ink-0", "#24589c", "#86b3ee"),
    ("ink-1", "#a3470f", "#f0a170"),
    ("ink-2", "#1b6b3a", "#7fd1a0"),
    ("ink-3", "#7a3a8c", "#cf9be0"),
    ("ink-4", "#5b6067", "#b4bac2"),
    ("ink-5", "#8a6100", "#dfc06a"),
];

/// The rules, which name colours of the palette alone.
const RULES: &str = include_str!("page.css");

/// The whole style sheet.
pub(super) fn sheet() -> &'static str {
    static SHEET: LazyLock<String> = LazyLock::new(|| {
        let colours = |which: fn(&(&str, &'static str, &'static str)) -> &'static str| {
            PALETTE.iter().fold(String::new(), |mut text, colour| {
                // Writing to a string does not fail.
                let _ = write!(text, "--{}:{};", colour.0, which(colour));
                text
            })
        };
        let (light, dark) = (colours(|c| c.1), colours(|c| c.2));
        format!(
            ":root{{color-scheme:light dark;{light}}}\n\
             @media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n\
             @media print{{:root{{color-scheme:light}}}}\n{RULES}"
        )
    });
    &SHEET
}
