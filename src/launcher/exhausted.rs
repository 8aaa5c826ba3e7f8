//! What there is no more of, when libcontainer or a command could not create a container. Errors drop their causes on the
//! way up, and cross from process to process as text, so what is left of the kernel's error number is its name.

use crate::adapter::Resource;

/// Each error number as it is written on the way: by name, as Rust's own errors show and print it, and in the words of C
/// and of Go, which differ in the first letter.
const NUMBERS: [([&str; 4], Resource); 4] = [
    (["EAGAIN", "code: 11,", "os error 11)", "esource temporarily unavailable"], Resource::Pids),
    (["ENOMEM", "code: 12,", "os error 12)", "annot allocate memory"], Resource::Memory),
    (["ENFILE", "code: 23,", "os error 23)", "oo many open files in system"], Resource::FileDescriptors),
    (["EMFILE", "code: 24,", "os error 24)", "oo many open files"], Resource::FileDescriptors),
];

/// Written for namespaces and mounts too many; elsewhere it is a full disk.
const NO_SPACE: [&str; 4] = ["ENOSPC", "code: 28,", "os error 28)", "o space left on device"];

/// What the intermediate process says when it could not make the container's init: the number is lost. For want of memory
/// the kernel would rather have killed something.
const NO_INIT: &str = "failed to launch init process";

/// What the error, as its developers see it, is for want of.
pub(super) fn resource(error: &dyn std::fmt::Debug) -> Option<Resource> {
    let text = format!("{error:?}");
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let numbered = NUMBERS.iter().find(|(spellings, _)| has(spellings)).map(|(_, resource)| *resource);
    let namespaces = || (has(&NO_SPACE) && has(&["ount", "amespace", "nshare"])).then_some(Resource::Mounts);
    numbered.or_else(namespaces).or_else(|| has(&[NO_INIT]).then_some(Resource::Pids))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn error_numbers_are_known_in_each_spelling() {
        assert_eq!(resource(&io::Error::from_raw_os_error(11)), Some(Resource::Pids));
        assert_eq!(resource(&io::Error::from_raw_os_error(12).to_string()), Some(Resource::Memory));
        assert_eq!(resource(&nix::Error::EMFILE), Some(Resource::FileDescriptors));
        assert_eq!(resource(&nix::Error::ENFILE), Some(Resource::FileDescriptors));
        assert_eq!(resource(&io::Error::from_raw_os_error(2)), None);
        assert_eq!(resource(&("mount /proc", nix::Error::ENOSPC)), Some(Resource::Mounts));
        assert_eq!(resource(&("write state.json", nix::Error::ENOSPC)), None);
        assert_eq!(resource(&"clone: Resource temporarily unavailable"), Some(Resource::Pids));
        assert_eq!(resource(&"fork/exec /proc/self/exe: resource temporarily unavailable"), Some(Resource::Pids));
        assert_eq!(resource(&"unshare (CLONE_NEWNS): No space left on device"), Some(Resource::Mounts));
        assert_eq!(resource(&"write state.json: no space left on device"), None);
        assert_eq!(resource(&"intermediate process error failed to launch init process"), Some(Resource::Pids));
    }
}
