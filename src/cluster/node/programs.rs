//! The programs of a node: Kubernetes' kubelet, containerd with its shim and its command line, and runc.

use std::path::PathBuf;

use super::super::programs::{DIRECTORY, of_one_version, version as kubernetes_version};
use crate::{
    Component, Subject,
    adapter::Refusal,
    process::program::{Program, Sought, named, version_in},
};

/// The directory of containerd's programs that a user may name.
const CONTAINERD: &str = "CONTAINERD_BIN_DIR";

pub(super) const SHIM: &str = "containerd-shim-runc-v2";

/// Those of this machine.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    pub kubelet: PathBuf,
    pub containerd: PathBuf,
    pub shim: PathBuf,
    pub ctr: PathBuf,
    pub runc: PathBuf,
    /// kubelet, containerd and runc, in their versions.
    pub components: [Component; 3],
}

impl Programs {
    pub fn find(subject: &Subject) -> Result<Self, Refusal> {
        let in_directory = |name: &str| named(DIRECTORY).map(|directory| directory.join(name));
        // A directory of the control plane's programs need not have a node's.
        let of_kubernetes = in_directory("kubelet").filter(|path| path.exists());
        let kubelet = find(subject, "kubelet", DIRECTORY, "--version", of_kubernetes, kubernetes_version)?;
        let of_containerd = |name: &str, version_by: &str| {
            let named = named(CONTAINERD).map(|directory| directory.join(name));
            find(subject, name, CONTAINERD, version_by, named, containerd_version)
        };
        let all =
            [of_containerd("containerd", "--version")?, of_containerd(SHIM, "-v")?, of_containerd("ctr", "--version")?];
        of_one_version(subject, &all, CONTAINERD)?;
        let [containerd, shim, ctr] = all;
        let runc = find(subject, "runc", "RUNC", "--version", named("RUNC"), runc_version)?;
        let components = [kubelet.component, containerd.component, runc.component];
        let [kubelet, containerd, shim, ctr, runc] = [kubelet.path, containerd.path, shim.path, ctr.path, runc.path];
        Ok(Self { kubelet, containerd, shim, ctr, runc, components })
    }
}

fn find(
    subject: &Subject,
    name: &str,
    variable: &str,
    version_by: &str,
    named: Option<PathBuf>,
    read: fn(&str) -> Option<&str>,
) -> Result<Program, Refusal> {
    let remedy = format!("run tools/setup.sh node, or name where it is in {variable}");
    let read = version_in(read);
    Sought { name, variable, step: "node", remedy: &remedy, version_by, read: &read }.find_or(subject, named)
}

/// `containerd github.com/containerd/containerd/v2 v2.4.2`; of the shim, a line of its own: `Version:  v2.4.2`.
fn containerd_version(said: &str) -> Option<&str> {
    let mut words = said.split_whitespace();
    words.find_map(|word| {
        word.strip_prefix('v')
            .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            .filter(|rest| rest.contains('.'))
    })
}

/// `runc version 1.1.5+ds1`.
fn runc_version(said: &str) -> Option<&str> {
    said.lines().next()?.strip_prefix("runc version ")?.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_the_programs_own_words() {
        let of_containerd = "containerd github.com/containerd/containerd/v2 v2.4.2 \n";
        assert_eq!(containerd_version(of_containerd), Some("2.4.2"));
        assert_eq!(containerd_version("containerd-shim-runc-v2:\n  Version:  v2.4.2\n  Revision: \n"), Some("2.4.2"));
        assert_eq!(containerd_version("containerd github.com/containerd/containerd/v2\n"), None);
        assert_eq!(runc_version("runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1\n"), Some("1.1.5+ds1"));
        assert_eq!(runc_version("crun version 1.21\n"), None);
    }
}
