//! Titles, captions and columns of the report's sections.

use crate::Language;

pub(crate) const fn title(language: Language) -> &'static str {
    language.pick("本机测得的性能基线", "What was measured on this machine")
}

#[cfg_attr(not(feature = "html"), allow(dead_code, reason = "only the page has a list of its sections"))]
pub(crate) const fn contents(language: Language) -> &'static str {
    language.pick("目录", "Contents")
}

pub(crate) const fn glance(language: Language) -> &'static str {
    language.pick("一览", "At a glance")
}

pub(crate) const fn by_subject(language: Language) -> &'static str {
    language.pick("按对象：每项一个数据", "By subject: a figure of each kind")
}

pub(crate) const fn by_indicator(language: Language) -> &'static str {
    language.pick("按指标", "By indicator")
}

/// Of groups that have no workload and nothing else to be told apart by.
pub(crate) const fn the_figures(language: Language) -> &'static str {
    language.pick("数据", "the figures")
}

/// The columns of the table by subject that are no indicators.
pub(crate) const fn subject_columns(language: Language) -> [&'static str; 3] {
    language.pick(["对象", "隔离", "版本"], ["subject", "isolation", "version"])
}

/// What a folded table holds: how many rows, from the best to the worst.
pub(crate) fn rows(count: usize, best: &str, worst: &str, language: Language) -> String {
    match (count, language) {
        (1, Language::English) => format!("1 row, {best}"),
        (1, Language::Chinese) => format!("1 行，{best}"),
        (_, Language::English) => format!("{count} rows, {best} to {worst}"),
        (_, Language::Chinese) => format!("{count} 行，{best} 至 {worst}"),
    }
}

/// The fold of figures that are of a part alone.
pub(crate) const fn parts(language: Language) -> &'static str {
    language.pick("部分", "Parts of it, pools and limits")
}

pub(crate) const fn distributions(language: Language) -> &'static str {
    language.pick("分布", "How the samples are spread")
}

pub(crate) const fn curves(language: Language) -> &'static str {
    language.pick("曲线", "Curves")
}

/// How a picture of figures is read.
pub(crate) const fn figures_note(language: Language) -> &'static str {
    language.pick(
        "圆点：数据；横线：95 % 区间。对数轴。",
        "Dot: the figure; line: its 95 % interval. Equal distances are equal ratios.",
    )
}

pub(crate) fn not_drawn(count: usize, language: Language) -> String {
    match language {
        Language::English => format!(" {count} more are not drawn."),
        Language::Chinese => format!("另有 {count} 个未画出。"),
    }
}

pub(crate) fn plots_left_out(count: usize, language: Language) -> String {
    match language {
        Language::English => format!("And {count} more plots, which are left out here."),
        Language::Chinese => format!("另有 {count} 幅图未列出。"),
    }
}

pub(crate) fn tables_left_out(count: usize, language: Language) -> String {
    match language {
        Language::English => {
            format!("And {count} more tables, which are left out here: baseline.json has all figures.")
        }
        Language::Chinese => format!("另有 {count} 个表格未列出：全部数据见 baseline.json。"),
    }
}

pub(crate) fn rows_left_out(count: usize, language: Language) -> String {
    match language {
        Language::English => format!("And {count} more rows: baseline.json has all of them."),
        Language::Chinese => format!("另有 {count} 行：全部数据见 baseline.json。"),
    }
}

pub(crate) const fn plots_are_in_the_page(language: Language) -> &'static str {
    language.pick("分布图见同目录的 report.zh.html。", "The plots stand in report.html beside this file.")
}
