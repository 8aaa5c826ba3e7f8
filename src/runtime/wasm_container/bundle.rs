//! The bundle of a module: its configuration, and the directory that goes with its last container.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::runtime::{RuntimeError, container::bundle};

/// The names of the directories, before the process's id.
const PREFIX: &str = "bundle-";

/// The mounts and restrictions, as an identity's settings name them: those of `container/scratch` but for what a module
/// cannot reach.
pub(super) fn settings() -> impl Iterator<Item = (&'static str, &'static str)> {
    let own = |(name, value)| match name {
        "mounts" => (name, "read-only root, tmpfs on /dev; no /proc, which a module cannot reach"),
        _ => (name, value),
    };
    bundle::SETTINGS.into_iter().map(own)
}

/// Writes a bundle that holds `module` as `/name` and nothing else, in a new directory in `parent`.
pub(super) fn write(parent: &Path, name: &str, module: &[u8]) -> Result<(TempDir, PathBuf), RuntimeError> {
    sweep(parent);
    let written = || -> io::Result<(TempDir, PathBuf)> {
        fs::create_dir_all(parent)?;
        let directory =
            tempfile::Builder::new().prefix(&format!("{PREFIX}{}-", std::process::id())).tempdir_in(parent)?;
        let rootfs = directory.path().join("rootfs");
        // Where /dev is mounted.
        fs::create_dir_all(rootfs.join("dev"))?;
        let program = rootfs.join(name);
        fs::write(&program, module)?;
        fs::write(directory.path().join("config.json"), config(&format!("/{name}")).to_string())?;
        Ok((directory, program))
    };
    written().map_err(|source| RuntimeError::Io { path: parent.to_owned(), source })
}

/// As a native program's, without /proc and what is masked there.
fn config(program: &str) -> Value {
    let mut config = bundle::config(&[program]);
    if let Some(mounts) = config["mounts"].as_array_mut() {
        mounts.retain(|mount| mount["destination"] != "/proc");
    }
    if let Some(linux) = config["linux"].as_object_mut() {
        linux.remove("maskedPaths");
        linux.remove("readonlyPaths");
    }
    config["annotations"] = json!({ "run.oci.handler": "wasm" });
    config
}

/// Removes the bundles of processes that were killed.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next()?.parse::<u32>().ok());
        if process.is_some_and(|id| !Path::new("/proc").join(id.to_string()).exists()) {
            // Another process may do the same, and win.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_the_module_and_goes_with_its_directory() {
        let parent = tempfile::tempdir().unwrap();
        // No process has this id: it is beyond the kernel's largest.
        fs::create_dir(parent.path().join(format!("{PREFIX}4194305-x"))).unwrap();
        let (directory, program) = write(parent.path(), "module.wasm", b"module").unwrap();
        assert_eq!(fs::read(program).unwrap(), b"module");
        let names =
            |path: &Path| fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
        assert_eq!(names(parent.path()).len(), 1, "the other one was swept");
        assert_eq!(names(&directory.path().join("rootfs")).len(), 2);
        assert!(bundle::Bundle::open(directory.path()).is_ok());
        drop(directory);
        assert!(names(parent.path()).is_empty());
    }
}
