//! The servers of stores: programs that the step `stores` of the set-up brings, and that answer to `--version`.

use crate::{
    Subject,
    adapter::Refusal,
    process::program::{Program, Sought, version_in},
};

/// The program of that name, or the one that `variable` names; `read` finds the version in what it answers.
pub(super) fn find(
    subject: &Subject,
    name: &str,
    variable: &str,
    read: fn(&str) -> Option<&str>,
) -> Result<Program, Refusal> {
    let remedy = format!("run tools/setup.sh stores, or name one in {variable}");
    let read = version_in(read);
    Sought { name, variable, step: "stores", remedy: &remedy, version_by: "--version", read: &read }.find(subject)
}
