//! What the targets of importers share: files in memory, and what must hold of whatever was imported.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use runtime_baseline::{
    Component, Indicator, Provenance, Source, SourceKind,
    exchange::{ExchangeError, Import, Imported, to_bencher, to_csv, to_openmetrics},
    fuzzing::{baseline, baseline_file},
};
use tempfile::TempDir;

/// A directory for one input. What a target that was ended left goes with the whole of `TMPDIR`, which `tools/fuzz.sh` makes.
pub fn directory() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

/// Writes a file, with the directories that it lies in.
#[allow(dead_code, reason = "each target uses its part")]
pub fn write(path: &Path, content: &[u8]) {
    fs::create_dir_all(path.parent().expect("below a directory")).expect("directories");
    fs::write(path, content).expect("a file");
}

/// The parts of an input, which a line `====` separates.
#[allow(dead_code, reason = "each target uses its part")]
pub fn parts<const N: usize>(input: &str) -> [Option<&str>; N] {
    let mut parts = input.split("\n====\n");
    std::array::from_fn(|_| parts.next())
}

/// An import of times, as somebody at the command line would start it.
#[allow(dead_code, reason = "each target uses its part")]
pub fn import(indicator: Indicator) -> Import {
    let source = Source::new(SourceKind::Benchmark, "tool 1.0.0, benches/it").expect("a source");
    let component = Component::new("tool", "1.0.0").expect("a component");
    let provenance = Provenance::new(source, component, "2026-11-23".parse().expect("a date"));
    Import::new(indicator, provenance).expect("a time")
}

/// What was imported can be stored, exported and read again.
#[allow(dead_code, reason = "each target uses its part")]
pub fn check(imported: Result<Imported, ExchangeError>) {
    let imported = match imported {
        Ok(imported) => imported,
        Err(error) => {
            // It names the file.
            let said = error.to_string();
            assert!(!said.is_empty());
            return;
        }
    };
    imported.notes.iter().for_each(|note| drop(note.to_string()));
    let file = baseline_file(&imported.baseline).expect("it can be stored");
    assert_eq!(baseline(&file).expect("it can be read"), imported.baseline);
    drop((to_csv(&imported.baseline), to_bencher(&imported.baseline), to_openmetrics(&imported.baseline)));
}

/// A file with this content: one for all inputs, since making and removing one takes as long as reading it does.
#[allow(dead_code, reason = "each target uses its part")]
pub fn file(content: &[u8]) -> &'static Path {
    static FILE: LazyLock<PathBuf> = LazyLock::new(|| directory().keep().join("file"));
    fs::write(&*FILE, content).expect("a file");
    &FILE
}
