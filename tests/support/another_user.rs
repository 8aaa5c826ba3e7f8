//! A test of the same file, run by a user without any right: what needs root shows, and what does not.

use std::{
    collections::BTreeSet,
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// Names the directory that both halves of the test share.
const OPEN: &str = "OPEN_DIRECTORY";

/// A directory that any user can read, with this program in it, and a folder `own` that any user can write into.
pub struct Open(TempDir);

impl Open {
    /// Where this user is root, who alone may become another.
    pub fn new() -> Result<Self, &'static str> {
        if !rustix::process::geteuid().is_root() {
            return Err("this test becomes another user");
        }
        let open = Self(tempfile::tempdir().unwrap());
        open.put(&env::current_exe().unwrap(), "program");
        let own = open.0.path().join("own");
        fs::create_dir(&own).unwrap();
        fs::set_permissions(&own, fs::Permissions::from_mode(0o1777)).unwrap();
        Ok(open)
    }

    /// Copies a file or a folder into it.
    pub fn put(&self, from: &Path, to: &str) {
        let status = Command::new("cp").arg("-r").arg(from).arg(self.0.path().join(to)).status().unwrap();
        assert!(status.success());
    }

    /// Runs a test that is ignored otherwise, as that user. Returns what it said.
    pub fn run(&self, test: &str) -> String {
        let open = self.0.path();
        let chmod = Command::new("chmod").args(["-R", "a+rX"]).arg(open).status().unwrap();
        assert!(chmod.success());
        let output = Command::new("unshare")
            .args(["--mount", "--propagation", "private", "sh", "-c", AS_ANOTHER_USER, "sh", test])
            .arg(open)
            .args(closed_libraries())
            .env(OPEN, open)
            .env("TMPDIR", open.join("own"))
            .env("HOME", open.join("own"))
            // That user may lack the right: then what it is told is looked at below.
            .env_remove("RUNTIME_BASELINE_REQUIRE")
            .current_dir("/")
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
        assert!(output.status.success(), "{said}");
        said
    }
}

/// The directory, in the half that is run by the other user.
pub fn open_directory() -> PathBuf {
    assert!(!rustix::process::geteuid().is_root());
    PathBuf::from(env::var_os(OPEN).expect("set by the other half"))
}

/// The folders of the libraries and of the loader that this program runs with (with those beside them, since a library may be
/// looked for by `../lib`), each after the first folder above it that only its owner may enter. A checkout below /root, or in a home, has WasmEdge's there, where another user cannot execute them.
fn closed_libraries() -> Vec<PathBuf> {
    let own = env::current_exe().unwrap();
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let files = maps.lines().filter_map(|line| line.find('/').map(|at| Path::new(&line[at..])));
    let folders: BTreeSet<_> = files.filter(|file| *file != own).filter_map(Path::parent).collect();
    let enterable = |folder: &Path| fs::metadata(folder).is_ok_and(|found| found.permissions().mode() & 0o001 != 0);
    let closed = folders.into_iter().filter_map(|folder| {
        let mut above: Vec<_> = folder.ancestors().collect();
        above.reverse();
        let first = above.into_iter().find(|above| !enterable(above))?;
        let beside = folder.parent().filter(|parent| *parent != first && parent.starts_with(first));
        Some([first.to_owned(), beside.unwrap_or(folder).to_owned()])
    });
    let pairs: BTreeSet<_> = closed.collect();
    pairs.into_iter().flatten().collect()
}

/// In a mount namespace of its own: opens what is closed, and becomes another user. Called with the test, the open directory, and pairs
/// of a closed folder and one below it that is needed. What is needed is kept at hand while an empty folder covers what is
/// closed, and then put where it was.
const AS_ANOTHER_USER: &str = r#"
    set -e
    test=$1 open=$2
    shift 2
    keep() { number=0; while [ $# -gt 0 ]; do
        number=$((number + 1)); mkdir "$open/needed$number"; mount --bind "$2" "$open/needed$number"; shift 2
    done; }
    put() { number=0; while [ $# -gt 0 ]; do
        number=$((number + 1))
        [ -e "$1/.covered" ] || { mount -t tmpfs -o mode=755 tmpfs "$1"; : >"$1/.covered"; }
        mkdir -p "$2"; mount --bind "$open/needed$number" "$2"; shift 2
    done; }
    keep "$@"
    put "$@"
    exec setpriv --reuid 65534 --regid 65534 --clear-groups \
        "$open/program" --exact "$test" --ignored --nocapture
"#;
