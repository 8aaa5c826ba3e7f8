//! The environment block, parsed.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    str::FromStr,
};

use super::{
    Language, NotationError, NotationField, NotationProblem, amount,
    cursor::{COLON, COMMA, Cursor, EQUALS, SEMICOLON},
    folded,
};
use crate::{Conditions, Environment, Hardware, Software};

type Result<T> = std::result::Result<T, NotationError>;

impl FromStr for Environment {
    type Err = NotationError;

    /// Reads the three lines that [`Environment::block`] prints, in any order and in either language, and the plain form
    /// (`硬件: AMD EPYC 7763 4C 8G`), where the last words are cores and memory, and a second version is the kernel's.
    fn from_str(text: &str) -> Result<Self> {
        let (mut hardware, mut software, mut conditions) = (None, None, None);
        let mut end = Cursor::new("", 1);
        for (number, line) in (1..).zip(text.split('\n')) {
            let mut line = Cursor::new(line.trim_end(), number);
            line.skip_space();
            if line.is_done() {
                continue;
            }
            let (label, start) = line.until(&COLON);
            let lines = [NotationField::Hardware, NotationField::Software, NotationField::Conditions];
            let field = named(label, &lines).filter(|_| line.eat(&COLON)).ok_or_else(|| {
                start.expected(
                    NotationField::Hardware,
                    "硬件: (hardware:), 软件: (software:) or 条件: (conditions:)",
                    label,
                )
            })?;
            let given = match field {
                NotationField::Hardware => hardware.replace(read_hardware(&mut line)?).is_some(),
                NotationField::Software => software.replace(read_software(&mut line)?).is_some(),
                _ => conditions.replace(read_conditions(&mut line)?).is_some(),
            };
            if given {
                return Err(start.error(field, NotationProblem::Twice));
            }
            end = line;
        }
        let missing = |field| move || end.error(field, NotationProblem::MissingLine);
        Ok(Self {
            hardware: hardware.ok_or_else(missing.clone()(NotationField::Hardware))?,
            software: software.ok_or_else(missing.clone()(NotationField::Software))?,
            conditions: conditions.ok_or_else(missing(NotationField::Conditions))?,
        })
    }
}

fn named(label: &str, fields: &[NotationField]) -> Option<NotationField> {
    let is = |field: &&NotationField| Language::ALL.iter().any(|l| folded(field.label(*l)) == folded(label));
    fields.iter().find(is).copied()
}

/// Sets a field that may be given once.
fn set<T>(slot: &mut Option<T>, value: T, at: &Cursor<'_>, field: NotationField) -> Result<()> {
    match slot.replace(value) {
        Some(_) => Err(at.error(field, NotationProblem::Twice)),
        None => Ok(()),
    }
}

/// Text outside brackets up to one of `stops`. A bracket that closes none was meant for one that is not there.
fn bare<'a>(line: &mut Cursor<'a>, stops: &[char], field: NotationField) -> Result<(&'a str, Cursor<'a>)> {
    let (text, start) = line.until(stops);
    match text.find(']') {
        Some(_) => Err(start.expected(field, "[ before the ]", text)),
        None => Ok((text, start)),
    }
}

const END: [char; 3] = [SEMICOLON[0], SEMICOLON[1], '['];

fn read_hardware(line: &mut Cursor<'_>) -> Result<Hardware> {
    let mut hardware = Hardware::default();
    loop {
        line.skip_space();
        let start = line.clone();
        if let Some(text) = line.bracketed(NotationField::Cpu)? {
            // `[4]C [8]G`: the brackets of the placeholders left standing.
            if !text.is_empty() && (line.eat_word("C") || line.eat_word("G")) {
                let unit = &start.rest()[start.rest().len() - line.rest().len() - 1..][..1];
                set_size(&mut hardware, &format!("{text}{unit}"), &start)?;
            } else {
                set(&mut hardware.cpu, text, &start, NotationField::Cpu)?;
            }
            continue;
        }
        let (text, start) = bare(line, &END, NotationField::Cpu)?;
        if text.is_empty() {
            break;
        }
        plain_hardware(&mut hardware, text, &start)?;
    }
    let keys = [
        NotationField::Storage,
        NotationField::Virtualization,
        NotationField::CpuQuota,
        NotationField::MemoryLimit,
        NotationField::Cpuset,
    ];
    extras(line, &keys, |field, _, value, at| match field {
        NotationField::Storage => set(&mut hardware.storage, value, at, field),
        NotationField::Virtualization => set(&mut hardware.virtualization, value, at, field),
        NotationField::CpuQuota => {
            let millis = amount::millis(&value);
            let millis = millis.ok_or_else(|| at.error(field, number("a number of CPUs, to a thousandth", &value)))?;
            set(&mut hardware.cpu_quota_millis, millis, at, field)
        }
        NotationField::MemoryLimit => {
            let digits = value.strip_suffix(['G', 'g']).unwrap_or(&value).trim();
            let bytes = amount::bytes(digits);
            let bytes = bytes.ok_or_else(|| at.error(field, number("a number of 10^9 bytes, to the byte", &value)))?;
            set(&mut hardware.memory_limit_bytes, bytes, at, field)
        }
        _ => set(&mut hardware.cpuset, value, at, field),
    })?;
    Ok(hardware)
}

/// `AMD EPYC 7763 4C 8G`, `4C8G`, `-`: sizes from the end, and what is left is the CPU.
fn plain_hardware(hardware: &mut Hardware, text: &str, at: &Cursor<'_>) -> Result<()> {
    let mut rest = text;
    loop {
        let (before, word) = rest.rsplit_once(char::is_whitespace).unwrap_or(("", rest));
        let taken = |word: &str| {
            if word.ends_with(['C', 'c']) { hardware.cores.is_some() } else { hardware.memory_bytes.is_some() }
        };
        if !is_size(word) || taken(word) {
            break;
        }
        set_size(hardware, word, at)?;
        rest = before.trim_end();
    }
    if rest.is_empty() || (rest == "-" && text == "-") {
        return Ok(());
    }
    set(&mut hardware.cpu, rest.to_owned(), at, NotationField::Cpu)
}

/// `4C`, `8G`, `4C8G`, in either case.
fn is_size(word: &str) -> bool {
    let (cores, memory) = sizes(word);
    let digits =
        |s: &str| s.starts_with(|c: char| c.is_ascii_digit()) && s.chars().all(|c| c.is_ascii_digit() || c == '.');
    (cores.is_some() || memory.is_some()) && cores.is_none_or(digits) && memory.is_none_or(digits)
}

fn sizes(word: &str) -> (Option<&str>, Option<&str>) {
    let (cores, rest) = match word.split_once(['C', 'c']) {
        Some((cores, rest)) => (Some(cores), rest),
        None => (None, word),
    };
    match rest.strip_suffix(['G', 'g']) {
        Some(memory) => (cores, Some(memory)),
        None if rest.is_empty() => (cores, None),
        // Something follows the C that is no memory: no size at all.
        None => (Some(""), None),
    }
}

fn set_size(hardware: &mut Hardware, word: &str, at: &Cursor<'_>) -> Result<()> {
    let (cores, memory) = sizes(word);
    if let Some(cores) = cores {
        let n = cores
            .trim()
            .parse()
            .map_err(|_| at.error(NotationField::Cores, number("a whole number of cores", cores)))?;
        set(&mut hardware.cores, n, at, NotationField::Cores)?;
    }
    if let Some(memory) = memory {
        let expected = "a number of 10^9 bytes, to the byte";
        let n =
            amount::bytes(memory.trim()).ok_or_else(|| at.error(NotationField::Memory, number(expected, memory)))?;
        set(&mut hardware.memory_bytes, n, at, NotationField::Memory)?;
    }
    Ok(())
}

fn number(expected: &'static str, found: &str) -> NotationProblem {
    NotationProblem::Number { expected, found: found.to_owned() }
}

fn read_software(line: &mut Cursor<'_>) -> Result<Software> {
    let mut software = Software::default();
    line.skip_space();
    software.os = line.bracketed(NotationField::Os)?;
    if software.os.is_none() {
        let (text, _) = bare(line, &END, NotationField::Os)?;
        let plain = line.peek() != Some('[');
        let (os, kernel) = if plain { split_kernel(text) } else { (text, None) };
        software.os = (!os.is_empty() && os != "-").then(|| os.to_owned());
        software.kernel = kernel.map(str::to_owned);
    }
    line.skip_space();
    if software.kernel.is_none() {
        software.kernel = line.bracketed(NotationField::Kernel)?;
    }
    if software.kernel.is_none() {
        let (text, _) = bare(line, &END, NotationField::Kernel)?;
        software.kernel = (!text.is_empty()).then(|| text.to_owned());
    }
    let keys =
        [NotationField::Rustc, NotationField::Container, NotationField::UserNamespace, NotationField::ClockSource];
    extras(line, &keys, |field, _, value, at| match field {
        NotationField::Rustc => set(&mut software.rustc, value, at, field),
        NotationField::Container => set(&mut software.container, value, at, field),
        NotationField::UserNamespace => {
            let answer = amount::answer(&value).ok_or_else(|| at.expected(field, "yes or no", &value))?;
            set(&mut software.user_namespace, answer, at, field)
        }
        _ => set(&mut software.clock_source, value, at, field),
    })?;
    Ok(software)
}

/// The last word is the kernel's release if it looks like a version, and one stands before it: `Debian 12 6.1.0`.
fn split_kernel(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(char::is_whitespace) {
        Some((os, kernel))
            if kernel.starts_with(|c: char| c.is_ascii_digit())
                && kernel.contains('.')
                && os.contains(|c: char| c.is_ascii_digit()) =>
        {
            (os.trim_end(), Some(kernel))
        }
        _ => (text, None),
    }
}

fn read_conditions(line: &mut Cursor<'_>) -> Result<Conditions> {
    let mut conditions = Conditions { concurrency: read_concurrency(line)?, ..Conditions::default() };
    line.skip_space();
    conditions.load = line.bracketed(NotationField::Load)?;
    if conditions.load.is_none() {
        let (text, _) = bare(line, &END, NotationField::Load)?;
        conditions.load = (!text.is_empty() && text != "-").then(|| text.to_owned());
    }
    let keys = [
        NotationField::Isolation,
        NotationField::Transport,
        NotationField::Engine,
        NotationField::Observed,
        NotationField::Noise,
    ];
    let insert = |map: &mut BTreeMap<String, String>, name, value, at: &Cursor<'_>, field| match map.entry(name) {
        Entry::Vacant(entry) => {
            entry.insert(value);
            Ok(())
        }
        Entry::Occupied(_) => Err(at.error(field, NotationProblem::Twice)),
    };
    extras(line, &keys, |field, setting, value, at| match field {
        NotationField::Isolation => {
            let names = "none, in-process, process, container or wasm-in-container";
            let isolation = value.parse().map_err(|_| at.expected(field, names, &value))?;
            set(&mut conditions.isolation, isolation, at, field)
        }
        NotationField::Transport => set(&mut conditions.transport, value, at, field),
        NotationField::Engine => insert(&mut conditions.engine, setting, value, at, field),
        NotationField::Observed => insert(&mut conditions.observed, setting, value, at, field),
        _ => {
            conditions.noise.push(value);
            Ok(())
        }
    })?;
    for (name, value) in std::mem::take(&mut conditions.engine) {
        conditions.set(name, value);
    }
    Ok(conditions)
}

/// `100 并发,`, `[100] concurrent,` or `-,`; leaves the line as it was when it starts with something else.
fn read_concurrency(line: &mut Cursor<'_>) -> Result<Option<u32>> {
    let start = line.clone();
    line.skip_space();
    let at = line.clone();
    let bracketed = line.bracketed(NotationField::Concurrency)?;
    let (word, _) = line.until(&[COMMA[0], COMMA[1], SEMICOLON[0], SEMICOLON[1], '[']);
    let before = Language::ALL.iter().find_map(|l| word.strip_suffix(NotationField::Concurrency.label(*l)));
    let count = match (&bracketed, before) {
        (None, _) if word == "-" => None,
        (None, Some(count)) if !count.trim().is_empty() => Some(count.trim()),
        (Some(count), Some(between)) if between.trim().is_empty() => Some(count.trim()),
        _ => {
            *line = start;
            return Ok(None);
        }
    };
    let parsed = count.map(str::parse).transpose();
    let parsed = parsed.map_err(|_| {
        at.error(NotationField::Concurrency, number("a whole number at the same time", count.unwrap_or_default()))
    })?;
    line.eat(&COMMA);
    Ok(parsed)
}

/// `; key=[value]` up to the end of the line; an engine's setting has its own name: `; 引擎 [compiler]=[cranelift]`.
fn extras(
    line: &mut Cursor<'_>,
    fields: &[NotationField],
    mut take: impl FnMut(NotationField, String, String, &Cursor<'_>) -> Result<()>,
) -> Result<()> {
    let last = *fields.last().unwrap_or(&NotationField::Noise);
    loop {
        line.skip_space();
        if line.is_done() {
            return Ok(());
        }
        if !line.eat(&SEMICOLON) {
            return Err(line.unexpected(last, "; before the next field, or the end of the line"));
        }
        line.skip_space();
        if line.is_done() {
            return Ok(());
        }
        let (key, start) = line.until(&[EQUALS[0], EQUALS[1], '[', SEMICOLON[0], SEMICOLON[1]]);
        let field = named(key, fields).ok_or_else(|| {
            let names: Vec<String> = fields.iter().map(NotationField::to_string).collect();
            start.expected(last, names.join(", "), key)
        })?;
        let has_name = matches!(field, NotationField::Engine | NotationField::Observed);
        let setting = if has_name { line.bracketed(field)? } else { None };
        if has_name && setting.is_none() {
            return Err(line.unexpected(field, "the setting's name in brackets"));
        }
        line.skip_space();
        if !line.eat(&EQUALS) {
            return Err(line.unexpected(field, "= and a value"));
        }
        line.skip_space();
        let at = line.clone();
        let value = match line.bracketed(field)? {
            Some(value) => value,
            None => bare(line, &END, field)?.0.to_owned(),
        };
        take(field, setting.unwrap_or_default(), value, &at)?;
    }
}
