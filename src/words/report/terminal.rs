//! The figures in a terminal.

use crate::Language;

/// The column titles.
pub(crate) const fn columns(language: Language) -> [&'static str; 10] {
    language.pick(
        ["指标", "对象", "工作负载", "温度", "并发", "其他", "数据", "95 % 区间", "p99", "样本数"],
        ["indicator", "subject", "workload", "temperature", "at once", "of", "figure", "95 % interval", "p99", "n"],
    )
}

pub(crate) fn unavailable(what: &str, indicator: &str, reason: &str, remedy: &str, language: Language) -> String {
    match language {
        Language::English => format!("unavailable: {what}, {indicator}: {reason}; {remedy}"),
        Language::Chinese => format!("不可用：{what}，{indicator}：{reason}；{remedy}"),
    }
}

/// What there was no room for, and where it stands.
pub(crate) fn rest(rows: usize, unavailable: usize, language: Language) -> String {
    let (file, data) = (language.pick("report.zh.md", "report.md"), "baseline.json");
    match (rows, unavailable, language) {
        (_, 0, Language::English) => format!("and {rows} more rows: {file} has all, {data} every digit"),
        (0, _, Language::English) => format!("and {unavailable} more that were unavailable: {file} has all"),
        (.., Language::English) => {
            format!(
                "and {rows} more rows, {unavailable} more that were unavailable: {file} has all, {data} every digit"
            )
        }
        (_, 0, Language::Chinese) => format!("另有 {rows} 行：全部见 {file}，完整数字见 {data}"),
        (0, _, Language::Chinese) => format!("另有 {unavailable} 个不可用：全部见 {file}"),
        (.., Language::Chinese) => {
            format!("另有 {rows} 行、{unavailable} 个不可用：全部见 {file}，完整数字见 {data}")
        }
    }
}
