//! The same figures on each node of a cluster, and the nodes beside each other: a DaemonSet measures, each node keeps its
//! baseline, and one command makes one baseline of all.
//!
//! ```text
//! cargo build --release --example fleet                      # then the image: examples/fleet/Containerfile
//! kubectl apply --filename examples/fleet/daemonset.json
//! kubectl rollout status daemonset/runtime-baseline          # a pod is ready when its node has measured
//! for pod in $(kubectl get pods --selector app=runtime-baseline --output name); do
//!   node=nodes/$(kubectl get "$pod" --output 'jsonpath={.spec.nodeName}')
//!   mkdir -p "$node" && kubectl exec "$pod" -- tar -c -C /baseline . | tar -x -C "$node"
//! done
//! cargo run --example fleet -- merge together nodes/*        # one baseline of all, and its report
//! kubectl delete --filename examples/fleet/daemonset.json    # each node keeps /var/lib/runtime-baseline
//! ```
//!
//! What a node is known by is its hardware: CPU, cores, memory, storage, virtualization and limits. Nodes of one type are one
//! machine to a baseline, and of two figures of one machine the later stays; how many were so is said at the merge. Nothing
//! else should run on a node while it measures: the figures say how busy it was.

mod merge;

use std::{env, path::Path, process::ExitCode, thread};

use runtime_baseline::{
    experiment::{Experiment, Pass},
    plans::Startup,
};

const USAGE: &str = "usage: fleet measure DIRECTORY | fleet keep | fleet merge DIRECTORY NODE...";

/// The fewest whose median has an interval at 95 %.
const PROCESSES: u32 = 6;

fn main() -> ExitCode {
    // The processes that measure are started with the same arguments, and come by here.
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["measure", directory] => measure(Path::new(directory)),
        // Where the baseline can be fetched, until the pod is deleted.
        ["keep"] => loop {
            thread::park();
        },
        ["merge", together, nodes @ ..] if !nodes.is_empty() => merge::merge(Path::new(together), nodes).map(drop),
        _ => Err(USAGE.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fleet: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A quick pass over the starts of every runtime of this node.
fn measure(directory: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let experiment = Experiment::new("examples/fleet").pass(Pass::Quick).in_processes(PROCESSES);
    let (outcome, baseline) = experiment.run_and_record(directory, |plan| Startup::default().declare(plan))?;
    for row in outcome.failed.iter().chain(&outcome.unavailable) {
        eprintln!("{}, {}: {}", row.subject(), row.indicator(), row.reason());
    }
    println!("{} figures in {}", baseline.metrics().len(), directory.display());
    Ok(())
}
