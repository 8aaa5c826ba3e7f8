//! There is one so that what it depends on is built for the machine that builds, too.
fn main() {}
