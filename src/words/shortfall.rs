//! What a record falls short of, and what to add.

use crate::{Language, Shortfall, VALIDITY_DAYS};

impl Shortfall {
    /// The section, what is missing and what to add, in `language`.
    #[must_use]
    pub fn describe(&self, language: Language) -> String {
        let text = match self {
            Self::SourceLocation => language
                .pick(
                    "来源无法查找：请注明网址、文件路径，或基准测试及其版本",
                    "the source cannot be found: add its address, its path, or the benchmark and its version",
                )
                .to_owned(),
            Self::TechnologyVersion => language
                .pick(
                    "缺少技术版本：请注明被测技术及其版本（如 WasmEdge 0.14.0）",
                    "no version of what was measured: add it as a component, such as WasmEdge 0.14.0",
                )
                .to_owned(),
            Self::KubernetesVersion => language
                .pick(
                    "缺少 Kubernetes/K3s 版本：请注明（如 K3s 1.30.4）",
                    "no Kubernetes or K3s version: add it as a component, such as k3s 1.30.4",
                )
                .to_owned(),
            Self::ToolVersion => language
                .pick(
                    "缺少测试工具版本：请在来源中注明工具及其版本，或将其列入版本",
                    "no version of the test tool: name the tool and its version in the source, or as a component",
                )
                .to_owned(),
            Self::TestDay(date) => match language {
                Language::Chinese => format!("测试日期只到月份（{date}）：请注明具体日期（如 {date}-15）"),
                Language::English => format!("the test date is a month ({date}): add the day, such as {date}-15"),
            },
            Self::FutureDate(date) => match language {
                Language::Chinese => format!("测试日期在未来（{date}）：请更正日期"),
                Language::English => format!("the test date is in the future ({date}): correct it"),
            },
            Self::Outdated { date, days } => match language {
                Language::Chinese => format!("数据已过 {days} 天（{date}），有效期为 {VALIDITY_DAYS} 天：请重新测量"),
                Language::English => {
                    format!("the figure is {days} days old ({date}), more than {VALIDITY_DAYS}: measure again")
                }
            },
            Self::Cpu => language
                .pick("缺少 CPU 型号：请注明（edit --cpu）", "no CPU model: add hardware.cpu (edit --cpu)")
                .to_owned(),
            Self::Cores => language
                .pick(
                    "缺少 CPU 核心数：请注明（edit --cores）",
                    "no number of cores: add hardware.cores (edit --cores)",
                )
                .to_owned(),
            Self::Memory => language
                .pick("缺少内存容量：请注明（edit --memory）", "no memory: add hardware.memory_bytes (edit --memory)")
                .to_owned(),
            Self::Storage => language
                .pick("缺少存储：请注明（edit --storage）", "no storage: add hardware.storage (edit --storage)")
                .to_owned(),
            Self::OperatingSystem => language
                .pick("缺少操作系统及其版本：请注明（edit --os）", "no operating system: add software.os (edit --os)")
                .to_owned(),
            Self::Kernel => language
                .pick("缺少内核版本：请注明（edit --kernel）", "no kernel version: add software.kernel (edit --kernel)")
                .to_owned(),
            Self::Concurrency => language
                .pick(
                    "缺少并发数：请注明（edit --concurrency）",
                    "no concurrency: add conditions.concurrency (edit --concurrency)",
                )
                .to_owned(),
            Self::Load => language
                .pick(
                    "缺少负载类型：请注明，如 冷启动（edit --load）",
                    "no load: add conditions.load, such as idle (edit --load)",
                )
                .to_owned(),
            Self::Count => language
                .pick(
                    "未注明样本数：请用记录每次时间的文件重新导入，或重新测量",
                    "of how many runs it is a statistic is not stated: import a file that has each run, or measure again",
                )
                .to_owned(),
            Self::NotIdle { load_average, cores } => match language {
                Language::Chinese => {
                    format!("负载标为空闲，而平均负载为 {load_average}（{cores} 核）：请在空闲时重新测量，或更正负载")
                }
                Language::English => {
                    let cores = if *cores == 1 { "1 core".to_owned() } else { format!("{cores} cores") };
                    format!(
                        "said to be idle at a load average of {load_average} on {cores}: measure again when it is, or \
                         say what the load was (edit --load)"
                    )
                }
            },
            Self::Throttled(seconds) => match language {
                Language::Chinese => format!("测量期间被 CPU 配额限制了 {seconds} 秒：请提高配额后重新测量"),
                Language::English => {
                    format!("throttled for {seconds} s by a CPU quota during the run: raise the quota and measure again")
                }
            },
        };
        format!("{} {text}", self.section())
    }
}
