//! Files of raw data: named by their content, and found again below their baseline's directory.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::whole_file::{WriteError, write_text};

/// The directory of raw data, beside the baseline that names it.
const DIRECTORY: &str = "samples";
/// So many characters of a name leave room for the rest within the 255 bytes that file systems allow.
const LONGEST_STEM: usize = 200;

/// Saves `text` as `samples/<stem>.<hash>.csv` below `directory`, and returns that path. The hash is the first 16 hex
/// digits of the text's SHA-256, so no other text has the name, and the same text again is the same file.
///
/// # Errors
/// [`WriteError`] names the file or the directory.
pub(super) fn save(directory: &Path, stem: &str, text: &str) -> Result<PathBuf, WriteError> {
    let hash = Sha256::digest(text.as_bytes());
    let name = hash[..8].iter().fold(safe(stem), |name, byte| name + &format!("{byte:02x}"));
    let relative = Path::new(DIRECTORY).join(name + ".csv");
    let path = directory.join(&relative);
    if fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(relative);
    }
    let below = directory.join(DIRECTORY);
    fs::create_dir_all(&below).map_err(|source| WriteError::Io {
        action: "make the directory",
        path: below,
        source,
    })?;
    write_text(&path, text)?;
    Ok(relative)
}

/// The file that a metric names, below its baseline's directory. A baseline may come from elsewhere: it names files below
/// its own directory or none at all.
pub(crate) fn file_below(directory: &Path, path: &Path) -> Option<PathBuf> {
    let below = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    below.then(|| directory.join(path))
}

/// The stem as the beginning of a file's name, with the point that ends it.
fn safe(stem: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || "-_.+".contains(c) { c } else { '_' };
    let name: String = stem.chars().take(LONGEST_STEM).map(kept).collect();
    // A leading point would hide the file.
    match name.trim_start_matches('.') {
        "" => String::new(),
        name => format!("{name}."),
    }
}
