//! A machine made of files.

use std::{fs, os::unix::fs::symlink};

use runtime_baseline::{Environment, Host};
use tempfile::{TempDir, tempdir};

/// A machine's /proc, /sys and /etc below a directory of its own.
pub struct Machine(pub TempDir);

#[allow(dead_code, reason = "no test file uses all of it")]
impl Machine {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let machine = Self(tempdir().unwrap());
        files.iter().for_each(|(path, text)| machine.write(path, text));
        machine
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn link(&self, from: &str, to: &str) {
        let from = self.0.path().join(from);
        fs::create_dir_all(from.parent().unwrap()).unwrap();
        symlink(to, from).unwrap();
    }

    pub fn host(&self) -> Host {
        Host::at(self.0.path())
    }

    pub fn capture(&self) -> Environment {
        self.host().capture("/srv/data")
    }

    pub fn noise(&self) -> Vec<String> {
        self.capture().conditions.noise
    }

    pub fn virtualization(&self) -> Option<String> {
        self.capture().hardware.virtualization
    }

    pub fn storage(&self, path: &str) -> Option<String> {
        self.host().capture(path).hardware.storage
    }
}
