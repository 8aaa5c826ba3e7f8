//! The servers of stores: programs that the step `stores` of the set-up brings, and that answer to `--version`.

use crate::{
    Subject,
    adapter::Refusal,
    process::program::{Program, Sought},
};

/// The program of that name, or the one that `variable` names; `read` finds the version in what it answers.
pub(super) fn find(
    subject: &Subject,
    name: &str,
    variable: &str,
    read: fn(&str) -> Option<&str>,
) -> Result<Program, Refusal> {
    let remedy = format!("run tools/setup.sh stores, or name one in {variable}");
    let none = || "what it answers to --version is no version of it".to_owned();
    let read = |said: &str| read(said).map(str::to_owned).ok_or_else(none);
    Sought { name, variable, step: "stores", remedy: &remedy, version_by: "--version", read: &read }.find(subject)
}
