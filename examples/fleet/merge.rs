//! Many nodes' baselines as one.

use std::{error::Error, fs, path::Path};

use runtime_baseline::{Baseline, report::Report};

/// What became of the figures of one node.
#[derive(Debug, PartialEq, Eq)]
pub struct Node {
    /// How many it brought.
    pub figures: usize,
    /// How many are not in the whole: of each, a node of the same hardware had a figure as well, and the later one stays.
    pub superseded: usize,
}

/// Merges the baselines of the nodes' directories, and their samples, into that of `together`, and writes its report.
pub fn merge(together: &Path, nodes: &[&str]) -> Result<Vec<Node>, Box<dyn Error>> {
    fs::create_dir_all(together.join("samples"))?;
    let file = together.join("baseline.json");
    let mut all = Vec::new();
    for node in nodes.iter().map(Path::new) {
        let baseline = Baseline::load(node.join("baseline.json"))?;
        // A name has the hash of what the file holds, so that equal names are equal files.
        for samples in fs::read_dir(node.join("samples")).into_iter().flatten() {
            let samples = samples?;
            fs::copy(samples.path(), together.join("samples").join(samples.file_name()))?;
        }
        let figures = baseline.metrics().len();
        let superseded = baseline.merge_into(&file)?.superseded.len();
        println!("{}: {figures} figures, {superseded} superseded by or of a node of the same hardware", node.display());
        all.push(Node { figures, superseded });
    }
    let whole = Baseline::load(&file)?;
    Report::of(&whole).with_raw_data(together).save(together)?;
    println!("{} figures, report in {}", whole.metrics().len(), together.join("report.html").display());
    Ok(all)
}
