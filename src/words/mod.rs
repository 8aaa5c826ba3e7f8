//! Every sentence, in two languages.

pub(crate) mod report;
