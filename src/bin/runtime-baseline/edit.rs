//! `edit`: what a record lacks is said afterwards, and nothing is said against what it says already.

use std::{collections::HashMap, fmt::Display};

use runtime_baseline::{Baseline, Date, Environment, Metric, Series, Shortfall};

use crate::{
    Failure, args,
    failure::{CommandError, there},
    file_of, load,
    output::Output,
};

/// The most contradictions that are listed.
const MOST: usize = 10;

pub fn edit(args: &args::Edit) -> Result<Output, Failure> {
    let file = file_of(&args.baseline);
    // A file that is not there is an error here, not an empty baseline.
    load(&args.baseline)?;
    let changed = Baseline::update_file(&file, |baseline| apply(args, baseline))??;
    Ok(Output::fine(format!("{changed} of the records in {} say more now\n", file.display())))
}

/// Changes all of the selected records, or none.
fn apply(args: &args::Edit, baseline: &mut Baseline) -> Result<usize, CommandError> {
    let is_selected = |metric: &Metric| args.all || args.selection.takes(metric);
    if !baseline.metrics().iter().any(is_selected) {
        let (path, what) = (file_of(&args.baseline), args.selection.describe());
        return Err(CommandError::NothingMatches { path, what, there: there(baseline) });
    }
    let (mut edited, mut refused) = (Vec::new(), Vec::new());
    for (place, metric) in baseline.metrics().iter().enumerate().filter(|(_, metric)| is_selected(metric)) {
        match changed(args, metric) {
            Ok(new) => edited.push((place, new)),
            Err(why) => refused.push(format!("{}: {why}", name(metric))),
        }
    }
    if refused.is_empty() {
        refused = doubles(baseline, &edited);
    }
    if !refused.is_empty() {
        let more = refused.len().saturating_sub(MOST);
        refused.truncate(MOST);
        refused.extend((more > 0).then(|| format!("and {more} more")));
        return Err(CommandError::Contradicts(refused));
    }
    let metrics = baseline.metrics_mut();
    let mut count = 0;
    for (place, new) in edited {
        count += usize::from(metrics[place] != new);
        metrics[place] = new;
    }
    Ok(count)
}

/// The record with what the arguments say, or why it says otherwise.
fn changed(args: &args::Edit, metric: &Metric) -> Result<Metric, String> {
    let mut environment: Environment = metric.provenance().environment().clone();
    let fill = Fill { replace: args.replace };
    let conditions = &mut environment.conditions;
    fill.set("load", &mut conditions.load, args.load.as_ref())?;
    fill.set("concurrency", &mut conditions.concurrency, args.concurrency.as_ref())?;
    fill.set("isolation", &mut conditions.isolation, args.isolation.as_ref())?;
    fill.set("transport", &mut conditions.transport, args.transport.as_ref())?;
    let hardware = &mut environment.hardware;
    fill.set("CPU", &mut hardware.cpu, args.cpu.as_ref())?;
    fill.set("cores", &mut hardware.cores, args.cores.as_ref())?;
    fill.set("memory", &mut hardware.memory_bytes, args.memory.as_ref())?;
    fill.set("storage", &mut hardware.storage, args.storage.as_ref())?;
    let software = &mut environment.software;
    fill.set("operating system", &mut software.os, args.os.as_ref())?;
    fill.set("kernel", &mut software.kernel, args.kernel.as_ref())?;
    let (mut workload, mut temperature) = (metric.workload().map(str::to_owned), metric.temperature());
    fill.set("workload", &mut workload, args.workload.as_ref())?;
    fill.set("temperature", &mut temperature, args.temperature.as_ref())?;

    let mut new = metric.clone().with_environment(environment);
    if let Some(workload) = workload {
        new = new.with_workload(workload);
    }
    if let Some(temperature) = temperature {
        new = new.with_temperature(temperature);
    }
    let today = Date::today();
    let not_idle = |shortfall: &Shortfall| matches!(shortfall, Shortfall::NotIdle { .. });
    match new.audit_on(today).into_iter().find(not_idle) {
        // What it said before is not this edit's to refuse.
        Some(shortfall) if args.load.is_some() => Err(shortfall.to_string()),
        _ => Ok(new),
    }
}

struct Fill {
    replace: bool,
}

impl Fill {
    fn set<T: Clone + PartialEq + Display>(
        &self,
        name: &str,
        slot: &mut Option<T>,
        to: Option<&T>,
    ) -> Result<(), String> {
        match (slot.as_ref(), to) {
            (Some(is), Some(to)) if is != to && !self.replace => {
                Err(format!("{name} is {is}, not {to} (--replace, where that is wrong)"))
            }
            (_, Some(to)) => {
                *slot = Some(to.clone());
                Ok(())
            }
            (_, None) => Ok(()),
        }
    }
}

/// Records that would be of the same thing on the same day as another one, which a baseline has once.
fn doubles(baseline: &Baseline, edited: &[(usize, Metric)]) -> Vec<String> {
    let new: HashMap<usize, &Metric> = edited.iter().map(|(place, metric)| (*place, metric)).collect();
    let after: Vec<&Metric> =
        baseline.metrics().iter().enumerate().map(|(i, metric)| new.get(&i).copied().unwrap_or(metric)).collect();
    let mut taken: HashMap<(Series<'_>, Date), usize> = HashMap::new();
    let mut found = Vec::new();
    for (i, metric) in after.iter().enumerate() {
        let first = *taken.entry((Series::of(metric), metric.provenance().date())).or_insert(i);
        if first != i && (new.contains_key(&i) || new.contains_key(&first)) {
            found.push(format!(
                "{} would be the same figure as another one of that day",
                name(baseline.metrics().get(i).unwrap_or(metric))
            ));
        }
    }
    found
}

fn name(metric: &Metric) -> String {
    let workload = metric.workload().map(|workload| format!(", {workload}")).unwrap_or_default();
    let temperature = metric.temperature().map(|temperature| format!(", {temperature}")).unwrap_or_default();
    format!("{} of {}{workload}{temperature}, {}", metric.indicator(), metric.subject(), metric.statistic())
}
