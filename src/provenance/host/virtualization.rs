//! Whether the machine is virtual, and under which hypervisor.

use super::Host;

/// What virtual machines call themselves in their DMI data. Longer names first where one begins another.
const VENDORS: [(&str, &str); 12] = [
    ("Amazon EC2", "Amazon EC2"),
    ("Google", "Google Compute Engine"),
    ("KVM", "KVM"),
    ("QEMU", "QEMU"),
    ("VMware", "VMware"),
    ("innotek GmbH", "VirtualBox"),
    ("VirtualBox", "VirtualBox"),
    ("Xen", "Xen"),
    ("Parallels", "Parallels"),
    ("Bochs", "Bochs"),
    ("Virtual Machine", "Hyper-V"),
    ("OpenStack", "OpenStack"),
];

/// When Linux 4.4 would have been built that gVisor claimed to be (pkg/sentry/syscalls/linux/linux64.go).
const GVISOR: &str = "#1 SMP Sun Jan 10 15:06:54 PST 2016";

impl Host {
    /// The hypervisor's name, `none` on bare metal, and nothing where the machine does not say.
    pub(super) fn virtualization(&self) -> Option<String> {
        if let Some(kernel) = self.gvisor().or_else(|| self.wsl()) {
            return Some(kernel.to_owned());
        }
        if let Some(kind) = self.read("sys/hypervisor/type") {
            // Xen's own control domain sees the hypervisor too: it is the host, but still runs above it.
            return Some(kind);
        }
        // x86 alone has flags; without the one for a hypervisor the machine is bare metal, whoever made it.
        let flag = self.value("proc/cpuinfo", "flags").map(|flags| flags.split(' ').any(|f| f == "hypervisor"));
        if flag == Some(false) {
            return Some("none".to_owned());
        }
        let dmi = ["sys_vendor", "product_name", "board_vendor", "bios_vendor"];
        let names: Vec<String> = dmi.iter().filter_map(|name| self.read(format!("sys/class/dmi/id/{name}"))).collect();
        // Cloud providers rent out whole machines under the same vendor's name.
        let metal = names.iter().any(|name| name.ends_with(".metal"));
        let known = VENDORS.iter().find(|(text, _)| names.iter().any(|name| name.contains(text)));
        match (known, flag) {
            (Some((_, name)), _) if !metal => Some((*name).to_owned()),
            (_, Some(true)) => {
                let name = self.by_clock().or_else(|| names.first().cloned());
                Some(name.unwrap_or_else(|| "unknown hypervisor".to_owned()))
            }
            _ => None,
        }
    }

    /// gVisor answers system calls itself. It names itself in its release since that is 4.19.0; before, its version was that of
    /// a kernel which nobody else builds.
    fn gvisor(&self) -> Option<&'static str> {
        let version = self.read("proc/version")?;
        (version.contains("gvisor") || version.contains(GVISOR)).then_some("gVisor")
    }

    /// The Windows Subsystem for Linux: 2 is a virtual machine of Microsoft's kernel, 1 is no Linux kernel at all.
    pub(super) fn wsl(&self) -> Option<&'static str> {
        let release = self.kernel()?;
        let is_second = release.contains("WSL2") || release.contains("microsoft-standard");
        match (is_second, release.ends_with("-Microsoft")) {
            (true, _) => Some("WSL2"),
            (_, true) => Some("WSL1"),
            _ => None,
        }
    }

    /// Small virtual machines have no DMI data, but a clock of their hypervisor's.
    fn by_clock(&self) -> Option<String> {
        let clocks = self.read("sys/devices/system/clocksource/clocksource0/available_clocksource")?;
        let known = [("kvm-clock", "KVM"), ("hyperv_clocksource", "Hyper-V"), ("xen", "Xen")];
        known.iter().find(|(clock, _)| clocks.contains(clock)).map(|(_, name)| (*name).to_owned())
    }
}
