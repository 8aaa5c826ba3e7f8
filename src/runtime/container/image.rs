//! The images: what they hold and how they are made, once, in the launcher's directory.

use std::{
    env,
    fs::{self, File, TryLockError},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, BufReader},
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    bundle::{self, Bundle},
    source::{self, Family},
};
use crate::{
    Component, Subject,
    disk::{self, Owned},
    lock,
    process::child::find_program,
    runtime::{
        Refusal, RefusalKind, RuntimeError,
        workload::{Program, START},
    },
    setup,
};

/// How the name of what is being made begins, before the process's id.
const UNFINISHED: &str = ".unfinished-";

/// Far above what unpacking the largest image takes.
const PATIENCE: Duration = Duration::from_secs(600);

/// What a share of the CPU is counted over, in microseconds: the kernel's default.
pub(super) const CPU_PERIOD: i64 = 100_000;

/// A shell that becomes the workload.
const SHELL: [&str; 3] = ["/bin/sh", "-c", "exec /ready"];

/// Static, without a C library, and without the padding and the notes that a linker adds.
const RUSTC_ARGUMENTS: [&str; 12] = [
    "--edition",
    "2021",
    "-O",
    "-C",
    "panic=abort",
    "-C",
    "relocation-model=static",
    "-C",
    "strip=symbols",
    "-C",
    "link-args=-nostartfiles -nostdlib -static -Wl,--build-id=none -Wl,-z,noseparate-code",
    "-o",
];

/// An image on disk, as a bundle.
pub(super) struct Image {
    pub bundle: PathBuf,
    /// What the image is made of.
    pub components: Vec<Component>,
}

/// Makes images for one subject in one directory.
pub(super) struct Images<'a> {
    pub subject: &'a Subject,
    pub directory: &'a Path,
}

impl Images<'_> {
    /// The static `/ready` and nothing else.
    pub fn scratch(&self) -> Result<Image, RuntimeError> {
        self.alone("scratch", Program::Ready)
    }

    /// A program of this project as `/ready`, static, and nothing else.
    pub fn alone(&self, name: &str, program: Program) -> Result<Image, RuntimeError> {
        let rustc = self.rustc()?;
        let name = format!("{name}-{:016x}", key(&(&rustc.verbose, program.source())));
        let bundle = self.make_with(&name, &bundle::config(&["/ready"]), &rustc, program, |_| Ok(()))?;
        Ok(Image { bundle, components: vec![rustc.component] })
    }

    /// The machine's static busybox, whose shell executes `/ready`.
    pub fn busybox(&self) -> Result<Image, RuntimeError> {
        let program = find_program("busybox").ok_or_else(|| {
            let missing = self.no_busybox("there is none in PATH");
            let (reason, remedy) = setup::said(&["peers"], &missing.reason, &missing.remedy);
            Refusal { reason, remedy, ..missing }
        })?;
        let bytes = fs::read(&program).map_err(|source| RuntimeError::Io { path: program.clone(), source })?;
        if !is_static_elf(&bytes) {
            return Err(self.no_busybox("the one in PATH is not statically linked").into());
        }
        let version = self.busybox_version(&program)?;
        let rustc = self.rustc()?;
        let name = format!("busybox-{:016x}", key(&(&rustc.verbose, &bytes)));
        let bundle = self.make(&name, &bundle::config(&SHELL), &rustc, |rootfs| {
            let bin = rootfs.join("bin");
            let busybox = bin.join("busybox");
            fs::create_dir(&bin).map_err(|e| io_error(&bin, e))?;
            fs::write(&busybox, &bytes).map_err(|e| io_error(&busybox, e))?;
            fs::set_permissions(&busybox, fs::Permissions::from_mode(0o755)).map_err(|e| io_error(&busybox, e))?;
            symlink("busybox", bin.join("sh")).map_err(|e| io_error(&bin, e))
        })?;
        Ok(Image { bundle, components: vec![version, rustc.component] })
    }

    /// A distribution's root file system, whose shell executes `/ready`.
    pub fn family(&self, family: &Family) -> Result<Image, RuntimeError> {
        let source = family.find().map_err(|(reason, remedy)| self.unavailable(reason, &remedy))?;
        let refuse = |reason: String| self.unavailable(format!("{}: {reason}", family.place()), &family.remedy());
        let version = |rootfs: &Path| {
            let version = family.version(rootfs).map_err(refuse)?;
            Component::new(family.name, version).map_err(|e| refuse(e.to_string()))
        };
        let rustc = self.rustc()?;
        let mut parts = DefaultHasher::new();
        source::fingerprint(&source, &mut parts).map_err(|e| refuse(e.to_string()))?;
        let name = format!("{}-{:016x}", family.name, key(&(&rustc.verbose, parts.finish())));
        let bundle = self.make(&name, &bundle::config(&SHELL), &rustc, |rootfs| {
            source::fill(&source, rootfs).map_err(|e| refuse(e.to_string()))?;
            // Before the bundle gets its name.
            version(rootfs).map(drop)
        })?;
        let version = version(&bundle.join("rootfs"))?;
        Ok(Image { bundle, components: vec![version, rustc.component] })
    }

    /// The same image with another program as `/ready`. All other files are those of the image itself, by another name.
    pub fn with_program(&self, image: &Bundle, program: Program) -> Result<PathBuf, RuntimeError> {
        let rustc = self.rustc()?;
        let of = image.path.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{of}.{}-{:016x}", program.name(), key(&(&rustc.verbose, program.source())));
        let mut config = read_config(image)?;
        config["root"]["path"] = "rootfs".into();
        self.make_with(&name, &config, &rustc, program, |rootfs| {
            source::link(&image.rootfs, rootfs).map_err(|e| io_error(rootfs, e))
        })
    }

    /// A bundle with the same root file system whose configuration limits its containers: to so many thousandths of a core,
    /// to so many bytes. It goes with its directory. None where there is no limit to set.
    pub fn with_limits(
        &self,
        image: &Bundle,
        cpu: Option<u32>,
        memory: Option<u64>,
    ) -> Result<Option<Owned>, RuntimeError> {
        // What the configuration cannot say is beyond every machine.
        let memory = memory.and_then(|bytes| i64::try_from(bytes).ok());
        if cpu.is_none() && memory.is_none() {
            return Ok(None);
        }
        let mut config = read_config(image)?;
        config["root"]["path"] = image.rootfs.to_string_lossy().into();
        if let Some(thousandths) = cpu {
            let quota = i64::from(thousandths) * CPU_PERIOD / 1000;
            config["linux"]["resources"]["cpu"] = json!({ "quota": quota, "period": CPU_PERIOD });
        }
        if let Some(bytes) = memory {
            config["linux"]["resources"]["memory"] = json!({ "limit": bytes });
        }
        let directory = self.unfinished()?;
        let file = directory.path().join("config.json");
        fs::write(&file, format!("{config:#}\n")).map_err(|e| io_error(&file, e))?;
        Ok(Some(directory))
    }

    /// A new directory, which is removed unless it gets another name; by the next process, if this one is killed.
    fn unfinished(&self) -> Result<Owned, RuntimeError> {
        let images = self.directory.join("images");
        fs::create_dir_all(&images).map_err(|e| io_error(&images, e))?;
        Owned::make(&images, UNFINISHED, 0o755).map_err(|e| io_error(&images, e))
    }

    /// The bundle of that name, which is made if it is not there: somewhere else first, so that what has the name is
    /// whole.
    fn make(
        &self,
        name: &str,
        config: &Value,
        rustc: &Rustc,
        fill: impl FnOnce(&Path) -> Result<(), RuntimeError>,
    ) -> Result<PathBuf, RuntimeError> {
        self.make_with(name, config, rustc, Program::Ready, fill)
    }

    fn make_with(
        &self,
        name: &str,
        config: &Value,
        rustc: &Rustc,
        program: Program,
        fill: impl FnOnce(&Path) -> Result<(), RuntimeError>,
    ) -> Result<PathBuf, RuntimeError> {
        let images = self.directory.join("images");
        let bundle = images.join(name);
        if bundle.join("config.json").exists() {
            return Ok(bundle);
        }
        fs::create_dir_all(&images).map_err(|e| io_error(&images, e))?;
        // One at a time: a distribution takes seconds to unpack, and everybody here needs the same.
        let path = images.join(".lock");
        let _locked = lock(&path, PATIENCE).map_err(|e| io_error(&path, e))?;
        if bundle.join("config.json").exists() {
            return Ok(bundle);
        }
        let directory = self.unfinished()?;
        let unfinished = directory.path();
        let rootfs = unfinished.join("rootfs");
        fs::create_dir(&rootfs).map_err(|e| io_error(&rootfs, e))?;
        fill(&rootfs)?;
        for directory in ["proc", "dev"].map(|name| rootfs.join(name)) {
            // A link of that name would lead out of the image.
            match fs::symlink_metadata(&directory) {
                Ok(found) if found.is_dir() => {}
                _ => fs::create_dir(&directory).map_err(|e| io_error(&directory, e))?,
            }
        }
        let compiled = unfinished.join("ready");
        self.compile(rustc, program, &compiled)?;
        // In place of what the image may have there, be it a link.
        let ready = rootfs.join("ready");
        fs::rename(&compiled, &ready).map_err(|e| io_error(&ready, e))?;
        let file = unfinished.join("config.json");
        fs::write(&file, format!("{config:#}\n")).map_err(|e| io_error(&file, e))?;
        fs::rename(unfinished, &bundle).map_err(|e| io_error(&bundle, e))?;
        Ok(bundle)
    }

    fn compile(&self, rustc: &Rustc, program: Program, output: &Path) -> Result<(), RuntimeError> {
        // Where this process is killed meanwhile, the next one removes it.
        let sources = disk::workplace()?;
        let source = sources.path().join(program.name()).with_extension("rs");
        let start = sources.path().join("start");
        fs::create_dir(&start)
            .and_then(|()| fs::write(start.join("native.rs"), START))
            .and_then(|()| fs::write(&source, program.source()))
            .map_err(|e| io_error(&source, e))?;
        let mut command = Command::new(&rustc.program);
        // What the compiler keeps there for itself goes with it.
        command.args(RUSTC_ARGUMENTS).arg(output).arg(&source).env("TMPDIR", sources.path());
        let compiled = command.output();
        let compiled = compiled.map_err(|e| io_error(&rustc.program, e))?;
        if compiled.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&compiled.stderr);
        Err(self.unavailable(
            format!("{} cannot build the image's program: {}", rustc.program.display(), said.trim()),
            "install a Rust toolchain for x86_64 or aarch64 Linux with a linker (apt-get install gcc)",
        ))
    }

    fn rustc(&self) -> Result<Rustc, RuntimeError> {
        let program = env::var_os("RUSTC").map_or_else(|| "rustc".into(), PathBuf::from);
        let remedy = "install a Rust toolchain (rustup.rs), or name its compiler in RUSTC";
        let refuse = |reason: String| self.unavailable(format!("{}: {reason}", program.display()), remedy);
        let output = Command::new(&program).arg("-vV").output().map_err(|e| refuse(e.to_string()))?;
        let verbose = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = verbose.lines().find_map(|line| line.strip_prefix("release: ")).unwrap_or_default();
        let component = Component::new("rustc", version).map_err(|e| refuse(e.to_string()))?;
        Ok(Rustc { program: program.clone(), verbose, component })
    }

    fn busybox_version(&self, program: &Path) -> Result<Component, RuntimeError> {
        // "BusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1) multi-call binary."
        let output = Command::new(program).output().map_err(|e| io_error(program, e))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = said.strip_prefix("BusyBox v").and_then(|rest| rest.split_whitespace().next());
        Component::new("busybox", version.unwrap_or_default())
            .map_err(|e| self.no_busybox(&format!("{}: {e}", program.display())).into())
    }

    fn no_busybox(&self, reason: &str) -> Refusal {
        let reason = format!("no static busybox: {reason}");
        let remedy = "run tools/setup.sh peers, or install a static busybox (Debian: busybox-static)";
        Refusal::new(self.subject, RefusalKind::NotFound, reason, remedy)
    }

    fn unavailable(&self, reason: String, remedy: &str) -> RuntimeError {
        Refusal::new(self.subject, RefusalKind::NotFound, reason, remedy).into()
    }
}

struct Rustc {
    program: PathBuf,
    verbose: String,
    component: Component,
}

/// Holds the file's lock. Who waits for longer than a moment says for what.
fn lock(path: &Path, patience: Duration) -> io::Result<File> {
    const MOMENT: Duration = Duration::from_secs(2);
    let file = File::create(path)?;
    let mut is_said = false;
    let held = lock::within(&file, patience, |waited| {
        if waited >= MOMENT && !is_said {
            eprintln!("waiting for {}: another process makes an image (lslocks names it)", path.display());
            is_said = true;
        }
    });
    held.map_err(|error| match error {
        TryLockError::Error(error) => error,
        TryLockError::WouldBlock => {
            let reason = format!("another process held it for {} s (lslocks names it)", patience.as_secs());
            io::Error::new(io::ErrorKind::TimedOut, reason)
        }
    })?;
    Ok(file)
}

/// What an image depends on, besides its own parts: the program's source, how it is compiled, and the configuration.
fn key(parts: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    (Program::Ready.source(), START, RUSTC_ARGUMENTS, bundle::config(&[]).to_string()).hash(&mut hasher);
    parts.hash(&mut hasher);
    hasher.finish()
}

/// Whether it is a 64-bit little-endian ELF file that asks for no interpreter.
fn is_static_elf(bytes: &[u8]) -> bool {
    const PT_INTERP: u32 = 3;
    let u16_at = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    let table = bytes.get(32..40).and_then(|field| Some(u64::from_le_bytes(field.try_into().ok()?)));
    let (Some(table), Some(size), Some(count)) = (table, u16_at(54), u16_at(56)) else { return false };
    let kinds = (0..u64::from(count)).map(|i| {
        let at = usize::try_from(table.checked_add(i * u64::from(size))?).ok()?;
        Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
    });
    let mut kinds = kinds.map(|kind| kind.is_some_and(|kind| kind != PT_INTERP));
    bytes.starts_with(b"\x7fELF\x02\x01") && kinds.all(|fine| fine)
}

fn read_config(image: &Bundle) -> Result<Value, RuntimeError> {
    let file = image.path.join("config.json");
    let config = File::open(&file).and_then(|file| Ok(serde_json::from_reader(BufReader::new(file))?));
    config.map_err(|e| io_error(&file, e))
}

fn io_error(path: &Path, source: io::Error) -> RuntimeError {
    RuntimeError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_stays_held_is_an_error_and_no_endless_wait() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(".lock");
        let held = lock(&path, Duration::ZERO).unwrap();
        let error = lock(&path, Duration::from_millis(50)).unwrap_err();
        assert!(error.kind() == io::ErrorKind::TimedOut && error.to_string().contains("lslocks"), "{error}");
        drop(held);
        lock(&path, Duration::ZERO).unwrap();
    }

    #[test]
    fn static_programs_are_told_from_others() {
        // This test's own executable asks for the dynamic linker, unless the target links statically.
        let own = fs::read(env::current_exe().unwrap()).unwrap();
        assert_eq!(is_static_elf(&own), cfg!(target_feature = "crt-static"));
        assert!(!is_static_elf(b"#!/bin/sh\n"));
        assert!(!is_static_elf(&own[..40]));
        let mut wrong = own[..4096].to_vec();
        wrong[32..40].fill(0xff);
        assert!(!is_static_elf(&wrong), "a table beyond the end");
    }

    #[test]
    fn limits_are_in_a_configuration_that_goes_with_its_directory() {
        let directory = tempfile::tempdir().unwrap();
        let image = Bundle { path: directory.path().to_owned(), rootfs: directory.path().join("rootfs") };
        fs::write(image.path.join("config.json"), bundle::config(&["/ready"]).to_string()).unwrap();
        let subject = Subject::new("crun").unwrap();
        let images = Images { subject: &subject, directory: directory.path() };
        let limited = |cpu, memory| images.with_limits(&image, cpu, memory).unwrap();
        assert!(limited(None, None).is_none() && limited(None, Some(u64::MAX)).is_none());
        let made = limited(Some(500), Some(64 << 20)).unwrap();
        let config: Value = serde_json::from_slice(&fs::read(made.path().join("config.json")).unwrap()).unwrap();
        let resources = json!({ "cpu": { "quota": 50_000, "period": 100_000 }, "memory": { "limit": 67_108_864 } });
        assert_eq!(config["linux"]["resources"], resources);
        assert_eq!(config["root"]["path"], image.rootfs.to_str().unwrap());
        let path = made.path().to_owned();
        drop(made);
        assert!(!path.exists());
    }
}
