//! The bundle of a module: its configuration, and the directory that goes with its last container.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{
    disk::Owned,
    runtime::{RuntimeError, container::bundle},
};

/// The names of the directories, before the process's id.
const PREFIX: &str = "bundle-";

/// The mounts and restrictions, as an identity's settings name them: those of `container/scratch` but for what a module
/// cannot reach.
pub(in crate::runtime) fn settings() -> impl Iterator<Item = (&'static str, &'static str)> {
    let own = |(name, value)| match name {
        "mounts" => (name, "read-only root, tmpfs on /dev; no /proc, which a module cannot reach"),
        _ => (name, value),
    };
    bundle::SETTINGS.into_iter().map(own)
}

/// Writes a bundle that holds `module` as `/name` and nothing else, in a new directory in `parent`. `memory` is the limit of
/// its group, where the configuration is to set it.
pub(in crate::runtime) fn write(
    parent: &Path,
    name: &str,
    module: &[u8],
    memory: Option<u64>,
) -> Result<(Owned, PathBuf), RuntimeError> {
    let written = || -> io::Result<(Owned, PathBuf)> {
        fs::create_dir_all(parent)?;
        let directory = Owned::make(parent, PREFIX, 0o700)?;
        let rootfs = directory.path().join("rootfs");
        // Where /dev is mounted.
        fs::create_dir_all(rootfs.join("dev"))?;
        let program = rootfs.join(name);
        fs::write(&program, module)?;
        let mut config = config(&format!("/{name}"));
        // What the configuration cannot say is beyond every machine.
        if let Some(bytes) = memory.and_then(|bytes| i64::try_from(bytes).ok()) {
            config["linux"]["resources"] = json!({ "memory": { "limit": bytes } });
        }
        fs::write(directory.path().join("config.json"), config.to_string())?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_the_module_and_goes_with_its_directory() {
        let parent = tempfile::tempdir().unwrap();
        // No process has this id: it is beyond the kernel's largest.
        fs::create_dir(parent.path().join(format!("{PREFIX}4194305-x"))).unwrap();
        let (directory, program) = write(parent.path(), "module.wasm", b"module", Some(64 << 20)).unwrap();
        assert_eq!(fs::read(program).unwrap(), b"module");
        let names =
            |path: &Path| fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
        assert_eq!(names(parent.path()).len(), 1, "the other one was swept");
        assert_eq!(names(&directory.path().join("rootfs")).len(), 2);
        assert!(bundle::Bundle::open(directory.path()).is_ok());
        let config: Value = serde_json::from_slice(&fs::read(directory.path().join("config.json")).unwrap()).unwrap();
        assert_eq!(config["linux"]["resources"], json!({ "memory": { "limit": 67_108_864 } }));
        drop(directory);
        assert!(names(parent.path()).is_empty());
    }
}
