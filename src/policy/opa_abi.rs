//! What OPA's Wasm says about itself, whichever Wasm engine holds it: ABI, entrypoints, builtins.
//! <https://www.openpolicyagent.org/docs/wasm>

use std::collections::BTreeMap;

use super::PolicyError;
use crate::Subject;

/// The first ABI that decides in one call (`opa_eval`); OPA has compiled to it since 0.28.
const OLDEST: (i32, i32) = (1, 2);

/// An instance of OPA's Wasm. Its imported functions need not work: none of the calls made here reaches one.
pub(super) trait Guest {
    /// The value of an exported global.
    fn global(&mut self, name: &'static str) -> Option<i32>;

    /// Calls an exported function that returns an address.
    fn call(&mut self, name: &str, arguments: &[i32]) -> Result<i32, String>;

    /// The text up to the next NUL byte.
    fn text(&mut self, address: i32) -> Result<String, String>;
}

/// The most bytes of a table: what it says is kept a name at a time, in some ten times as many.
const MOST_OF_A_TABLE: usize = 8 << 20;

/// The text in a guest's memory from `address` up to the next NUL byte.
#[cfg_attr(not(feature = "opa-wasm"), allow(dead_code, reason = "read by the guest on Wasmtime"))]
pub(super) fn text(memory: &[u8], address: i32) -> Result<String, String> {
    let rest = memory.get(address as u32 as usize..).unwrap_or_default();
    let length = rest.iter().position(|&byte| byte == 0).ok_or("a text leaves the memory")?;
    String::from_utf8(rest[..length].to_vec()).map_err(|e| e.to_string())
}

/// What a module holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contents {
    /// By name, with the number that `opa_eval` takes.
    pub entrypoints: BTreeMap<String, i32>,
    /// By name, with the number that the guest calls them by.
    pub builtins: BTreeMap<String, i32>,
}

impl Contents {
    /// Asks the guest. The error says in which way it is not OPA's.
    pub(super) fn of(guest: &mut dyn Guest) -> Result<Self, String> {
        let [major, minor] = ["opa_wasm_abi_version", "opa_wasm_abi_minor_version"].map(|name| guest.global(name));
        let Some(abi) = major.zip(minor) else {
            return Err("it is Wasm, but not OPA's: it does not export opa_wasm_abi_version".to_owned());
        };
        if abi < OLDEST || abi.0 > OLDEST.0 {
            let (major, minor) = abi;
            let way = if abi < OLDEST { "build it with a newer OPA" } else { "this crate is older than the module" };
            return Err(format!("its OPA ABI is {major}.{minor}, and 1.2 or a later 1.x is needed: {way}"));
        }
        let mut table = |name| {
            let value = guest.call(name, &[])?;
            let json = guest.call("opa_json_dump", &[value])?;
            let text = guest.text(json)?;
            if text.len() > MOST_OF_A_TABLE {
                return Err(format!("{name} returned {} MiB of names", text.len() >> 20));
            }
            serde_json::from_str(&text).map_err(|e| format!("what {name} returned: {e}"))
        };
        Ok(Self { entrypoints: table("entrypoints")?, builtins: table("builtins")? })
    }

    /// Refuses what would fail only when it is called.
    pub(super) fn check(
        &self,
        subject: &Subject,
        policy: &str,
        entrypoint: &str,
        provided: &[&str],
    ) -> Result<(), PolicyError> {
        if !self.entrypoints.contains_key(entrypoint) {
            return Err(PolicyError::UnknownEntrypoint {
                policy: policy.to_owned(),
                entrypoint: entrypoint.to_owned(),
                known: self.entrypoints.keys().cloned().collect(),
            });
        }
        match self.builtins.keys().find(|builtin| !provided.contains(&builtin.as_str())) {
            None => Ok(()),
            Some(missing) => Err(PolicyError::MissingBuiltin {
                subject: subject.clone(),
                policy: policy.to_owned(),
                builtin: missing.clone(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers calls from a table: addresses are indices into `texts`.
    struct Said {
        abi: (i32, i32),
        texts: [&'static str; 2],
    }

    impl Guest for Said {
        fn global(&mut self, name: &'static str) -> Option<i32> {
            match name {
                "opa_wasm_abi_version" => Some(self.abi.0),
                "opa_wasm_abi_minor_version" => Some(self.abi.1),
                _ => None,
            }
        }

        fn call(&mut self, name: &str, arguments: &[i32]) -> Result<i32, String> {
            match name {
                "entrypoints" => Ok(0),
                "builtins" => Ok(1),
                _ => Ok(arguments[0]),
            }
        }

        fn text(&mut self, address: i32) -> Result<String, String> {
            Ok(self.texts[address as usize].to_owned())
        }
    }

    fn contents(abi: (i32, i32), builtins: &'static str) -> Result<Contents, String> {
        Contents::of(&mut Said { abi, texts: [r#"{"a/allow": 0, "a/deny": 1}"#, builtins] })
    }

    #[test]
    fn an_abi_out_of_range_is_refused() {
        for abi in [(0, 9), (1, 0), (1, 1), (2, 0)] {
            assert!(contents(abi, "{}").unwrap_err().contains(&format!("{}.{}", abi.0, abi.1)));
        }
        for abi in [(1, 2), (1, 3), (1, 9)] {
            assert_eq!(contents(abi, "{}").unwrap().entrypoints["a/deny"], 1);
        }
        assert!(contents((1, 3), "[").unwrap_err().contains("builtins"));
    }

    #[test]
    fn a_text_ends_within_the_memory() {
        let memory = b"ab\0\xff\0c";
        assert_eq!(text(memory, 0).unwrap(), "ab");
        assert_eq!(text(memory, 2).unwrap(), "");
        for address in [3, 5, 6, 7, i32::MAX, -1, i32::MIN] {
            assert!(text(memory, address).is_err(), "{address}");
        }
        let huge: &'static str = format!("{{\"{}\": 0}}", "a".repeat(MOST_OF_A_TABLE)).leak();
        assert!(contents((1, 3), huge).unwrap_err().contains("8 MiB of names"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let subject: Subject = "opa-wasm/wasmtime".parse().unwrap();
        let contents = contents((1, 3), r#"{"sprintf": 0, "http.send": 1}"#).unwrap();
        assert!(contents.check(&subject, "p", "a/deny", &["sprintf", "http.send", "trace"]).is_ok());
        let error = contents.check(&subject, "p", "a/deny", &["sprintf"]).unwrap_err();
        assert!(matches!(error, PolicyError::MissingBuiltin { builtin, .. } if builtin == "http.send"));
        let error = contents.check(&subject, "p", "a", &[]).unwrap_err();
        assert!(matches!(error, PolicyError::UnknownEntrypoint { known, .. } if known == ["a/allow", "a/deny"]));
    }
}
