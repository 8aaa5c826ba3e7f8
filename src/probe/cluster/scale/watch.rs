//! A client that counts the pods that have a node: it lists them, watches from there, and lists again when its watch ends.
//!
//! An API server ends each watch some time, and one that is busy ends those that fall behind, without a word. What such a watch
//! lacks nobody knows, so everything is listed again, and no end of a watch is an error.

use std::{
    collections::HashSet,
    io::BufRead,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    thread,
    time::Duration,
};

use serde::Deserialize;

use super::calls::list;
use crate::{
    cluster::LiveControlPlane,
    probe::{ProbeError, cluster::PODS},
};

/// Pods that have a node: `spec.nodeName!=`. One that gets its node is new to who watches these.
const BOUND: &str = "&fieldSelector=spec.nodeName%21%3D";

/// How long a watch is asked for, in seconds. After so long at most the client sees that it is to stop.
const SECONDS: u32 = 5;

/// Between the end of a watch and the next list.
const PAUSE: Duration = Duration::from_millis(20);

/// The pods that have a node, as such a client sees them.
///
/// ```no_run
/// use std::{sync::atomic::{AtomicBool, Ordering}, thread};
/// use runtime_baseline::{cluster::Registry, probe::cluster::scale::Bindings};
///
/// let live = Registry::only("kubernetes")?.start()?;
/// let (bindings, stop) = (Bindings::default(), AtomicBool::new(false));
/// thread::scope(|scope| {
///     let follower = scope.spawn(|| bindings.follow(live.as_ref(), &stop));
///     // Pods are created here.
///     stop.store(true, Ordering::Relaxed);
///     follower.join().expect("it does not panic")
/// })?;
/// println!("{} pods have a node", bindings.bound());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Bindings {
    bound: AtomicU64,
    lists: AtomicU64,
}

impl Bindings {
    /// How many pods have a node, as far as is known.
    #[must_use]
    pub fn bound(&self) -> u64 {
        self.bound.load(Relaxed)
    }

    /// How often all of them were listed: once more than watches have ended.
    #[must_use]
    pub fn lists(&self) -> u64 {
        self.lists.load(Relaxed)
    }

    /// Follows them until it is to stop, which it sees within seconds.
    ///
    /// # Errors
    /// [`ProbeError::Cluster`] when the API server does not answer, [`ProbeError::Stored`] when what it answers is no list.
    pub fn follow(&self, live: &dyn LiveControlPlane, stop: &AtomicBool) -> Result<(), ProbeError> {
        while !stop.load(Relaxed) {
            let listed = list::<Pod>(live, PODS, BOUND)?;
            let mut names: HashSet<String> = listed.items.into_iter().map(|pod| pod.metadata.name).collect();
            self.bound.store(names.len() as u64, Relaxed);
            self.lists.fetch_add(1, Relaxed);
            let path = format!("{PODS}?watch=1&resourceVersion={}&timeoutSeconds={SECONDS}{BOUND}", listed.version);
            for line in live.watch(&path)?.lines().map_while(Result::ok) {
                // Half a line is no event: the watch was cut there.
                let Ok(event) = serde_json::from_str::<Event>(&line) else { break };
                let name = event.object.metadata.name;
                match event.kind.as_str() {
                    "ADDED" | "MODIFIED" => drop(names.insert(name)),
                    "DELETED" => drop(names.remove(&name)),
                    // The version is too old, say.
                    "ERROR" => break,
                    _ => {}
                }
                self.bound.store(names.len() as u64, Relaxed);
                if stop.load(Relaxed) {
                    break;
                }
            }
            thread::sleep(PAUSE);
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    object: Pod,
}

#[derive(Deserialize)]
struct Pod {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    // What is no pod, the status of an error, has none.
    #[serde(default)]
    name: String,
}

#[cfg(test)]
mod tests {
    use std::{io::Cursor, sync::Mutex};

    use super::*;
    use crate::cluster::{Answer, ClusterError, Started};

    /// A control plane of which each list and each watch that it will be asked for is known.
    #[derive(Default)]
    struct Told {
        lists: Mutex<Vec<&'static [&'static str]>>,
        watches: Mutex<Vec<&'static [&'static str]>>,
        asked: Mutex<Vec<String>>,
    }

    impl LiveControlPlane for Told {
        fn started(&self) -> &[Started] {
            &[]
        }

        fn processes(&self) -> Vec<(&'static str, u32)> {
            Vec::new()
        }

        fn check(&self) -> Result<(), ClusterError> {
            Ok(())
        }

        fn ask(&self, _: &str, path: &str, _: Option<&str>) -> Result<Answer, ClusterError> {
            let mut lists = self.lists.lock().unwrap();
            let names = lists.remove(0);
            let items: Vec<_> = names.iter().map(|name| serde_json::json!({ "metadata": { "name": name } })).collect();
            let next = if path.ends_with("continue=") && names.contains(&"of two pages") { "more" } else { "" };
            let version = self.asked.lock().unwrap().len().to_string();
            let metadata = serde_json::json!({ "resourceVersion": version, "continue": next });
            let body = serde_json::json!({ "metadata": metadata, "items": items }).to_string();
            self.asked.lock().unwrap().push(path.to_owned());
            Ok(Answer { status: 200, body })
        }

        fn watch(&self, path: &str) -> Result<Box<dyn BufRead + Send>, ClusterError> {
            self.asked.lock().unwrap().push(path.to_owned());
            Ok(Box::new(Cursor::new(self.watches.lock().unwrap().remove(0).join("\n"))))
        }

        fn stop(self: Box<Self>) -> Result<(), ClusterError> {
            Ok(())
        }
    }

    const ADDED: &str = r#"{"type":"ADDED","object":{"metadata":{"name":"b"}}}"#;
    const GONE: &str = r#"{"type":"DELETED","object":{"metadata":{"name":"b"}}}"#;
    const ERROR: &str = r#"{"type":"ERROR","object":{"metadata":{},"code":410}}"#;

    /// Follows until the lists are used up, which fails.
    fn follow(lists: &[&'static [&'static str]], watches: &[&'static [&'static str]]) -> (u64, u64, Vec<String>) {
        let told = Told { lists: Mutex::new(lists.to_vec()), watches: Mutex::new(watches.to_vec()), ..Told::default() };
        let (bindings, stop) = (Bindings::default(), AtomicBool::new(false));
        thread::scope(|scope| {
            let follower = scope.spawn(|| bindings.follow(&told, &stop));
            while bindings.lists() < watches.len() as u64 {
                thread::sleep(Duration::from_millis(1));
            }
            stop.store(true, Relaxed);
            follower.join().unwrap().unwrap();
        });
        (bindings.bound(), bindings.lists(), told.asked.into_inner().unwrap())
    }

    #[test]
    fn a_watch_that_ends_in_whatever_way_is_taken_up_by_a_list() {
        // In good order; in the middle of a line; with an error; each after something that the next list does not have.
        for cut in [&[ADDED][..], &[ADDED, r#"{"type":"ADD"#, ADDED], &[ADDED, ERROR, ADDED]] {
            let lists: [&[&str]; 2] = [&["a"], &["a", "c", "d"]];
            let watches: [&'static [&'static str]; 2] = [cut.to_vec().leak(), &[]];
            let (bound, listed, asked) = follow(&lists, &watches);
            assert_eq!((bound, listed), (3, 2), "{asked:?}");
            assert!(asked[1].contains("watch=1&resourceVersion=0&"), "{asked:?}");
            assert!(asked[3].contains("watch=1&resourceVersion=2&"), "from the new list on: {asked:?}");
        }
    }

    #[test]
    fn what_a_watch_tells_is_counted_once() {
        assert_eq!(follow(&[&["a"]], &[&[ADDED, ADDED]]).0, 2);
        assert_eq!(follow(&[&["a", "b"]], &[&[ADDED, GONE]]).0, 1);
        assert_eq!(follow(&[&["of two pages", "a"], &["b"]], &[&[]]).0, 3);
    }
}
