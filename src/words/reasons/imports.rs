//! What figures of other tools lack, so that they are rows.

pub(super) const FORMS: &[(&str, &str)] = &[
    ("measure it again", "请重新测量"),
    ("measure the command again", "请重新测量该命令"),
    ("run the benchmark again", "请重新运行该基准测试"),
    ("run it by itself, and measure it again when it succeeds", "请单独运行，成功后重新测量"),
    (
        "run the command by hand, and measure it again when it succeeds; a code that means success is named by --accept-exit-code",
        "请手动运行该命令，成功后重新测量；若该退出码表示成功，请用 --accept-exit-code 指定",
    ),
    ("{} of {} runs were ended by a signal", "{1} 次运行中有 {0} 次被信号终止"),
    ("{} of {} runs did not exit with 0, but with {}", "{1} 次运行中有 {0} 次未以 0 退出，而是 {2}"),
    (
        "{} of {} runs were ended by a signal, and {} of {} runs did not exit with 0, but with {}",
        "{1} 次运行中有 {0} 次被信号终止，{2} 次未以 0 退出，而是 {4}",
    ),
    ("{} of {} times are no number", "{1} 个时间中有 {0} 个不是数字"),
    ("the file has neither its times nor a mean", "文件中既没有各次时间，也没有平均值"),
    ("its value is no number: {}", "其值不是数字：{}"),
    ("the benchmark did not run to its end: {}", "该基准测试没有运行完：{}"),
    ("it says no reason", "未说明原因"),
    ("its aggregates are no numbers", "其汇总值不是数字"),
    ("the benchmark {}: a FAIL or SKIP line names it", "该基准测试 {}：有 FAIL 或 SKIP 行指明它"),
    ("the benchmark failed: a FAIL or SKIP line names it", "该基准测试失败：有 FAIL 或 SKIP 行指明它"),
    ("the benchmark was skipped: a FAIL or SKIP line names it", "该基准测试被跳过：有 FAIL 或 SKIP 行指明它"),
    ("{} of {} batches hold no number", "{1} 批中有 {0} 批没有数字"),
    ("{} of {} values are no number, below zero, or too large for one", "{1} 个值中有 {0} 个不是数字、小于零或过大"),
    ("no run of it has a value", "其各次运行都没有值"),
    ("{} {} is less than the smallest {} that a figure can have", "{} {} 小于数据所能表示的最小 {}"),
    (
        "measure many of them as one operation, and say how many in its name",
        "请将多次合为一个操作测量，并在名称中注明次数",
    ),
    (
        "it took no time at all: what was measured is no time, or less than the clock can tell",
        "耗时为零：所测并非时间，或低于时钟的分辨率",
    ),
    ("measure many of them as one operation, or another indicator", "请将多次合为一个操作测量，或改用其他指标"),
];
