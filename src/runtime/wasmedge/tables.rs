//! What a module's tables can come to: the engine has no limit for them, so what could exceed it is refused before it runs.

use wasmparser::{Operator, Parser, Payload, Result, TypeRef};

/// The most elements that the tables of a module can hold together: those it begins with, and where its code makes a table
/// grow, as many as that one may. `None` where it is no module, which the engine says better.
pub(super) fn most_elements(wasm: &[u8]) -> Option<u64> {
    read(wasm).ok()
}

fn read(wasm: &[u8]) -> Result<u64> {
    let (mut tables, mut growing) = (Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    if let TypeRef::Table(table) = import?.ty {
                        tables.push(table);
                    }
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    tables.push(table?.ty);
                }
            }
            Payload::CodeSectionEntry(body) => {
                for operator in body.get_operators_reader()? {
                    if let Operator::TableGrow { table } = operator? {
                        growing.push(table as usize);
                    }
                }
            }
            _ => {}
        }
    }
    let most = tables.iter().enumerate().map(|(index, table)| match table.maximum {
        _ if !growing.contains(&index) => table.initial,
        Some(maximum) => maximum,
        None => u64::MAX,
    });
    Ok(most.fold(0, u64::saturating_add))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_counts_as_much_as_it_may() {
        let most = |text: &str| most_elements(&wat::parse_str(format!("(module {text})")).unwrap());
        let grow = "(func (drop (table.grow $t (ref.null func) (i32.const 1))))";
        assert_eq!(most(""), Some(0));
        assert_eq!(most("(table 10 funcref) (table 5 100 externref)"), Some(15));
        assert_eq!(most(&format!("(table 7 funcref) (table $t 5 100 funcref) {grow}")), Some(107));
        assert_eq!(most(&format!("(table 7 funcref) (table $t 5 funcref) {grow}")), Some(u64::MAX));
        assert_eq!(most_elements(b"no module"), None);
    }
}
