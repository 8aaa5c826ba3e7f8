//! What only many repetitions show: that nothing grows, that whatever kills a run leaves nothing and loses nothing, and that two
//! runs at once do not hurt each other.
//!
//! ```text
//! cargo test --test soak                          briefly: the counts alone, since memory shows no slope in seconds
//! SOAK=full cargo test --test soak -- wasmtime    as often as the tables say, memory included, what has `wasmtime` in its name
//! SOAK=0.1 cargo test --test soak                 a tenth of that
//! SOAK_SEED=7 …                                   the moments and the victims of an earlier run
//! ```
//!
//! `make soak` is the second without a name. Where `SOAK` is set, what was found is recorded as figures of its own in
//! `target/baseline-soak`, the readings beside them. Each line of endurance and each run is a process of its own, so this
//! program is started again, and has no test harness.

mod endure;
mod kill;
mod lines;
#[path = "../support/need.rs"]
mod need;
mod readings;
mod record;
#[path = "../support/refused.rs"]
mod refused;
mod rounds;
mod run;

use std::{env, error::Error, process::ExitCode, sync::Mutex};

use libtest_mimic::{Arguments, Trial};
use runtime_baseline::{policy, runtime};

use lines::{Line, Work};
use record::Found;

/// What this program was started again for.
const ROLE: &str = "SOAK_ROLE";

/// How much of what the tables say is done.
#[derive(Debug, Clone, Copy)]
struct Scale {
    share: f64,
    /// Whether it is long enough for a slope to be judged and recorded.
    is_long: bool,
}

impl Scale {
    fn of_environment() -> Result<Self, String> {
        match env::var("SOAK").as_deref() {
            Err(_) => Ok(Self { share: 0.002, is_long: false }),
            Ok("full") => Ok(Self { share: 1.0, is_long: true }),
            Ok(text) => match text.parse() {
                Ok(share) if share > 0.0 && share <= 1.0 => Ok(Self { share, is_long: true }),
                _ => Err(format!("SOAK={text}: full, or a share of it such as 0.1")),
            },
        }
    }

    /// That share of `full`, and `least` where that is more.
    fn of(self, full: u32, least: u32) -> u32 {
        ((f64::from(full) * self.share).round() as u32).max(least)
    }
}

fn main() -> ExitCode {
    let ended = match env::var(ROLE).as_deref() {
        Ok("endure") => endure::child(),
        Ok("run") => run::run(),
        Ok(other) => Err(format!("{ROLE}={other}: no such role").into()),
        Err(_) => return tests(),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

static FOUND: Mutex<Vec<Found>> = Mutex::new(Vec::new());

fn found(one: Found) {
    FOUND.lock().expect("nobody panics with it").push(one);
}

fn tests() -> ExitCode {
    let scale = match Scale::of_environment() {
        Ok(scale) => scale,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let mut arguments = Arguments::from_args();
    // What others do at the same time would be counted, or killed.
    arguments.test_threads = Some(1);
    let mut trials = vec![Trial::test("every_adapter_has_a_line", || Ok(lines::every_adapter_has_a_line()?))];
    let (runtimes, engines) = (runtime::Registry::of_this_machine(), policy::Registry::of_this_machine());
    for line in lines::all() {
        let title = format!("nothing_grows::{line}");
        trials.push(match refusal(&line, &runtimes, &engines) {
            Some((note, trial)) => {
                need::note("skipped", &title, &note);
                trial(title)
            }
            None => Trial::test(title, move || Ok(endure::endures(&line, scale)?)),
        });
    }
    drop((runtimes, engines));
    trials.push(Trial::test("a_run_that_is_killed_at_any_moment_leaves_and_loses_nothing", move || {
        Ok(kill::points(scale)?)
    }));
    trials.push(Trial::test("two_runs_at_once_do_not_hurt_each_other", move || Ok(rounds::two_at_once(scale)?)));
    let conclusion = libtest_mimic::run(&arguments, trials);
    match record::all(&FOUND.lock().expect("nobody panics with it"), scale) {
        Ok(()) => conclusion.exit_code(),
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}

type Make = Box<dyn FnOnce(String) -> Trial>;

/// Why a line cannot be worked through here, and the trial that says so.
fn refusal(line: &Line, runtimes: &runtime::Registry, engines: &policy::Registry) -> Option<(String, Make)> {
    let is_of_policies = matches!(line.work, Work::Decisions | Work::Loads);
    let all = if is_of_policies { engines.unavailable() } else { runtimes.unavailable() };
    let why = all.iter().find(|refusal| refusal.subject.as_str() == line.subject)?.clone();
    let note = why.to_string();
    Some(if is_of_policies {
        (note, Box::new(move |title| refused::trial::<dyn policy::PolicyEngine>(title, &why)))
    } else {
        (note, Box::new(move |title| refused::trial::<dyn runtime::Runtime>(title, &why)))
    })
}

type Outcome<T> = Result<T, Box<dyn Error>>;
