//! What the reports say, in both forms and both languages.

mod report_support;

use std::{fs, path::Path};

use report_support::{DAY, complete, full::full, hostile};
use runtime_baseline::{
    Baseline, Component, Language, Staleness,
    report::{self, Report},
};

#[test]
fn a_part_is_compared_with_the_same_part_of_the_reference() {
    let directory = tempfile::tempdir().unwrap();
    let text = Report::of(&full(directory.path())).markdown(Language::English);
    let sizes = text.split("<b>image size, ").nth(1).unwrap().split("<b>image size, ").next().unwrap();
    let factor = |is_part: bool| -> f64 {
        let row = |line: &&str| line.starts_with("| runc") && line.contains("part=gzip") == is_part;
        let line = sizes.lines().find(row).unwrap_or_else(|| panic!("{sizes}"));
        line.split('|').find_map(|cell| cell.trim().split_once('×')?.0.parse().ok()).expect(line)
    };
    let ratio = factor(true) / factor(false);
    // Every part of that baseline is the same share of its whole, but for the noise.
    assert!((0.5..2.0).contains(&ratio), "{ratio}: {sizes}");
}

/// The reports are to be reviewed as text: with `UPDATE_GOLDEN=1` they are written anew.
#[test]
fn the_markdown_of_a_complete_baseline_is_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let baseline = complete(directory.path());
    let report = Report::of(&baseline).with_raw_data(directory.path()).with_staleness(staleness());
    for (language, name) in [(Language::English, "report.md"), (Language::Chinese, "report.zh.md")] {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
        // A release must not change them.
        let version = concat!("runtime-baseline ", env!("CARGO_PKG_VERSION"));
        let text = report.markdown(language).replace(&format!("by {version}."), "by VERSION.");
        let text = text.replace(&format!("由 {version} "), "由 VERSION ");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::create_dir_all(golden.parent().unwrap()).unwrap();
            fs::write(&golden, &text).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        for (i, (found, expected)) in text.lines().zip(expected.lines()).enumerate() {
            assert_eq!(found, expected, "{name}:{}", i + 1);
        }
        assert_eq!(text.lines().count(), expected.lines().count(), "{name}");
    }
}

fn staleness() -> Staleness {
    Staleness::on(DAY.parse().unwrap())
}

fn complete_report(language: Language) -> String {
    let directory = tempfile::tempdir().unwrap();
    let baseline = complete(directory.path());
    Report::of(&baseline).with_raw_data(directory.path()).with_staleness(staleness()).markdown(language)
}

/// Phases stand in a table of their own, whose rows say where they do not add up, and under the verdicts that they explain.
#[test]
fn starts_are_shown_by_phase_and_in_no_other_table() {
    let text = complete_report(Language::English);
    let row = |beginning: &str| text.lines().find(|line| line.starts_with(beginning)).unwrap_or_default().to_owned();
    let whole = row("| container/busybox (cold) | 7.5 ms |");
    assert!(
        whole.contains("bundle 300 µs (4 %) · clone 500 µs (7 %)") && whole.contains("mounts 2 ms (27 %)"),
        "{whole}"
    );
    let torn = row("| container+wasmedge (cold) | 5 ms (the phases differ from it by 6 %)");
    assert!(torn.contains("compile 1 ms (21 %)"), "{torn}");
    assert_eq!(text.matches("by 6 %").count(), 1, "the others add up");
    // The sentence of a refuted start names the longest first, and what making the container takes.
    let why = text.lines().find(|line| line.contains(", by phase, ")).unwrap_or_default();
    assert!(why.contains("make the container; the longest: "), "{why}");
    assert!(!text.contains("phase: ") && !text.contains("all phases"), "a table of parts has them as well");
    let chinese = complete_report(Language::Chinese);
    assert!(chinese.contains("挂载 2 ms（27 %）") && !chinese.contains("phase: "));
}

#[test]
fn the_table_of_policy_engines_is_the_same_in_a_terminal() {
    let directory = tempfile::tempdir().unwrap();
    let baseline = complete(directory.path());
    for language in [Language::English, Language::Chinese] {
        let whole = Report::of(&baseline).with_staleness(staleness()).markdown(language);
        let table = report::policies(&baseline, language).unwrap();
        let mut lines = table.lines();
        let caption = format!("*{}*", lines.next().unwrap());
        let markdown = whole.lines().skip_while(|line| *line != caption).skip(2).filter(|line| !line.contains("---"));
        let words = |line: &str| line.replace(['|', '*', '─'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
        let mut lines = lines.map(words).filter(|line| !line.is_empty());
        for expected in markdown.take_while(|line| line.starts_with('|')).map(words) {
            assert_eq!(lines.next(), Some(expected));
        }
        assert_eq!(lines.next(), None);
    }
    assert_eq!(report::policies(&Baseline::new(), Language::English), None);
}

#[test]
fn a_report_says_what_it_must() {
    let text = complete_report(Language::English);
    let order = [
        "## Are the published figures true here?",
        "## Each figure and its verdict",
        "## At a glance",
        "## Startup",
        "## Policy engines",
        "## Size",
        "## Memory",
        "## CPU",
        "## Density",
        "## Control planes and stores",
        "## Environment",
        "## Unavailable here",
        "## Audit",
        "## How each number is defined",
        "## How to reproduce",
    ];
    let places: Vec<_> = order.iter().map(|heading| text.find(&format!("\n{heading}\n"))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}");
    for sentence in [
        // Warnings beside the figures, and once what each means and what to do.
        "- **drift** – container/busybox, cold:",
        "- **two bulks** – container/busybox, cold:",
        "- **few samples** – container+wasmedge, cold: p99 of 200, which takes 368",
        "- **drift** – the machine changed meanwhile: warm up longer, keep it idle, interleave\n",
        // Raw data that is not there is said, not drawn.
        "samples/gone.csv: there is no such file",
        "samples/damaged.csv: line 2: \"many\" is not a sample",
        // How a fill ended.
        "| wasmtime | 30000 instances | 33.3× higher | in-process | limit: slots | 61000/s | 8.5 kB | 8 GiB |",
        // Engines by policy.
        "| **rbac** |",
        "cargo.sh bench --locked --bench startup",
        "| wasmtime | 48.0.8 |",
        "Measured records: ",
        "Not about this baseline: ",
        "**14.3.1** – 14. 性能基线",
    ] {
        assert!(text.contains(sentence), "{sentence}\n{text}");
    }
}

#[test]
fn stale_figures_are_marked_with_the_reason() {
    let directory = tempfile::tempdir().unwrap();
    let baseline = complete(directory.path());
    let report = |staleness| Report::of(&baseline).with_staleness(staleness).markdown(Language::English);
    assert!(!report(staleness()).contains("stale"));
    let later = Staleness::on("2026-12-31".parse().unwrap()).with_max_age(30);
    assert!(
        report(later)
            .contains("- **stale** – measured on 2026-11-23, 38 days ago, and 30 are allowed: measure again: ")
    );
    let upgraded = staleness().with_components([Component::new("wasmtime", "49.0.0").unwrap()]);
    let text = report(upgraded);
    assert!(
        text.contains("measured on wasmtime 48.0.8, and 49.0.0 is here now: measure again: wasmtime, warm"),
        "{text}"
    );
    let marked = |subject: &str| {
        let row = |line: &&str| line.starts_with(&format!("| {subject} "));
        text.lines().filter(row).any(|line| line.ends_with("| stale |"))
    };
    assert!(marked("wasmtime") && !marked("container/busybox"), "{text}");
}

#[test]
fn an_empty_baseline_has_a_report() {
    for language in Language::ALL {
        let text = Report::of(&Baseline::new()).markdown(language);
        assert!(
            text.contains(&format!(" {} ", runtime_baseline::claims().len()))
                && text.ends_with('\n')
                && !text.ends_with("\n\n")
        );
    }
}

#[test]
fn what_a_baseline_says_is_no_markdown() {
    let baseline = hostile();
    for language in Language::ALL {
        let text = Report::of(&baseline).with_raw_data("no/such/directory").markdown(language);
        // Outside of fences, where all is text.
        let mut outside: String = text.split("```").step_by(2).collect();
        for tag in ["<details>", "</details>", "<summary>", "</summary>", "<b>", "</b>"] {
            outside = outside.replace(tag, "");
        }
        let escaped = |at: usize| outside[..at].chars().rev().take_while(|c| *c == '\\').count() % 2 == 1;
        for mark in ["<", "[", "|[", "`|"] {
            assert!(outside.match_indices(mark).filter(|(_, m)| *m != "|").all(|(at, _)| escaped(at)), "{mark}");
        }
        assert!(outside.lines().all(|line| !line.starts_with("# c")));
    }
}

#[cfg(feature = "html")]
#[test]
fn what_a_baseline_says_is_no_markup() {
    let baseline = hostile();
    for language in Language::ALL {
        let page = Report::of(&baseline).with_raw_data("no/such/directory").html(language);
        assert!(!page.contains("<script") && !page.contains("<img") && !page.contains(report_support::HOSTILE));
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        // The page's own tags close as they opened: nothing was ended early.
        assert!(!page.contains("</td"), "cells end where the next one begins");
        for tag in ["table", "section", "details", "summary", "svg", "main", "body", "html"] {
            let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
        }
    }
}

#[cfg(feature = "html")]
#[test]
fn the_page_asks_for_nothing_and_runs_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let baseline = complete(directory.path());
    let report = Report::of(&baseline).with_raw_data(directory.path()).with_staleness(staleness());
    for (language, tag) in [(Language::English, "<html lang=en>"), (Language::Chinese, "<html lang=zh-Hans>")] {
        let page = report.html(language);
        assert!(page.starts_with("<!DOCTYPE html>") && page.contains(tag));
        assert!(page.contains("content=\"default-src 'none'; style-src 'sha256-"), "the page's own styles alone");
        for word in ["http:", "https:", "url(", "@import", "src=", "<script", "style="] {
            assert!(!page.contains(word), "{word}");
        }
        assert!(page.len() < 1 << 20);
    }
}

#[cfg(feature = "html")]
#[test]
fn all_four_reports_are_written_whole() {
    let directory = tempfile::tempdir().unwrap();
    let baseline = complete(directory.path());
    let report = Report::of(&baseline).with_raw_data(directory.path());
    report.save(directory.path()).unwrap();
    report.save(directory.path()).unwrap();
    let mut names: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["baseline.json", "report.html", "report.md", "report.zh.html", "report.zh.md", "samples"]);
    let error = report.save(directory.path().join("no/such")).unwrap_err();
    assert!(error.to_string().contains("no/such/report.md"), "{error}");
}
