//! Where it was measured, when, and how quiet it was.

use crate::{Date, Language, provenance::cpus};

pub(crate) const fn title(language: Language) -> &'static str {
    language.pick("测量环境", "Environment")
}

/// The parts of the machine that are known, then how many figures there are and from when.
pub(crate) fn place(parts: &[String], figures: &str, language: Language) -> String {
    match (parts.is_empty(), language) {
        (true, Language::English) => format!("{figures}; nothing is recorded of the machine."),
        (true, Language::Chinese) => format!("{figures}；未记录所用机器。"),
        (false, Language::English) => format!("On {}; {figures}.", parts.join(", ")),
        (false, Language::Chinese) => format!("{}；{figures}。", parts.join("，")),
    }
}

pub(crate) fn cores(cores: u32, language: Language) -> String {
    match (cores, language) {
        (1, Language::English) => "1 core".to_owned(),
        (_, Language::English) => format!("{cores} cores"),
        (_, Language::Chinese) => format!("{cores} 核"),
    }
}

pub(crate) fn memory(amount: &str, language: Language) -> String {
    match language {
        Language::English => format!("{amount} of memory"),
        Language::Chinese => format!("内存 {amount}"),
    }
}

/// What the cgroups of the process allow it, where that is less than the machine: `limited to 1.5 CPUs and 2 GiB`.
pub(crate) fn limits(cpu_millis: Option<u32>, memory: Option<&str>, language: Language) -> Option<String> {
    let cpu = cpu_millis.map(|millis| match (millis, language) {
        (_, Language::Chinese) => format!("{} 个 CPU", cpus(millis)),
        (..=1000, Language::English) => format!("{} CPU", cpus(millis)),
        (_, Language::English) => format!("{} CPUs", cpus(millis)),
    });
    let memory = memory.map(|memory| match language {
        Language::English => format!("{memory} of memory"),
        Language::Chinese => format!("{memory} 内存"),
    });
    let limits: Vec<String> = [cpu, memory].into_iter().flatten().collect();
    let limits = limits.join(language.pick(" 和 ", " and "));
    (!limits.is_empty()).then(|| format!("{}{limits}", language.pick("限于 ", "limited to ")))
}

/// Which of the machine's CPUs, where not all.
pub(crate) fn cpuset(list: &str, language: Language) -> String {
    match language {
        Language::English => format!("on CPUs {list} alone"),
        Language::Chinese => format!("只用 CPU {list}"),
    }
}

/// What runs the container that the process was in; nothing where it was in none.
pub(crate) fn container(manager: &str, language: Language) -> Option<String> {
    let inside = language.pick("在容器中", "in a container");
    match (manager, language) {
        ("none", _) => None,
        ("unknown", _) => Some(inside.to_owned()),
        (_, Language::English) => Some(format!("{inside} ({manager})")),
        (_, Language::Chinese) => Some(format!("{inside}（{manager}）")),
    }
}

pub(crate) const fn user_namespace(language: Language) -> &'static str {
    language.pick("在用户命名空间中", "in a user namespace")
}

/// For how long a quota kept the process waiting, summed over the CPUs, at its worst.
pub(crate) fn throttled(seconds: &str, language: Language) -> String {
    match language {
        Language::English => format!("throttled for {seconds} s during the run"),
        Language::Chinese => format!("测量期间被限制 {seconds} 秒"),
    }
}

/// `none` is a machine without a hypervisor.
pub(crate) fn virtualization(name: &str, language: Language) -> String {
    match (name, language) {
        ("none", _) => language.pick("非虚拟机", "not virtualised").to_owned(),
        (_, Language::English) => format!("virtualised by {name}"),
        (_, Language::Chinese) => format!("{name} 虚拟机"),
    }
}

pub(crate) fn kernel(release: &str, language: Language) -> String {
    match language {
        Language::English => format!("kernel {release}"),
        Language::Chinese => format!("内核 {release}"),
    }
}

/// Who started the containers: root, or somebody in a user namespace.
pub(crate) fn user(user: &str, language: Language) -> String {
    match (user, language) {
        ("root", Language::English) => "containers as root".to_owned(),
        ("root", Language::Chinese) => "容器以 root 运行".to_owned(),
        ("user namespace", Language::English) => "containers in a user namespace".to_owned(),
        ("user namespace", Language::Chinese) => "容器在用户命名空间中运行".to_owned(),
        (_, Language::English) => format!("containers as {user}"),
        (_, Language::Chinese) => format!("容器以 {user} 运行"),
    }
}

/// Which view of the cgroups the containers had, in the words of the record.
pub(crate) fn cgroup(view: &str, language: Language) -> String {
    match language {
        Language::English => format!("their cgroups {view}"),
        Language::Chinese => format!("其 cgroup 为 {view}"),
    }
}

/// That the figures are of several machines, of which the first was named.
pub(crate) fn other_machines(count: usize, language: Language) -> String {
    match (count, language) {
        (1, Language::English) => "and 1 other machine".to_owned(),
        (_, Language::English) => format!("and {count} other machines"),
        (_, Language::Chinese) => format!("另有 {count} 台机器"),
    }
}

/// `89 figures, measured on 2026-11-27, 13 could not be measured here`.
pub(crate) fn figures(figures: usize, dates: Option<(Date, Date)>, unavailable: usize, language: Language) -> String {
    let when = match (dates, language) {
        (None, _) => String::new(),
        (Some((first, last)), Language::English) if first == last => format!(", measured on {first}"),
        (Some((first, last)), Language::Chinese) if first == last => format!("，测于 {first}"),
        (Some((first, last)), Language::English) => format!(", measured from {first} to {last}"),
        (Some((first, last)), Language::Chinese) => format!("，测于 {first} 至 {last}"),
    };
    match (unavailable, language) {
        (0, Language::English) => format!("{figures} figures{when}"),
        (0, Language::Chinese) => format!("{figures} 个数据{when}"),
        (_, Language::English) => format!("{figures} figures{when}; {unavailable} could not be measured here"),
        (_, Language::Chinese) => format!("{figures} 个数据{when}；{unavailable} 个无法在本机测量"),
    }
}

/// That the load was too high, at its worst.
pub(crate) fn too_high(average: f64, cores: u32, language: Language) -> String {
    let on = self::cores(cores, language);
    match language {
        Language::English => format!(
            "Mind: the load average was up to {average:.2} on {on} while it was measured, which is too high: times are longer \
             than on a quiet machine, and they scatter. A factor compares two sides of one run, so that much of it cancels; \
             sizes do not depend on it."
        ),
        Language::Chinese => format!(
            "注意：测量时平均负载高达 {average:.2}（{on}），过高：时间比安静的机器上更长，且离散。倍数比较同一次运行的两侧，\
             大部分影响相互抵消；体积不受其影响。"
        ),
    }
}

pub(crate) const fn noise(language: Language) -> &'static str {
    language.pick("噪声来源，各取最差的一次读数：", "What makes it noisy, the worst reading of each:")
}

/// How noise bears on the figures.
pub(crate) const fn bearing(language: Language) -> &'static str {
    language.pick(
        "噪声使时间变长、离散，区间因此更宽；倍数比较同一次运行的两侧，大部分影响相互抵消；体积不受其影响。",
        "Noise makes times longer and intervals wider. A factor compares two sides of one run, so that much of it cancels; sizes \
         do not depend on it.",
    )
}

pub(crate) fn more_machines(count: usize, language: Language) -> String {
    match language {
        Language::English => format!("And {count} more machines."),
        Language::Chinese => format!("另有 {count} 台机器。"),
    }
}

pub(crate) fn more_noise(count: usize, language: Language) -> String {
    match language {
        Language::English => format!("And {count} more sentences about noise."),
        Language::Chinese => format!("另有 {count} 条噪声记录。"),
    }
}
