//! Where a process runs and what it may use, on machines made of files, and once on this one.

#[path = "support/machine.rs"]
mod machine;

use std::path::Path;

use machine::Machine;
use runtime_baseline::{Environment, Hardware, Host, Language, NotationField};

const UNIFIED: &str = "30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";

/// A machine of 8 GB whose process is in these groups, below these mounts, with these files below /sys/fs/cgroup.
fn grouped(own: &str, mounts: &str, files: &[(&str, &str)]) -> Machine {
    let machine = Machine::new(&[
        ("proc/self/cgroup", own),
        ("proc/self/mountinfo", mounts),
        ("proc/meminfo", "MemTotal: 7812500 kB\n"),
    ]);
    files.iter().for_each(|(path, text)| machine.write(&format!("sys/fs/cgroup/{path}"), text));
    machine
}

/// The quota and the memory limit.
fn limits(machine: &Machine) -> (Option<u32>, Option<u64>) {
    let Hardware { cpu_quota_millis, memory_limit_bytes, .. } = machine.capture().hardware;
    (cpu_quota_millis, memory_limit_bytes)
}

#[test]
fn the_tightest_limit_on_the_way_up_counts() {
    let nested = grouped(
        "0::/a/b\n",
        UNIFIED,
        &[
            ("a/cpu.max", "150000 100000\n"),
            ("a/b/cpu.max", "max 100000\n"),
            ("a/memory.max", "2147483648\n"),
            ("a/b/memory.max", "4294967296\n"),
            // Not on the way.
            ("c/cpu.max", "1000 100000\n"),
            ("a/b/d/memory.max", "4096\n"),
        ],
    );
    assert_eq!(limits(&nested), (Some(1500), Some(2_147_483_648)));
    nested.write("sys/fs/cgroup/a/b/cpu.max", "50000 100000\n");
    nested.write("sys/fs/cgroup/a/b/memory.max", "1000\n");
    assert_eq!(limits(&nested), (Some(500), Some(1000)));
    let free = grouped("0::/a\n", UNIFIED, &[("a/cpu.max", "max 100000\n"), ("a/memory.max", "max\n")]);
    assert_eq!(limits(&free), (None, None));
    assert_eq!(limits(&grouped("0::/\n", UNIFIED, &[])), (None, None), "the root has no files");
}

#[test]
fn a_limit_above_the_memory_is_none() {
    let of = |memory| limits(&grouped("0::/a\n", UNIFIED, &[("a/memory.max", memory)])).1;
    assert_eq!(of("8000000000\n"), None);
    assert_eq!(of("7999995904\n"), Some(7_999_995_904));
    // LXC's file system for containers may say that there is no memory.
    let unknown = grouped("0::/a\n", UNIFIED, &[("a/memory.max", "9223372036854771712\n")]);
    unknown.write("proc/meminfo", "MemTotal: 0 kB\n");
    assert_eq!((limits(&unknown).1, unknown.capture().hardware.memory_bytes), (None, None));
}

#[test]
fn version_1_has_other_files_and_a_hierarchy_for_each_controller() {
    let mounts = "33 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
                  34 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n\
                  35 31 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
    let own = "5:cpuset:/wrong\n4:memory:/slice/job:1\n3:cpu,cpuacct:/slice\n1:name=systemd:/\n";
    let files = [
        ("cpu,cpuacct/slice/cpu.cfs_quota_us", "200000\n"),
        ("cpu,cpuacct/slice/cpu.cfs_period_us", "50000\n"),
        ("cpu,cpuacct/cpu.cfs_quota_us", "-1\n"),
        ("cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
        ("memory/memory.limit_in_bytes", "9223372036854771712\n"),
        ("memory/slice/memory.limit_in_bytes", "1073741824\n"),
        ("memory/slice/job:1/memory.limit_in_bytes", "9223372036854771712\n"),
        ("cpuset/wrong/cpu.cfs_quota_us", "1000\n"),
        ("cpuset/wrong/cpu.cfs_period_us", "100000\n"),
    ];
    assert_eq!(limits(&grouped(own, mounts, &files)), (Some(4000), Some(1_073_741_824)));
    // In a hybrid the memory controller may be in cgroup2, and the CPU controller in v1.
    let hybrid = "33 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
                  34 31 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
    let files =
        [("cpu/a/cpu.cfs_quota_us", "25000"), ("cpu/a/cpu.cfs_period_us", "100000"), ("unified/b/memory.max", "4096")];
    assert_eq!(limits(&grouped("1:cpu:/a\n0::/b/c\n", hybrid, &files)), (Some(250), Some(4096)));
}

#[test]
fn in_a_container_the_way_ends_where_the_view_ends() {
    let files = [("cpu.max", "200000 100000"), ("memory.max", "4096")];
    // A view of its own: the container's group is the root.
    assert_eq!(limits(&grouped("0::/\n", UNIFIED, &files)), (Some(2000), Some(4096)));
    // The host's names, and only the container's part is mounted.
    let part = "30 24 0:26 /kubepods/pod1/c1 /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
    let inner = [("own/cpu.max", "100000 100000"), files[0], files[1]];
    assert_eq!(limits(&grouped("0::/kubepods/pod1/c1/own\n", part, &inner)), (Some(1000), Some(4096)));
    // A process that was moved out of the view, and one in a group beside what is mounted: the nearest in sight.
    for own in ["0::/../../other\n", "0::/kubepods/pod2\n"] {
        assert_eq!(limits(&grouped(own, part, &files)), (Some(2000), Some(4096)), "{own}");
    }
    // Nothing climbs out of the mount.
    let outside = grouped("0::/a/../../..\n", UNIFIED, &files);
    outside.write("sys/cpu.max", "1000 100000");
    assert_eq!(limits(&outside).0, Some(2000));
}

#[test]
fn files_of_garbage_are_no_limits() {
    for garbage in ["", "max", "1", "1 0", "-5 100000", "x y", "0 100000", "99999999999999999999 1"] {
        let machine =
            grouped("0::/a\n", UNIFIED, &[("a/cpu.max", garbage), ("a/memory.max", "x"), ("a/cpu.stat", garbage)]);
        assert_eq!(limits(&machine), (None, None), "{garbage}");
        assert_eq!(machine.host().watch().noise(), [""; 0]);
    }
    for own in ["", "garbage", "0:", "::", "0::relative"] {
        assert_eq!(limits(&grouped(own, UNIFIED, &[])), (None, None), "{own}");
    }
}

#[test]
fn throttling_is_what_came_during_the_run() {
    let stat = |periods, throttled, microseconds| {
        format!(
            "usage_usec 1\nnr_periods {periods}\nnr_throttled {throttled}\nthrottled_usec {microseconds}\nnr_bursts 0\n"
        )
    };
    let machine =
        grouped("0::/a/b\n", UNIFIED, &[("a/cpu.stat", &stat(100, 7, 900)), ("a/b/cpu.stat", &stat(0, 0, 0))]);
    let watch = machine.host().watch();
    assert_eq!(watch.noise(), [""; 0], "it was before the run");
    machine.write("sys/fs/cgroup/a/cpu.stat", stat(140, 9, 3_200_900));
    let expected = "throttled for 3.2 s, summed over the CPUs, in 2 of 40 periods of the CPU quota during the run: raise the \
                    quota (cpu.max), or take its figures as those of a slower machine";
    assert_eq!(watch.noise(), [expected]);
    // The quota that bites hardest is said.
    machine.write("sys/fs/cgroup/a/b/cpu.stat", stat(40, 40, 7_000_000));
    assert!(watch.noise()[0].starts_with("throttled for 7.0 s, summed over the CPUs, in 40 of 40 periods"));
    // Another group of that name began anew.
    machine.write("sys/fs/cgroup/a/b/cpu.stat", stat(0, 0, 0));
    machine.write("sys/fs/cgroup/a/cpu.stat", stat(3, 1, 5));
    assert_eq!(watch.noise(), [""; 0]);
    // Version 1 counts nanoseconds.
    let mounts = "33 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
    let old = |n| format!("nr_periods {n}\nnr_throttled {n}\nthrottled_time {n}00000000\n");
    let machine = grouped("1:cpu:/\n", mounts, &[("cpu/cpu.stat", &old(0))]);
    let watch = machine.host().watch();
    machine.write("sys/fs/cgroup/cpu/cpu.stat", old(4));
    assert!(watch.noise()[0].starts_with("throttled for 0.4 s, summed over the CPUs, in 4 of 4 periods"));
}

#[test]
fn a_cpuset_is_said_where_there_are_other_cpus() {
    let of = |allowed: &str, online: &str| {
        let machine = Machine::new(&[("proc/self/status", &format!("Cpus_allowed_list:\t{allowed}\n"))]);
        machine.write("sys/devices/system/cpu/online", online);
        let hardware = machine.capture().hardware;
        (hardware.cores, hardware.cpuset)
    };
    assert_eq!(of("0-2,4", "0-7\n"), (Some(4), Some("0-2,4".to_owned())));
    assert_eq!(of("0-7", "0-7\n"), (Some(8), None));
    // The kernel allows CPUs that the machine has no place for.
    assert_eq!(of("0-63", "0-7\n").1, None);
    assert_eq!(of("0-1", "garbage\n").1, None);
}

#[test]
fn a_container_is_known_by_what_its_manager_leaves() {
    let first = "pid:[4026531836]";
    let container = |namespace: Option<&str>, files: &[(&str, &str)]| {
        let machine = Machine::new(files);
        namespace.into_iter().for_each(|name| machine.link("proc/self/ns/pid", name));
        machine.capture().software.container
    };
    let own = Some("pid:[4026532198]");
    let named = |files: &[(&str, &str)]| container(own, files).unwrap();
    assert_eq!(named(&[]), "unknown");
    assert_eq!(named(&[(".dockerenv", "")]), "docker");
    assert_eq!(named(&[("run/.containerenv", "")]), "podman");
    assert_eq!(named(&[("proc/self/environ", "HOME=/\0container=lxc\0")]), "lxc");
    assert_eq!(named(&[("proc/self/environ", "KUBERNETES_SERVICE_HOST=10.0.0.1\0"), (".dockerenv", "")]), "kubernetes");
    assert_eq!(named(&[("run/host/container-manager", "toolbox\n")]), "toolbox");
    assert_eq!(named(&[("proc/self/cgroup", "4:cpu:/docker/0123abcd\n0::/\n")]), "docker");
    assert_eq!(
        named(&[("proc/self/cgroup", "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-1.scope\n")]),
        "kubernetes"
    );
    let bound = "40 30 8:1 /var/lib/docker/containers/0123/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n";
    assert_eq!(named(&[("proc/self/mountinfo", bound)]), "docker");
    // On the host itself.
    assert_eq!(container(Some(first), &[]).as_deref(), Some("none"));
    assert_eq!(container(None, &[]), None);
    let service = [("proc/self/cgroup", "0::/system.slice/docker.service\n")];
    assert_eq!(container(Some(first), &service).as_deref(), Some("none"));
    // An image unpacked onto a disk is no container; with the host's processes in sight it may be one all the same.
    let image = [(".dockerenv", ""), ("proc/self/mountinfo", "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n")];
    assert_eq!(container(Some(first), &image).as_deref(), Some("none"));
    let layered = [(".dockerenv", ""), ("proc/self/mountinfo", "27 1 0:50 / / rw - overlay overlay rw,lowerdir=/l\n")];
    assert_eq!(container(Some(first), &layered).as_deref(), Some("docker"));
    // Every distribution on WSL has processes of its own.
    let wsl = [("proc/sys/kernel/osrelease", "6.6.87.2-microsoft-standard-WSL2\n")];
    assert_eq!(container(own, &wsl).as_deref(), Some("none"));
}

#[test]
fn users_of_a_namespace() {
    let of = |map| Machine::new(&[("proc/self/uid_map", map)]).capture().software.user_namespace;
    assert_eq!(of("         0          0 4294967295\n"), Some(false));
    assert_eq!(of("         0       1000          1\n         1     100000      65536\n"), Some(true));
    assert_eq!(of("0 0 65536\n"), Some(true));
    assert_eq!((of(""), of("garbage\n")), (None, None));
}

#[test]
fn kernels_that_stand_on_others() {
    let of = |release: &str, version: &str| {
        let flags = "processor: 0\nflags\t: fpu sse2\n";
        let files = [("proc/sys/kernel/osrelease", release), ("proc/version", version), ("proc/cpuinfo", flags)];
        let environment = Machine::new(&files).capture();
        (environment.hardware.virtualization.unwrap(), environment.conditions.noise)
    };
    assert_eq!(of("4.19.0-gvisor", "Linux version 4.19.0-gvisor #1 SMP Sun Jan 10 15:06:54 PST 2016").0, "gVisor");
    assert_eq!(of("4.4.0", "Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016").0, "gVisor");
    let (name, noise) = of("6.6.87.2-microsoft-standard-WSL2", "Linux version 6.6.87.2-microsoft-standard-WSL2");
    let expected = "WSL2: its clock drifts, and it stands still at times: measure on Linux itself";
    assert_eq!((name.as_str(), noise), ("WSL2", vec![expected.to_owned()]));
    assert_eq!(of("4.19.84-microsoft-standard", "").0, "WSL2");
    assert_eq!(of("4.4.0-19041-Microsoft", "").0, "WSL1");
    for release in ["4.4.0", "6.8.0-1021-azure", "4.4.0-210-generic"] {
        assert_eq!(
            of(release, "Linux version 4.4.0 (buildd@x) #242-Ubuntu SMP"),
            ("none".to_owned(), vec![]),
            "{release}"
        );
    }
}

#[test]
fn the_clock_is_named_and_a_slow_one_is_noise() {
    let of = |source: &str| {
        let file = "sys/devices/system/clocksource/clocksource0/current_clocksource";
        let environment = Machine::new(&[(file, source)]).capture();
        (environment.software.clock_source.unwrap(), environment.conditions.noise.len())
    };
    assert_eq!(of("tsc\n"), ("tsc".to_owned(), 0));
    assert_eq!(of("hpet\n"), ("hpet".to_owned(), 1));
    assert_eq!(Machine::new(&[]).host().watch().clock_drift(), None, "a picture of a machine has no clock");
}

#[test]
fn arm_cores_have_names() {
    let of = |cores: &[(&str, &str)]| {
        let core = |(implementer, part): &(&str, &str)| {
            format!("processor\t: 0\nCPU implementer\t: {implementer}\nCPU variant\t: 0x3\nCPU part\t: {part}\n\n")
        };
        let text: String = cores.iter().map(core).collect();
        Machine::new(&[("proc/cpuinfo", &text), ("proc/device-tree/model", "Pi 5\0")]).capture().hardware.cpu.unwrap()
    };
    for (part, name) in
        [("0xd08", "Cortex-A72"), ("0xd0b", "Cortex-A76"), ("0xd41", "Cortex-A78"), ("0xd0c", "Neoverse-N1")]
    {
        assert_eq!(of(&[("0x41", part), ("0x41", part)]), format!("ARM {name}"));
    }
    for (part, name) in [("0xd49", "Neoverse-N2"), ("0xd40", "Neoverse-V1"), ("0xd4f", "Neoverse-V2")] {
        assert_eq!(of(&[("0x41", part)]), format!("ARM {name}"));
    }
    assert_eq!(of(&[("0xc0", "0xac3")]), "Ampere Ampere-1");
    assert_eq!(of(&[("0x61", "0x022"), ("0x61", "0x023")]), "Apple Icestorm (M1) + Apple Firestorm (M1)");
    assert_eq!(of(&[("0x41", "0xd08"), ("0x41", "0xd03")]), "ARM Cortex-A53 + ARM Cortex-A72", "big and little");
    // What is not known keeps its numbers, so that two of them are told apart.
    assert_eq!(of(&[("0x41", "0xfff")]), "ARM core 0xfff");
    assert_eq!(of(&[("0x99", "0x1")]), "ARM core 0x99/0x001");
    // A 32-bit process sees a model name, which is the instruction set's.
    let model = "model name\t: ARMv7 Processor rev 3 (v7l)\nCPU implementer\t: 0x41\nCPU part\t: 0xd08\n";
    let arm = Machine::new(&[("proc/cpuinfo", model)]);
    assert_eq!(arm.capture().hardware.cpu.as_deref(), Some("ARM Cortex-A72"));
}

#[test]
fn this_machine_says_where_it_runs() {
    let host = Host::here();
    let watch = host.watch();
    let environment = host.capture(".");
    let Environment { hardware, software, .. } = &environment;
    // Every Linux that is built today says these.
    assert!(software.container.is_some() && software.user_namespace.is_some());
    let clock = Path::new("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    assert_eq!(software.clock_source.is_some(), clock.exists());
    assert!(hardware.cpu_quota_millis.is_none_or(|millis| millis > 0));
    assert!(hardware.memory_limit_bytes.is_none_or(|bytes| Some(bytes) < hardware.memory_bytes));
    assert!(watch.clock_drift().is_none_or(f64::is_finite));
    let stored = serde_json::to_string(&environment).unwrap();
    assert_eq!(serde_json::from_str::<Environment>(&stored).unwrap(), environment);
    assert_eq!(environment.block(Language::Chinese).to_string().parse(), Ok(environment));
}

#[test]
fn limits_are_read_as_people_write_them_and_refused_where_they_are_none() {
    let line = |extra: &str| format!("hardware: 4C; {extra}\nsoftware: -\nconditions: -").parse::<Environment>();
    let hardware = |extra: &str| line(extra).unwrap().hardware;
    assert_eq!(hardware("cpu quota = 0.5; Memory limit=2").cpu_quota_millis, Some(500));
    assert_eq!(hardware("内存限额=2.5G；CPU配额＝[2]").memory_limit_bytes, Some(2_500_000_000));
    for (extra, field) in [
        ("CPU quota=[half]", NotationField::CpuQuota),
        ("CPU quota=[1.2345]", NotationField::CpuQuota),
        ("CPU quota=[-1]", NotationField::CpuQuota),
        ("CPU quota=[99999999]", NotationField::CpuQuota),
        ("CPU quota=[1]; CPU quota=[1]", NotationField::CpuQuota),
        ("memory limit=[much]", NotationField::MemoryLimit),
    ] {
        assert_eq!(line(extra).unwrap_err().field(), field, "{extra}");
    }
    let software = "hardware: -\nsoftware: -; user namespace=[perhaps]\nconditions: -";
    assert_eq!(software.parse::<Environment>().unwrap_err().field(), NotationField::UserNamespace);
}

#[test]
fn the_stored_names_are_fixed_and_absent_where_nothing_is_known() {
    let mut environment = Environment::default();
    let nothing = serde_json::json!({ "hardware": {}, "software": {}, "conditions": {} });
    assert_eq!(serde_json::to_value(&environment).unwrap(), nothing);
    let (hardware, software) = (&mut environment.hardware, &mut environment.software);
    (hardware.cpu_quota_millis, hardware.memory_limit_bytes) = (Some(1500), Some(2_147_483_648));
    hardware.cpuset = Some("0,3".into());
    (software.container, software.user_namespace) = (Some("podman".into()), Some(true));
    software.clock_source = Some("tsc".into());
    let stored = serde_json::json!({
        "hardware": { "cpu_quota_millis": 1500, "memory_limit_bytes": 2_147_483_648_u64, "cpuset": "0,3" },
        "software": { "container": "podman", "user_namespace": true, "clock_source": "tsc" },
        "conditions": {},
    });
    assert_eq!(serde_json::to_value(&environment).unwrap(), stored);
    assert_eq!(serde_json::from_value::<Environment>(stored).unwrap(), environment);
}
