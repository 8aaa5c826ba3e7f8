//! What the CPU calls itself.

use std::collections::BTreeSet;

use super::Host;

/// Numbers and what they stand for.
type Names = &'static [(u32, &'static str)];

/// Who designed an ARM core: the field `CPU implementer` of /proc/cpuinfo, bits 31 to 24 of the register MIDR_EL1. The numbers
/// here and below are those of util-linux (sys-utils/lscpu-arm.c) and of the kernel (arch/arm64/include/asm/cputype.h).
const IMPLEMENTERS: [(u32, &str, Names); 9] = [
    (0x41, "ARM", &ARM),
    (0x43, "Cavium", &[(0x0a1, "ThunderX"), (0x0af, "ThunderX2")]),
    (0x46, "Fujitsu", &[(0x001, "A64FX")]),
    (0x48, "HiSilicon", &[(0xd01, "Kunpeng 920")]),
    (0x4e, "NVIDIA", &[(0x003, "Denver 2"), (0x004, "Carmel")]),
    (0x51, "Qualcomm", &[(0x804, "Kryo 4xx Gold"), (0x805, "Kryo 4xx Silver"), (0xc00, "Falkor")]),
    (0x61, "Apple", &APPLE),
    (0x6d, "Microsoft", &[(0xd49, "Azure Cobalt 100")]),
    (0xc0, "Ampere", &[(0xac3, "Ampere-1"), (0xac4, "Ampere-1a")]),
];

/// The cores of ARM's own design: the field `CPU part`, bits 15 to 4.
const ARM: [(u32, &str); 27] = [
    (0xc07, "Cortex-A7"),
    (0xd03, "Cortex-A53"),
    (0xd04, "Cortex-A35"),
    (0xd05, "Cortex-A55"),
    (0xd07, "Cortex-A57"),
    (0xd08, "Cortex-A72"),
    (0xd09, "Cortex-A73"),
    (0xd0a, "Cortex-A75"),
    (0xd0b, "Cortex-A76"),
    (0xd0c, "Neoverse-N1"),
    (0xd0d, "Cortex-A77"),
    (0xd40, "Neoverse-V1"),
    (0xd41, "Cortex-A78"),
    (0xd42, "Cortex-A78AE"),
    (0xd44, "Cortex-X1"),
    (0xd46, "Cortex-A510"),
    (0xd47, "Cortex-A710"),
    (0xd48, "Cortex-X2"),
    (0xd49, "Neoverse-N2"),
    (0xd4a, "Neoverse-E1"),
    (0xd4b, "Cortex-A78C"),
    (0xd4d, "Cortex-A715"),
    (0xd4e, "Cortex-X3"),
    (0xd4f, "Neoverse-V2"),
    (0xd81, "Cortex-A720"),
    (0xd84, "Neoverse-V3"),
    (0xd8e, "Neoverse-N3"),
];

/// Apple's, by the chip that has them.
const APPLE: [(u32, &str); 8] = [
    (0x022, "Icestorm (M1)"),
    (0x023, "Firestorm (M1)"),
    (0x024, "Icestorm (M1 Pro)"),
    (0x025, "Firestorm (M1 Pro)"),
    (0x028, "Icestorm (M1 Max)"),
    (0x029, "Firestorm (M1 Max)"),
    (0x032, "Blizzard (M2)"),
    (0x033, "Avalanche (M2)"),
];

impl Host {
    /// x86 says `model name`; ARM has numbers; other architectures say it less well, or only in the device tree.
    pub(super) fn cpu_model(&self) -> Option<String> {
        let from_cpuinfo = |key| self.value("proc/cpuinfo", key);
        let from_tree = || self.read("proc/device-tree/model").map(|m| m.trim_end_matches('\0').to_owned());
        from_cpuinfo("model name")
            // A 32-bit view of an ARM core has a model name, which is that of its instruction set.
            .filter(|name| !name.starts_with("ARMv") && !name.starts_with("AArch64"))
            .or_else(|| from_cpuinfo("cpu model"))
            .or_else(|| self.arm_cores())
            .or_else(from_tree)
            .or_else(|| from_cpuinfo("cpu"))
            .or_else(|| from_cpuinfo("uarch"))
    }

    /// The kinds of ARM cores that the machine has, each once, in the order of their numbers: `ARM Cortex-A53 + ARM Cortex-A72`.
    /// A core that is not known keeps its numbers, so that it is told from others.
    fn arm_cores(&self) -> Option<String> {
        let text = self.read("proc/cpuinfo")?;
        let number = |line: &str, key: &str| {
            let (name, value) = line.split_once(':')?;
            let digits = (name.trim() == key).then(|| value.trim().strip_prefix("0x"))??;
            u32::from_str_radix(digits, 16).ok()
        };
        let mut implementer = None;
        let mut cores = BTreeSet::new();
        for line in text.lines() {
            implementer = number(line, "CPU implementer").or(implementer);
            // The part of a core comes after its implementer.
            cores.extend(implementer.zip(number(line, "CPU part")));
        }
        let names: Vec<String> = cores.into_iter().map(|(implementer, part)| core(implementer, part)).collect();
        (!names.is_empty()).then(|| names.join(" + "))
    }
}

fn core(implementer: u32, part: u32) -> String {
    let Some((_, company, parts)) = IMPLEMENTERS.iter().find(|(id, ..)| *id == implementer) else {
        return format!("ARM core {implementer:#04x}/{part:#05x}");
    };
    let name = parts.iter().find(|(id, _)| *id == part);
    name.map_or_else(|| format!("{company} core {part:#05x}"), |(_, name)| format!("{company} {name}"))
}
