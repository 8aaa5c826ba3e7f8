//! The page in a real browser: nothing to complain of, every plot drawn, no overflow, light and dark, English and Chinese.
//!
//! Pictures are compared with each other, not with stored ones: glyphs differ with the fonts of the machine.

#![cfg(feature = "html")]

#[path = "support/need.rs"]
mod need;
mod report_support;

use std::{env, fs, path::PathBuf};

use report_support::{DAY, chromium, chromium::Chromium, complete, hostile};
use runtime_baseline::{Language, Staleness, report::Report};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Chromium, or why there is nothing to test with. In CI a browser that is not there is a failure.
fn browser() -> Option<Chromium> {
    let found = chromium::find().ok_or("install the package chromium, or name it in CHROMIUM");
    // In CI it is always required.
    assert!(found.is_ok() || env::var_os("CI").is_none(), "no Chromium: {found:?}");
    need::need("browser", found).map(|program| Chromium::start(&program))
}

/// The complete report in both languages.
fn pages() -> (TempDir, [PathBuf; 2]) {
    let directory = tempfile::tempdir().unwrap();
    let baseline = complete(directory.path());
    let staleness = Staleness::on(DAY.parse().unwrap());
    let report = Report::of(&baseline).with_raw_data(directory.path()).with_staleness(staleness);
    report.save(directory.path()).unwrap();
    let pages = ["report.html", "report.zh.html"].map(|name| directory.path().join(name));
    (directory, pages)
}

#[test]
fn the_page_is_whole_at_every_width_in_both_schemes_and_languages() {
    let Some(mut browser) = browser() else { return };
    let (_directory, pages) = pages();
    let mut plots = Vec::new();
    for page in &pages {
        for width in [390, 1440] {
            for dark in [false, true] {
                let at = format!("{} at {width}, dark: {dark}", page.display());
                browser.open(page, width, dark);
                let size =
                    browser.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]");
                assert!(size[0].as_u64() <= size[1].as_u64(), "{at}: {size}");
                unfold(&mut browser, &at);
                plots.push(drawn(&mut browser, &at));
                structure(&mut browser, &at);
                assert_eq!(browser.complaints(), Vec::<String>::new(), "{at}");
            }
        }
    }
    assert!(plots[0] >= 8, "{plots:?}");
    assert!(plots.iter().all(|count| *count == plots[0]), "as many plots in each: {plots:?}");
}

/// Opens every fold; the page is no wider for it.
fn unfold(browser: &mut Chromium, at: &str) {
    let folds = browser.evaluate(
        "(() => { const folds = [...document.querySelectorAll('details')]; folds.forEach(fold => fold.open = true); return folds.length })()",
    );
    assert!(folds.as_u64() > Some(0), "{at}: something is folded away");
    let size = browser.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]");
    assert!(size[0].as_u64() <= size[1].as_u64(), "{at}, unfolded: {size}");
}

/// Every plot has marks that take room, words within it that do not lie on each other, and are large enough to read.
fn drawn(browser: &mut Chromium, at: &str) -> usize {
    let plots = browser.evaluate(
        "[...document.querySelectorAll('svg[aria-labelledby]')].map(svg => {
            const frame = svg.getBoundingClientRect();
            const box = e => { const r = e.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom] };
            const texts = [...svg.querySelectorAll('text')];
            const boxes = texts.map(box);
            const apart = (a, b) => a[2] <= b[0] + 0.5 || b[2] <= a[0] + 0.5 || a[3] <= b[1] + 3 || b[3] <= a[1] + 3;
            const over = [];
            boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b, j) => {
                if (!apart(a, b)) over.push(texts[i].textContent + ' / ' + texts[i + 1 + j].textContent);
            }));
            return {
                marks: [...svg.querySelectorAll('.mark')].map(e => { const b = e.getBBox(); return Math.max(b.width, b.height) }),
                strip: svg.classList.contains('strip'),
                size: [frame.width, frame.height],
                outside: texts.filter((_, i) => boxes[i][0] < frame.left - 1 || boxes[i][2] > frame.right + 1).map(e => e.textContent),
                over,
                font: 11 * svg.getScreenCTM().a,
                named: !!document.getElementById(svg.getAttribute('aria-labelledby'))?.textContent,
            };
        })",
    );
    let plots = plots.as_array().unwrap();
    for plot in plots {
        let marks = plot["marks"].as_array().unwrap();
        // The strip of a claim that states no factor is empty where nothing was measured.
        let empty = marks.is_empty() && plot["strip"] == true;
        assert!((!marks.is_empty() || empty) && marks.iter().all(|size| size.as_f64() > Some(0.0)), "{at}: {plot}");
        assert!(plot["size"].as_array().unwrap().iter().all(|size| size.as_f64() > Some(20.0)), "{at}: {plot}");
        assert_eq!((&plot["outside"], &plot["over"]), (&json!([]), &json!([])), "{at}");
        assert!(plot["font"].as_f64() >= Some(9.0), "{at}: {plot}");
        assert_eq!(plot["named"], true, "{at}");
    }
    plots.len()
}

/// Headings in order, tables with captions whose headings are told of columns and of rows by where they stand, text that can be selected, and nothing that runs.
fn structure(browser: &mut Chromium, at: &str) {
    let levels = browser.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])");
    let levels: Vec<u64> = levels.as_array().unwrap().iter().filter_map(Value::as_u64).collect();
    assert_eq!((levels[0], levels.iter().filter(|level| **level == 1).count()), (1, 1), "{at}");
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{at}: {levels:?}");
    let wrong = browser.evaluate(
        "[...document.querySelectorAll('table')].filter(t => !t.caption?.textContent
            || [...t.tHead.rows[0].cells].some(it => it.tagName !== 'TH')
            || [...t.tBodies].some(body => [...body.rows].some(row => [...row.cells].some((it, i) => (it.tagName === 'TH') !== (i === 0))
                || (row.cells.length === 1 && t.tHead.rows[0].cells.length > 1 && row.cells[0].scope !== 'rowgroup')))).length",
    );
    assert_eq!(wrong, 0, "{at}");
    let active =
        "document.querySelectorAll('script,img,iframe,object,embed,link,base,[onload],[onerror],[style]').length";
    assert_eq!(browser.evaluate(active), 0, "{at}");
    let ids = "(() => { const ids = [...document.querySelectorAll('[id]')].map(e => e.id); return ids.length - new Set(ids).size })()";
    assert_eq!(browser.evaluate(ids), 0, "{at}: each id once");
    let selected = browser.evaluate(
        "(() => { getSelection().selectAllChildren(document.body); const text = getSelection().toString();
            const labels = [...document.querySelectorAll('svg text')].map(t => t.textContent);
            getSelection().removeAllRanges(); return labels.filter(label => !text.includes(label.trim())) })()",
    );
    assert_eq!(selected, json!([]), "{at}: every word of the plots can be selected");
}

#[test]
fn a_row_of_the_picture_leads_to_its_evidence_and_paper_shows_all() {
    let Some(mut browser) = browser() else { return };
    let (_directory, pages) = pages();
    for page in &pages {
        browser.open(page, 1440, false);
        let lost = browser.evaluate(
            "[...document.querySelectorAll('a[href^=\"#\"]')].filter(a => !document.getElementById(a.hash.slice(1))).map(a => a.hash)",
        );
        assert_eq!(lost, json!([]), "every link leads somewhere");
        let rows = browser.evaluate("document.querySelectorAll('.forest a[href^=\"#claim-\"]').length");
        assert!(rows.as_u64() > Some(0), "{rows}");
        browser.call("Emulation.setEmulatedMedia", json!({ "media": "print" }));
        let hidden = browser.evaluate(
            "[...document.querySelectorAll('details:not([open]) table')].filter(t => t.getBoundingClientRect().height === 0).map(t => t.caption.textContent)",
        );
        assert_eq!(hidden, json!([]), "nothing is folded away on paper");
    }
}

#[test]
fn the_same_page_is_the_same_picture_and_a_dark_one_is_another() {
    let Some(mut browser) = browser() else { return };
    let (_directory, [english, chinese]) = pages();
    let mut picture = |page: &PathBuf, width, dark| {
        browser.open(page, width, dark);
        browser.screenshot()
    };
    for width in [390, 1440] {
        let light = picture(&english, width, false);
        assert!(light.len() > 50_000, "a picture of a whole page");
        assert_eq!(light, picture(&english, width, false), "the same twice");
        assert_ne!(light, picture(&english, width, true), "dark is another");
        assert_ne!(light, picture(&chinese, width, false), "so is Chinese");
    }
}

#[test]
fn nothing_that_a_baseline_says_runs_or_breaks_the_page() {
    let Some(mut browser) = browser() else { return };
    let directory = tempfile::tempdir().unwrap();
    let baseline = hostile();
    let report = Report::of(&baseline).with_raw_data(directory.path());
    for (language, name) in [(Language::English, "en.html"), (Language::Chinese, "zh.html")] {
        let page = directory.path().join(name);
        fs::write(&page, report.html(language)).unwrap();
        for width in [390, 1440] {
            browser.open(&page, width, false);
            unfold(&mut browser, name);
            structure(&mut browser, name);
            let size = browser.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]");
            assert!(size[0].as_u64() <= size[1].as_u64(), "{name} at {width}: {size}");
            let shown = browser.evaluate("document.body.textContent.includes('<script>alert(1)</script>')");
            assert_eq!(shown, true, "what was said is shown as it was");
            assert_eq!(browser.complaints(), Vec::<String>::new());
        }
    }
}
