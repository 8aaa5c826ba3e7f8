//! Bursts of containers: a program of its own, since it counts what the process has open.
#![cfg(feature = "container")]

mod container_common;

use std::{fs, sync::Barrier, thread};

use container_common::{Traces, launcher};
use runtime_baseline::{
    Temperature,
    runtime::{Runtime, Workload, container::Container},
};

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn bursts_lose_none_and_leave_nothing() {
    let Some(launcher) = launcher() else { return };
    let Some(scratch) = container_common::available(Container::scratch(&launcher)) else { return };
    let artifact = scratch.prepare(&Workload::ready(), Temperature::Cold).unwrap();
    artifact.reserve(100).unwrap();
    let traces = Traces::of(&launcher);
    let files = open_files();
    for _ in 0..20 {
        let barrier = Barrier::new(100);
        thread::scope(|scope| {
            for _ in 0..100 {
                scope.spawn(|| {
                    barrier.wait();
                    artifact.start().unwrap().stop().unwrap();
                });
            }
        });
    }
    assert_eq!(open_files(), files);
    assert_eq!(traces.containers(), 0, "containers left while the launcher lives");
    drop((artifact, scratch, launcher));
    traces.assert_gone();
}
