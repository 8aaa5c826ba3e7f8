//! Lanes of engines: each tried once, so that what is slow does not take everyone's time.

use std::{error::Error, time::Duration};

use runtime_baseline::{
    Statistic, UnavailableRow,
    policy::PolicyError,
    probe::{Interleaved, Lane, LaneError},
    session::{Figure, Session},
};

use crate::support::{self, Mode};

/// What takes longer is measured a few times, without criterion's many.
const SLOW: Duration = Duration::from_millis(100);

type Operation<'a> = Box<dyn FnMut() -> Result<u64, LaneError> + 'a>;

/// A lane to be.
pub struct Planned<'a> {
    name: String,
    /// `None`: there for comparison alone.
    figure: Option<Figure>,
    operation: Operation<'a>,
}

impl<'a> Planned<'a> {
    pub fn new<E: Into<LaneError>>(
        name: impl Into<String>,
        figure: Option<Figure>,
        mut operation: impl FnMut() -> Result<u64, E> + 'a,
    ) -> Self {
        Self { name: name.into(), figure, operation: Box::new(move || operation().map_err(Into::into)) }
    }
}

/// What a figure is of, for a line of text.
pub fn title(figure: &Figure) -> String {
    format!("{}, {}", figure.workload, figure.identity.subject)
}

/// Measures the lanes in turns and records them: median and p99, and of slow ones the median alone. The answer has the
/// lanes that were fast.
pub fn measure<'a>(
    session: &mut Session,
    mode: Mode,
    name: &str,
    planned: Vec<Planned<'a>>,
) -> Result<Interleaved<'a>, Box<dyn Error>> {
    // The longest that one sample may take: a measurement has time, a quick pass has not.
    let most = mode.choose(Duration::from_secs(20), Duration::from_millis(700));
    let (mut fast, mut slow) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
    for Planned { name, figure, mut operation } in planned {
        let took = match operation() {
            Ok(took) => Duration::from_nanos(took),
            Err(error) => {
                if let Some(figure) = &figure {
                    session.unavailable(support::failed(figure, &error));
                }
                continue;
            }
        };
        if took > most {
            if let Some(figure) = &figure {
                session.unavailable(too_long(figure, &format!("one sample takes {took:.1?}"), mode));
            }
            continue;
        }
        let (figures, lanes) = if took < SLOW { &mut fast } else { &mut slow };
        figures.push(figure);
        lanes.push(Lane::new(name, operation));
    }
    let mut lanes = Interleaved::new(slow.1);
    lanes.rounds(if mode == Mode::Test { 1 } else { mode.choose(20, 3) });
    support::record(session, &lanes, &slow.0, &[Statistic::Median])?;
    let mut lanes = Interleaved::new(fast.1);
    if mode != Mode::Test {
        lanes.warm_up(mode.choose(Duration::from_millis(50), Duration::from_millis(20)));
    }
    let mut criterion = support::criterion(mode, Duration::from_millis(200), Duration::from_millis(800));
    support::measure(&mut criterion, name, &mut lanes);
    support::record(session, &lanes, &fast.0, &[Statistic::Median, Statistic::P99])?;
    Ok(lanes)
}

/// The row of what this pass has no time for.
pub fn too_long(figure: &Figure, why: &str, mode: Mode) -> UnavailableRow {
    let remedy = match mode {
        Mode::Full => "none: it is too slow for this workload",
        _ => "run the bench without --quick",
    };
    let row = UnavailableRow::new(figure.identity.subject.clone(), figure.indicator, why, remedy);
    with_figure(row, figure)
}

/// An engine that cannot run here says what to do; another refusal is a failed measurement.
pub fn refused(figure: &Figure, error: PolicyError) -> UnavailableRow {
    match error {
        PolicyError::Unavailable(refusal) => {
            with_figure(UnavailableRow::new(refusal.subject, figure.indicator, refusal.reason, refusal.remedy), figure)
        }
        error => support::failed(figure, &error),
    }
}

fn with_figure(row: UnavailableRow, figure: &Figure) -> UnavailableRow {
    let row = row.with_workload(&figure.workload);
    match figure.temperature {
        Some(temperature) => row.with_temperature(temperature),
        None => row,
    }
}
