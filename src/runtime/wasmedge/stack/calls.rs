//! Who calls whom in a module, which of these calls can come back to who makes them, and what a frame takes.

use std::{collections::BTreeMap, ops::Range};

use wasmparser::{
    ElementItems, FuncToValidate, FuncValidatorAllocations, FunctionBody, Operator, OperatorsReader, Parser, Payload,
    Result, TypeRef, ValidPayload, Validator, ValidatorResources, WasmFeatures,
};

use super::MOST;

/// A frame beside its values: where to return to, registers that are kept, what the compiler puts aside. Twice what it mostly is.
const FRAME: u32 = 64;
/// A local or an operand: 8 bytes, or 16 of a vector.
const VALUE: u32 = 16;

/// The calls of a module.
pub(super) struct Calls {
    /// How many functions come before the module's own.
    imported: u32,
    /// How many globals there are, imports among them.
    globals: u32,
    functions: Vec<Function>,
    /// Functions that a table or a reference may lead to.
    taken: Vec<usize>,
}

#[derive(Default)]
struct Function {
    /// How many values its parameters and locals are.
    locals: u32,
    frame: u32,
    calls: Vec<Call>,
}

#[derive(Clone)]
struct Call {
    /// Where its operator lies in the module.
    at: Range<u64>,
    target: Target,
    /// Its caller's frame is gone when it begins.
    is_tail: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    /// By its index, imports first.
    One(u32),
    /// Whatever is taken.
    Taken,
}

/// What is written anew of a function.
#[derive(Debug, Default)]
pub(super) struct Woven {
    /// How many values its parameters and locals are.
    pub locals: u32,
    /// Its calls about which something is done, in their order.
    pub calls: Vec<(Range<u64>, Counted)>,
}

/// What is done about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// It takes so many bytes until it returns.
    By(u32),
    /// It takes none, and may go on for ever.
    Tail,
}

impl Calls {
    pub fn read(wasm: &[u8]) -> Result<Self> {
        let mut validator = Validator::new_with_features(WasmFeatures::all());
        let mut allocations = FuncValidatorAllocations::default();
        let mut calls = Self { imported: 0, globals: 0, functions: Vec::new(), taken: Vec::new() };
        let mut taken = Vec::new();
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload?;
            let found = validator.payload(&payload)?;
            match &payload {
                Payload::ImportSection(imports) => {
                    for import in imports.clone().into_imports() {
                        match import?.ty {
                            TypeRef::Func(_) | TypeRef::FuncExact(_) => calls.imported += 1,
                            TypeRef::Global(_) => calls.globals += 1,
                            _ => {}
                        }
                    }
                }
                Payload::GlobalSection(section) => {
                    for global in section.clone() {
                        calls.globals += 1;
                        taken.extend(referred(global?.init_expr.get_operators_reader())?);
                    }
                }
                Payload::ElementSection(section) => {
                    for element in section.clone() {
                        match element?.items {
                            ElementItems::Functions(functions) => {
                                taken.extend(functions.into_iter().collect::<Result<Vec<u32>>>()?);
                            }
                            ElementItems::Expressions(_, expressions) => {
                                for expression in expressions {
                                    taken.extend(referred(expression?.get_operators_reader())?);
                                }
                            }
                        }
                    }
                }
                Payload::TableSection(section) => {
                    for table in section.clone() {
                        if let wasmparser::TableInit::Expr(expression) = table?.init {
                            taken.extend(referred(expression.get_operators_reader())?);
                        }
                    }
                }
                _ => {}
            }
            if let ValidPayload::Func(function, body) = found {
                let (function, referred, kept) = Function::read(function, &body, allocations)?;
                calls.functions.push(function);
                taken.extend(referred);
                allocations = kept;
            }
        }
        calls.taken = taken.into_iter().filter_map(|index| calls.own(index)).collect();
        calls.taken.sort_unstable();
        calls.taken.dedup();
        Ok(calls)
    }

    /// A function of the module's own, by its index among all.
    fn own(&self, index: u32) -> Option<usize> {
        index.checked_sub(self.imported).map(|own| own as usize)
    }

    pub fn globals(&self) -> u32 {
        self.globals
    }

    /// In bytes.
    pub fn largest_frame(&self) -> u32 {
        self.functions.iter().map(|function| function.frame).max().unwrap_or(0)
    }

    /// The functions with calls about which something is done, by their number: calls that can come back to who makes them; all,
    /// where the frames of a chain of others could be too many; and those that take the place of their caller.
    pub fn counted(&self) -> BTreeMap<usize, Woven> {
        let component = self.components();
        let all = self.functions.iter().fold(0_u32, |sum, function| sum.saturating_add(function.frame)) > MOST;
        let bytes = self.bytes();
        let most_taken = self.taken.iter().map(|own| bytes[*own]).max().unwrap_or(0);
        let mut counted: BTreeMap<usize, Woven> = BTreeMap::new();
        for (caller, function) in self.functions.iter().enumerate() {
            for call in &function.calls {
                let (comes_back, takes) = match call.target {
                    Target::Taken if self.taken.is_empty() => continue,
                    Target::Taken => (component[self.functions.len()] == component[caller], most_taken),
                    Target::One(index) => match self.own(index) {
                        None => continue,
                        Some(own) => (component[own] == component[caller], bytes[own]),
                    },
                };
                let what = match call.is_tail {
                    true => Counted::Tail,
                    false if comes_back || all => Counted::By(takes),
                    false => continue,
                };
                let woven = counted.entry(caller).or_default();
                woven.locals = function.locals;
                woven.calls.push((call.at.clone(), what));
            }
        }
        counted
    }

    /// What a call of each function may take: its frame, or that of what takes its place.
    fn bytes(&self) -> Vec<u32> {
        let mut bytes: Vec<u32> = self.functions.iter().map(|function| function.frame).collect();
        loop {
            let most_taken = self.taken.iter().map(|own| bytes[*own]).max().unwrap_or(0);
            let mut changed = false;
            for (caller, function) in self.functions.iter().enumerate() {
                for call in function.calls.iter().filter(|call| call.is_tail) {
                    let most = match call.target {
                        Target::Taken => most_taken,
                        Target::One(index) => self.own(index).map_or(0, |own| bytes[own]),
                    };
                    if most > bytes[caller] {
                        (bytes[caller], changed) = (most, true);
                    }
                }
            }
            if !changed {
                return bytes;
            }
        }
    }

    /// Of each function, and last of the tables, which of them can reach each other both ways: they have one number
    /// (Tarjan's strongly connected components, without recursion).
    fn components(&self) -> Vec<usize> {
        let tables = self.functions.len();
        let edges: Vec<Vec<usize>> = self
            .functions
            .iter()
            .map(|function| {
                let targets = function.calls.iter().filter_map(|call| match call.target {
                    Target::One(index) => self.own(index),
                    Target::Taken => Some(tables),
                });
                targets.collect()
            })
            .chain([self.taken.clone()])
            .collect();
        const NONE: usize = usize::MAX;
        let mut component = vec![NONE; edges.len()];
        let (mut order, mut low) = (vec![NONE; edges.len()], vec![NONE; edges.len()]);
        let (mut next, mut open, mut way) = (0, Vec::new(), Vec::<(usize, usize)>::new());
        for root in 0..edges.len() {
            if order[root] != NONE {
                continue;
            }
            way.push((root, 0));
            while let Some((node, edge)) = way.pop() {
                if edge == 0 {
                    (order[node], low[node]) = (next, next);
                    next += 1;
                    open.push(node);
                }
                match edges[node].get(edge) {
                    Some(target) => {
                        way.push((node, edge + 1));
                        if order[*target] == NONE {
                            way.push((*target, 0));
                        } else if component[*target] == NONE {
                            low[node] = low[node].min(order[*target]);
                        }
                    }
                    None => {
                        if low[node] == order[node] {
                            while let Some(member) = open.pop() {
                                component[member] = node;
                                if member == node {
                                    break;
                                }
                            }
                        }
                        if let Some((caller, _)) = way.last() {
                            low[*caller] = low[*caller].min(low[node]);
                        }
                    }
                }
            }
        }
        component
    }
}

impl Function {
    /// A function, those that it takes references of, and what the next one may use again.
    fn read(
        function: FuncToValidate<ValidatorResources>,
        body: &FunctionBody<'_>,
        allocations: FuncValidatorAllocations,
    ) -> Result<(Self, Vec<u32>, FuncValidatorAllocations)> {
        let mut validator = function.into_validator(allocations);
        let mut reader = body.get_binary_reader();
        validator.read_locals(&mut reader)?;
        let (mut calls, mut referred, mut highest) = (Vec::new(), Vec::new(), 0);
        let mut operators = OperatorsReader::new(reader);
        while !operators.eof() {
            let (operator, start) = operators.read_with_offset()?;
            validator.op(start, &operator)?;
            highest = highest.max(validator.operand_stack_height());
            let (target, is_tail) = match operator {
                Operator::Call { function_index } => (Target::One(function_index), false),
                Operator::ReturnCall { function_index } => (Target::One(function_index), true),
                Operator::CallIndirect { .. } | Operator::CallRef { .. } => (Target::Taken, false),
                Operator::ReturnCallIndirect { .. } | Operator::ReturnCallRef { .. } => (Target::Taken, true),
                Operator::RefFunc { function_index } => {
                    referred.push(function_index);
                    continue;
                }
                _ => continue,
            };
            calls.push(Call { at: start..operators.original_position(), target, is_tail });
        }
        let values = validator.len_locals().saturating_add(highest);
        let frame = values.saturating_mul(VALUE).saturating_add(FRAME);
        Ok((Self { locals: validator.len_locals(), frame, calls }, referred, validator.into_allocations()))
    }
}

/// The functions that a constant expression refers to.
fn referred(operators: OperatorsReader<'_>) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for operator in operators {
        if let Operator::RefFunc { function_index } = operator? {
            found.push(function_index);
        }
    }
    Ok(found)
}
