//! Reads citations, one a line (from the arguments, or some that come with the example), and prints each in both
//! languages; then this machine's environment block.
//!
//! `cargo run --no-default-features --example cite -- '启动时间: 6ms | 来源: 基准测试 | 版本: WasmEdge 0.14.0 | 日期: 2025-01'`

use runtime_baseline::{Citation, Host, Language};

const SAMPLES: [&str; 4] = [
    "[启动时间]: [6 ms] | 来源: [基准测试] | 版本: [WasmEdge 0.14.0] | 日期: [2025-01]",
    "总对象数： > 10 万 ｜ 来源： 官方文档 ｜ 版本： K3s 1.30.4 ｜ 日期： 2025-01",
    "[evaluation latency]: [~1 ms] | source: [production data] | version: [OPA 0.58.0, WasmEdge 0.14.0] | date: [2025-01-15]",
    "启动时间: 6 ms | 来源: 基准测试 | 版本: WasmEdge latest | 日期: 2025-01",
];

fn main() {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let samples = SAMPLES.map(str::to_owned);
    let texts = if given.is_empty() { &samples[..] } else { &given };
    for text in texts {
        println!("{text}");
        match text.parse::<Citation>() {
            Ok(citation) => {
                for language in Language::ALL {
                    println!("  {}", citation.display(language));
                }
            }
            Err(error) => println!("  not a citation: {error}"),
        }
    }
    let environment = Host::here().capture(".");
    for language in Language::ALL {
        println!("\n{}", environment.block(language).rounded());
    }
}
