//! The circumstances that bear on a figure, and in which of them two figures differ.

use crate::{
    Language,
    compare::{Aspect, Difference},
};

impl Aspect {
    /// Its name for people.
    #[must_use]
    pub fn describe(&self, language: Language) -> String {
        let name = match self {
            Self::Subject => language.pick("对象", "subject"),
            Self::Workload => language.pick("工作负载", "workload"),
            Self::Temperature => language.pick("温度", "temperature"),
            Self::Statistic => language.pick("统计量", "statistic"),
            Self::Unit => language.pick("单位", "unit"),
            Self::Version(name) => match language {
                Language::Chinese => return format!("{name} 的版本"),
                Language::English => return format!("version of {name}"),
            },
            Self::Cpu => "CPU",
            Self::Cores => language.pick("核心数", "cores"),
            Self::Memory => language.pick("内存", "memory"),
            Self::Storage => language.pick("存储", "storage"),
            Self::Virtualization => language.pick("虚拟化", "virtualization"),
            Self::CpuQuota => language.pick("CPU 配额", "CPU quota"),
            Self::MemoryLimit => language.pick("内存限额", "memory limit"),
            Self::Cpuset => language.pick("CPU 集", "cpuset"),
            Self::Os => language.pick("操作系统", "OS"),
            Self::Kernel => language.pick("内核", "kernel"),
            Self::Rustc => "rustc",
            Self::Container => language.pick("容器", "container"),
            Self::UserNamespace => language.pick("用户命名空间", "user namespace"),
            Self::ClockSource => language.pick("时钟源", "clock source"),
            Self::Concurrency => language.pick("并发数", "concurrency"),
            Self::Load => language.pick("负载", "load"),
            Self::Isolation => language.pick("隔离", "isolation"),
            Self::Transport => language.pick("传输方式", "transport"),
            Self::Engine(name) => match language {
                Language::Chinese => return format!("引擎的 {name}"),
                Language::English => return format!("engine's {name}"),
            },
            Self::Date => language.pick("日期", "date"),
            Self::Run => language.pick("运行", "run"),
        };
        name.to_owned()
    }
}

impl Difference {
    /// The circumstance and its two values, in `language`.
    #[must_use]
    pub fn describe(&self, language: Language) -> String {
        let side = |value: &Option<String>| match value {
            Some(value) => value.clone(),
            None => language.pick("未注明", "not stated").to_owned(),
        };
        let aspect = self.aspect.describe(language);
        format!("{aspect}{}{} / {}", language.pick("：", ": "), side(&self.left), side(&self.right))
    }
}
