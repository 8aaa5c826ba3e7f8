//! OPA's ABI for the fuzz targets: a guest of bytes.

use super::opa_abi::{Contents, Guest};

/// A guest whose memory is `memory` and whose functions and globals return what `answers` says, one after the other.
struct Bytes<'a> {
    memory: &'a [u8],
    answers: std::slice::ChunksExact<'a, u8>,
}

impl Bytes<'_> {
    fn answer(&mut self) -> Option<i32> {
        self.answers.next().map(|four| i32::from_le_bytes(four.try_into().expect("chunks of four")))
    }
}

impl Guest for Bytes<'_> {
    fn global(&mut self, _name: &'static str) -> Option<i32> {
        self.answer()
    }

    fn call(&mut self, name: &str, _arguments: &[i32]) -> Result<i32, String> {
        self.answer().ok_or_else(|| name.to_owned())
    }

    fn text(&mut self, address: i32) -> Result<String, String> {
        super::opa_abi::text(self.memory, address)
    }
}

/// What a module says that it holds: entrypoints and builtins, by name.
pub fn opa_contents(answers: &[u8], memory: &[u8]) -> Result<(usize, usize), String> {
    let mut guest = Bytes { memory, answers: answers.chunks_exact(4) };
    let contents = Contents::of(&mut guest)?;
    let subject: crate::Subject = "opa-wasm/wasmtime".parse().expect("a subject");
    for entrypoint in contents.entrypoints.keys() {
        let _ = contents.check(&subject, "policy", entrypoint, &[]);
    }
    Ok((contents.entrypoints.len(), contents.builtins.len()))
}
