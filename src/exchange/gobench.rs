//! What `go test -bench` prints, by the Go project's format of benchmark data (golang.org/design/14313-benchmark-format).

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
};

use super::{
    ExchangeError,
    import::{Collector, Import, Imported},
    json, units,
};

/// All result lines of one benchmark: several where it ran with `-count`.
struct Repeated<'a> {
    package: &'a str,
    name: &'a str,
    line: usize,
    results: Vec<Reading<'a>>,
    failed: Option<&'static str>,
}

/// One result line: how often it ran, and its measurements, each a number and a unit.
struct Reading<'a> {
    iterations: u64,
    measured: Vec<(f64, &'a str)>,
}

/// Whether a line is a result: a name that begins with `Benchmark` and a capital, a number of iterations, and values.
pub(super) fn is_result(line: &str) -> bool {
    let mut fields = line.split_whitespace();
    let name = fields.next().and_then(name_of);
    name.is_some() && fields.next().is_some_and(|n| n.parse::<u64>().is_ok()) && fields.next().is_some()
}

/// Whether a line is a result that lost its name: what a benchmark itself prints comes between the two.
fn is_nameless(line: &str) -> bool {
    let mut fields = line.split_whitespace();
    let mut is_number = || fields.next().is_some_and(|field| field.parse::<f64>().is_ok());
    is_number() && is_number() && fields.next() == Some("ns/op")
}

/// What follows `Benchmark`, where that is the name of one.
fn name_of(field: &str) -> Option<&str> {
    let rest = field.strip_prefix("Benchmark")?;
    (!rest.starts_with(|c: char| c.is_lowercase())).then_some(rest).filter(|rest| !rest.is_empty())
}

impl Import {
    /// Reads what `go test -bench` printed: of each benchmark the measurement whose unit the indicator has, `ns/op` of a
    /// time, `B/op` of a size, `req/s` of a rate. Repetitions (`-count`) are samples: their median, with its interval where
    /// they suffice, and their mean. Measurements in other units are counted and named.
    ///
    /// A benchmark that failed or was skipped becomes an unavailable row. Lines that are neither results nor configuration
    /// are none of the format's, and are passed over.
    ///
    /// # Errors
    /// [`ExchangeError`], which names the file, and the line of a result that breaks off.
    pub fn go_bench(&self, path: impl AsRef<Path>) -> Result<Imported, ExchangeError> {
        let path = path.as_ref();
        let text = json::text(path)?;
        let all = read(path, &text)?;
        let mut collector = Collector::new(self, path);
        text.lines()
            .filter(|line| is_nameless(line))
            .for_each(|_| collector.leave("a result without its name".to_owned()));
        let packages: BTreeSet<&str> = all.iter().map(|one| one.package).collect();
        for one in &all {
            // One package is what the file is of; of several, each benchmark is its package's.
            let id = match packages.len() {
                0 | 1 => one.name.to_owned(),
                _ => format!("{}.{}", one.package, one.name),
            };
            let benchmark = collector.benchmark(&id, &id, format!("line {}", one.line))?;
            if let Some(how) = one.failed {
                let reason = format!("the benchmark {how}: a FAIL or SKIP line names it");
                collector.unavailable(&benchmark, reason, "run it by itself, and measure it again when it succeeds");
                continue;
            }
            self.go_results(&mut collector, &benchmark, &one.results)?;
        }
        collector.finish()
    }

    fn go_results(
        &self,
        collector: &mut Collector<'_>,
        benchmark: &super::import::Benchmark,
        results: &[Reading<'_>],
    ) -> Result<(), ExchangeError> {
        let fits = |name: &str| units::scale(name).filter(|(_, unit)| self.indicator.units().contains(unit));
        let wanted = results.iter().flat_map(|result| &result.measured).find(|(_, unit)| fits(unit).is_some());
        let others = results.iter().flat_map(|result| &result.measured);
        others
            .filter(|(_, unit)| wanted.is_none_or(|(_, w)| w != unit))
            .for_each(|(_, unit)| collector.leave((*unit).to_owned()));
        let Some((_, name)) = wanted else { return Ok(()) };
        let Some((scale, unit)) = fits(name) else { return Ok(()) };
        let values = results.iter().filter_map(|result| result.measured.iter().find(|(_, unit)| unit == name));
        let values: Vec<_> = (0..).zip(values).map(|(turn, (value, _))| (0, turn, value * scale)).collect();
        let each = results.first().map(|result| result.iterations).filter(|n| *n > 0);
        collector.repeated(benchmark, unit, &values, each)
    }
}

fn read<'a>(path: &Path, text: &'a str) -> Result<Vec<Repeated<'a>>, ExchangeError> {
    let mut all: Vec<Repeated<'a>> = Vec::new();
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    let mut package = "";
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(named) = line.strip_prefix("pkg:") {
            package = named.trim();
            continue;
        }
        let failed = [("--- FAIL: ", "failed"), ("--- SKIP: ", "was skipped")];
        let failed = failed.into_iter().find_map(|(mark, how)| Some((line.trim().strip_prefix(mark)?, how)));
        let mut fields = failed.map_or(line, |(rest, _)| rest).split_whitespace();
        let Some(name) = fields.next().and_then(name_of) else { continue };
        let result = match failed {
            Some(_) => None,
            None if !is_result(line) => match fields.next() {
                // The name alone stands before what a benchmark prints; a name and a number break off.
                Some(n) if n.parse::<u64>().is_ok() => return Err(cut(path, number, line)),
                _ => continue,
            },
            None => Some(measurements(fields).ok_or_else(|| cut(path, number, line))?),
        };
        let place = *places.entry((package, name)).or_insert_with(|| {
            all.push(Repeated { package, name, line: number, results: Vec::new(), failed: None });
            all.len() - 1
        });
        all[place].failed = all[place].failed.or(failed.map(|(_, how)| how));
        all[place].results.extend(result);
    }
    Ok(all)
}

/// The fields behind a name; nothing where they break off, or a value is none.
fn measurements<'a>(mut fields: impl Iterator<Item = &'a str>) -> Option<Reading<'a>> {
    let iterations = fields.next()?.parse().ok()?;
    let mut measured = Vec::new();
    while let Some(value) = fields.next() {
        measured.push((value.parse().ok()?, fields.next()?));
    }
    Some(Reading { iterations, measured })
}

fn cut(path: &Path, number: usize, line: &str) -> ExchangeError {
    let shown: String = line.trim().chars().take(60).collect();
    json::form(path, format!("line {number}: a result is a name, a count, and values each with its unit: {shown:?}"))
}
