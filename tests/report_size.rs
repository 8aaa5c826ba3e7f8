//! How large a report is: one that is read, not searched.

mod report_support;

use runtime_baseline::{Language, Staleness, report::Report};

/// Of a whole page, and of what stands before its first fold.
const MOST: [usize; 2] = [400_000, 40_000];

#[test]
fn a_report_of_a_full_pass_can_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let baseline = report_support::full::full(directory.path());
    assert!(baseline.metrics().len() > 1_100, "{}", baseline.metrics().len());
    let staleness = Staleness::on(report_support::DAY.parse().unwrap());
    let report = Report::of(&baseline).with_raw_data(directory.path()).with_staleness(staleness);
    for language in Language::ALL {
        let texts = [
            ("markdown", report.markdown(language)),
            #[cfg(feature = "html")]
            ("page", report.html(language)),
        ];
        for (form, text) in texts {
            let sizes = [text.len(), text.find("<details").unwrap_or(text.len())];
            println!("{form}: {} bytes, {} before the first fold", sizes[0], sizes[1]);
            assert!(sizes[0] <= MOST[0] && sizes[1] <= MOST[1], "{form}: {sizes:?} of {MOST:?}");
        }
    }
}
