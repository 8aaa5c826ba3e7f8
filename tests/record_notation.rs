//! The citation and the environment block: lossless in both languages, and errors that say which field and where.

mod record_support;

use proptest::{collection, prelude::*, sample::select};
use record_support as any;
use runtime_baseline::{
    Bound, Citation, Component, Environment, Indicator, Isolation, Language, Metric, NotationError, NotationField,
    NotationProblem, Provenance, Quantity, Range, Source, SourceKind, Unit,
};

const SEED: &str = "[启动时间]: [6 ms] | 来源: [基准测试] | 版本: [WasmEdge 0.14.0] | 日期: [2025-01]";

fn citations() -> impl Strategy<Value = Citation> {
    let components = collection::vec(any::component(), 1..4);
    (any::measured(), any::bound(), any::kind(), components, any::date(), any::<bool>()).prop_map(
        |((indicator, quantity), bound, kind, components, date, is_range)| {
            let mut components = components.into_iter();
            let source = Source::new(kind, "somewhere").unwrap();
            let provenance = Provenance::new(source, components.next().unwrap(), date);
            let provenance = components.fold(provenance, Provenance::with_component);
            let metric = Metric::new(indicator, "wasmtime".parse().unwrap(), quantity, provenance).unwrap();
            match half(quantity).and_then(|low| Range::new(low, quantity).ok()).filter(|_| is_range) {
                Some(range) => Citation::of(&metric.with_range(range).unwrap()),
                None => Citation::of(&metric.with_bound(bound)),
            }
        },
    )
}

fn half(quantity: Quantity) -> Option<Quantity> {
    match quantity.as_u64() {
        Some(whole) => Some(Quantity::whole(whole / 2, quantity.unit())),
        None => Quantity::new(quantity.as_f64() / 2.0, quantity.unit()).ok(),
    }
}

/// What people do to a line: leave brackets out, type full-width punctuation, put spaces elsewhere.
fn rewritten(text: &str, brackets: &str, bar: &str, colon: &str) -> String {
    let text = match brackets {
        "" => text.replace(['[', ']'], ""),
        "【】" => text.replace('[', "【").replace(']', "】"),
        "［］" => text.replace('[', "［").replace(']', "］"),
        _ => text.to_owned(),
    };
    text.replace(" | ", bar).replace(": ", colon)
}

proptest! {
    #[test]
    fn a_citation_comes_back(citation in citations(), language in select(&Language::ALL[..])) {
        let text = citation.display(language).to_string();
        prop_assert!(!text.contains('\n'));
        prop_assert_eq!(text.parse::<Citation>().unwrap(), citation, "{}", text);
    }

    #[test]
    fn an_environment_comes_back(environment in any::environment(), language in select(&Language::ALL[..])) {
        let text = environment.block(language).to_string();
        prop_assert_eq!(text.lines().count(), 3);
        prop_assert_eq!(text.parse::<Environment>().unwrap(), environment, "{}", text);
    }

    #[test]
    fn anything_at_all_is_read_or_refused(text in any::<String>(), more in any::text()) {
        let _ = text.parse::<Citation>();
        let _ = text.parse::<Environment>();
        for label in ["硬件: -\n软件: -\n条件: ", "条件: -\n软件: -\n硬件:", "硬件: -\n条件: -\n软件："] {
            let _ = format!("{label}{more}").parse::<Environment>();
            let _ = format!("{label}{text}").parse::<Environment>();
        }
        let _ = format!("启动时间: {more} | 来源: {text}").parse::<Citation>();
    }

    #[test]
    fn a_changed_citation_is_read_or_refused(citation in citations(), at in 0.0..1.0f64, cut in 0..4usize, put in "[\\]\\[|:： ,~<\\\\0-9a]{0,2}") {
        for language in Language::ALL {
            let _ = changed(&citation.display(language).to_string(), at, cut, &put).parse::<Citation>();
        }
    }

    #[test]
    fn a_changed_block_is_read_or_refused(environment in any::environment(), at in 0.0..1.0f64, cut in 0..4usize, put in "[\\]\\[;:：=\n ,\\\\0-9CGu{}]{0,2}") {
        for language in Language::ALL {
            // What is read must be an environment that prints and comes back.
            let text = changed(&environment.block(language).to_string(), at, cut, &put);
            if let Ok(read) = text.parse::<Environment>() {
                prop_assert_eq!(read.block(language).to_string().parse::<Environment>().unwrap(), read);
            }
        }
    }

    #[test]
    fn errors_lie_within_the_text(text in any::text(), at in 0.0..1.0f64) {
        let text = changed(SEED, at, 1, &text);
        if let Err(error) = text.parse::<Citation>() {
            let lines: Vec<&str> = text.split('\n').collect();
            let line = lines[error.line() - 1];
            prop_assert!(error.column() <= line.chars().count() + 1, "{} {:?}", error, text);
        }
    }
}

/// `text` with `cut` characters replaced by `put`.
fn changed(text: &str, at: f64, cut: usize, put: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = (chars.len() as f64 * at) as usize;
    let rest = &chars[(at + cut).min(chars.len())..];
    chars[..at].iter().copied().chain(put.chars()).chain(rest.iter().copied()).collect()
}

#[test]
fn the_form_of_the_requirements_in_both_languages() {
    let citation: Citation = SEED.parse().unwrap();
    assert_eq!(citation.indicator(), Indicator::StartupTime);
    assert_eq!((citation.bound(), citation.quantity()), (Bound::Exact, Quantity::nanoseconds(6_000_000)));
    assert_eq!(citation.kind(), SourceKind::Benchmark);
    assert_eq!(citation.components(), [Component::new("WasmEdge", "0.14.0").unwrap()]);
    assert_eq!(citation.date().to_string(), "2025-01");
    assert_eq!(citation.to_string(), SEED);
    let english = "[startup time]: [6 ms] | source: [benchmark] | version: [WasmEdge 0.14.0] | date: [2025-01]";
    assert_eq!(citation.display(Language::English).to_string(), english);
    for text in [SEED, english] {
        for brackets in ["[]", "", "【】", "［］"] {
            for bar in [" | ", "|", "｜", " ｜  ", "\u{3000}|\t"] {
                for colon in [": ", ":", "：", " ：\u{3000}"] {
                    let text = rewritten(text, brackets, bar, colon);
                    assert_eq!(text.parse::<Citation>().as_ref(), Ok(&citation), "{text}");
                }
            }
        }
    }
}

#[test]
fn several_components_bounds_and_counts() {
    let text = "启动时间: ~6ms | 来源: 官方文档 | 版本: OPA 0.58.0，WasmEdge 0.14.0 | 日期: 2025-01-15\n";
    let citation: Citation = text.parse().unwrap();
    assert_eq!(
        citation.display(Language::English).to_string(),
        "[startup time]: [~6 ms] | source: [official docs] | version: [OPA 0.58.0, WasmEdge 0.14.0] | date: [2025-01-15]"
    );
    let amount = |label: &str, value: &str| {
        let text = format!("{label}: {value} | 来源: 生产数据 | 版本: K3s 1.30.4 | 日期: 2025-01");
        let citation: Citation = text.parse().unwrap();
        (citation.indicator(), citation.bound(), citation.quantity())
    };
    let whole = Quantity::whole;
    // The figures of the published tables, as they are written there.
    for (label, value, indicator, bound, quantity) in [
        ("启动延迟（p99）", "12ms", Indicator::StartupP99, Bound::Exact, Quantity::nanoseconds(12_000_000)),
        ("启动延迟 (P99)", "2.5s", Indicator::StartupP99, Bound::Exact, Quantity::nanoseconds(2_500_000_000)),
        ("单节点 Pod 数", "300 Pod", Indicator::Density, Bound::Exact, Quantity::instances(300)),
        ("单节点密度", "3000 Pod", Indicator::Density, Bound::Exact, Quantity::instances(3000)),
        ("Pod 密度", "50 Pod/Node", Indicator::Density, Bound::Exact, Quantity::instances(50)),
        (
            "冷启动 CPU 尖峰",
            "80%",
            Indicator::ColdStartCpuPeak,
            Bound::Exact,
            Quantity::new(80.0, Unit::Percent).unwrap(),
        ),
        ("运行CPU基线", "0.5%", Indicator::CpuBaseline, Bound::Exact, Quantity::new(0.5, Unit::Percent).unwrap()),
        ("控制平面内存", "~512 MB", Indicator::ControlPlaneMemory, Bound::About, Quantity::bytes(512_000_000)),
        ("二进制大小", "~1 GB", Indicator::BinarySize, Bound::About, Quantity::bytes(1_000_000_000)),
        ("最大节点数", "> 1000", Indicator::MaxNodes, Bound::Above, whole(1000, Unit::Nodes)),
        ("总对象数", "> 10 万", Indicator::TotalObjects, Bound::Above, whole(100_000, Unit::Objects)),
        ("总对象数", "≈1.5万", Indicator::TotalObjects, Bound::About, whole(15_000, Unit::Objects)),
        ("评估延迟", "< 1ms", Indicator::EvaluationLatency, Bound::Below, Quantity::nanoseconds(1_000_000)),
        (
            "list-watch 压力",
            "60%",
            Indicator::ListWatchPressure,
            Bound::Exact,
            Quantity::new(60.0, Unit::Percent).unwrap(),
        ),
        ("镜像体积", "0.9 MB", Indicator::ImageSize, Bound::Exact, Quantity::bytes(900_000)),
        ("内存占用", "50 MB", Indicator::EngineMemory, Bound::Exact, Quantity::bytes(50_000_000)),
    ] {
        assert_eq!(amount(label, value), (indicator, bound, quantity), "{label}");
    }
}

#[test]
fn every_indicator_has_labels_of_its_own() {
    for indicator in Indicator::ALL {
        for label in [indicator.label(), indicator.label_zh(), indicator.as_str()] {
            assert_eq!(Indicator::from_label(label), Some(*indicator), "{label}");
        }
    }
}

/// Column, field and message of the error of `text`.
fn citation_error(text: &str) -> (usize, NotationField, String) {
    place(text.parse::<Citation>().unwrap_err())
}

fn place(error: NotationError) -> (usize, NotationField, String) {
    (error.column(), error.field(), error.problem().to_string())
}

#[test]
fn errors_say_which_field_at_which_column() {
    let cases = [
        ("", 1, NotationField::Indicator, "expected a colon after the field's name, found the end"),
        ("启动时间 6 ms", 10, NotationField::Indicator, "expected a colon after the field's name, found the end"),
        (
            "启动时间: 6 ms | 来源: 博客",
            18,
            NotationField::Source,
            "expected 官方文档 (official docs) or 基准测试 (benchmark) or 生产数据 (production data) or 第三方 \
             (third party), found \"博客\"",
        ),
        ("启动时间: 6 ms", 11, NotationField::Source, "expected | 来源: or | source:, found the end"),
        ("启动时间: 6 ms | 版本: a 1", 14, NotationField::Source, "expected | 来源: or | source:, found \"版本\""),
        (
            "[启动时间: 6 ms",
            1,
            NotationField::Indicator,
            "the bracket is not closed: expected ] before the end of the line",
        ),
        (
            "启动时间: 0.5 ns |",
            7,
            NotationField::Quantity,
            "0.5 ns is not a whole number of ns, or does not fit 64 bits",
        ),
        (
            "启动时间: [-6 ms] |",
            8,
            NotationField::Quantity,
            "\"-6 ms\" is not a quantity: write a number and a unit, such as \"6 ms\" or \"13 MB\"",
        ),
        ("启动时间: 6 MB |", 7, NotationField::Quantity, "startup_time is not measured in bytes; it takes ns"),
        (
            "启动时间: NaN |",
            7,
            NotationField::Quantity,
            "\"NaN\" is not a quantity: write a number and a unit, such as \"6 ms\" or \"13 MB\"",
        ),
        (
            "启动时间: 6 ms | 来源: 基准测试 | 版本: [a 1.0, wasmtime latest]",
            37,
            NotationField::Version,
            "wasmtime has no exact version (\"latest\"): one is the version that ran, such as 48.0.8, and no range or tag",
        ),
        (
            "启动时间: 6 ms | 来源: 基准测试 | 版本: a 1.0 | 日期: [2025-02-30]",
            42,
            NotationField::Date,
            "\"2025-02-30\" is no date: write a day that exists as YYYY-MM-DD, or a month as YYYY-MM",
        ),
        (
            "启动时间: 6 ms | 来源: 基准测试 | 版本: a 1.0 | 日期: 2025-02 | 注: x",
            49,
            NotationField::Date,
            "expected the end of the citation, found \"| 注: x\"",
        ),
    ];
    for (text, column, field, message) in cases {
        assert_eq!(citation_error(text), (column, field, message.to_owned()), "{text}");
    }
    let error = "速度: 6 ms".parse::<Citation>().unwrap_err();
    assert!(matches!(error.problem(), NotationProblem::UnknownIndicator(name) if name == "速度"));
    let message = error.to_string();
    assert!(message.starts_with("line 1, column 1, 指标名称 (indicator): no indicator is named \"速度\""), "{message}");
    for indicator in Indicator::ALL {
        assert!(message.contains(indicator.label_zh()) && message.contains(indicator.label()), "{indicator}");
    }
    let second = format!("{SEED}\n{SEED}").parse::<Citation>().unwrap_err();
    assert_eq!((second.line(), second.column()), (2, 1));
    // A long text is not repeated in full.
    assert!("x".repeat(10_000).parse::<Citation>().unwrap_err().to_string().len() < 200);
}

fn full() -> Environment {
    let mut environment = Environment::default();
    let hardware = &mut environment.hardware;
    hardware.cpu = Some("AMD EPYC".into());
    hardware.cores = Some(2);
    hardware.memory_bytes = Some(25_149_030_400);
    hardware.storage = Some("ext4 on /dev/vda [rotational]".into());
    hardware.virtualization = Some("kvm".into());
    hardware.cpu_quota_millis = Some(1500);
    hardware.memory_limit_bytes = Some(2_147_483_648);
    hardware.cpuset = Some("0,3".into());
    environment.software.os = Some("Debian GNU/Linux 12".into());
    environment.software.kernel = Some("6.18.44".into());
    environment.software.rustc = Some("1.95.0".into());
    environment.software.container = Some("podman".into());
    environment.software.user_namespace = Some(true);
    environment.software.clock_source = Some("tsc".into());
    let conditions = &mut environment.conditions;
    conditions.concurrency = Some(100);
    conditions.load = Some("cold start".into());
    conditions.isolation = Some(Isolation::InProcess);
    conditions.transport = Some("process".into());
    conditions.observed = [("stopped_by".into(), "budget: count".into())].into();
    conditions.engine = [("compiler", "cranelift"), ("allocator", "pooling")].map(|(k, v)| (k.into(), v.into())).into();
    conditions.noise = vec!["only 2 cores".into(), "a\nb".into()];
    environment
}

#[test]
fn the_block_is_this_in_both_languages() {
    let chinese = r"硬件: [AMD EPYC] 2C 25.1490304G; 存储=[ext4 on /dev/vda \[rotational\]]; 虚拟化=[kvm]; CPU 配额=[1.5]; 内存限额=[2.147483648G]; CPU 集=[0,3]
软件: [Debian GNU/Linux 12] [6.18.44]; rustc=[1.95.0]; 容器=[podman]; 用户命名空间=[yes]; 时钟源=[tsc]
条件: 100 并发, [cold start]; 隔离=[in-process]; 传输=[process]; 引擎 [allocator]=[pooling]; 引擎 [compiler]=[cranelift]; 观测 [stopped_by]=[budget: count]; 噪声=[only 2 cores]; 噪声=[a\nb]";
    let english = r"hardware: [AMD EPYC] 2C 25.1490304G; storage=[ext4 on /dev/vda \[rotational\]]; virtualization=[kvm]; CPU quota=[1.5]; memory limit=[2.147483648G]; cpuset=[0,3]
software: [Debian GNU/Linux 12] [6.18.44]; rustc=[1.95.0]; container=[podman]; user namespace=[yes]; clock source=[tsc]
conditions: 100 concurrent, [cold start]; isolation=[in-process]; transport=[process]; engine [allocator]=[pooling]; engine [compiler]=[cranelift]; observed [stopped_by]=[budget: count]; noise=[only 2 cores]; noise=[a\nb]";
    assert_eq!(full().block(Language::Chinese).to_string(), chinese);
    assert_eq!(full().block(Language::English).to_string(), english);
    let nothing = "hardware: -\nsoftware: -\nconditions: -";
    assert_eq!(Environment::default().block(Language::English).to_string(), nothing);
    assert_eq!(nothing.parse(), Ok(Environment::default()));
}

#[test]
fn the_plain_form_is_read() {
    let mut expected = Environment::default();
    expected.hardware.cpu = Some("AMD EPYC 7763".into());
    expected.hardware.cores = Some(4);
    expected.hardware.memory_bytes = Some(8_000_000_000);
    expected.software.os = Some("Ubuntu 22.04".into());
    expected.software.kernel = Some("5.15.0-91-generic".into());
    expected.conditions.concurrency = Some(100);
    expected.conditions.load = Some("冷启动".into());
    for text in [
        "硬件: AMD EPYC 7763 4C 8G\n软件: Ubuntu 22.04 5.15.0-91-generic\n条件: 100 并发, 冷启动",
        "硬件：[AMD EPYC 7763] [4]C [8]G\n软件：[Ubuntu 22.04] [5.15.0-91-generic]\n条件：[100] 并发，[冷启动]",
        "  硬件 : AMD EPYC 7763 4c8g\r\n\r\n软件:Ubuntu 22.04   5.15.0-91-generic\r\n条件:100并发，冷启动\r\n",
        "Conditions: 100 concurrent, 冷启动;\nHARDWARE: [AMD EPYC 7763] 4C8G\nsoftware: Ubuntu 22.04 [5.15.0-91-generic];",
    ] {
        assert_eq!(text.parse().as_ref(), Ok(&expected), "{text}");
    }
    let line = |hardware: &str| format!("硬件: {hardware}\n软件: -\n条件: -").parse::<Environment>().unwrap().hardware;
    let sizes = line("4C8G");
    assert_eq!((sizes.cpu, sizes.cores, sizes.memory_bytes), (None, Some(4), Some(8_000_000_000)));
    let ryzen = line("AMD Ryzen 5 5600G 6C 15.5G；存储=NVMe");
    assert_eq!(ryzen.cpu.as_deref(), Some("AMD Ryzen 5 5600G"));
    assert_eq!((ryzen.memory_bytes, ryzen.storage.as_deref()), (Some(15_500_000_000), Some("NVMe")));
    let os = |text: &str| format!("硬件: -\n软件: {text}\n条件: idle").parse::<Environment>().unwrap();
    assert_eq!(os("Debian 12").software.os.as_deref(), Some("Debian 12"));
    assert_eq!(os("Ubuntu 22.04").software.kernel, None);
    assert_eq!(os("- 6.1.0").software.os.as_deref(), Some("- 6.1.0"));
    assert_eq!(os("- [6.1.0]").software.kernel.as_deref(), Some("6.1.0"));
    assert_eq!(os("").conditions.load.as_deref(), Some("idle"));
}

#[test]
fn errors_of_the_block_say_which_line_field_and_column() {
    let error = |hardware: &str, software: &str, conditions: &str| {
        let text = format!("硬件:{hardware}\n软件:{software}\n条件:{conditions}");
        let error = text.parse::<Environment>().unwrap_err();
        (error.line(), error.column(), error.field(), error.problem().to_string())
    };
    let unclosed = "the bracket is not closed: expected ] before the end of the line";
    assert_eq!(error(" [AMD", "", ""), (1, 5, NotationField::Cpu, unclosed.into()));
    let escape = r"no escape: expected \\, \[, \], \n, \r, \t or \u{hexadecimal} after the backslash";
    assert_eq!(error(" -", r" [a\q]", ""), (2, 7, NotationField::Os, escape.into()));
    assert_eq!(error("", r" [\u{110000}]", "").2, NotationField::Os);
    let number = "\"99999999999\" is not a number that fits: expected a whole number of cores";
    assert_eq!(error(" 99999999999C", "", ""), (1, 5, NotationField::Cores, number.into()));
    let memory = "\"0.0000000001\" is not a number that fits: expected a number of 10^9 bytes, to the byte";
    assert_eq!(error(" 1C 0.0000000001G", "", ""), (1, 5, NotationField::Memory, memory.into()));
    let many = "\"many\" is not a number that fits: expected a whole number at the same time";
    assert_eq!(error("", "", " many 并发, x"), (3, 5, NotationField::Concurrency, many.into()));
    assert_eq!(error(" a; 存储=[x]; storage=y", "", "").2, NotationField::Storage);
    assert_eq!(error("", "", "; 引擎 [a]=1; 引擎 [a]=2").3, "given twice: keep one");
    assert_eq!(
        error("", "", " -; 颜色=[x]"),
        (
            3,
            8,
            NotationField::Noise,
            "expected 隔离 (isolation), 传输 (transport), 引擎 (engine), 观测 (observed), 噪声 (noise), found \"颜色\""
                .into()
        )
    );
    assert_eq!(
        error("", "", "; 隔离=[vm]").3,
        "expected none, in-process, process, container or wasm-in-container, found \"vm\""
    );
    assert_eq!(error(" AMD]", "", "").3, "expected [ before the ], found \"AMD]\"");
    assert_eq!(error(" [a] [b]", "", "").3, "given twice: keep one");
    let missing = "硬件: -\n条件: -".parse::<Environment>().unwrap_err();
    assert_eq!((missing.field(), missing.problem()), (NotationField::Software, &NotationProblem::MissingLine));
    assert_eq!("".parse::<Environment>().unwrap_err().field(), NotationField::Hardware);
    let twice = "硬件: -\n硬件: -".parse::<Environment>().unwrap_err();
    assert_eq!((twice.line(), twice.problem()), (2, &NotationProblem::Twice));
    let label = "CPU: x".parse::<Environment>().unwrap_err();
    assert_eq!((label.line(), label.column()), (1, 1));
}
