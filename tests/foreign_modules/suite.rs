//! The modules of a suite: every one in its files, once, with something to begin.

use std::{collections::HashSet, fs, path::Path};

use wasmparser::{CompositeInnerType, ExternalKind, Parser, Payload, TypeRef};
use wast::{
    QuoteWat, Wast, WastDirective, WastExecute, Wat,
    parser::{self, ParseBuffer},
};

pub struct Module {
    /// Its file, and its number in it.
    pub name: String,
    pub wasm: Vec<u8>,
}

/// All below `directory`, in the order of their names.
pub fn modules(directory: &Path) -> Vec<Module> {
    let mut known = HashSet::new();
    let mut all = Vec::new();
    for path in files(directory) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let name = path.strip_prefix(directory).expect("below it").display().to_string();
        for (number, wasm) in of_file(&text).into_iter().enumerate() {
            let begun = beginning(&wasm);
            let wasm = begun.unwrap_or(wasm);
            if known.insert(wasm.clone()) {
                all.push(Module { name: format!("{name}, {number}"), wasm });
            }
        }
    }
    all
}

fn files(directory: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "wast") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Those that can be encoded at all, wrong ones among them. A file of a proposal that the parser does not know has none.
fn of_file(text: &str) -> Vec<Vec<u8>> {
    let Ok(buffer) = ParseBuffer::new(text) else { return Vec::new() };
    let Ok(wast) = parser::parse::<Wast<'_>>(&buffer) else { return Vec::new() };
    let encoded = wast.directives.into_iter().filter_map(|directive| {
        let mut module = match directive {
            WastDirective::Module(module)
            | WastDirective::ModuleDefinition(module)
            | WastDirective::AssertMalformed { module, .. }
            | WastDirective::AssertInvalid { module, .. }
            | WastDirective::AssertInvalidCustom { module, .. }
            | WastDirective::AssertMalformedCustom { module, .. } => module,
            WastDirective::AssertUnlinkable { module, .. } => QuoteWat::Wat(module),
            WastDirective::AssertTrap { exec: WastExecute::Wat(module), .. }
            | WastDirective::AssertException { exec: WastExecute::Wat(module), .. } => QuoteWat::Wat(module),
            _ => return None,
        };
        if matches!(module, QuoteWat::Wat(Wat::Component(_)) | QuoteWat::QuoteComponent(..)) {
            return None;
        }
        module.encode().ok()
    });
    encoded.collect()
}

/// Sections in the order that they must have.
const ORDER: [u8; 13] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
const TYPES: u8 = 1;
const FUNCTIONS: u8 = 3;
const EXPORTS: u8 = 7;
const CODE: u8 = 10;

/// The module with a `_start` that calls what it exports and needs no parameter, where it is one that can be read.
fn beginning(wasm: &[u8]) -> Option<Vec<u8>> {
    let (mut types, mut functions, mut exported, mut sections) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.ok()?;
        match &payload {
            Payload::TypeSection(section) => {
                for group in section.clone() {
                    types.extend(group.ok()?.into_types().map(|ty| match ty.composite_type.inner {
                        CompositeInnerType::Func(of) => Some((of.params().len(), of.results().len())),
                        _ => None,
                    }));
                }
            }
            Payload::ImportSection(section) => {
                for import in section.clone().into_imports() {
                    if let TypeRef::Func(ty) | TypeRef::FuncExact(ty) = import.ok()?.ty {
                        functions.push(ty);
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section.clone() {
                    functions.push(ty.ok()?);
                }
            }
            Payload::ExportSection(section) => {
                for export in section.clone() {
                    let export = export.ok()?;
                    if export.name == "_start" {
                        return None;
                    }
                    if export.kind == ExternalKind::Func {
                        exported.push(export.index);
                    }
                }
            }
            _ => {}
        }
        if let Some((id, range)) = payload.as_section().filter(|(id, _)| *id != 0) {
            sections.push((id, wasm.get(range.start as usize..range.end as usize)?.to_vec()));
        }
    }
    let mut body = vec![0];
    for index in exported {
        if let Some(Some((0, results))) = types.get(*functions.get(index as usize)? as usize) {
            body.push(0x10);
            body.extend(leb(index as usize));
            body.extend(std::iter::repeat_n(0x1a, *results));
        }
    }
    body.push(0x0b);
    let mut sized = leb(body.len());
    sized.extend(body);
    let mut export = leb(6);
    export.extend(b"_start\0");
    export.extend(leb(functions.len()));
    for (id, item) in [(TYPES, vec![0x60, 0, 0]), (FUNCTIONS, leb(types.len())), (EXPORTS, export), (CODE, sized)] {
        append(&mut sections, id, &item)?;
    }
    let mut written = wasm[..8].to_vec();
    for (id, content) in sections {
        written.push(id);
        written.extend(leb(content.len()));
        written.extend(content);
    }
    Some(written)
}

/// One more item in a section that is a list.
fn append(sections: &mut Vec<(u8, Vec<u8>)>, id: u8, item: &[u8]) -> Option<()> {
    if !sections.iter().any(|(of, _)| *of == id) {
        let place = |id: u8| ORDER.iter().position(|of| *of == id);
        let at = sections.iter().position(|(of, _)| place(*of) > place(id)).unwrap_or(sections.len());
        sections.insert(at, (id, vec![0]));
    }
    let (_, content) = sections.iter_mut().find(|(of, _)| *of == id)?;
    let (mut count, mut length) = (0, 0);
    for byte in content.iter() {
        count |= usize::from(byte & 0x7f) << (7 * length);
        length += 1;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let mut list = leb(count + 1);
    list.extend(&content[length..]);
    list.extend(item);
    *content = list;
    Some(())
}

fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}
