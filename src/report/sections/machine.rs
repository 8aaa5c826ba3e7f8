//! The machines, and what makes them noisy: both said once.

use std::collections::{BTreeMap, HashSet};

use super::load::Load;
use crate::{
    Date, Environment, Hardware, Isolation, Language, Quantity,
    provenance::{Machine as Identity, binary, noise_in_chinese, throttled},
    report::{
        Report,
        document::{Block, Item, Section, Text},
    },
    words::report::machine as say,
};

/// The most machines whose blocks are printed.
const MOST_MACHINES: usize = 20;
/// The most sentences about noise.
const MOST_SENTENCES: usize = 20;

/// What the figures say of where they were taken.
pub(super) struct Machine<'a> {
    /// Each machine once, the first figure's first.
    environments: Vec<&'a Environment>,
    /// The worst sentence of each kind.
    noise: Vec<&'a str>,
    /// The highest load, where it was too high.
    load: Option<Load>,
    dates: Option<(Date, Date)>,
    /// Who started the containers, and which view of the cgroups they had, as their figures say.
    containers: [Option<&'a str>; 2],
}

/// The settings of a container's figure that say so.
const CONTAINERS: [&str; 2] = ["user", "cgroup"];

impl<'a> Machine<'a> {
    pub fn of(report: &Report<'a>) -> Self {
        let (mut known, mut heard) = (HashSet::new(), HashSet::new());
        let (mut environments, mut sentences) = (Vec::new(), Vec::new());
        let mut dates: Option<(Date, Date)> = None;
        let mut containers = [None; 2];
        for metric in &report.metrics {
            let environment = metric.provenance().environment();
            if known.insert((Identity(&environment.hardware), &environment.software)) {
                environments.push(environment);
            }
            let noise = environment.conditions.noise.iter().map(String::as_str);
            sentences.extend(noise.filter(|sentence| heard.insert(*sentence)));
            if environment.conditions.isolation.is_some_and(Isolation::is_contained) {
                for (known, name) in containers.iter_mut().zip(CONTAINERS) {
                    *known = known.or(environment.conditions.engine.get(name).map(String::as_str));
                }
            }
            let date = metric.provenance().date();
            dates = Some(dates.map_or((date, date), |(first, last)| (first.min(date), last.max(date))));
        }
        let load = Load::too_high(report.metrics.iter().copied());
        Self { environments, noise: worst(sentences), load, dates, containers }
    }

    /// One line: the machine, what stands around it, and how many figures are of it.
    pub fn place(&self, report: &Report<'_>, language: Language) -> String {
        let (figures, rows) = (report.metrics.len(), report.baseline.unavailable().len());
        let figures = say::figures(figures, self.dates, rows, language);
        let mut parts = Vec::new();
        if let Some(environment) = self.environments.first() {
            let (hardware, software) = (&environment.hardware, &environment.software);
            parts.extend(in_short(hardware, language));
            let limits = (hardware.cpu_quota_millis, hardware.memory_limit_bytes.map(binary));
            parts.extend(say::limits(limits.0, limits.1.as_deref(), language));
            parts.extend(hardware.cpuset.as_deref().map(|list| say::cpuset(list, language)));
            parts.extend(hardware.virtualization.as_deref().map(|name| say::virtualization(name, language)));
            parts.extend(software.os.clone());
            parts.extend(software.kernel.as_deref().map(|kernel| say::kernel(kernel, language)));
            parts.extend(software.container.as_deref().and_then(|name| say::container(name, language)));
            parts.extend(software.user_namespace.filter(|own| *own).map(|_| say::user_namespace(language).to_owned()));
        }
        let [user, cgroup] = self.containers;
        parts.extend(user.map(|user| say::user(user, language)));
        parts.extend(cgroup.map(|view| say::cgroup(view, language)));
        let seconds = self.noise.iter().find_map(|sentence| throttled(sentence));
        parts.extend(seconds.map(|seconds| say::throttled(seconds, language)));
        let others = self.environments.len().saturating_sub(1);
        if others > 0 {
            parts.push(say::other_machines(others, language));
        }
        say::place(&parts, &figures, language)
    }

    /// That it was not quiet enough, where it was not: said on the first screen.
    pub fn warning(&self, language: Language) -> Option<Block> {
        self.load.map(|load| Block::Paragraph(say::too_high(load.average, load.cores, language)))
    }

    /// One block for each machine, and the noise with its bearing.
    pub fn section(&self, language: Language) -> Section {
        let mut section = Section::new("environment", say::title(language));
        for environment in self.environments.iter().take(MOST_MACHINES) {
            let (hardware, software) = (environment.hardware.clone(), environment.software.clone());
            let machine = Environment { hardware, software, ..Environment::default() };
            // The third line, the conditions, differs from figure to figure and stands in its row.
            let block = machine.block(language).rounded().to_string();
            let lines: Vec<&str> = block.lines().take(2).collect();
            section.blocks.push(Block::Verbatim(lines.join("\n")));
        }
        let more = self.environments.len().saturating_sub(MOST_MACHINES);
        if more > 0 {
            section.blocks.push(Block::Paragraph(say::more_machines(more, language)));
        }
        if self.noise.is_empty() {
            return section;
        }
        section.blocks.push(Block::Paragraph(say::noise(language).to_owned()));
        let item = |sentence: &&str| Item { name: String::new(), text: in_words(sentence, language) };
        section.blocks.push(Block::List(self.noise.iter().take(MOST_SENTENCES).map(item).collect()));
        let more = self.noise.len().saturating_sub(MOST_SENTENCES);
        if more > 0 {
            section.blocks.push(Block::Paragraph(say::more_noise(more, language)));
        }
        section.blocks.push(Block::Paragraph(say::bearing(language).to_owned()));
        section
    }
}

/// Its CPU, cores and memory.
pub(super) fn in_short(hardware: &Hardware, language: Language) -> impl Iterator<Item = String> {
    let memory = hardware.memory_bytes.map(|bytes| Quantity::bytes(bytes).rounded());
    let cores = hardware.cores.map(|cores| say::cores(cores, language));
    [hardware.cpu.clone(), cores, memory.map(|memory| say::memory(&memory, language))].into_iter().flatten()
}

/// Of sentences that differ in their numbers alone, the one whose first number is the highest: of a load, or of the time that
/// was given to others; or the lowest, where there is only so much of something. They stand where the first of their kind did.
fn worst(sentences: Vec<&str>) -> Vec<&str> {
    let kind = |sentence: &str| sentence.chars().filter(|c| !c.is_ascii_digit() && *c != '.').collect::<String>();
    let number = |sentence: &str| {
        let digits = sentence.trim_start_matches(|c: char| !c.is_ascii_digit());
        let end = digits.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(digits.len());
        digits[..end].parse::<f64>().unwrap_or_default()
    };
    let mut kept: Vec<&str> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for sentence in sentences {
        match places.get(&kind(sentence)) {
            Some(place) => {
                let (this, held) = (number(sentence), number(kept[*place]));
                let is_worse = if sentence.starts_with("only ") { this < held } else { this > held };
                if is_worse {
                    kept[*place] = sentence;
                }
            }
            None => {
                places.insert(kind(sentence), kept.len());
                kept.push(sentence);
            }
        }
    }
    kept
}

/// A sentence about noise, which is stored in English; somebody else's stays as it is.
fn in_words(sentence: &str, language: Language) -> Text {
    let chinese = if language == Language::Chinese { noise_in_chinese(sentence) } else { None };
    chinese.map_or_else(|| Text::english(sentence), Text::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_reading_of_each_kind_is_kept() {
        let all = [
            "load average 0.78 on 2 cores",
            "no cpufreq",
            "load average 6.90 on 2 cores",
            "load average 1.2 on 2 cores",
        ];
        assert_eq!(worst(all.to_vec()), ["load average 6.90 on 2 cores", "no cpufreq"]);
        assert_eq!(worst(vec!["only 2 GB available", "only 1.5 GB available"]), ["only 1.5 GB available"]);
    }
}
