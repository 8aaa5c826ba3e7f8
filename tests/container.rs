//! The container adapter, for real.
#![cfg(feature = "container")]

use runtime_baseline::{
    Temperature,
    launcher::{Launcher, LauncherOptions},
    runtime::{Runtime, Workload, container::Container},
};

#[test]
fn one() {
    let launcher = Launcher::start(LauncherOptions::default()).unwrap();
    println!("{}", launcher.cgroup());
    let scratch = Container::scratch(&launcher).unwrap();
    println!("{:#?}", scratch.identity());
    let a = scratch.prepare(&Workload::ready(), Temperature::Cold).unwrap();
    for _ in 0..5 {
        let t = runtime_baseline::clock::monotonic();
        let i = a.start().unwrap();
        let r = i.ready_at();
        i.stop().unwrap();
        println!("{} {}", r - t, runtime_baseline::clock::monotonic() - t);
    }
}
