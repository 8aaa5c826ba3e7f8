//! Objects as an API server stores them, and what is made of them for a measurement.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A point in the history of a store: every change gives the whole store the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Revision(pub i64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An object with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Its bytes.
    pub value: Vec<u8>,
    /// When it was last changed.
    pub revision: Revision,
}

/// A change: an object was created, or replaced by this one.
pub type Event = Object;

/// What a list answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The objects, in the order of their keys.
    pub objects: Vec<Object>,
    /// The revision of the store at which they were so, or a later one at which they still were.
    pub revision: Revision,
}

/// Objects for a measurement: keys as Kubernetes has them, and values of one size that no compression shrinks. The same name
/// and number give the same object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objects {
    namespace: String,
    size: usize,
}

impl Objects {
    /// Pods of a namespace, each of `size` bytes.
    #[must_use]
    pub fn pods(namespace: impl Into<String>, size: usize) -> Self {
        Self { namespace: namespace.into(), size }
    }

    /// What all their keys begin with.
    #[must_use]
    pub fn prefix(&self) -> String {
        format!("/registry/pods/{}/", self.namespace)
    }

    /// The key of one.
    #[must_use]
    pub fn key(&self, number: u64) -> String {
        format!("{}pod-{number:08}", self.prefix())
    }

    /// The bytes of one in its given version.
    #[must_use]
    pub fn value(&self, number: u64, version: u64) -> Vec<u8> {
        // What Kubernetes' objects begin with.
        let mut value = b"k8s\0".to_vec();
        value.resize(self.size.max(4), 0);
        let seed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(version);
        fastrand::Rng::with_seed(seed).fill(&mut value[4..]);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_of_their_size_and_differ() {
        let pods = Objects::pods("default", 1024);
        assert_eq!(pods.key(7), "/registry/pods/default/pod-00000007");
        assert_eq!((pods.value(7, 1).len(), pods.value(7, 1)), (1024, pods.value(7, 1)));
        assert!(pods.value(7, 1) != pods.value(7, 2) && pods.value(7, 1) != pods.value(8, 1));
    }
}
