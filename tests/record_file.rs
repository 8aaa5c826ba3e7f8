//! A baseline's file is whole whatever happens: other writers, a full disk, a killed run.

mod record_support;

use std::{
    fs, io,
    os::unix::fs::{PermissionsExt, symlink},
    thread,
};

use record_support::golden::{WRITTEN, golden, names};
use runtime_baseline::{Baseline, BaselineError, WriteError};
use tempfile::tempdir;

#[test]
fn saving_keeps_permissions_and_links() {
    let directory = tempdir().unwrap();
    let (path, link) = (directory.path().join("real.json"), directory.path().join("link.json"));
    Baseline::new().save(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.json", &link).unwrap();
    golden().save(&link).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o640);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(Baseline::load(&path).unwrap(), golden());
    assert_eq!(names(directory.path()), ["link.json", "real.json"]);
}

#[test]
fn a_failed_save_leaves_the_old_file_and_nothing_else() {
    use std::os::unix::ffi::OsStringExt;

    let directory = tempdir().unwrap();
    let path = directory.path().join("b.json");
    golden().save(&path).unwrap();

    let samples = std::ffi::OsString::from_vec(b"samples/\xff".to_vec());
    let mut unstorable = golden();
    unstorable.push(golden().metrics()[0].clone().with_samples(samples));
    let error = unstorable.save(&path).unwrap_err();
    assert!(matches!(error, BaselineError::Unstorable { index: 3, .. }), "{error:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), WRITTEN);
    assert_eq!(names(directory.path()), ["b.json"]);

    // Whatever is no file stays what it is.
    fs::create_dir(directory.path().join("d.json")).unwrap();
    let error = golden().save(directory.path().join("d.json")).unwrap_err();
    assert!(matches!(error, BaselineError::Write(WriteError::NotAFile { what: "a directory", .. })), "{error:?}");
    assert_eq!(names(directory.path()), ["b.json", "d.json"]);

    // Below a file there is no directory.
    let error = golden().save(path.join("c.json")).unwrap_err();
    assert!(matches!(error, BaselineError::Write(_)), "{error:?}");
    assert!(matches!(golden().save("/").unwrap_err(), BaselineError::Write(_)));
    assert!(matches!(golden().save("").unwrap_err(), BaselineError::Write(_)));
}

#[test]
fn a_full_disk_is_an_error_that_keeps_the_old_file() {
    // /dev/full cannot be renamed over; a tiny limit on the file's size stands for a full disk, in a child of its own.
    let directory = tempdir().unwrap();
    let path = directory.path().join("b.json");
    golden().save(&path).unwrap();
    let status = std::process::Command::new("sh")
        .args(["-c", "ulimit -f 0; trap '' XFSZ; exec \"$0\" --exact child_that_cannot_write --nocapture --ignored"])
        .arg(std::env::current_exe().unwrap())
        .env("BASELINE_UNDER_TEST", &path)
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(fs::read_to_string(&path).unwrap(), WRITTEN);
    assert_eq!(names(directory.path()), ["b.json"]);
}

#[test]
#[ignore = "run by a_full_disk_is_an_error_that_keeps_the_old_file, in a process that may not write"]
fn child_that_cannot_write() {
    let Some(path) = std::env::var_os("BASELINE_UNDER_TEST") else { return };
    let error = golden().merge_into(path).unwrap_err();
    let BaselineError::Write(WriteError::Io { source, .. }) = &error else { panic!("{error:?}") };
    assert_eq!(source.kind(), io::ErrorKind::FileTooLarge);
}

#[test]
fn a_run_killed_at_any_moment_leaves_a_whole_file() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("b.json");
    golden().save(&path).unwrap();
    for round in 0..20 {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_saves_until_killed", "--nocapture", "--ignored"])
            .env("BASELINE_UNDER_TEST", &path)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(std::time::Duration::from_millis(10 + 3 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        // Its lock went with it, and its metrics are there or not, but none of ours is lost.
        let loaded = Baseline::load(&path).unwrap();
        assert!(golden().metrics().iter().all(|metric| loaded.metrics().contains(metric)));
    }
    golden().merge_into(&path).unwrap();
    assert_eq!(names(directory.path()), ["b.json"]);
}

#[test]
#[ignore = "run by a_run_killed_at_any_moment_leaves_a_whole_file, which ends it"]
fn child_that_saves_until_killed() {
    let Some(path) = std::env::var_os("BASELINE_UNDER_TEST") else { return };
    let parent = std::os::unix::process::parent_id();
    let mut round = 0;
    // Not beyond the life of the test that started it.
    while std::os::unix::process::parent_id() == parent {
        let mut run = Baseline::new();
        run.push(golden().metrics()[0].clone().with_workload(format!("{round}")));
        run.merge_into(&path).unwrap();
        round = (round + 1) % 50;
    }
}

#[test]
fn runs_that_end_together_lose_nothing() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("deep/er/b.json");
    let (writers, rounds) = (8, 10);
    thread::scope(|scope| {
        for writer in 0..writers {
            let path = &path;
            scope.spawn(move || {
                for round in 0..rounds {
                    let mut run = Baseline::new();
                    run.push(golden().metrics()[0].clone().with_workload(format!("{writer}-{round}")));
                    assert!(run.merge_into(path).unwrap().superseded.is_empty());
                }
            });
        }
    });
    assert_eq!(Baseline::load(&path).unwrap().metrics().len(), writers * rounds);
}

#[test]
fn an_update_returns_what_its_closure_returns() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("b.json");
    let count = Baseline::update_file(&path, |baseline| {
        baseline.merge(golden());
        baseline.metrics().len()
    });
    assert_eq!(count.unwrap(), golden().metrics().len());
    assert_eq!(Baseline::load(&path).unwrap(), golden());
}
