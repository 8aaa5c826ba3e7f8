//! The machine as it is captured, on machines made of files, and once on this one.

#[path = "support/machine.rs"]
mod machine;

use std::fs;

use machine::Machine;
use runtime_baseline::{Environment, Host, Language};

const MOUNTS: &str = r"22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 259:2 / / rw,relatime shared:1 master:2 - ext4 /dev/nvme0n1p2 rw,discard
30 27 0:25 / /tmp rw - tmpfs none rw
31 27 0:30 / /srv rw - btrfs /dev/sda rw
32 27 0:31 / /net rw - nfs4 server:/export rw
33 27 0:32 / /with\040space rw - overlay overlay rw,lowerdir=/a
34 27 0:33 / /srvother rw - xfs /dev/sdz rw
35 27 0:34 / /tmp rw - ramfs none rw
garbage
36 27
";

fn quiet() -> Machine {
    let machine = Machine::new(&[
        (
            "proc/cpuinfo",
            "processor\t: 0\nmodel name\t: AMD EPYC 7763\nflags\t\t: fpu sse2\n\nprocessor\t: 1\nmodel name\t: Other\n",
        ),
        ("proc/self/status", "Name:\tcat\nCpus_allowed:\tff\nCpus_allowed_list:\t0-2,4,6-7\n"),
        ("proc/meminfo", "MemTotal:       24684100 kB\nMemFree: 1 kB\nMemAvailable:   24125008 kB\n"),
        ("proc/loadavg", "0.70 1.46 1.05 5/96 19479\n"),
        ("proc/sys/kernel/osrelease", "6.18.44\n"),
        ("proc/self/mountinfo", MOUNTS),
        ("proc/stat", "cpu  100 0 50 800 10 5 5 30 7 0\ncpu0 1 2 3 4\n"),
        ("etc/os-release", "NAME=\"Debian GNU/Linux\"\n# a comment\nPRETTY_NAME=\"Debian \\\"GNU/Linux\\\" 12\"\n"),
        ("sys/devices/block/sda/device/model", "Samsung SSD 980\n"),
        ("sys/devices/block/sda/queue/rotational", "0\n"),
        ("sys/devices/block/nvme0n1/nvme0n1p2/partition", "2\n"),
        ("sys/devices/block/nvme0n1/queue/rotational", "1\n"),
        ("sys/devices/system/cpu/smt/active", "0\n"),
    ]);
    for cpu in [0, 1, 2, 4, 6, 7] {
        machine.write(&format!("sys/devices/system/cpu/cpu{cpu}/cpufreq/scaling_governor"), "performance\n");
    }
    // Not one of the CPUs that the process may run on.
    machine.write("sys/devices/system/cpu/cpu3/cpufreq/scaling_governor", "powersave\n");
    let link = |from: &str, to: &str| machine.link(from, to);
    link("sys/dev/block/259:2", "../../devices/block/nvme0n1/nvme0n1p2");
    link("sys/class/block/sda", "../../devices/block/sda");
    link("link", "tmp");
    ["tmp", "srv"].iter().for_each(|name| fs::create_dir(machine.0.path().join(name)).unwrap());
    machine
}

#[test]
fn a_machine_is_captured_whole() {
    let machine = quiet();
    let environment = machine.capture();
    let hardware = &environment.hardware;
    assert_eq!(hardware.cpu.as_deref(), Some("AMD EPYC 7763"));
    assert_eq!(hardware.cores, Some(6));
    assert_eq!(hardware.memory_bytes, Some(24_684_100 * 1024));
    assert_eq!(hardware.storage.as_deref(), Some("btrfs on sda (Samsung SSD 980, solid state)"));
    assert_eq!(hardware.virtualization.as_deref(), Some("none"));
    assert_eq!(environment.software.os.as_deref(), Some("Debian \"GNU/Linux\" 12"));
    assert_eq!(environment.software.kernel.as_deref(), Some("6.18.44"));
    assert_eq!(environment.software.rustc.as_deref(), option_env!("RUNTIME_BASELINE_RUSTC"));
    assert_eq!(environment.conditions, runtime_baseline::Conditions::default(), "nothing is noisy here");
    assert_eq!(environment.block(Language::Chinese).to_string().parse(), Ok(environment));
}

#[test]
fn an_empty_machine_is_empty() {
    let mut environment = Machine::new(&[]).capture();
    environment.software.rustc = None;
    assert_eq!(environment, Environment::default());
    assert_eq!(Host::at("/nonexistent").watch().stolen(), None);
}

#[test]
fn files_of_garbage_give_nothing_and_no_error() {
    let names = [
        "proc/cpuinfo",
        "proc/self/status",
        "proc/meminfo",
        "proc/loadavg",
        "proc/self/mountinfo",
        "proc/stat",
        "etc/os-release",
        "sys/class/power_supply/BAT0/status",
    ];
    for garbage in
        [&b"\xff\xfe\n:\n=\n - \n"[..], b"", b"MemTotal: x kB\nCpus_allowed_list: 3-\ncpu  1 2\nNAME=\"", b"- - - -"]
    {
        let machine = Machine::new(&[]);
        names.iter().for_each(|name| machine.write(name, garbage));
        let environment = machine.capture();
        let hardware = &environment.hardware;
        assert_eq!((&hardware.cpu, hardware.cores, hardware.memory_bytes), (&None, None, None));
        assert_eq!((&hardware.storage, &hardware.virtualization), (&None, &None));
        assert_eq!(environment.conditions.noise, Vec::<String>::new());
        assert_eq!(machine.host().watch().stolen(), None);
    }
    // A range that no machine has is not counted to its end.
    let machine = Machine::new(&[("proc/self/status", "Cpus_allowed_list:\t0-4294967295\n")]);
    assert!(machine.capture().hardware.cores.is_some());
}

#[test]
fn storage_is_what_the_path_lies_on() {
    let machine = quiet();
    let storage = |path: &str| machine.storage(path).unwrap();
    assert_eq!(storage("/srv"), "btrfs on sda (Samsung SSD 980, solid state)");
    assert_eq!(storage("/"), "ext4 on nvme0n1p2 (rotational or virtual disk)");
    assert_eq!(storage("/not/there/yet"), "ext4 on nvme0n1p2 (rotational or virtual disk)");
    assert_eq!(storage("/tmp/x"), "ramfs", "the later mount covers the earlier");
    assert_eq!(storage("/link/x"), "ramfs", "links are followed");
    // None of these directories exists below the root, so their nearest parent answers; once they exist, they do.
    for (path, expected) in [("/net/a", "nfs4 on server:/export"), ("/with space", "overlay"), ("/srvother", "xfs")] {
        fs::create_dir_all(machine.0.path().join(path.trim_start_matches('/'))).unwrap();
        assert_eq!(storage(path), expected);
    }
}

#[test]
fn os_release_of_every_spelling() {
    let os = |path, text| Machine::new(&[(path, text)]).capture().software.os;
    assert_eq!(os("usr/lib/os-release", "NAME=Alpine\nVERSION_ID=3.20.1").as_deref(), Some("Alpine 3.20.1"));
    assert_eq!(os("etc/os-release", "NAME='Arch Linux'\nPRETTY_NAME=\n").as_deref(), Some("Arch Linux"));
    assert_eq!(os("etc/os-release", "ID=x"), None);
}

#[test]
fn other_architectures_name_their_cpu_elsewhere() {
    let arm =
        Machine::new(&[("proc/cpuinfo", "processor: 0\nCPU part: 0xd0c\n"), ("proc/device-tree/model", "Pi 5\0")]);
    assert_eq!(arm.capture().hardware.cpu.as_deref(), Some("Pi 5"));
    let power = Machine::new(&[("proc/cpuinfo", "processor: 0\ncpu: POWER9\n")]);
    assert_eq!(power.capture().hardware.cpu.as_deref(), Some("POWER9"));
}

#[test]
fn virtual_machines() {
    let flags = |flags: &str| format!("processor: 0\nflags\t: fpu {flags} lahf_lm\n");
    let machine = |flag: &str, dmi: &[(&str, &str)]| {
        let machine = Machine::new(&[("proc/cpuinfo", &flags(flag))]);
        dmi.iter().for_each(|(name, text)| machine.write(&format!("sys/class/dmi/id/{name}"), text));
        machine.virtualization()
    };
    assert_eq!(machine("hypervisor", &[]).as_deref(), Some("unknown hypervisor"));
    assert_eq!(machine("hypervisor", &[("sys_vendor", "QEMU\n")]).as_deref(), Some("QEMU"));
    assert_eq!(machine("hypervisor", &[("sys_vendor", "ACME")]).as_deref(), Some("ACME"));
    let microsoft = [("sys_vendor", "Microsoft Corporation"), ("product_name", "Virtual Machine")];
    assert_eq!(machine("hypervisor", &microsoft).as_deref(), Some("Hyper-V"));
    assert_eq!(machine("sse2", &microsoft[..1]).as_deref(), Some("none"), "a laptop of that vendor");
    assert_eq!(machine("hypervisors", &[]).as_deref(), Some("none"), "a flag is a whole word");
    let micro = Machine::new(&[
        ("proc/cpuinfo", &flags("hypervisor")),
        ("sys/devices/system/clocksource/clocksource0/available_clocksource", "tsc kvm-clock acpi_pm"),
    ]);
    assert_eq!(micro.virtualization().as_deref(), Some("KVM"));
    // Without flags (not x86), only a vendor that makes nothing but virtual machines says something.
    let arm = |product: &str| {
        Machine::new(&[("sys/class/dmi/id/sys_vendor", "Amazon EC2"), ("sys/class/dmi/id/product_name", product)])
            .virtualization()
    };
    assert_eq!(arm("m7g.large").as_deref(), Some("Amazon EC2"));
    assert_eq!(arm("m7g.metal"), None);
    assert_eq!(Machine::new(&[("sys/class/dmi/id/sys_vendor", "Dell Inc.")]).virtualization(), None);
    assert_eq!(Machine::new(&[("sys/hypervisor/type", "xen\n")]).virtualization().as_deref(), Some("xen"));
}

#[test]
fn each_noise_has_its_sentence() {
    let with = |path: &str, text: &str| {
        let machine = quiet();
        machine.write(path, text);
        machine.noise()
    };
    let cpu = "sys/devices/system/cpu";
    assert_eq!(
        with(&format!("{cpu}/cpu4/cpufreq/scaling_governor"), "powersave"),
        ["CPU governor powersave on 1 of 6 CPUs: set it to performance (cpupower frequency-set -g performance)"]
    );
    let turbo = |off, file| {
        [format!("turbo boost is on, so the frequency depends on heat and load: write {off} to /{cpu}/{file}")]
    };
    assert_eq!(with(&format!("{cpu}/cpufreq/boost"), "1\n"), turbo(0, "cpufreq/boost"));
    assert_eq!(with(&format!("{cpu}/cpufreq/boost"), "0\n"), [""; 0]);
    assert_eq!(with(&format!("{cpu}/intel_pstate/no_turbo"), "0\n"), turbo(1, "intel_pstate/no_turbo"));
    assert_eq!(with(&format!("{cpu}/intel_pstate/no_turbo"), "1\n"), [""; 0]);
    assert_eq!(with("proc/loadavg", "1.50 0 0 1/1 1"), [""; 0]);
    assert_eq!(
        with("proc/loadavg", "1.51 0 0 1/1 1"),
        ["load average 1.51 on 6 cores: end what else runs, and wait a minute"]
    );
    let shared = |cores| [format!("only {cores}: the harness and the system share them with the workload")];
    assert_eq!(with("proc/self/status", "Cpus_allowed_list: 0-2\n"), shared("3 cores"));
    assert_eq!(with("proc/self/status", "Cpus_allowed_list: 0-2,4\n"), [""; 0]);
    assert_eq!(
        with(&format!("{cpu}/smt/active"), "1"),
        [format!("SMT is on, so two CPUs share one core: write off to /{cpu}/smt/control, or pin to one of each")]
    );
    assert_eq!(
        with("proc/meminfo", "MemTotal: 8000000 kB\nMemAvailable: 799999 kB"),
        ["only 819 MB of 8.19 GB memory available: end what holds it"]
    );
    let battery = |status: &str, scope: &str| {
        let machine = quiet();
        for (file, text) in [("type", "Battery"), ("status", status), ("scope", scope)] {
            machine.write(&format!("sys/class/power_supply/BAT0/{file}"), text);
        }
        machine.noise()
    };
    assert_eq!(battery("Discharging", ""), ["on battery, which slows the CPU down: plug the machine in"]);
    assert_eq!(battery("Charging", ""), [""; 0]);
    assert_eq!(battery("Discharging", "Device"), [""; 0], "a mouse");
    let unknown = quiet();
    fs::remove_dir_all(unknown.0.path().join(cpu)).unwrap();
    assert_eq!(unknown.noise(), [""; 0]);
    unknown.write(&format!("{cpu}/online"), "0-7");
    assert_eq!(unknown.noise(), ["no cpufreq: frequency unknown"]);
}

#[test]
fn steal_is_what_was_stolen_during_the_run() {
    let machine = quiet();
    let watch = machine.host().watch();
    assert_eq!(watch.stolen(), None, "no tick has passed");
    // 1,000 ticks later, 32 of them stolen; guest time is within user time and not counted again.
    machine.write("proc/stat", "cpu  500 0 50 1368 10 5 5 62 400 0\n");
    assert_eq!(watch.stolen(), Some(3.2));
    let expected = "the hypervisor gave 3.2% of the CPU time to others during the run: measure on a dedicated machine";
    assert_eq!(watch.noise(), [expected]);
    machine.write("proc/stat", "cpu  500 0 50 1400 10 5 5 30 400 0\n");
    assert_eq!(watch.noise(), [""; 0]);
    // A kernel too old to count it, and counters that went backwards.
    machine.write("proc/stat", "cpu  500 0 50 1368\n");
    assert_eq!(watch.stolen(), None);
    machine.write("proc/stat", "cpu  1 0 0 0 0 0 0 0 0 0\n");
    assert_eq!(watch.stolen(), None);
}

#[test]
fn what_others_took_during_the_run_is_told_from_what_the_run_took_itself() {
    let machine = quiet();
    let own = |[user, system, of_children, system_of_children]: [u64; 4]| {
        let times = format!("{user} {system} {of_children} {system_of_children}");
        machine.write("proc/self/stat", format!("7 (a) name) S 1 7 7 0 -1 4194560 1 2 3 4 {times} 20 0 1 0\n"));
    };
    own([10, 5, 100, 5]);
    machine.write("proc/stat", "cpu  100 0 50 800 10 5 5 30 7 0\ncpu0 1\ncpu1 1\nintr 1\n");
    let watch = machine.host().watch();
    assert_eq!(watch.others(), None, "no tick has passed");
    // 1,000 ticks of two CPUs later: 400 idle, 600 busy, of which 200 were this process's and 100 its children's.
    machine.write("proc/stat", "cpu  600 0 150 1190 20 5 5 30 7 0\ncpu0 1\ncpu1 1\nintr 1\n");
    own([110, 105, 190, 15]);
    assert_eq!(watch.others(), Some((0.6, 2)));
    let expected = "other programs kept 0.60 of 2 CPUs busy meanwhile: end what else runs, and measure again";
    assert_eq!(watch.noise(), [expected]);
    // All of it was the run's own.
    own([410, 205, 190, 15]);
    assert_eq!((watch.others(), watch.noise()), (Some((0.0, 2)), Vec::new()));
}

#[test]
fn this_machine_says_the_least_that_every_linux_says() {
    let host = Host::here();
    let environment = host.capture(".");
    let allowed = std::thread::available_parallelism().unwrap().get();
    // A CPU quota of the cgroup can only lower what std reports.
    assert!(environment.hardware.cores.unwrap() as usize >= allowed);
    assert!(environment.hardware.memory_bytes.unwrap() > 1_000_000);
    assert!(environment.hardware.storage.is_some());
    assert!(environment.software.kernel.is_some());
    assert!(host.watch().stolen().is_none_or(|percent| (0.0..=100.0).contains(&percent)));
    assert_eq!(environment.block(Language::English).to_string().parse(), Ok(environment));
}
