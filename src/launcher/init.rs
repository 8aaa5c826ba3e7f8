//! The first process of the helpers' process namespace: it forks the workers, inherits what a dead worker leaves, and
//! takes everything with it when it ends.

use std::{collections::BTreeMap, fs, io, os::fd::OwnedFd, panic::AssertUnwindSafe, path::Path, time::Duration};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
    process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open},
};

use super::{
    FindEngine,
    orphans::end_children_except,
    protocol::{Channel, Control, Failure, Hello, Reply, Setting},
    view::{self, CGROUP, View},
    worker,
};
use crate::{
    process::{fork::fork, hook, reap::reap},
    resource::scope,
};

struct Worker {
    pid: Pid,
    ended: OwnedFd,
}

/// Serves the library until it closes the control socket. Returns the exit status.
pub(super) fn run(control: &Channel, view: &View, state: &Path, engines: FindEngine) -> i32 {
    let outcome = view::enter(view, state).map(|()| Setting {
        cgroup: view.hierarchy.name().to_owned(),
        memory_controller: view::has_memory_controller(view),
        cpu_controller: view::has_cpu_controller(view),
        rootless: view.rootless,
    });
    let refused = outcome.is_err();
    let hello = Hello { version: hook::VERSION.to_owned(), outcome };
    if control.send(&hello).is_err() || refused {
        return 1;
    }
    let mut workers = BTreeMap::new();
    // An error here is one of the socket: the library is gone, or as good as gone.
    while let Ok(true) = serve(control, state, engines, &mut workers) {}
    // The end of the namespace would end them as well, and forget what CPU time they and their containers took: that of a child
    // that nobody waits for is nobody's.
    for worker in workers.values() {
        let _ = kill_process(worker.pid, Signal::KILL);
        let _ = reap(worker.pid);
    }
    0
}

/// Waits for one thing to happen and handles it. False when the library closed the socket.
fn serve(
    control: &Channel,
    state: &Path,
    engines: FindEngine,
    workers: &mut BTreeMap<u64, Worker>,
) -> io::Result<bool> {
    let mut watched = vec![PollFd::new(control, PollFlags::IN)];
    watched.extend(workers.values().map(|worker| PollFd::new(&worker.ended, PollFlags::IN)));
    match poll(&mut watched, None) {
        Err(Errno::INTR) => return Ok(true),
        polled => polled?,
    };
    let asked = !watched[0].revents().is_empty();
    let ended = workers.keys().zip(&watched[1..]).filter(|(_, fd)| !fd.revents().is_empty());
    for number in ended.map(|(&number, _)| number).collect::<Vec<_>>() {
        if let Some(worker) = workers.remove(&number) {
            bury(number, &worker, workers, state);
        }
    }
    if !asked {
        return Ok(true);
    }
    match control.receive_with::<Control>()? {
        None => return Ok(false),
        Some((Control::Fork { number }, Some(socket))) => {
            let socket = Channel::from_fd(socket);
            match start_worker(number, &socket, state, engines) {
                Ok(worker) => drop(workers.insert(number, worker)),
                // If it cannot be said, it shows itself as the end of the worker's socket.
                Err(e) => drop(socket.send(&Reply::Failed(Failure::of_call("start another worker", e)))),
            }
        }
        Some((Control::Fork { .. }, None)) => {}
        Some((Control::Kill { number }, _)) => {
            if let Some(worker) = workers.get(&number) {
                let _ = kill_process(worker.pid, Signal::KILL);
            }
        }
    }
    Ok(true)
}

fn start_worker(number: u64, socket: &Channel, state: &Path, engines: FindEngine) -> io::Result<Worker> {
    let pid = fork(AssertUnwindSafe(|| worker::run(number, socket, state, engines)))?;
    Ok(Worker { pid, ended: pidfd_open(pid, PidfdFlags::empty())? })
}

/// Reaps a dead worker and removes all it had: its containers are this process's children now. Their groups in v1
/// hierarchies go with the launcher.
fn bury(number: u64, worker: &Worker, others: &BTreeMap<u64, Worker>, state: &Path) {
    let _ = reap(worker.pid);
    end_children_except(&others.values().map(|worker| worker.pid).collect::<Vec<_>>());
    let prefix = worker::container_id(number, None);
    for (directory, is_cgroup) in [(Path::new(CGROUP), true), (state, false)] {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            match (name.contains(&prefix), is_cgroup) {
                (true, true) => scope::remove_tree(&entry.path(), Duration::from_secs(1)),
                (true, false) => drop(fs::remove_dir_all(entry.path())),
                (false, _) => {}
            }
        }
    }
}
