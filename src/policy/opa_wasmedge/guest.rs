//! The two sides of OPA's ABI: what the guest calls, and the calls that make a decision.
//! <https://www.openpolicyagent.org/docs/wasm>

use std::{cell::RefCell, collections::HashMap, sync::Arc};

use serde_json::Value;

use super::Asked;
use crate::{
    policy::{
        PolicyError,
        opa_abi::{self, Contents},
        opa_builtins::{self, Builtin},
    },
    runtime::wasmedge::callable::{Code, Host, Live, Provided, Refused, Trouble, View},
};

/// The functions of the guest that are called, by their place here.
const EXPORTS: [&str; 8] = [
    "entrypoints",
    "builtins",
    "opa_json_dump",
    "opa_json_parse",
    "opa_malloc",
    "opa_free",
    "opa_heap_ptr_get",
    "opa_eval",
];
const JSON_DUMP: usize = 2;
const JSON_PARSE: usize = 3;
const MALLOC: usize = 4;
const FREE: usize = 5;
const HEAP_PTR_GET: usize = 6;
const EVAL: usize = 7;

/// What OPA's allocator aborts with when its memory cannot grow.
const NO_MEMORY: &str = "opa_malloc: failed";

const ABORT: usize = 0;
const PRINTLN: usize = 1;

/// The host's side.
#[derive(Default)]
pub(super) struct Imports {
    /// By the number that the guest calls them by.
    builtins: HashMap<i32, (String, Builtin)>,
    /// Why the guest was ended.
    verdict: RefCell<Option<Verdict>>,
}

#[derive(Debug)]
enum Verdict {
    Memory,
    Failed(String),
}

impl Host for Imports {
    const PROVIDED: &'static [Provided] = &[
        Provided { name: "opa_abort", parameters: 1, result: false },
        Provided { name: "opa_println", parameters: 1, result: false },
        Provided { name: "opa_builtin0", parameters: 2, result: true },
        Provided { name: "opa_builtin1", parameters: 3, result: true },
        Provided { name: "opa_builtin2", parameters: 4, result: true },
        Provided { name: "opa_builtin3", parameters: 5, result: true },
        Provided { name: "opa_builtin4", parameters: 6, result: true },
    ];

    fn call(&self, function: usize, arguments: &[i32], guest: &View<'_>) -> Result<i32, Refused> {
        match (function, arguments) {
            (ABORT, [address]) => {
                let text = guest.text(*address).unwrap_or_default();
                Err(self.end(match String::from_utf8_lossy(&text) {
                    text if text == NO_MEMORY => Verdict::Memory,
                    text => Verdict::Failed(text.into_owned()),
                }))
            }
            (PRINTLN, _) => Ok(0),
            (_, [builtin, _context, arguments @ ..]) => self.builtin(*builtin, arguments, guest),
            _ => Err(self.end(Verdict::Failed("a call that OPA's ABI does not know".to_owned()))),
        }
    }
}

impl Imports {
    fn new(contents: &Contents) -> Self {
        let found = |(name, number): (&String, &i32)| Some((*number, (name.clone(), opa_builtins::find(name)?)));
        Self { builtins: contents.builtins.iter().filter_map(found).collect(), verdict: RefCell::default() }
    }

    /// The first reason stays: what follows are its consequences.
    fn end(&self, verdict: Verdict) -> Refused {
        self.verdict.borrow_mut().get_or_insert(verdict);
        Refused
    }

    fn builtin(&self, number: i32, arguments: &[i32], guest: &View<'_>) -> Result<i32, Refused> {
        let failed = |reason: String| self.end(Verdict::Failed(reason));
        let Some((name, builtin)) = self.builtins.get(&number) else {
            return Err(failed(format!("it calls builtin {number}, which it did not declare")));
        };
        let trouble = |trouble: Trouble| match trouble {
            Trouble::Memory => self.end(Verdict::Memory),
            trouble => failed(format!("{name}: {trouble:?}")),
        };
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let json = dump(guest, *argument).map_err(trouble)?;
            values.push(serde_json::from_slice(&json).map_err(|error| failed(format!("{name}: {error}")))?);
        }
        match builtin(&values).map_err(|reason| failed(format!("{name}: {reason}")))? {
            // A null address is undefined.
            None => Ok(0),
            Some(result) => parse(guest, Value::to_string(&result).as_bytes()).map_err(trouble),
        }
    }
}

/// The JSON of a value of the guest.
fn dump(guest: &View<'_>, value: i32) -> Result<Vec<u8>, Trouble> {
    let address = guest.call(JSON_DUMP, &[value])?;
    guest.text(address).ok_or_else(|| Trouble::Failed("a text leaves the memory".to_owned()))
}

/// Makes a value of the guest from JSON; 0 where it is none.
fn parse(guest: &View<'_>, json: &[u8]) -> Result<i32, Trouble> {
    let length = i32::try_from(json.len()).map_err(|_| Trouble::Memory)?;
    let text = guest.call(MALLOC, &[length])?;
    if !guest.write(text, json) {
        return Err(Trouble::Memory);
    }
    let value = guest.call(JSON_PARSE, &[text, length])?;
    guest.call(FREE, &[text])?;
    Ok(value)
}

/// A guest with its data, ready to decide.
pub(super) struct Loaded {
    live: Live<Imports>,
    entrypoint: i32,
    data: i32,
    /// Where the heap ends once the data is in it: every decision begins anew from here.
    heap: i32,
}

impl Loaded {
    pub(super) fn new(asked: &Asked, code: Arc<Code>, contents: &Contents, data: &str) -> Result<Self, PolicyError> {
        let entrypoint = contents.entrypoints.get(&asked.entrypoint).copied().unwrap_or_default();
        let mut live = instance(asked, code, Imports::new(contents))?;
        let loaded = live.run(|guest| Ok((parse(guest, data.as_bytes())?, guest.call(HEAP_PTR_GET, &[])?)));
        match loaded {
            Ok((0, _)) => {
                let reason = "OPA's parser refuses it".to_owned();
                Err(PolicyError::Data { policy: asked.policy.clone(), reason })
            }
            Ok((data, heap)) => Ok(Self { live, entrypoint, data, heap }),
            Err(trouble) => Err(judge(asked, &live, trouble)),
        }
    }

    /// One decision: OPA's set of answers, JSON.
    pub(super) fn decide(&mut self, asked: &Asked, input: &str) -> Result<Vec<u8>, PolicyError> {
        let Self { live, entrypoint, data, heap } = self;
        live.host().verdict.take();
        let answer = live.run(|guest| {
            let end = i32::try_from(input.len()).ok().and_then(|length| heap.checked_add(length));
            let Some(end) = end.filter(|_| guest.write(*heap, input.as_bytes())) else { return Err(Trouble::Memory) };
            // The first and the last are reserved, and JSON.
            let answer = guest.call(EVAL, &[0, *entrypoint, *data, *heap, end - *heap, end, 0])?;
            guest.text(answer).ok_or_else(|| Trouble::Failed("its answer leaves the memory".to_owned()))
        });
        answer.map_err(|trouble| judge(asked, live, trouble))
    }
}

fn instance(asked: &Asked, code: Arc<Code>, imports: Imports) -> Result<Live<Imports>, PolicyError> {
    let live = Live::new(code, Arc::clone(&asked.keeper), asked.limits, imports, &EXPORTS);
    live.map_err(|trouble| match trouble {
        // What a start function does is the module's fault, not the policy's.
        Trouble::Failed(reason) => asked.invalid(reason),
        Trouble::Time => asked.invalid("it does not end its start function".to_owned()),
        other => asked.judge(other),
    })
}

/// What the end of a guest means, given what it said last.
fn judge(asked: &Asked, live: &Live<Imports>, trouble: Trouble) -> PolicyError {
    match (trouble, live.host().verdict.take()) {
        (Trouble::Time, _) => asked.judge(Trouble::Time),
        (_, Some(Verdict::Memory)) => asked.judge(Trouble::Memory),
        (_, Some(Verdict::Failed(reason))) => asked.judge(Trouble::Failed(reason)),
        (trouble, None) => asked.judge(trouble),
    }
}

/// What `code` says about itself.
pub(super) fn contents(asked: &Asked, code: Arc<Code>) -> Result<Contents, PolicyError> {
    let mut live = instance(asked, code, Imports::default())?;
    let mut guest = Asking { memory: false, live: &mut live };
    let contents = Contents::of(&mut guest);
    let memory = guest.memory;
    contents.map_err(|reason| if memory { asked.judge(Trouble::Memory) } else { asked.invalid(reason) })
}

/// An instance that is only asked what it holds.
struct Asking<'a> {
    live: &'a mut Live<Imports>,
    /// Whether it was refused memory.
    memory: bool,
}

impl opa_abi::Guest for Asking<'_> {
    fn global(&mut self, name: &'static str) -> Option<i32> {
        self.live.global(name)
    }

    fn call(&mut self, name: &str, arguments: &[i32]) -> Result<i32, String> {
        let export = EXPORTS.iter().position(|export| *export == name);
        let outcome = self.live.run(|guest| match export.filter(|export| guest.has(*export)) {
            Some(export) => guest.call(export, arguments),
            None => Err(Trouble::Invalid(format!("it is Wasm, but not OPA's: it does not export the function {name}"))),
        });
        outcome.map_err(|trouble| {
            self.memory |= matches!(self.live.host().verdict.take(), Some(Verdict::Memory));
            match trouble {
                Trouble::Invalid(reason) => reason,
                trouble => format!("{name}: {trouble:?}"),
            }
        })
    }

    fn text(&mut self, address: i32) -> Result<String, String> {
        let text = self.live.run(|guest| Ok(guest.text(address))).ok().flatten().ok_or("a text leaves the memory")?;
        String::from_utf8(text).map_err(|error| error.to_string())
    }
}
