//! A generator that generates nothing: see ../README.md.

use std::{io, path::PathBuf};

/// Why.
#[derive(Debug)]
pub struct Error;

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("bindings are not generated here: build by tools/cargo.sh, or run `. target/wasmedge/env` first")
    }
}

impl std::error::Error for Error {}

/// What would be told of files that were read.
#[derive(Debug)]
pub struct CargoCallbacks;

impl CargoCallbacks {
    /// For nobody.
    #[allow(clippy::new_without_default, reason = "the real one has none that is used")]
    pub fn new() -> Self {
        Self
    }
}

/// Bindings to be.
#[derive(Debug)]
pub struct Builder;

/// Bindings that nobody gets.
#[derive(Debug)]
pub struct Bindings;

/// Bindings to be.
pub fn builder() -> Builder {
    Builder
}

impl Builder {
    /// Of a header.
    pub fn header(self, _path: String) -> Self {
        self
    }

    /// With an option.
    pub fn clang_arg(self, _argument: impl Into<String>) -> Self {
        self
    }

    /// With an option.
    pub fn prepend_enum_name(self, _wanted: bool) -> Self {
        self
    }

    /// With an option.
    pub fn dynamic_link_require_all(self, _wanted: bool) -> Self {
        self
    }

    /// With an option.
    pub fn allowlist_item(self, _pattern: &str) -> Self {
        self
    }

    /// With an option.
    pub fn layout_tests(self, _wanted: bool) -> Self {
        self
    }

    /// With an option.
    pub fn parse_callbacks(self, _callbacks: Box<CargoCallbacks>) -> Self {
        self
    }

    /// Generates nothing.
    pub fn generate(self) -> Result<Bindings, Error> {
        Err(Error)
    }
}

impl Bindings {
    /// Writes nothing.
    pub fn write_to_file(&self, _path: PathBuf) -> io::Result<()> {
        Err(io::Error::other(Error))
    }
}
