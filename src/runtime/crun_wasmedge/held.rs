//! A module that waits, once it has said ready, as a native program does.
//!
//! crun's handler runs `_start` and ends with it, and with it ends the container: what is ready could not be held, which
//! memory, density and CPU at rest are measured by. So that the image has the module with a few instructions more, which
//! wait in `fd_read` for the end of standard input when `_start` has returned, or when it ends with status 0, and has written
//! a reading to standard output. They count what is written there, after it is written; so that before the reading is out one
//! call more is made, and nothing else.

use std::{borrow::Cow, convert::Infallible};

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, EntityType, ExportKind, ExportSection, Function, FunctionSection, GlobalSection,
    GlobalType, ImportSection, MemArg, MemArgTarget, Module, SectionId, TypeSection, ValType,
    reencode::{self, Error, Reencode},
};
use wasmparser::{
    CodeSectionReader, Export, ExternalKind, FunctionSectionReader, GlobalSectionReader, ImportSectionReader, Parser,
    Payload, TypeRef, TypeSectionReader, Validator, types::EntityType as Validated,
};

use crate::runtime::{
    RuntimeError,
    wasi::MODULE,
    wasm::{Job, Shape},
};

/// What the ready protocol names.
const START: &str = "_start";

/// The module with its wait. One that does not import `fd_write` can never say ready, and stays as it is.
///
/// # Errors
/// [`RuntimeError::Invalid`] when it is no valid module, or not what the ready protocol asks for.
pub(super) fn waiting<'a>(job: &Job, wasm: &'a [u8]) -> Result<Cow<'a, [u8]>, RuntimeError> {
    let seen = Seen::of(wasm).map_err(|error| job.invalid(error.to_string()))?;
    job.check(seen.shape)?;
    // A `_start` that is an import is none that any host has.
    if seen.writes.is_empty() || seen.start < seen.imported {
        return Ok(Cow::Borrowed(wasm));
    }
    let mut module = Module::new();
    let made = Waiting(seen).parse_core_module(&mut module, Parser::new(0), wasm);
    made.map_err(|error| job.invalid(error.to_string()))?;
    Ok(Cow::Owned(module.finish()))
}

/// What is to be known of a module before it is written anew.
struct Seen {
    shape: Shape,
    types: u32,
    /// Functions that it imports.
    imported: u32,
    /// All functions.
    functions: u32,
    /// The function that is exported as `_start`.
    start: u32,
    /// Global variables.
    globals: u32,
    /// Whether it has a section of them.
    has_globals: bool,
    /// The imports that write: one, unless it is written oddly.
    writes: Vec<u32>,
    /// The imports that end it.
    exits: Vec<u32>,
}

impl Seen {
    fn of(wasm: &[u8]) -> wasmparser::Result<Self> {
        let types = Validator::new().validate_all(wasm)?;
        let types = types.as_ref();
        let mut shape = Shape { start: false, memory: false, wasi: false };
        for (name, entity) in types.core_exports().into_iter().flatten() {
            match entity {
                Validated::Func(id) if name == START => {
                    let function = types[id].unwrap_func();
                    shape.start = function.params().is_empty() && function.results().is_empty();
                }
                Validated::Memory(_) if name == "memory" => shape.memory = true,
                _ => {}
            }
        }
        let (mut imported, mut start, mut has_globals) = (0, 0, false);
        let (mut writes, mut exits) = (Vec::new(), Vec::new());
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        shape.wasi |= import.module == MODULE;
                        if let TypeRef::Func(_) | TypeRef::FuncExact(_) = import.ty {
                            match (import.module, import.name) {
                                (MODULE, "fd_write") => writes.push(imported),
                                (MODULE, "proc_exit") => exits.push(imported),
                                _ => {}
                            }
                            imported += 1;
                        }
                    }
                }
                Payload::GlobalSection(_) => has_globals = true,
                Payload::ExportSection(section) => {
                    for export in section {
                        let Export { name, kind, index } = export?;
                        if name == START && kind == ExternalKind::Func {
                            start = index;
                        }
                    }
                }
                _ => {}
            }
        }
        let (functions, globals) = (types.function_count(), types.global_count());
        let types = types.core_type_count_in_module();
        Ok(Self { shape, types, imported, functions, start, globals, has_globals, writes, exits })
    }
}

/// Writes a module anew: an import more behind its own, a global variable more, and four functions.
struct Waiting(Seen);

/// The imports that it adds.
const ADDED: u32 = 1;

/// What a reading takes, in bytes.
const READING: i32 = 8;

impl Waiting {
    /// The import that is added: `fd_read`.
    fn read(&self) -> u32 {
        self.0.imported
    }

    /// The functions that are added, in this order: the wait, what is called for `_start`, for `fd_write`, for `proc_exit`.
    fn wait(&self) -> u32 {
        self.0.functions + ADDED
    }

    fn start(&self) -> u32 {
        self.wait() + 1
    }

    fn write(&self) -> u32 {
        self.wait() + 2
    }

    fn end(&self) -> u32 {
        self.wait() + 3
    }

    fn moved(&self, function: u32) -> u32 {
        if function < self.0.imported { function } else { function + ADDED }
    }

    /// How many bytes went to standard output.
    fn written() -> GlobalType {
        GlobalType { val_type: ValType::I32, mutable: true, shared: false }
    }

    /// Reads standard input to its end, if a reading is out. Nothing runs after it, so that the memory may be written over:
    /// one part of 8 bytes, of address 16, is at 0, and how much was read is at 8.
    fn wait_body(&self) -> Function {
        let mut body = Function::new([]);
        let mut code = body.instructions();
        code.block(BlockType::Empty).global_get(self.0.globals).i32_const(READING).i32_lt_u().br_if(0);
        code.loop_(BlockType::Empty);
        code.i32_const(0).i32_const(16).i32_store(at(0)).i32_const(0).i32_const(8).i32_store(at(4));
        code.i32_const(0).i32_const(0).i32_const(1).i32_const(8).call(self.read()).br_if(1);
        code.i32_const(0).i32_load(at(8)).br_if(0).end().end().end();
        body
    }

    fn start_body(&self) -> Function {
        let mut body = Function::new([]);
        body.instructions().call(self.moved(self.0.start)).call(self.wait()).end();
        body
    }

    /// Parameters: descriptor, parts, how many, and where to tell how much was written.
    fn write_body(&self) -> Function {
        let mut body = Function::new([(1, ValType::I32)]);
        let mut code = body.instructions();
        code.local_get(0).local_get(1).local_get(2).local_get(3).call(self.0.writes[0]).local_tee(4);
        code.i32_eqz().local_get(0).i32_const(1).i32_eq().i32_and().if_(BlockType::Empty);
        code.global_get(self.0.globals).local_get(3).i32_load(at(0)).i32_add().global_set(self.0.globals).end();
        code.local_get(4).end();
        body
    }

    fn end_body(&self, exit: u32) -> Function {
        let mut body = Function::new([]);
        let mut code = body.instructions();
        code.local_get(0).i32_eqz().if_(BlockType::Empty).call(self.wait()).end().local_get(0).call(exit).end();
        body
    }
}

/// In the first memory, four bytes in a row.
fn at(offset: u64) -> MemArg {
    MemArg { offset, align: 2, target: MemArgTarget::Memory(0), ordering: None }
}

impl Reencode for Waiting {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Infallible>> {
        Ok(match function {
            it if self.0.writes.contains(&it) => self.write(),
            it if self.0.exits.contains(&it) => self.end(),
            it => self.moved(it),
        })
    }

    /// Where there is no section of global variables, one comes before that of the exports, which is there.
    fn intersperse_section_hook(
        &mut self,
        module: &mut Module,
        _: Option<SectionId>,
        before: Option<SectionId>,
    ) -> Result<(), Error<Infallible>> {
        if before == Some(SectionId::Export) && !self.0.has_globals {
            let mut globals = GlobalSection::new();
            globals.global(Self::written(), &ConstExpr::i32_const(0));
            module.section(&globals);
        }
        Ok(())
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: GlobalSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        reencode::utils::parse_global_section(self, globals, section)?;
        globals.global(Self::written(), &ConstExpr::i32_const(0));
        Ok(())
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: TypeSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        reencode::utils::parse_type_section(self, types, section)?;
        types.ty().function([ValType::I32; 4], [ValType::I32]);
        types.ty().function([], []);
        types.ty().function([ValType::I32], []);
        Ok(())
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        reencode::utils::parse_import_section(self, imports, section)?;
        imports.import(MODULE, "fd_read", EntityType::Function(self.0.types));
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        reencode::utils::parse_function_section(self, functions, section)?;
        let [write, nothing, end] = [0, 1, 2].map(|of| self.0.types + of);
        functions.function(nothing).function(nothing).function(write);
        if !self.0.exits.is_empty() {
            functions.function(end);
        }
        Ok(())
    }

    fn parse_export(&mut self, exports: &mut ExportSection, export: Export<'_>) -> Result<(), Error<Infallible>> {
        if export.name == START {
            exports.export(START, ExportKind::Func, self.start());
            return Ok(());
        }
        reencode::utils::parse_export(self, exports, export)
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        reencode::utils::parse_code_section(self, code, section)?;
        code.function(&self.wait_body()).function(&self.start_body()).function(&self.write_body());
        if let Some(&exit) = self.0.exits.first() {
            code.function(&self.end_body(exit));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::Limits;

    fn job() -> Job {
        Job { subject: "crun+wasmedge".parse().unwrap(), workload: "x".to_owned(), limits: Limits::default() }
    }

    fn made(text: &str) -> Vec<u8> {
        waiting(&job(), &wat::parse_str(text).unwrap()).unwrap().into_owned()
    }

    const FD_WRITE: &str =
        r#"(import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))"#;

    /// Every place that names a function: calls, exports, elements, what runs first, and the values of globals.
    #[test]
    fn what_is_made_is_valid_and_means_the_same() {
        let exit = r#"(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))"#;
        for (imports, globals) in [
            (FD_WRITE.to_owned(), ""),
            (format!("{FD_WRITE} {exit}"), "(global $g funcref (ref.func $f))"),
            (format!("{exit} {FD_WRITE}"), "(global i32 (i32.const 7))"),
        ] {
            let text = format!(
                r#"(module {imports} (memory (export "memory") 1) (table 2 funcref) {globals}
                (func $first) (func $f (export "_start") call $g (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
                (func $g (export "g")) (start $first) (elem (i32.const 0) $g $write))"#
            );
            let before = Seen::of(&wat::parse_str(&text).unwrap()).unwrap();
            let made = made(&text);
            let after = Seen::of(&made).expect("a valid module");
            assert_eq!(after.imported, before.imported + 1);
            assert_eq!(after.functions, before.functions + 4 + u32::from(!before.exits.is_empty()));
            assert_eq!((after.globals, after.start), (before.globals + 1, before.functions + 2));
            assert_eq!(
                (after.writes, after.exits),
                (before.writes, before.exits),
                "its own imports are where they were"
            );
            assert!(after.shape.start && after.shape.memory && after.shape.wasi);
        }
    }

    #[test]
    fn what_can_never_say_ready_is_as_it_was() {
        for text in [
            r#"(module (memory (export "memory") 1) (func (export "_start") unreachable))"#,
            r#"(module (import "env" "x" (func $x)) (func (export "_start") call $x))"#,
        ] {
            assert_eq!(made(text), wat::parse_str(text).unwrap());
        }
    }

    #[test]
    fn every_part_of_a_module_is_taken_or_refused() {
        let whole = wat::parse_str(include_str!("../../../fixtures/workloads/ready-exit-0.wat")).unwrap();
        for length in 0..whole.len() {
            if let Ok(made) = waiting(&job(), &whole[..length]) {
                assert!(Seen::of(&made).is_ok(), "{length}");
            }
        }
        for index in 0..whole.len() {
            for bit in 0..8 {
                let mut altered = whole.clone();
                altered[index] ^= 1 << bit;
                if let Ok(made) = waiting(&job(), &altered) {
                    assert!(Seen::of(&made).is_ok(), "bit {bit} of {index}");
                }
            }
        }
    }
}
