//! The images of distributions: found or refused with the remedy, started by their own shell, and never written to.
#![cfg(feature = "container")]

mod container_common;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use container_common::{available, launcher, need};
use runtime_baseline::{
    Temperature, clock,
    launcher::{Launcher, LauncherOptions},
    runtime::{Registry, Runtime, RuntimeError, Workload, container::Container},
};

/// A launcher whose images lie in a directory of their own.
fn launcher_in(directory: &Path) -> Option<Launcher> {
    let mut options = LauncherOptions::default();
    options.directory = Some(directory.to_owned());
    container_common::started(Launcher::start(options))
}

fn works(container: &Container) {
    let artifact = container.prepare(&Workload::ready(), Temperature::Cold).unwrap();
    for _ in 0..3 {
        let before = clock::monotonic();
        let instance = artifact.start().unwrap();
        assert!((before..clock::monotonic()).contains(&instance.ready_at()));
        instance.stop().unwrap();
    }
}

/// Every file below a directory, with what a write would change.
fn inventory(directory: &Path) -> BTreeMap<PathBuf, (u64, u32, i64, i64)> {
    let mut found = BTreeMap::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory).unwrap().flatten() {
            let data = entry.path().symlink_metadata().unwrap();
            found.insert(entry.path(), (data.size(), data.mode(), data.mtime(), data.mtime_nsec()));
            if data.is_dir() {
                pending.push(entry.path());
            }
        }
    }
    found
}

/// The image of what the set-up made. Only where it made nothing is there nothing to test.
fn distribution(name: &str, made: Result<Container, RuntimeError>) -> Option<Container> {
    let expected = Path::new("target/images").join(format!("{name}.tar.gz")).exists();
    if expected { Some(made.unwrap()) } else { available(made) }
}

fn check_distribution(container: &Container, name: &str) {
    let before = inventory(container.rootfs());
    works(container);
    assert_eq!(before, inventory(container.rootfs()), "a run writes nothing");
    let identity = container.identity();
    let names: Vec<_> = identity.components.iter().map(|component| component.name()).collect();
    assert_eq!(names, ["libcontainer", name, "rustc", "linux"]);
}

#[test]
fn alpine_says_ready_through_its_shell_and_names_its_version() {
    let Some(launcher) = launcher() else { return };
    let Some(alpine) = distribution("alpine", Container::alpine(&launcher)) else { return };
    check_distribution(&alpine, "alpine");
    let release = fs::read_to_string(alpine.rootfs().join("etc/alpine-release")).unwrap();
    assert_eq!(alpine.identity().components[1].version(), release.trim());
    // The C library that the shell is linked to is Alpine's.
    assert!(
        fs::read_dir(alpine.rootfs().join("lib"))
            .unwrap()
            .flatten()
            .any(|entry| { entry.file_name().to_string_lossy().starts_with("ld-musl-") })
    );
}

#[test]
fn debian_says_ready_through_its_shell_and_names_its_version() {
    let Some(launcher) = launcher() else { return };
    let Some(debian) = distribution("debian", Container::debian(&launcher)) else { return };
    check_distribution(&debian, "debian");
    let release = fs::read_to_string(debian.rootfs().join("etc/debian_version")).unwrap();
    assert_eq!(debian.identity().components[1].version(), release.trim());
}

#[test]
fn every_image_is_a_subject_or_a_refusal_with_a_remedy() {
    let registry = Registry::of_this_machine();
    for name in ["container/scratch", "container/busybox", "container/alpine", "container/debian"] {
        let runs = registry.runtimes().filter(|runtime| runtime.identity().subject.as_str() == name).count();
        let refusals: Vec<_> = registry.unavailable().iter().filter(|row| row.subject.as_str() == name).collect();
        assert_eq!(runs + refusals.len(), 1, "{name}");
        assert!(refusals.iter().all(|row| !row.reason.is_empty() && !row.remedy.is_empty()), "{refusals:?}");
    }
}

/// The machine's busybox, or the one that the set-up brought.
fn find_busybox() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join("busybox")).find(|file| file.is_file())
}

/// A root file system with this machine's busybox for a shell, and everything that must not get out of it or into it.
fn small_root(directory: &Path) -> Option<PathBuf> {
    let busybox = find_busybox()?;
    let root = directory.join("root");
    for inside in ["bin", "etc", "proc/1", "dev"] {
        fs::create_dir_all(root.join(inside)).unwrap();
    }
    fs::copy(busybox, root.join("bin/busybox")).unwrap();
    symlink("/bin/busybox", root.join("bin/sh")).unwrap();
    // A link of the image: to the image's /etc/release, not to the host's.
    fs::write(root.join("etc/release"), "3.99.1\n").unwrap();
    symlink("/etc/release", root.join("etc/alpine-release")).unwrap();
    symlink(directory.join("outside"), root.join("ready")).unwrap();
    fs::write(root.join("proc/1/secret"), "").unwrap();
    fs::write(root.join("bin/other"), "").unwrap();
    fs::set_permissions(root.join("bin/other"), fs::Permissions::from_mode(0o4755)).unwrap();
    fs::create_dir(root.join("tmp")).unwrap();
    fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, root.join("etc/pipe"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0)
        .unwrap();
    Some(root)
}

/// Runs the hidden test below with `ALPINE_ROOTFS` set: a variable of the process is not for one test of many to change.
fn with_alpine(rootfs: &Path, images: &Path) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_alpine_that_is_named", "--ignored", "--nocapture"])
        .env("ALPINE_ROOTFS", rootfs)
        .env("TEST_DIRECTORY", images)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

#[test]
#[ignore = "run by other tests, with variables set"]
fn the_alpine_that_is_named() {
    let directory = PathBuf::from(std::env::var_os("TEST_DIRECTORY").expect("set by the other tests"));
    let Some(launcher) = launcher_in(&directory) else {
        println!("no containers here");
        return;
    };
    match Container::alpine(&launcher) {
        Ok(alpine) => {
            works(&alpine);
            println!("alpine {} in {}", alpine.identity().components[1].version(), alpine.rootfs().display());
        }
        Err(RuntimeError::Unavailable(row)) => println!("refused: {}; {}", row.reason, row.remedy),
        Err(other) => panic!("{other}"),
    }
}

/// The root file system that the last line of what was said names.
fn rootfs(said: &str) -> PathBuf {
    let line = said.lines().find_map(|line| line.strip_prefix("alpine 3.99.1 in ")).expect(said);
    PathBuf::from(line)
}

#[test]
fn a_directory_and_tarballs_of_ones_own_are_taken_and_left_as_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let images = directory.path().join("images");
    let Some(root) = small_root(directory.path()) else {
        return need::skip("busybox", &"there is none in PATH");
    };
    let before = inventory(&root);
    let said = with_alpine(&root, &images);
    if said.contains("no containers here") {
        return need::skip("container", &"no launcher: the inner test says why");
    }
    assert_eq!(before, inventory(&root));
    assert!(!directory.path().join("outside").exists(), "the workload went through the image's link");
    let copied = rootfs(&said);
    assert!(copied.join("ready").symlink_metadata().unwrap().is_file());
    assert_eq!(copied.join("bin/other").metadata().unwrap().mode() & 0o7777, 0o755);
    assert_eq!(copied.join("tmp").metadata().unwrap().mode() & 0o7777, 0o1777, "nobody removes what is another's");
    assert!(!copied.join("etc/pipe").exists() && !copied.join("proc/1").exists());
    // The same directory is the same image; one that changed is another.
    assert_eq!(rootfs(&with_alpine(&root, &images)), copied);
    fs::write(root.join("etc/more"), "").unwrap();
    assert_ne!(rootfs(&with_alpine(&root, &images)), copied);

    for (name, compress) in [("root.tar", "-cf"), ("root.tar.gz", "-czf")] {
        let tarball = directory.path().join(name);
        let tar = Command::new("tar").arg("-C").arg(&root).arg(compress).arg(&tarball).arg(".").status().unwrap();
        assert!(tar.success());
        let copied = rootfs(&with_alpine(&tarball, &images));
        assert_eq!(copied.join("bin/other").metadata().unwrap().mode() & 0o7777, 0o755, "{name}");
        assert_eq!(copied.join("tmp").metadata().unwrap().mode() & 0o7777, 0o1777, "{name}");
        assert!(!directory.path().join("outside").exists() && !copied.join("etc/pipe").exists());
    }
}

#[test]
fn what_is_no_root_file_system_is_refused_with_the_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let images = directory.path().join("images");
    let path = |name: &str| directory.path().join(name);
    let Some(root) = small_root(directory.path()) else {
        return need::skip("busybox", &"there is none in PATH");
    };
    fs::create_dir(path("empty")).unwrap();
    fs::write(path("text"), "no tarball").unwrap();
    let whole = path("whole.tar.gz");
    assert!(Command::new("tar").arg("-C").arg(&root).arg("-czf").arg(&whole).arg(".").status().unwrap().success());
    let bytes = fs::read(&whole).unwrap();
    fs::write(path("half.tar.gz"), &bytes[..bytes.len() / 2]).unwrap();
    // A name that leads outside, as tar itself would not write it.
    let mut evil = tar::Builder::new(File::create(path("evil.tar")).unwrap());
    let mut header = tar::Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..9].copy_from_slice(b"../escape");
    header.set_size(0);
    header.set_cksum();
    evil.append(&header, std::io::empty()).unwrap();
    evil.finish().unwrap();
    // A pipe would be waited for, with the lock held that the next run waits for.
    assert!(Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
    // A hole takes no room here, and would where it is copied to.
    fs::create_dir(path("large")).unwrap();
    File::create(path("large").join("hole")).unwrap().set_len(3 << 30).unwrap();
    let mut bomb = tar::Builder::new(File::create(path("bomb.tar")).unwrap());
    let mut header = tar::Header::new_gnu();
    header.set_path("bin").unwrap();
    header.set_size(3 << 30);
    header.set_cksum();
    bomb.append(&header, std::io::empty()).unwrap();
    bomb.finish().unwrap();
    fs::remove_file(root.join("etc/alpine-release")).unwrap();
    for (what, expected) in [
        (path("absent"), "absent"),
        (path("empty"), "/bin/sh"),
        (path("text"), "text"),
        (path("half.tar.gz"), "half.tar.gz"),
        (path("evil.tar"), "outside of the image"),
        (path("pipe"), "neither a directory nor a regular file"),
        (path("large"), "more than 2 GiB"),
        (path("bomb.tar"), "more than 2 GiB"),
        (root, "/etc/alpine-release"),
        (PathBuf::from("/"), "no image"),
    ] {
        let said = with_alpine(&what, &images);
        if said.contains("no containers here") {
            return need::skip("container", &"no launcher: the inner test says why");
        }
        assert!(said.contains("refused: ") && said.contains(expected), "{}: {said}", what.display());
        assert!(said.contains("ALPINE_ROOTFS"), "{said}");
    }
    let left: Vec<_> = fs::read_dir(images.join("images")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, [".lock"], "what was half made is gone");
    assert!(!path("escape").exists() && !images.join("escape").exists());
}

#[test]
fn another_workload_is_another_image_and_the_first_stays_as_it_is() {
    let Some(launcher) = launcher() else { return };
    for image in [Container::scratch(&launcher), Container::alpine(&launcher), Container::debian(&launcher)] {
        let Some(image) = available(image) else { continue };
        let before = inventory(image.rootfs());
        for workload in [Workload::http_handler(), Workload::compute_kernel()] {
            let artifact = image.prepare(&workload, Temperature::Cold).unwrap();
            artifact.start().unwrap().stop().unwrap();
        }
        let after = inventory(image.rootfs());
        assert_eq!(before, after);
    }
    // A bundle of one's own has its own program.
    let Some(scratch) = available(Container::scratch(&launcher)) else { return };
    let own = Container::bundle(&launcher, "own".parse().unwrap(), scratch.bundle_path()).unwrap();
    let error = own.prepare(&Workload::http_handler(), Temperature::Cold).map(drop).unwrap_err();
    assert!(matches!(error, RuntimeError::UnsupportedWorkload { .. }), "{error}");
    works(&own);
}

#[test]
#[ignore = "run by another test, with variables set, and killed by it"]
fn the_scratch_that_is_made() {
    let directory = PathBuf::from(std::env::var_os("TEST_DIRECTORY").expect("set by the other test"));
    let Some(launcher) = launcher_in(&directory) else {
        println!("no containers here");
        return;
    };
    match Container::scratch(&launcher) {
        Ok(_) => println!("made"),
        Err(error) => println!("refused: {error}"),
    }
}

#[test]
fn what_compiling_an_image_s_program_left_when_it_was_killed_goes_with_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::create_dir(at("temporary")).unwrap();
    // A compiler that says who it is and then takes for ever.
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let slow =
        format!("#!/bin/sh\n[ \"$1\" != -vV ] || exec {rustc} -vV\necho $$ >{}\nexec sleep 600\n", at("pid").display());
    fs::write(at("slow"), slow).unwrap();
    fs::set_permissions(at("slow"), fs::Permissions::from_mode(0o755)).unwrap();
    let make = |images: &str| {
        let mut test = Command::new(std::env::current_exe().unwrap());
        test.args(["--exact", "the_scratch_that_is_made", "--ignored", "--nocapture"]);
        test.env("TEST_DIRECTORY", at(images)).env("TMPDIR", at("temporary"));
        test
    };
    let left = || fs::read_dir(at("temporary")).unwrap().count();
    let said = make("usual").output().unwrap();
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    if !said.contains("made") {
        return need::skip("container", &said.lines().last().unwrap_or_default());
    }
    assert_eq!(left(), 0, "nothing stays of one that ended by itself");
    let mut killed = make("killed").env("RUSTC", at("slow")).stdout(std::process::Stdio::null()).spawn().unwrap();
    let pid = loop {
        match fs::read_to_string(at("pid")) {
            Ok(pid) if pid.ends_with('\n') => break pid.trim().parse().unwrap(),
            _ if killed.try_wait().unwrap().is_some() => panic!("it ended before it compiled"),
            _ => std::thread::sleep(std::time::Duration::from_millis(10)),
        }
    };
    killed.kill().unwrap();
    killed.wait().unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    assert_eq!(left(), 1, "this is what it left");
    let said = make("next").output().unwrap();
    assert!(String::from_utf8_lossy(&said.stdout).contains("made"));
    assert_eq!(left(), 0);
}
