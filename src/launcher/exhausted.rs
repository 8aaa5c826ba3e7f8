//! What there is no more of, when libcontainer could not create a container. Its errors drop their causes on the way up,
//! and cross from process to process as text, so what is left of the kernel's error number is its name.

use crate::runtime::Resource;

/// Each error number as the libraries on the way write it: by name, and as Rust's own errors show and print it.
const NUMBERS: [([&str; 3], Resource); 4] = [
    (["EAGAIN", "code: 11,", "os error 11)"], Resource::Pids),
    (["ENOMEM", "code: 12,", "os error 12)"], Resource::Memory),
    (["ENFILE", "code: 23,", "os error 23)"], Resource::FileDescriptors),
    (["EMFILE", "code: 24,", "os error 24)"], Resource::FileDescriptors),
];

/// Written for namespaces and mounts too many; elsewhere it is a full disk.
const NO_SPACE: [&str; 3] = ["ENOSPC", "code: 28,", "os error 28)"];

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
        assert_eq!(resource(&"intermediate process error failed to launch init process"), Some(Resource::Pids));
    }
}
