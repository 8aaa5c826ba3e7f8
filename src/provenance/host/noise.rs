//! What makes figures of this machine scatter, each in a sentence that a person can act on.

use std::{fs, path::Path};

use super::{
    Host,
    cgroup::{Throttle, Throttled},
    clocks::Clocks,
    sentences::NoiseSentence,
};

/// Above this one-minute load for each core, something else is at work.
const LOAD_PER_CORE: f64 = 0.25;
/// Below this many cores the harness and the system share them with the workload.
const FEW_CORES: u32 = 4;
/// Below this share of the memory the kernel begins to reclaim.
const LOW_MEMORY: f64 = 0.1;
/// In per cent of the CPU time; less is within what the kernel's ticks can tell.
const STEAL: f64 = 0.1;
/// In millionths. A clock is corrected by this much at most where all is well (`MAXFREQ` of include/linux/timex.h).
const DRIFT: f64 = 500.0;
/// Clocks that are read from a device, or that do not move between two ticks.
const SLOW_CLOCKS: [&str; 4] = ["hpet", "acpi_pm", "jiffies", "refined-jiffies"];

const CPUS: &str = "sys/devices/system/cpu";

impl Host {
    /// What can be seen at one instant; [`Host::watch`] sees what happens over a run.
    pub(super) fn noise(&self) -> Vec<String> {
        let cores = self.cpus().map(|cpus| cpus.len() as u32).filter(|n| *n > 0);
        [
            self.frequency(),
            self.boost(),
            self.load(cores.unwrap_or(1)),
            cores.filter(|n| *n < FEW_CORES).map(few_cores),
            self.smt(),
            self.low_memory(),
            self.battery(),
            self.slow_clock(),
            self.wsl().map(|name| NoiseSentence::Wsl.with([&name])),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Begins to watch what disturbs a run.
    pub fn watch(&self) -> Watch {
        // What a picture of a machine shows has no clock.
        let clocks = if self.root == Path::new("/") { Clocks::now() } else { None };
        Watch { host: self.clone(), start: self.cpu_time(), throttle: self.throttle(), clocks }
    }

    fn slow_clock(&self) -> Option<String> {
        let source = self.clock_source()?;
        SLOW_CLOCKS.contains(&source.as_str()).then(|| NoiseSentence::SlowClock.with([&source]))
    }

    fn frequency(&self) -> Option<String> {
        let cpus: Vec<u32> = self.cpus()?.into_iter().collect();
        let read = |cpu: &u32| self.read(format!("{CPUS}/cpu{cpu}/cpufreq/scaling_governor"));
        let governors: Vec<String> = cpus.iter().filter_map(read).collect();
        if governors.is_empty() {
            // Without the directory nothing is known, not even that.
            return self.root.join(CPUS).is_dir().then(|| NoiseSentence::NoFrequency.with([]));
        }
        let slow: Vec<&String> = governors.iter().filter(|g| *g != "performance").collect();
        let first = slow.first()?;
        let (n, of) = (slow.len(), cpus.len());
        Some(NoiseSentence::Governor.with([first, &n, &of]))
    }

    fn boost(&self) -> Option<String> {
        let files = [("cpufreq/boost", "1", "0"), ("intel_pstate/no_turbo", "0", "1")];
        let (file, off) = files
            .into_iter()
            .find_map(|(file, on, off)| (self.read(format!("{CPUS}/{file}"))? == on).then_some((file, off)))?;
        Some(NoiseSentence::Boost.with([&off, &format!("{CPUS}/{file}")]))
    }

    fn load(&self, cores: u32) -> Option<String> {
        let text = self.read("proc/loadavg")?;
        let load: f64 = text.split(' ').next()?.parse().ok()?;
        let is_loaded = load > LOAD_PER_CORE * f64::from(cores);
        let load = format!("{load:.2}");
        is_loaded.then(|| match cores {
            1 => NoiseSentence::LoadOnOne.with([&load]),
            _ => NoiseSentence::Load.with([&load, &cores]),
        })
    }

    fn smt(&self) -> Option<String> {
        let is_on = self.read(format!("{CPUS}/smt/active"))? == "1";
        is_on.then(|| NoiseSentence::Smt.with([&CPUS]))
    }

    fn low_memory(&self) -> Option<String> {
        let (total, available) = (self.memory("MemTotal")?, self.memory("MemAvailable")?);
        let is_low = (available as f64) < LOW_MEMORY * total as f64;
        let (available, total) = (crate::Quantity::bytes(available).rounded(), crate::Quantity::bytes(total).rounded());
        is_low.then(|| NoiseSentence::LowMemory.with([&available, &total]))
    }

    fn battery(&self) -> Option<String> {
        let supplies = fs::read_dir(self.root.join("sys/class/power_supply")).ok()?;
        let discharging = supplies.flatten().any(|supply| {
            let file = |name| self.read(supply.path().join(name));
            // A mouse has a battery too; its scope is the device.
            file("type").as_deref() == Some("Battery")
                && file("status").as_deref() == Some("Discharging")
                && file("scope").as_deref() != Some("Device")
        });
        discharging.then(|| NoiseSentence::Battery.with([]))
    }

    fn cpu_time(&self) -> Option<CpuTime> {
        let text = self.read("proc/stat")?;
        let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
        let ticks: Vec<u64> = line.split_whitespace().map_while(|n| n.parse().ok()).collect();
        // user nice system idle iowait irq softirq steal; guest time, after these, is within user and nice.
        let cpus =
            text.lines().filter(|line| line.strip_prefix("cpu").is_some_and(|rest| !rest.starts_with(' '))).count();
        let (idle, stolen) = (ticks.get(3)? + ticks.get(4)?, *ticks.get(7)?);
        Some(CpuTime { all: ticks.iter().take(8).sum(), idle, stolen, own: self.own_cpu_time(), cpus })
    }

    /// Of this process, and of all that it or they started and waited for.
    fn own_cpu_time(&self) -> Option<u64> {
        let text = self.read("proc/self/stat")?;
        // The name, which may hold anything, ends with the last parenthesis; utime, stime, cutime and cstime are the 14th to
        // the 17th of all.
        let fields = text.rsplit_once(')')?.1.split_whitespace().skip(11).take(4);
        fields.map(|ticks| ticks.parse::<u64>().ok()).sum()
    }
}

fn few_cores(cores: u32) -> String {
    match cores {
        1 => NoiseSentence::OneCore.with([]),
        _ => NoiseSentence::FewCores.with([&cores]),
    }
}

/// Ticks since boot, over all CPUs.
#[derive(Debug, Clone, Copy)]
struct CpuTime {
    all: u64,
    /// Nobody had something to do, or waited for a disk.
    idle: u64,
    stolen: u64,
    /// Of this process and what it started.
    own: Option<u64>,
    cpus: usize,
}

/// A look at the machine at the start of a run. See [`Host::watch`].
#[derive(Debug, Clone)]
#[must_use = "ask it for the noise at the end of the run"]
pub struct Watch {
    host: Host,
    start: Option<CpuTime>,
    throttle: Throttle,
    clocks: Option<Clocks>,
}

impl Watch {
    /// What disturbed the run since the watch began; empty when nothing did.
    #[must_use]
    pub fn noise(&self) -> Vec<String> {
        let steal = self.stolen().filter(|percent| *percent >= STEAL).map(steal);
        let others = self.others().filter(|(busy, cpus)| *busy > LOAD_PER_CORE * *cpus as f64);
        let others = others.map(|(busy, cpus)| NoiseSentence::Others.with([&format!("{busy:.2}"), &cpus]));
        let throttled = self.host.throttled(&self.throttle).map(throttled);
        let drift = self.clock_drift().filter(|ppm| ppm.abs() > DRIFT).map(drift);
        [others, steal, throttled, drift].into_iter().flatten().collect()
    }

    /// How many CPUs other programs kept busy since the watch began, in the mean, and of how many; nothing when the machine does not
    /// say, or no tick has passed. What this process started counts as its own once it has ended and was waited for.
    #[must_use]
    pub fn others(&self) -> Option<(f64, usize)> {
        let (start, end) = (self.start?, self.host.cpu_time()?);
        let since = |of: fn(&CpuTime) -> u64| of(&end).saturating_sub(of(&start));
        let all = Some(since(|time| time.all)).filter(|ticks| *ticks > 0)?;
        let own = end.own?.saturating_sub(start.own?);
        let others = all.saturating_sub(since(|time| time.idle) + since(|time| time.stolen) + own);
        Some((others as f64 / all as f64 * end.cpus as f64, end.cpus))
    }

    /// By how many millionths `CLOCK_MONOTONIC`, by which figures are taken, ran fast since the watch began, or slow where it is
    /// below zero, against `CLOCK_MONOTONIC_RAW`, which nothing corrects. Nothing in the first tenth of a second, which tells
    /// no rate, and of a machine other than this.
    #[must_use]
    pub fn clock_drift(&self) -> Option<f64> {
        Clocks::now()?.drift(self.clocks?)
    }

    /// How much of the CPU time the hypervisor gave to others since the watch began, in per cent; nothing when the
    /// machine does not say, or no tick has passed.
    #[must_use]
    pub fn stolen(&self) -> Option<f64> {
        let (start, end) = (self.start?, self.host.cpu_time()?);
        let all = end.all.checked_sub(start.all).filter(|ticks| *ticks > 0)?;
        Some(end.stolen.saturating_sub(start.stolen) as f64 * 100.0 / all as f64)
    }
}

fn throttled(throttled: Throttled) -> String {
    let Throttled { seconds, periods, of } = throttled;
    NoiseSentence::Throttled.with([&format!("{seconds:.1}"), &periods, &of])
}

fn drift(ppm: f64) -> String {
    let sentence = if ppm > 0.0 { NoiseSentence::ClockFast } else { NoiseSentence::ClockSlow };
    sentence.with([&format!("{:.0}", ppm.abs())])
}

fn steal(percent: f64) -> String {
    NoiseSentence::Steal.with([&format!("{percent:.1}")])
}
