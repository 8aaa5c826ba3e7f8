//! Tables and pictures of figures.

use crate::Language;

/// The columns of a table of figures.
pub(crate) mod column {
    use crate::Language;

    pub(crate) const fn subject(language: Language) -> &'static str {
        language.pick("对象", "subject")
    }

    pub(crate) const fn factor(language: Language) -> &'static str {
        language.pick("倍数", "factor")
    }

    pub(crate) const fn isolation(language: Language) -> &'static str {
        language.pick("隔离", "isolation")
    }

    /// Why a fill stopped, how fast it went, what each instance took, and what it was allowed.
    pub(crate) const fn fill(language: Language) -> [&'static str; 4] {
        language.pick(["停止原因", "启动速率", "每个", "预算"], ["stopped by", "start rate", "each", "budget"])
    }

    pub(crate) const fn samples(language: Language) -> &'static str {
        language.pick("样本数", "samples")
    }

    pub(crate) const fn version(dated: bool, language: Language) -> &'static str {
        if dated { language.pick("版本，日期", "version, date") } else { language.pick("版本", "version") }
    }

    pub(crate) const fn mind(language: Language) -> &'static str {
        language.pick("注意", "mind")
    }

    pub(crate) const fn policies(language: Language) -> [&'static str; 7] {
        language.pick(
            ["引擎", "启动（源码）", "启动（预编译）", "内存", "评估中位数", "评估 p99", "每秒决策"],
            [
                "engine",
                "start from source",
                "start precompiled",
                "memory",
                "evaluation median",
                "evaluation p99",
                "decisions",
            ],
        )
    }
}

/// The cell of what the others' factors are against.
pub(crate) const fn reference(language: Language) -> &'static str {
    language.pick("基准", "reference")
}

pub(crate) const fn policies(language: Language) -> &'static str {
    language.pick("各引擎在各策略上的表现", "Engines by policy, one at a time")
}

/// What a table's title does not say.
pub(crate) fn caption(
    intervals: bool,
    reference: Option<&str>,
    each: Option<u64>,
    day: Option<String>,
    language: Language,
) -> String {
    let intervals = intervals.then_some(language.pick("下方为 95 % 区间", "with 95 % intervals"));
    let factors = reference.map(|reference| match language {
        Language::English => format!("factors are against {reference}"),
        Language::Chinese => format!("倍数相对于 {reference}"),
    });
    let each = each.map(|count| match language {
        Language::English if count == 1 => "1 sample each".to_owned(),
        Language::English => format!("{count} samples each"),
        Language::Chinese => format!("每行 {count} 个样本"),
    });
    let first = language.pick("最好的在前", "Best first").to_owned();
    let parts = [Some(first), intervals.map(str::to_owned), factors, each, day];
    parts.into_iter().flatten().collect::<Vec<_>>().join(language.pick("，", ", "))
}

/// How many at the same time.
pub(crate) fn at_once(count: u32, language: Language) -> String {
    match language {
        Language::English => format!("{count} at the same time"),
        Language::Chinese => format!("{count} 并发"),
    }
}

pub(crate) const fn stale(language: Language) -> &'static str {
    language.pick("过期", "stale")
}

/// How the samples of a burst are drawn.
pub(crate) const fn cumulative(language: Language) -> &'static str {
    language.pick(
        "曲线：不超过该值的样本份额，由下而上为 0 至 100 %。圆点：中位数；菱形：p99。",
        "Curve: the share of samples not above a value, from none at the foot to all at the top. Dot: median; diamond: p99.",
    )
}

/// How other samples are drawn.
pub(crate) const fn spread(language: Language) -> &'static str {
    language.pick(
        "面积的高度：落在该处的样本份额；底线：从最小到最大的样本。圆点：中位数；菱形：p99。",
        "Height of the area: the share of samples there; the line at its foot: from the smallest to the largest sample. Dot: median; diamond: p99.",
    )
}

pub(crate) fn curve(y: &str, x: &str, language: Language) -> String {
    match language {
        Language::English => format!("{y} against {x}"),
        Language::Chinese => format!("{y} 随 {x} 的变化"),
    }
}

pub(crate) const fn marks(language: Language) -> &'static str {
    language.pick("每个标记是一次读数；形状与图例对应。", "Each mark is a reading; its shape is told below.")
}

/// An axis' label, where it is one that this project's own probes write.
pub(crate) fn axis(label: &str, language: Language) -> String {
    let chinese = match label {
        "live instances" | "instances" => "存活实例数",
        "objects" => "对象数",
        "nodes" => "节点数",
        "memory" => "内存",
        "anonymous memory" => "匿名内存",
        "create latency" => "创建延迟",
        "update latency" => "更新延迟",
        "get latency" => "读取延迟",
        "list latency" => "列表延迟",
        "start rate" => "启动速率",
        "bindings" => "绑定数",
        "data size" => "数据大小",
        "evaluation latency" => "评估延迟",
        "startup time" => "启动时间",
        other => other,
    };
    language.pick(chinese, label).to_owned()
}

/// Before the raw data that could not be read.
pub(crate) const fn unreadable(language: Language) -> &'static str {
    language.pick(
        "以下原始数据无法读取，因此没有它们的图与警告：",
        "This raw data could not be read, and its plots and warnings are left out: ",
    )
}

pub(crate) const fn outside(language: Language) -> &'static str {
    language.pick(
        "不是基线目录之内的普通文件（不跟随链接）",
        "it is no regular file below the baseline's directory, and links are not followed",
    )
}

pub(crate) const fn not_there(language: Language) -> &'static str {
    language.pick("文件不存在", "there is no such file")
}

/// How something is better, and how it is worse.
pub(crate) mod better {
    use crate::Language;

    pub(crate) const fn rate(language: Language) -> [&'static str; 2] {
        language.pick(["更高", "更低"], ["higher", "lower"])
    }

    pub(crate) const fn time(language: Language) -> [&'static str; 2] {
        language.pick(["更快", "更慢"], ["faster", "slower"])
    }

    pub(crate) const fn bytes(language: Language) -> [&'static str; 2] {
        language.pick(["更小", "更大"], ["smaller", "larger"])
    }

    pub(crate) const fn other(language: Language) -> [&'static str; 2] {
        language.pick(["更低", "更高"], ["lower", "higher"])
    }
}

/// How many names there are beside those that were said.
pub(crate) fn and_more(shown: &str, more: usize, language: Language) -> String {
    match language {
        Language::English => format!("{shown} and {more} more"),
        Language::Chinese => format!("{shown}，另有 {more} 个"),
    }
}
