//! Fresh processes that misbehave: each end is an error of its own that says what was being done, and nothing stays.

use std::time::Duration;

use rustix::process::{Signal, getpid, getppid, kill_process};
use serde::{Deserialize, Serialize};

use super::{
    Failure, Progress, Task,
    fresh::{Fresh, FreshError, NoAnswer, measure},
};
use crate::{
    adapter::{Refusal, RefusalKind},
    resource::{
        account::Account,
        charge::{Charge, Version},
        memory::descendants,
        scope::PREFIX,
    },
};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Misbehave {
    Answer,
    Refuse,
    Fail,
    Panic,
    Exit,
    Die,
    KillWarden,
    Hang,
    Chatter,
    Devour,
    Stages,
}

impl Task for Misbehave {
    const NAME: &str = "misbehave";

    type Answer = (u32, u64, bool);
    type Error = Failure;

    fn run(self, progress: &Progress) -> Result<(u32, u64, bool), Failure> {
        progress.doing("misbehaving");
        match self {
            Self::Answer => {
                let status = procfs::process::Process::myself().unwrap().status().unwrap();
                let variable = std::env::var_os(super::hook::VARIABLE).is_some();
                return Ok((std::process::id(), status.vmhwm.unwrap() * 1024, variable));
            }
            Self::Refuse => {
                return Err(refuse("no", "yes"));
            }
            Self::Fail => return Err(Failure::Other("of a reason".to_owned())),
            Self::Panic => panic!("of this test"),
            Self::Exit => super::hook::exit(3),
            Self::Die => kill_process(getpid(), Signal::KILL).unwrap(),
            Self::KillWarden => {
                let warden = getppid().unwrap();
                progress.doing(warden.as_raw_pid().to_string());
                kill_process(warden, Signal::KILL).unwrap();
            }
            Self::Hang => {}
            Self::Devour => devour()?,
            Self::Stages => {
                for stage in ["the first", "the second"] {
                    progress.doing(stage);
                    progress.wait().map_err(|e| Failure::Other(e.to_string()))?;
                }
                return Ok((std::process::id(), 2, false));
            }
            Self::Chatter => loop {
                progress.doing("talking");
            },
        }
        loop {
            std::thread::sleep(Duration::from_secs(1));
        }
    }
}

fn refuse(reason: &str, remedy: &str) -> Failure {
    Failure::Refused(Refusal::new(&"noop".parse().unwrap(), RefusalKind::NotSupported, reason, remedy))
}

/// Takes more memory than the limit that it sets its own cgroup.
fn devour() -> Result<(), Failure> {
    let group = Charge::of_own_group().ok_or_else(|| refuse("no cgroup that counts memory", ""))?;
    let limit = match group.version() {
        Version::V1 => "memory.limit_in_bytes",
        Version::V2 => "memory.max",
    };
    let limited = std::fs::write(group.directory().join(limit), (32 << 20).to_string());
    limited.map_err(|e| refuse(&format!("no limit: {e}"), ""))?;
    let mut taken = Vec::new();
    loop {
        taken.push(vec![1_u8; 1 << 20]);
    }
}

const LONG: Duration = Duration::from_secs(60);

fn error(task: Misbehave, limit: Duration) -> FreshError {
    match measure(&task, limit).unwrap_err() {
        NoAnswer::Fresh(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn a_fresh_process_is_fresh() {
    // What this process holds is not what the other one starts with.
    let ballast = vec![1_u8; 256 << 20];
    let (pid, highest, variable) = measure(&Misbehave::Answer, LONG).unwrap();
    assert_ne!(pid, std::process::id());
    assert!(highest < 64 << 20, "{highest} bytes");
    assert!(!variable, "what it starts would become a helper");
    assert_eq!(ballast.last(), Some(&1));
    assert!(descendants(std::process::id() as i32).unwrap().iter().all(|process| process.pid != pid as i32));
}

#[test]
fn every_end_is_told_apart() {
    match measure(&Misbehave::Refuse, LONG).unwrap_err() {
        NoAnswer::Refused(refusal) => {
            assert_eq!((refusal.reason.as_str(), refusal.remedy.as_str()), ("no", "yes"))
        }
        other => panic!("{other}"),
    }
    let failed = |task, part: &str| match error(task, LONG) {
        FreshError::Failed { doing, reason, .. } => {
            assert_eq!(doing, "misbehaving");
            assert!(reason.contains(part), "{reason}");
        }
        other => panic!("{other}"),
    };
    failed(Misbehave::Fail, "of a reason");
    failed(Misbehave::Panic, "a panic: of this test");
    let died = |task, part: &str| match error(task, LONG) {
        FreshError::Died { doing, how, .. } => {
            assert_eq!(doing, "misbehaving");
            assert!(how.contains(part), "{how}");
        }
        other => panic!("{other}"),
    };
    died(Misbehave::Exit, "exit status 3");
    died(Misbehave::Die, "killed by signal 9");
    match measure(&Misbehave::Devour, LONG).unwrap_err() {
        NoAnswer::Fresh(FreshError::OutOfMemory { doing, .. }) => assert_eq!(doing, "misbehaving"),
        NoAnswer::Refused(refusal) => crate::need::skip("cgroup", &refusal),
        other => panic!("{other}"),
    }
}

#[test]
fn a_warden_that_is_killed_leaves_no_group() {
    let FreshError::Died { doing, how, .. } = error(Misbehave::KillWarden, LONG) else { panic!() };
    assert_eq!(how, "its warden ended");
    let made = format!("{PREFIX}{}-", doing.parse::<u32>().unwrap());
    let parents = [Charge::groups_of_this_process(), Account::groups_of_this_process()].concat();
    let groups = parents.iter().flat_map(|(_, parent)| std::fs::read_dir(parent)).flatten().flatten();
    let left: Vec<_> = groups.filter(|group| group.file_name().to_string_lossy().starts_with(&made)).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn who_takes_too_long_is_killed_however_busy_it_is() {
    for (task, what) in [(Misbehave::Hang, "misbehaving"), (Misbehave::Chatter, "talking")] {
        match error(task, Duration::from_secs(2)) {
            FreshError::TimeLimit { doing, limit, .. } => {
                assert_eq!((doing.as_str(), limit), (what, Duration::from_secs(2)));
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn a_measurement_in_stages_goes_on_when_it_is_told() {
    let begin = |task| Fresh::begin(&task, None).unwrap();
    let failed = |error: NoAnswer, what: &str, part: &str| match error {
        NoAnswer::Fresh(FreshError::Failed { doing, reason, .. }) => {
            assert_eq!(doing, what);
            assert!(reason.contains(part), "{reason}");
        }
        other => panic!("{other}"),
    };
    // Two at the same time.
    let mut both = [begin(Misbehave::Stages), begin(Misbehave::Stages)];
    for _ in 0..2 {
        both.iter_mut().for_each(|fresh| fresh.stage(LONG).unwrap());
        both.iter_mut().for_each(Fresh::go_on);
    }
    let [first, second] = both.map(|fresh| fresh.answer(LONG).unwrap());
    assert!(first.0 != second.0 && first.1 == 2);
    // It is not told.
    failed(measure(&Misbehave::Stages, LONG).unwrap_err(), "the first", "it waits");
    let short = begin(Misbehave::Stages).stage(LONG).and_then(|()| begin(Misbehave::Answer).stage(LONG)).unwrap_err();
    failed(short, "misbehaving", "before it was told");
    let mut late = begin(Misbehave::Stages);
    late.stage(LONG).unwrap();
    match late.stage(Duration::from_millis(100)).unwrap_err() {
        NoAnswer::Fresh(FreshError::TimeLimit { doing, .. }) => assert_eq!(doing, "the first"),
        other => panic!("{other}"),
    }
    // It is gone before it is told.
    let mut dead = begin(Misbehave::Die);
    dead.go_on();
    assert!(matches!(dead.stage(LONG), Err(NoAnswer::Fresh(FreshError::Died { .. }))));
}

/// A program with rights that its caller lacks must not do what its caller's environment says.
#[test]
fn a_set_group_id_program_becomes_no_helper() {
    use std::os::unix::fs::{PermissionsExt, chown};
    use std::process::{Command, Stdio};

    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("program");
    std::fs::copy("/proc/self/exe", &copy).unwrap();
    let status = || {
        let variable = format!("{} {} {}", super::hook::VERSION, std::process::id(), super::fresh::MEASURE);
        let mut command = Command::new(&copy);
        command.arg("--list").env(super::hook::VARIABLE, variable);
        command.stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap().code()
    };
    let mode = |mode| std::fs::set_permissions(&copy, PermissionsExt::from_mode(mode)).unwrap();
    mode(0o755);
    assert_eq!(status(), Some(71), "a helper that nobody asks anything");
    // Any group but this one, which root alone can name. Not another user, who might not reach the libraries of this program.
    let other = if rustix::process::geteuid().is_root() {
        chown(&copy, None, Some(65_534))
    } else {
        Err(std::io::ErrorKind::PermissionDenied.into())
    };
    match other {
        Ok(()) => {
            std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
            mode(0o2755);
            assert_eq!(status(), Some(0), "its own main ran, which lists the tests");
        }
        Err(error) => crate::need::skip("root", &error),
    }
}
