//! Walks over the binary format of a component and checks it against the compile limits.

use wasmparser::{ComponentExternName, Encoding, Parser, Payload, TypeRef};

use super::error::LoadError;
use super::limits::CompileLimits;

/// Nesting of modules and components, at most: they are read recursively.
const MAX_DEPTH: u32 = 128;
/// Characters of a name that are kept.
const MAX_NAME: usize = 200;

/// The names of a component's imports and exports.
#[derive(Default)]
pub(super) struct Names {
    pub(super) imports: Vec<String>,
    pub(super) exports: Vec<String>,
}

/// Reads a component's names, and fails if it exceeds the limits.
pub(super) fn walk(bytes: &[u8], limits: &CompileLimits) -> Result<Names, LoadError> {
    let mut names = Names::default();
    let mut depth = 0_u32;
    let mut functions = 0_u32;
    // Memories of the current module: modules do not nest.
    let mut memories = 0_u32;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(damaged)? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => return Err(LoadError::CoreModule),
            Payload::Version { .. } => memories = 0,
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let is_memory = matches!(import.map_err(damaged)?.ty, TypeRef::Memory(_));
                    count_memories(&mut memories, u32::from(is_memory))?;
                }
            }
            Payload::MemorySection(section) => count_memories(&mut memories, section.count())?,
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(LoadError::TooComplex(format!(
                        "modules and components are nested more than {MAX_DEPTH} levels deep"
                    )));
                }
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(imports) if depth == 0 => {
                for import in imports {
                    names.imports.push(name(&import.map_err(damaged)?.name));
                }
            }
            Payload::ComponentExportSection(exports) if depth == 0 => {
                for export in exports {
                    names.exports.push(name(&export.map_err(damaged)?.name));
                }
            }
            Payload::CodeSectionStart { count, .. } => {
                functions = functions.saturating_add(count);
                if functions > limits.functions {
                    let max = limits.functions;
                    return Err(LoadError::TooComplex(format!("it has more than the {max} functions allowed")));
                }
            }
            Payload::CodeSectionEntry(body) => check_body(&body, limits)?,
            _ => {}
        }
    }
    Ok(names)
}

/// Counts the memories of a module, which may have one: fuel is charged for operations on the first one only.
fn count_memories(memories: &mut u32, more: u32) -> Result<(), LoadError> {
    *memories = memories.saturating_add(more);
    if *memories > 1 {
        let text = "one of its modules has more than one memory; build it without the feature multi-memory";
        return Err(LoadError::TooComplex(text.to_owned()));
    }
    Ok(())
}

fn check_body(body: &wasmparser::FunctionBody<'_>, limits: &CompileLimits) -> Result<(), LoadError> {
    let (bytes, max) = (body.range().len(), limits.body_bytes);
    if bytes > max {
        return Err(LoadError::TooComplex(format!("one function has {bytes} bytes; at most {max} are allowed")));
    }
    let mut locals = 0_u32;
    for local in body.get_locals_reader().map_err(damaged)? {
        locals = locals.saturating_add(local.map_err(damaged)?.0);
    }
    match locals <= limits.locals {
        true => Ok(()),
        false => {
            let max = limits.locals;
            Err(LoadError::TooComplex(format!("one function has {locals} local variables; at most {max} are allowed")))
        }
    }
}

fn damaged(error: wasmparser::BinaryReaderError) -> LoadError {
    LoadError::Malformed(error.to_string())
}

/// Returns a name, truncated and escaped: names are not validated yet.
fn name(name: &ComponentExternName<'_>) -> String {
    name.name.chars().take(MAX_NAME).flat_map(char::escape_debug).collect()
}
