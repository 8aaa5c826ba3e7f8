//! What WasmEdge's own programs say went wrong. They write it to standard output.

use super::{Limits, RuntimeError};

/// The error that this text tells; `None` where it tells none but how the program ended. `said` is the text as the reason has it.
pub(super) fn judge(workload: &str, limits: Limits, text: &str, said: &str) -> Option<RuntimeError> {
    let workload = workload.to_owned();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&["Memory grow page failed, exceeded limited", "Memory Instance: Limited"]) {
        return Some(RuntimeError::MemoryLimit { workload, limit: limits.memory });
    }
    // The codes of loading, validation and linking; a module without `_start` is taken for a library.
    let invalid = code(text).is_some_and(|code| (0x100..0x400).contains(&code));
    let invalid = invalid || says(&["A function name is required", "function `_start` expects"]);
    invalid.then(|| RuntimeError::Invalid { workload, reason: said.to_owned() })
}

/// The number behind `Code: 0x`.
fn code(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("Code: 0x")?;
    let end = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
    u32::from_str_radix(&rest[..end], 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_says_is_told_by_its_kind() {
        assert_eq!(code("[error] execution failed: unreachable, Code: 0x40a\n"), Some(0x40a));
        assert_eq!(code("Code: 0x"), None);
        let judge = |text: &str| judge("x", Limits::default(), text, "said");
        assert!(judge("[error] execution failed: unreachable, Code: 0x40a").is_none());
        let unknown = judge("[error] instantiation failed: unknown import, Code: 0x302");
        assert!(matches!(unknown, Some(RuntimeError::Invalid { reason, .. }) if reason == "said"));
        let grown = judge("[error] Memory Instance: Limited 16 page in configuration");
        assert!(matches!(grown, Some(RuntimeError::MemoryLimit { .. })));
    }
}
