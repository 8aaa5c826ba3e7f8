//! The file system that a path lies on, and the device below it.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use super::Host;

impl Host {
    /// `ext4 on vda (rotational or virtual disk)`, `ext4 on nvme0n1 (Samsung SSD 980, solid state)`, `tmpfs`.
    pub(crate) fn storage(&self, path: &Path) -> Option<String> {
        let mounts = self.read("proc/self/mountinfo")?;
        let path = self.resolved(path)?;
        // Of two mounts on one point the later one covers the earlier.
        let mounts = mounts.lines().filter_map(Mount::parse).filter(|m| path.starts_with(&m.point));
        let mount = mounts.max_by_key(|m| m.point.components().count())?;
        Some(match self.device(&mount) {
            Some(device) => format!("{} on {device}", mount.kind),
            // A network file system names its server, a virtual one only itself.
            None if mount.source.contains(':') => format!("{} on {}", mount.kind, mount.source),
            None => mount.kind.to_owned(),
        })
    }

    /// `path` below the machine's root, links resolved as far as it exists.
    fn resolved(&self, path: &Path) -> Option<PathBuf> {
        let path = std::path::absolute(path).ok()?;
        let root = fs::canonicalize(&self.root).ok()?;
        let plain: PathBuf = path.components().filter(|c| *c != Component::RootDir).collect();
        let existing = plain.ancestors().find_map(|p| fs::canonicalize(root.join(p)).ok())?;
        Some(Path::new("/").join(existing.strip_prefix(&root).ok()?))
    }

    fn device(&self, mount: &Mount<'_>) -> Option<String> {
        // The number is 0:n where the file system is not the device's own (btrfs, overlay): the source may name it.
        let by_number = self.root.join("sys/dev/block").join(mount.number);
        let by_name = || {
            let name = mount.source.strip_prefix("/dev/")?;
            Some(self.root.join("sys/class/block").join(name))
        };
        let folder = fs::canonicalize(by_number).ok().or_else(|| fs::canonicalize(by_name()?).ok())?;
        let name = folder.file_name()?.to_str()?.to_owned();
        let disk = if folder.join("partition").exists() { folder.parent()?.to_owned() } else { folder };
        let model = self.read(disk.join("device/model"));
        // Virtual disks often claim to rotate: only the other answer says something.
        let kind = match self.read(disk.join("queue/rotational")).as_deref() {
            Some("0") => Some("solid state"),
            Some("1") => Some("rotational or virtual disk"),
            _ => None,
        };
        let details: Vec<&str> = model.as_deref().into_iter().chain(kind).collect();
        Some(if details.is_empty() { name } else { format!("{name} ({})", details.join(", ")) })
    }
}

/// A line of mountinfo, as far as it matters here.
pub(super) struct Mount<'a> {
    /// Major and minor number of the device, `254:0`.
    number: &'a str,
    /// Which part of the file system is mounted.
    pub root: PathBuf,
    pub point: PathBuf,
    pub kind: &'a str,
    source: &'a str,
    /// The file system's own options, in a list.
    options: &'a str,
}

impl<'a> Mount<'a> {
    pub fn parse(line: &'a str) -> Option<Self> {
        // Optional fields of any number end in a single dash.
        let (before, after) = line.split_once(" - ")?;
        let (before, mut after): (Vec<&str>, _) = (before.split(' ').collect(), after.split(' '));
        let [_, _, number, root, point, ..] = before[..] else { return None };
        let (kind, source, options) = (after.next()?, after.next()?, after.next().unwrap_or_default());
        Some(Self { number, root: unescaped(root), point: unescaped(point), kind, source, options })
    }

    pub fn has_option(&self, name: &str) -> bool {
        self.options.split(',').any(|option| option == name)
    }
}

/// mountinfo writes space, tab, line feed and backslash as `\040` and so on.
fn unescaped(text: &str) -> PathBuf {
    let mut plain = text.to_owned();
    for (escape, c) in [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")] {
        plain = plain.replace(escape, c);
    }
    plain.into()
}
