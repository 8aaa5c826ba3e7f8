//! What makes figures of a machine scatter, and what to do about it.

use crate::provenance::NoiseSentence;

impl NoiseSentence {
    /// In English and in Chinese, with `{}` for what was found: the same holes in the same order. A baseline has the English
    /// form, so one that changes is not known again in older files.
    pub(crate) const fn forms(self) -> (&'static str, &'static str) {
        match self {
            Self::NoFrequency => ("no cpufreq: frequency unknown", "没有 cpufreq：频率未知"),
            Self::Governor => (
                "CPU governor {} on {} of {} CPUs: set it to performance (cpupower frequency-set -g performance)",
                "CPU 调频策略为 {}（{} 个，共 {} 个 CPU）：请设为 performance（cpupower frequency-set -g performance）",
            ),
            Self::Boost => (
                "turbo boost is on, so the frequency depends on heat and load: write {} to /{}",
                "睿频已开启，频率随温度和负载变化：请将 {} 写入 /{}",
            ),
            Self::LoadOnOne => (
                "load average {} on 1 core: end what else runs, and wait a minute",
                "1 核上的平均负载为 {}：请结束其他程序，并等待一分钟",
            ),
            Self::Load => (
                "load average {} on {} cores: end what else runs, and wait a minute",
                "平均负载为 {}（{} 核）：请结束其他程序，并等待一分钟",
            ),
            Self::Others => (
                "other programs kept {} of {} CPUs busy meanwhile: end what else runs, and measure again",
                "测量期间其他程序占用了 {} 个 CPU（共 {} 个）：请结束其他程序后重新测量",
            ),
            Self::Smt => (
                "SMT is on, so two CPUs share one core: write off to /{}/smt/control, or pin to one of each",
                "SMT 已开启，两个 CPU 共用一个核：请将 off 写入 /{}/smt/control，或只绑定到每核中的一个",
            ),
            Self::LowMemory => {
                ("only {} of {} memory available: end what holds it", "可用内存仅 {}（共 {}）：请结束占用内存的程序")
            }
            Self::Battery => {
                ("on battery, which slows the CPU down: plug the machine in", "正在使用电池，CPU 会降速：请接通电源")
            }
            Self::OneCore => (
                "only 1 core: the harness and the system share them with the workload",
                "仅 1 核：测量程序和系统与工作负载共用",
            ),
            Self::FewCores => (
                "only {} cores: the harness and the system share them with the workload",
                "仅 {} 核：测量程序和系统与工作负载共用",
            ),
            Self::Steal => (
                "the hypervisor gave {}% of the CPU time to others during the run: measure on a dedicated machine",
                "测量期间虚拟机管理程序把 {}% 的 CPU 时间给了其他虚拟机：请在独占的机器上测量",
            ),
            Self::Throttled => (
                "throttled for {} s, summed over the CPUs, in {} of {} periods of the CPU quota during the run: raise the quota \
                 (cpu.max), or take its figures as those of a slower machine",
                "测量期间被 CPU 配额限制了 {} 秒（各 CPU 之和；{} 个周期，共 {} 个）：请提高配额（cpu.max），否则其数据等同于较慢机器的数据",
            ),
            Self::ClockFast => (
                "the clock ran {} ppm fast during the run, against the one that nothing corrects: times are too long by as much; \
                 measure when it has settled",
                "测量期间时钟比不受校正的时钟快 {} ppm：时间偏长同样的比例；请在时钟稳定后测量",
            ),
            Self::ClockSlow => (
                "the clock ran {} ppm slow during the run, against the one that nothing corrects: times are too short by as \
                 much; measure when it has settled",
                "测量期间时钟比不受校正的时钟慢 {} ppm：时间偏短同样的比例；请在时钟稳定后测量",
            ),
            Self::SlowClock => (
                "clock source {}: a reading takes a microsecond or more, which is a part of every short time: use the CPU's own \
                 counter where it is stable",
                "时钟源为 {}：一次读取需一微秒或更久，计入每个短时间：若 CPU 自身的计数器稳定，请改用它",
            ),
            Self::Wsl => (
                "{}: its clock drifts, and it stands still at times: measure on Linux itself",
                "{}：其时钟会漂移，且有时停顿：请直接在 Linux 上测量",
            ),
        }
    }
}
