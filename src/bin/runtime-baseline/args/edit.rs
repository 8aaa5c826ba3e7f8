//! The arguments of `edit`.

use std::path::PathBuf;

use clap::{ArgGroup, Parser};
use runtime_baseline::{Isolation, Quantity, Temperature, Unit};

use super::{BASELINE, Selection};

/// Says of figures what their record does not say yet. A record that already says something else, or whose own noise
/// contradicts it, is named, and then nothing is changed.
#[derive(Parser, Debug)]
#[command(group = ArgGroup::new("which").args(["all", "indicator", "subject"]).multiple(true).required(true))]
#[command(group = ArgGroup::new("what").multiple(true).required(true).args([
    "load", "concurrency", "isolation", "transport", "workload", "temperature",
    "cpu", "cores", "memory", "storage", "os", "kernel",
]))]
#[command(after_help = "\
Example:
  runtime-baseline edit --subject crun --load idle --concurrency 1")]
pub struct Edit {
    /// The baseline
    #[arg(default_value = BASELINE)]
    pub baseline: PathBuf,
    #[command(flatten)]
    pub selection: Selection,
    /// Every figure of the baseline
    #[arg(long, conflicts_with_all = ["indicator", "subject"])]
    pub all: bool,
    /// Put it in place of what the record says now, where that was wrong
    #[arg(long)]
    pub replace: bool,
    /// What else the machine did, such as idle
    #[arg(long)]
    pub load: Option<String>,
    /// How many ran at the same time
    #[arg(long)]
    pub concurrency: Option<u32>,
    /// What stood between the workload and its host: none, in-process, process, container, wasm-in-container
    #[arg(long)]
    pub isolation: Option<Isolation>,
    /// How the subject was reached, where that was not a function call, such as http-loopback
    #[arg(long)]
    pub transport: Option<String>,
    /// The workload or policy that ran
    #[arg(long)]
    pub workload: Option<String>,
    /// What had been prepared before the clock started: cold, precompiled, warm
    #[arg(long, value_parser = temperature)]
    pub temperature: Option<Temperature>,
    /// CPU model
    #[arg(long)]
    pub cpu: Option<String>,
    /// Number of cores
    #[arg(long)]
    pub cores: Option<u32>,
    /// Memory, such as '8 GB' or '16 GiB'
    #[arg(long, value_parser = bytes)]
    pub memory: Option<u64>,
    /// Storage device and file system
    #[arg(long)]
    pub storage: Option<String>,
    /// Operating system and its version
    #[arg(long)]
    pub os: Option<String>,
    /// Kernel release
    #[arg(long)]
    pub kernel: Option<String>,
}

fn temperature(text: &str) -> Result<Temperature, String> {
    let all = [Temperature::Cold, Temperature::Precompiled, Temperature::Warm];
    all.into_iter().find(|t| t.as_str() == text).ok_or_else(|| "write cold, precompiled or warm".into())
}

fn bytes(text: &str) -> Result<u64, String> {
    let quantity: Quantity = text.parse().map_err(|error: runtime_baseline::QuantityError| error.to_string())?;
    let size = quantity.as_u64().filter(|_| quantity.unit() == Unit::Bytes);
    size.ok_or_else(|| "write a size, such as 8 GB".into())
}
