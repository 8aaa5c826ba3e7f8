//! What a control plane costs its machine: the start, the memory and the idling of Kubernetes over etcd and over kine, of its
//! components in one process, and of K3s; the size of their executables; what pods take on a real node, and the node itself; and
//! how many objects and nodes they hold.
//!
//! `cargo bench --no-default-features --features cluster --bench cluster` records; `-- --quick` takes five minutes.

mod support;

use std::process::ExitCode;

use runtime_baseline::plans::{Cluster, Pods, Scale};

fn main() -> ExitCode {
    support::bench_in("benches/cluster", 1, |plan| {
        Cluster.declare(plan)?;
        Pods.declare(plan)?;
        Scale.declare(plan)
    })
}
