//! The environment block, printed.
//!
//! ```text
//! 硬件: [AMD EPYC] 2C 25.1490304G; 存储=[ext4 on /dev/vda]; 虚拟化=[none]
//! 软件: [Debian GNU/Linux 12] [6.18.44]; rustc=[1.95.0]
//! 条件: 100 并发, [cold start]; 隔离=[in-process]; 引擎 [compiler]=[cranelift]; 噪声=[only 2 cores]
//! ```
//!
//! What the requirements name stands first, by its position; `-` holds the place of what is unknown. The rest follows
//! as `; key=[value]`.

use std::fmt::{self, Formatter};

use super::{
    Language, NotationField,
    amount::{cpus, giga, giga_rounded, yes_or_no},
    cursor::write_bracketed,
};
use crate::{Conditions, Environment, Hardware, Software};

impl Environment {
    /// The three-line block in `language`; it parses back to the same environment. For people, see
    /// [`EnvironmentBlock::rounded`].
    ///
    /// ```
    /// use runtime_baseline::{Environment, Language};
    ///
    /// let plain = "硬件: AMD EPYC 7763 4C 8G\n软件: Debian 12 6.1.0\n条件: 100 并发, 冷启动";
    /// let environment: Environment = plain.parse()?;
    /// assert_eq!(environment.hardware.memory_bytes, Some(8_000_000_000));
    ///
    /// let english = environment.block(Language::English).to_string();
    /// assert_eq!(
    ///     english,
    ///     "hardware: [AMD EPYC 7763] 4C 8G\nsoftware: [Debian 12] [6.1.0]\nconditions: 100 concurrent, [冷启动]"
    /// );
    /// assert_eq!(english.parse::<Environment>()?, environment);
    /// # Ok::<(), runtime_baseline::NotationError>(())
    /// ```
    #[must_use]
    pub const fn block(&self, language: Language) -> EnvironmentBlock<'_> {
        EnvironmentBlock { environment: self, language, is_rounded: false }
    }
}

/// An environment as three lines. See [`Environment::block`].
#[derive(Debug, Clone, Copy)]
pub struct EnvironmentBlock<'a> {
    environment: &'a Environment,
    language: Language,
    is_rounded: bool,
}

impl fmt::Display for EnvironmentBlock<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // Destructured here and below, so that a new field cannot be forgotten.
        let Environment { hardware, software, conditions } = self.environment;
        self.hardware(f, hardware)?;
        f.write_str("\n")?;
        self.software(f, software)?;
        f.write_str("\n")?;
        self.conditions(f, conditions)
    }
}

impl EnvironmentBlock<'_> {
    /// The same with the memory to three significant digits, to be read: `25.3G` for 25,276,510,208 bytes. Everything else
    /// stays as it is.
    #[must_use]
    pub const fn rounded(mut self) -> Self {
        self.is_rounded = true;
        self
    }

    fn label(&self, f: &mut Formatter<'_>, field: NotationField) -> fmt::Result {
        write!(f, "{}:", field.label(self.language))
    }

    fn extra(&self, f: &mut Formatter<'_>, field: NotationField, value: Option<&str>) -> fmt::Result {
        let Some(value) = value else { return Ok(()) };
        write!(f, "; {}=", field.label(self.language))?;
        write_bracketed(f, value)
    }

    fn hardware(&self, f: &mut Formatter<'_>, hardware: &Hardware) -> fmt::Result {
        let Hardware {
            cpu,
            cores,
            memory_bytes,
            storage,
            virtualization,
            cpu_quota_millis,
            memory_limit_bytes,
            cpuset,
        } = hardware;
        self.label(f, NotationField::Hardware)?;
        if let Some(cpu) = cpu {
            f.write_str(" ")?;
            write_bracketed(f, cpu)?;
        }
        if let Some(cores) = cores {
            write!(f, " {cores}C")?;
        }
        let size = |bytes| if self.is_rounded { giga_rounded(bytes) } else { giga(bytes) } + "G";
        if let Some(bytes) = memory_bytes {
            write!(f, " {}", size(*bytes))?;
        }
        if cpu.is_none() && cores.is_none() && memory_bytes.is_none() {
            f.write_str(" -")?;
        }
        self.extra(f, NotationField::Storage, storage.as_deref())?;
        self.extra(f, NotationField::Virtualization, virtualization.as_deref())?;
        self.extra(f, NotationField::CpuQuota, cpu_quota_millis.map(cpus).as_deref())?;
        self.extra(f, NotationField::MemoryLimit, memory_limit_bytes.map(size).as_deref())?;
        self.extra(f, NotationField::Cpuset, cpuset.as_deref())
    }

    fn software(&self, f: &mut Formatter<'_>, software: &Software) -> fmt::Result {
        let Software { os, kernel, rustc, container, user_namespace, clock_source } = software;
        self.label(f, NotationField::Software)?;
        f.write_str(" ")?;
        match os {
            Some(os) => write_bracketed(f, os)?,
            None => f.write_str("-")?,
        }
        if let Some(kernel) = kernel {
            f.write_str(" ")?;
            write_bracketed(f, kernel)?;
        }
        self.extra(f, NotationField::Rustc, rustc.as_deref())?;
        self.extra(f, NotationField::Container, container.as_deref())?;
        self.extra(f, NotationField::UserNamespace, user_namespace.map(yes_or_no))?;
        self.extra(f, NotationField::ClockSource, clock_source.as_deref())
    }

    fn conditions(&self, f: &mut Formatter<'_>, conditions: &Conditions) -> fmt::Result {
        let Conditions { concurrency, load, isolation, transport, observed, noise, .. } = conditions;
        let engine = &conditions.settings();
        self.label(f, NotationField::Conditions)?;
        match concurrency {
            Some(n) => write!(f, " {n} {}", NotationField::Concurrency.label(self.language))?,
            None => f.write_str(" -")?,
        }
        if let Some(load) = load {
            f.write_str(", ")?;
            write_bracketed(f, load)?;
        }
        self.extra(f, NotationField::Isolation, isolation.map(|i| i.as_str()))?;
        self.extra(f, NotationField::Transport, transport.as_deref())?;
        for (field, map) in [(NotationField::Engine, engine), (NotationField::Observed, observed)] {
            for (name, value) in map {
                write!(f, "; {} ", field.label(self.language))?;
                write_bracketed(f, name)?;
                f.write_str("=")?;
                write_bracketed(f, value)?;
            }
        }
        noise.iter().try_for_each(|noise| self.extra(f, NotationField::Noise, Some(noise)))
    }
}
