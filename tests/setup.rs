//! The set-up, with steps of its own that fail in every way there is: it ends well, and each leaves its true reason; and the
//! build, with a feature that cannot be built.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// A folder of steps, and a target folder for what they leave.
struct SetUp {
    directory: tempfile::TempDir,
}

impl SetUp {
    fn new(steps: &[(&str, &str)]) -> Self {
        let set_up = Self { directory: tempfile::tempdir().unwrap() };
        fs::create_dir(set_up.path("steps")).unwrap();
        for (name, text) in steps {
            fs::write(set_up.path("steps").join(name), text).unwrap();
        }
        set_up
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.directory.path().join(inside)
    }

    fn command(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/setup.sh"));
        for variable in ["SETUP", "WITHOUT", "RUNTIME_BASELINE_TOOLS", "RUNTIME_BASELINE_IMAGES"] {
            command.env_remove(variable);
        }
        command.args(arguments).env("SETUP_STEPS", self.path("steps")).env("CARGO_TARGET_DIR", self.path("target"));
        command.envs(variables.iter().copied());
        command
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        self.command(arguments, variables).output().unwrap()
    }

    /// What a step left, without the end of its line.
    fn left(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.path("target/setup").join(file)).ok().map(|text| text.trim_end().to_owned())
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

const WORKS: &str = r#"
brings="something" size="1 KB" where="target/tools/works" why="a test asks for it"
there() { [ -f "$tools/works" ] && echo "it works"; }
bring() { mkdir -p "$tools"; echo "some words"; touch "$tools/works"; }
"#;

#[test]
fn what_works_is_brought_once_and_said_before() {
    let set_up = SetUp::new(&[("10-works.sh", WORKS)]);
    let planned = text(&set_up.run(&["--plan"], &[]));
    for part in ["works", "something", "1 KB", "target/tools/works", "a test asks for it"] {
        assert!(planned.contains(part), "{planned}");
    }
    assert!(!set_up.path("target/tools/works").exists(), "a plan does nothing");
    let first = set_up.run(&[], &[]);
    assert!(first.status.success() && text(&first).contains("works: done"), "{}", text(&first));
    assert!(set_up.path("target/tools/works").exists());
    assert!(set_up.left("works.log").unwrap().contains("some words"), "its words are in the log, not here");
    assert!(!text(&first).contains("some words"), "{}", text(&first));
    assert!(!set_up.path("target/setup/works.work").exists());
    let second = text(&set_up.run(&[], &[]));
    assert!(second.contains("there: it works") && !second.contains("works: done"), "{second}");
}

#[test]
fn every_way_to_fail_leaves_its_reason_and_costs_nothing_else() {
    let remedy = "remedy=\"do it by hand\"\n";
    let broken: [(&str, &str, &str); 6] = [
        (
            "says",
            "bring() { echo first; echo 'E: the index of today is expired' >&2; return 3; }",
            "E: the index of today is expired",
        ),
        ("ways", "bring() { because 'no network'; because 'no compiler'; return 1; }", "no network; no compiler"),
        ("ends", "bring() { echo 'then this'; false; echo 'not this'; }", "then this"),
        ("lies", "bring() { echo 'done, it says'; }", "done, it says"),
        ("paths", "bring() { mkdir -p $target/x; echo \"no $target/x/y in $PWD/z\"; exit 1; }", "no target/x/y in z"),
        ("killed", "bring() { echo 'out of memory?'; kill -KILL $BASHPID; }", "out of memory?"),
    ];
    let mut steps: Vec<_> = broken
        .iter()
        .enumerate()
        .map(|(i, (name, bring, _))| (format!("1{i}-{name}.sh"), format!("{remedy}{bring}\n")))
        .collect();
    steps.push(("90-works.sh".to_owned(), WORKS.to_owned()));
    let borrowed: Vec<_> = steps.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let set_up = SetUp::new(&borrowed);
    let output = set_up.run(&[], &[]);
    assert!(output.status.success(), "{}", text(&output));
    for (name, _, reason) in broken {
        assert_eq!(set_up.left(&format!("{name}.reason")).as_deref(), Some(reason), "{}", text(&output));
        assert_eq!(set_up.left(&format!("{name}.remedy")).as_deref(), Some("do it by hand"));
        assert!(text(&output).contains(&format!("{name}: left out")), "{}", text(&output));
        assert!(!set_up.path(&format!("target/setup/{name}.work")).exists(), "a failed try leaves nothing behind");
    }
    assert!(text(&output).contains("works: done"), "{}", text(&output));
    // What works at last has no reason any more.
    fs::write(set_up.path("steps/10-says.sh"), WORKS).unwrap();
    set_up.run(&["says"], &[]);
    assert_eq!((set_up.left("says.reason"), set_up.left("says.remedy")), (None, None));
}

#[test]
fn what_takes_too_long_is_ended_with_all_that_it_started() {
    let slow = "remedy=patience\nbring() { sleep 300 & echo $! >\"$target/pid\"; echo 'downloading'; wait; }\n";
    let set_up = SetUp::new(&[("10-slow.sh", slow), ("20-works.sh", WORKS)]);
    let output = set_up.run(&[], &[("LIMIT_SLOW", "1")]);
    assert!(output.status.success(), "{}", text(&output));
    let reason = set_up.left("slow.reason").unwrap();
    assert!(reason.contains("after 1 s") && reason.ends_with("downloading"), "{reason}");
    let remedy = set_up.left("slow.remedy").unwrap();
    assert!(remedy.contains("LIMIT_SLOW=4") && remedy.ends_with("patience"), "{remedy}");
    assert!(text(&output).contains("works: done"), "{}", text(&output));
    let sleeper = fs::read_to_string(set_up.path("target/pid")).unwrap();
    assert!(is_gone(&sleeper), "what the step started still runs");
}

#[test]
fn what_is_interrupted_goes_on_from_where_it_was() {
    let long = "bring() {\n  if [ -f \"$work/half\" ]; then touch \"$target/whole\"; return; fi\n  touch \"$work/half\"\n  \
                sleep 300 & echo $! >\"$target/pid\"; wait\n}\nthere() { [ -f \"$target/whole\" ]; }\n";
    let set_up = SetUp::new(&[("10-long.sh", long)]);
    let mut runner = set_up.command(&[], &[]).stdout(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let sleeper = loop {
        match fs::read_to_string(set_up.path("target/pid")) {
            Ok(pid) if pid.ends_with('\n') => break pid,
            _ => assert!(Instant::now() < deadline, "the step did not start"),
        }
        sleep(Duration::from_millis(20));
    };
    end(&runner);
    assert_eq!(runner.wait().unwrap().code(), Some(143));
    assert!(is_gone(&sleeper), "what the step started still runs");
    assert!(set_up.path("target/setup/long.work/half").exists());
    assert!(set_up.left("long.reason").is_none(), "it has not failed");
    let again = set_up.run(&[], &[]);
    assert!(text(&again).contains("long: done") && set_up.path("target/whole").exists(), "{}", text(&again));
}

/// As somebody at a shell would end it.
fn end(process: &Child) {
    // A shell has `kill`; not every machine has the program.
    let status = Command::new("sh").args(["-c", "kill -s TERM $0"]).arg(process.id().to_string()).status().unwrap();
    assert!(status.success());
}

fn is_gone(pid: &str) -> bool {
    let state = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    state.is_empty() || state.contains(") Z ")
}

/// The reason for missing packages is the one that explains most, without the mirror's address.
#[test]
fn an_index_that_apt_refuses_is_told_as_that() {
    let directory = tempfile::tempdir().unwrap();
    let complaints = |said: &str| {
        let log = directory.path().join("apt.log");
        fs::write(&log, said).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/setup/packages.sh");
        let output =
            Command::new("bash").args(["-c", ". \"$1\"; apt_complains \"$2\"", "bash"]).arg(script).arg(log).output();
        text(&output.unwrap()).trim_end().to_owned()
    };
    let expired = "W: Some index files failed to download. They have been ignored, or old ones used instead.\n\
                   E: Release file for http://mirror.example/debian/dists/forky/InRelease is expired (invalid since 3d 2h). \
                   Updates for this repository will not be applied.\n";
    assert_eq!(
        complaints(expired),
        "Release file for the mirror is expired (invalid since 3d 2h). Updates for this repository will not be applied."
    );
    assert_eq!(complaints("E: Unable to locate package opa\nW: and so on\n"), "Unable to locate package opa");
    assert_eq!(complaints("Reading package lists...\n"), "");
}

#[test]
fn what_may_not_be_done_is_said_and_not_done() {
    let installs = WORKS.replace("brings=", "needs=packages remedy=\"install it\" brings=");
    let set_up = SetUp::new(&[("10-works.sh", WORKS), ("20-installs.sh", &installs)]);
    let output = text(&set_up.run(&["--plan"], &[]));
    assert!(output.contains("installs  left out") && set_up.left("installs.remedy").unwrap().contains("SETUP=full"));
    let output = text(&set_up.run(&[], &[("WITHOUT", "works")]));
    assert!(output.contains("0 of 2 steps"), "{output}");
    assert!(set_up.left("works.reason").unwrap().contains("WITHOUT"));
    let output = set_up.run(&[], &[("SETUP", "none")]);
    assert!(output.status.success() && !set_up.path("target/tools").exists(), "{}", text(&output));
    for (arguments, variables, said) in [
        (vec!["no-such"], vec![], "no step no-such; there are: works installs"),
        (vec![], vec![("WITHOUT", "no-such")], "no step no-such"),
        (vec![], vec![("SETUP", "all")], "none, local or full"),
        (vec!["--no-such"], vec![], "unknown option"),
        (vec![], vec![("LIMIT_WORKS", "soon")], "number of seconds"),
    ] {
        let output = set_up.run(&arguments, &variables);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        assert!(text(&output).contains(said), "{}", text(&output));
    }
}

#[test]
fn what_computes_waits_and_what_downloads_does_not() {
    let heavy = "heavy=yes\nahead() { touch \"$target/downloaded\"; }\nbring() { touch \"$target/built\"; }\n\
                 there() { [ -f \"$target/built\" ]; }\n";
    let set_up = SetUp::new(&[("10-heavy.sh", heavy), ("20-works.sh", WORKS)]);
    let light = text(&set_up.run(&["--light"], &[]));
    assert!(light.contains("works: done") && set_up.path("target/downloaded").exists(), "{light}");
    assert!(!set_up.path("target/built").exists(), "{light}");
    set_up.run(&[], &[]);
    assert!(set_up.path("target/built").exists());
}

/// The project's own steps are all what a step has to be.
#[test]
fn the_projects_own_steps_say_what_they_are() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = Vec::new();
    for entry in fs::read_dir(project.join("tools/setup.d")).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_none_or(|extension| extension != "sh") {
            continue;
        }
        let mut step = Command::new(project.join("tools/setup/step.sh"));
        let target = tempfile::tempdir().unwrap();
        let output = step.arg(&file).arg("plan").env("CARGO_TARGET_DIR", target.path()).output().unwrap();
        let said = text(&output);
        assert!(output.status.success(), "{}: {said}", file.display());
        for key in ["brings", "size", "where", "why", "seconds", "remedy"] {
            let value = said.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            assert!(value.is_some_and(|value| !value.is_empty()), "{}: {key}: {said}", file.display());
        }
        names.push(file.file_stem().unwrap().to_string_lossy().into_owned());
    }
    names.sort();
    assert!(names.len() >= 6 && names.iter().all(|name| name[..2].parse::<u8>().is_ok()), "{names:?}");
}

/// `tools/cargo.sh` in a project whose feature `wasmedge` fails in its build script.
#[test]
fn a_feature_that_does_not_build_is_left_out_with_its_reason() {
    let directory = tempfile::tempdir().unwrap();
    let project = directory.path();
    let write = |file: &str, text: &str| {
        let file = project.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    write(
        "Cargo.toml",
        "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[features]\ncli = []\nwasmedge = []\n",
    );
    write("src/main.rs", "fn main() { println!(\"wasmedge: {}\", cfg!(feature = \"wasmedge\")); }\n");
    let build = "fn main() { if std::env::var_os(\"CARGO_FEATURE_WASMEDGE\").is_some() { panic!(\"the header is of 0.16\") } }\n";
    write("build.rs", build);
    write("target/wasmedge/env", "export WASMEDGE_DIR=/no/such/place\n");
    let script = project.join("tools/cargo.sh");
    write("tools/cargo.sh", include_str!("../tools/cargo.sh"));
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let cargo = |arguments: &[&str], without: &str| {
        let mut command = Command::new(&script);
        command.args(arguments).env("WITHOUT", without).env("CARGO_NET_OFFLINE", "true");
        for variable in ["CARGO_TARGET_DIR", "RUNTIME_BASELINE_SETUP", "RUSTFLAGS", "WITH"] {
            command.env_remove(variable);
        }
        command.output().unwrap()
    };
    let reason = project.join("target/setup/wasmedge-build.reason");

    let output = cargo(&["run"], "");
    assert!(output.status.success() && text(&output).contains("wasmedge: false"), "{}", text(&output));
    let said = fs::read_to_string(&reason).unwrap();
    assert!(said.contains("the header is of 0.16") && !said.contains(project.to_str().unwrap()), "{said}");
    assert!(project.join("target/setup/wasmedge-build.remedy").exists());

    let lint = cargo(&["check"], "");
    assert!(!lint.status.success(), "what only looks at the code is not done by halves: {}", text(&lint));

    // What was wrong is right: the reason goes.
    write("build.rs", "fn main() {}\n");
    let output = cargo(&["run"], "");
    assert!(output.status.success() && text(&output).contains("wasmedge: true"), "{}", text(&output));
    assert!(!reason.exists());
    assert!(text(&cargo(&["run"], "wasmedge")).contains("wasmedge: false"));

    // What is wrong without the feature too is no reason to leave it out.
    write("src/main.rs", "fn main() { nonsense }\n");
    let output = cargo(&["run"], "");
    assert!(!output.status.success() && !reason.exists(), "{}", text(&output));
}
