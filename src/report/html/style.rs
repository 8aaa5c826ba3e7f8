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

/// The sheet's digest, base64 of SHA-256: a test says what it is after a change.
const DIGEST: &str = "Xhg1pslnJo6lkLZv5fOXYj5bDBGUP57CQ56HN4YD6pw=";

/// Nothing but the page's own styles: no script, no picture, no address, whatever a baseline says.
pub(super) fn policy() -> String {
    format!("default-src 'none'; style-src 'sha256-{DIGEST}'; base-uri 'none'; form-action 'none'")
}

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

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_policy_names_the_sheet() {
        assert_eq!(base64(&Sha256::digest(sheet())), DIGEST, "the sheet changed: write the left one");
    }

    fn base64(bytes: &[u8]) -> String {
        const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for chunk in bytes.chunks(3) {
            let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            for i in 0..4 {
                let letter = LETTERS[(bits >> (18 - 6 * i) & 63) as usize] as char;
                text.push(if i <= chunk.len() { letter } else { '=' });
            }
        }
        text
    }

    /// Relative luminance and contrast ratio as WCAG 2.2 defines them.
    fn contrast(a: &str, b: &str) -> f64 {
        let luminance = |colour: &str| {
            let channel = |i: usize| {
                let value = u8::from_str_radix(&colour[i..i + 2], 16).unwrap();
                let share = f64::from(value) / 255.0;
                if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_colour_can_be_read_on_its_ground() {
        assert!((contrast("#ffffff", "#000000") - 21.0).abs() < 1e-9);
        let find = |name: &str| PALETTE.into_iter().find(|colour| colour.0 == name).unwrap();
        for ground in ["ground", "raised"].map(find) {
            for (name, light, dark) in PALETTE {
                // AA for words is 4.5, for the parts of a drawing 3; rules only guide the eye.
                let least = match name {
                    "ground" | "raised" | "rule" => continue,
                    name if name.starts_with("ink-") => 3.0,
                    "text" => 7.0,
                    _ => 4.5,
                };
                for ratio in [contrast(light, ground.1), contrast(dark, ground.2)] {
                    assert!(ratio >= least, "{name} on {}: {ratio:.2}", ground.0);
                }
            }
        }
    }

    #[test]
    fn the_rules_name_colours_of_the_palette_alone() {
        for use_of in RULES.split("var(--").skip(1) {
            let name = use_of.split(')').next().unwrap();
            assert!(PALETTE.iter().any(|colour| colour.0 == name), "{name}");
        }
        assert!(!RULES.contains('#'), "a colour outside the palette is not dark in the dark");
    }
}
