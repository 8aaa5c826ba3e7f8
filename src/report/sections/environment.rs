//! The machines, and what makes them noisy.

use std::collections::HashSet;

use crate::{
    Environment, Language,
    provenance::noise_in_chinese,
    report::{
        Report,
        document::{Block, Item, Section, Text},
    },
};

/// The most machines whose blocks are printed.
const MOST_MACHINES: usize = 20;
/// The most sentences about noise.
const MOST_SENTENCES: usize = 20;

/// One block for each machine: a baseline may hold figures of several.
pub(super) fn section(report: &Report<'_>, language: Language) -> Section {
    let mut section = Section::new("environment", language.pick("测量环境", "Environment"));
    let (mut known, mut heard) = (HashSet::new(), HashSet::new());
    let (mut machines, mut noise) = (Vec::new(), Vec::new());
    let (mut first, mut last) = (None, None);
    for metric in &report.metrics {
        let environment = metric.provenance().environment();
        if known.insert((&environment.hardware, &environment.software)) {
            machines.push(environment);
        }
        noise.extend(environment.conditions.noise.iter().filter(|sentence| heard.insert(sentence.as_str())));
        let date = metric.provenance().date();
        first = Some(first.map_or(date, |first| date.min(first)));
        last = Some(last.map_or(date, |last| date.max(last)));
    }
    section.blocks.push(Block::Paragraph(summary(report, first.zip(last), language)));
    for environment in machines.iter().take(MOST_MACHINES) {
        let (hardware, software) = (environment.hardware.clone(), environment.software.clone());
        let machine = Environment { hardware, software, ..Environment::default() };
        // The third line, the conditions, differs from figure to figure and stands in its row.
        let block = machine.block(language).rounded().to_string();
        let lines: Vec<&str> = block.lines().take(2).collect();
        section.blocks.push(Block::Verbatim(lines.join("\n")));
    }
    more(&mut section, machines.len(), MOST_MACHINES, language.pick("台机器", "machines"), language);
    if !noise.is_empty() {
        section.blocks.push(Block::Paragraph(language.pick("噪声来源：", "What makes it noisy:").to_owned()));
        let item = |sentence: &&String| Item { name: String::new(), text: in_words(sentence, language) };
        section.blocks.push(Block::List(noise.iter().take(MOST_SENTENCES).map(item).collect()));
        more(&mut section, noise.len(), MOST_SENTENCES, language.pick("条噪声记录", "sentences about noise"), language);
    }
    section
}

fn summary(report: &Report<'_>, dates: Option<(crate::Date, crate::Date)>, language: Language) -> String {
    let (figures, rows) = (report.metrics.len(), report.baseline.unavailable().len());
    let when = match (dates, language) {
        (None, _) => String::new(),
        (Some((first, last)), Language::English) if first == last => format!(", measured on {first}"),
        (Some((first, last)), Language::Chinese) if first == last => format!("，测于 {first}"),
        (Some((first, last)), Language::English) => format!(", measured from {first} to {last}"),
        (Some((first, last)), Language::Chinese) => format!("，测于 {first} 至 {last}"),
    };
    match language {
        Language::English => format!("{figures} figures{when}; {rows} could not be measured here."),
        Language::Chinese => format!("{figures} 个数据{when}；{rows} 个无法在本机测量。"),
    }
}

/// A sentence about noise, which is stored in English; somebody else's stays as it is.
fn in_words(sentence: &str, language: Language) -> Text {
    let chinese = if language == Language::Chinese { noise_in_chinese(sentence) } else { None };
    chinese.map_or_else(|| Text::english(sentence), Text::from)
}

fn more(section: &mut Section, all: usize, most: usize, what: &str, language: Language) {
    if all > most {
        let more = all - most;
        section.blocks.push(Block::Paragraph(match language {
            Language::English => format!("And {more} more {what}."),
            Language::Chinese => format!("另有 {more} {what}。"),
        }));
    }
}
