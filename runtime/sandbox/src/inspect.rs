//! What is looked at before anything of an upload is compiled.

use wasmparser::{ComponentExternName, Encoding, Parser, Payload, TypeRef};

use crate::{CallError, Kind};

/// Interfaces that a handler may import, with the version that counts: of 0.x versions the first two numbers.
const OFFERED: [(&str, &str); 7] = [
    ("framebox:video/", "0.1"),
    ("wasi:cli/", "0.2"),
    ("wasi:clocks/", "0.2"),
    ("wasi:filesystem/", "0.2"),
    ("wasi:io/", "0.2"),
    ("wasi:random/", "0.2"),
    ("wasi:sockets/", "0.2"),
];
/// Modules and components within each other: what reads them does so recursively.
const MOST_DEEP: u32 = 128;
/// Characters of a name that are shown.
const MOST_NAME: usize = 200;
/// Names that are shown.
const MOST_NAMES: usize = 20;
const PACKAGE: &str = "framebox:video/";
const VERSION: &str = "0.1";

/// Bounds for what may be compiled: compiling is the one thing that an upload can make expensive before it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileLimits {
    /// The whole component, bytes.
    pub bytes: usize,
    /// Functions, all modules together.
    pub functions: u32,
    /// One function, bytes.
    pub body_bytes: usize,
    /// Local variables of one function.
    pub locals: u32,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self { bytes: 32 * 1024 * 1024, functions: 20_000, body_bytes: 512 * 1024, locals: 512 }
    }
}

/// Why a component is refused. The texts are for its author.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// There is nothing.
    #[error("the file is empty")]
    Empty,
    /// Larger than allowed.
    #[error("the component has {bytes} bytes; at most {limit} are allowed")]
    TooLarge {
        /// Its size, bytes.
        bytes: usize,
        /// What is allowed, bytes.
        limit: usize,
    },
    /// Something else.
    #[error("this is not WebAssembly: a component begins with the bytes 00 61 73 6d")]
    NotWasm,
    /// A module instead of a component.
    #[error("this is a core module, not a component: wrap it with `wasm-tools component new`")]
    CoreModule,
    /// Its bytes cannot be read.
    #[error("the component is damaged: {0}")]
    Malformed(String),
    /// It would take too long to compile.
    #[error("the component is too much to compile: {0}")]
    TooComplex(String),
    /// It imports what is not there.
    #[error("the component imports what is not offered here: {}", .0.join(", "))]
    Imports(Vec<String>),
    /// It speaks another version of the interface.
    #[error("the component exports {found}; this version of Framebox speaks framebox:video@{VERSION}")]
    Version {
        /// The export.
        found: String,
    },
    /// It exports none of the worlds.
    #[error("the component is no video handler: it exports neither transform, generate nor observe of framebox:video")]
    NoWorld,
    /// It exports more than one of the worlds.
    #[error("the component exports {}: a handler has exactly one of them", .0.join(" and "))]
    SeveralWorlds(Vec<String>),
    /// It exports no lifecycle.
    #[error("the component does not export framebox:video/lifecycle, which every handler has")]
    NoLifecycle,
    /// The compiler refused it.
    #[error("the component cannot be compiled: {0}")]
    Compile(String),
    /// An import or export has another type than the interface says.
    #[error("the component does not fit the interface framebox:video@{VERSION}: {0}")]
    Mismatch(String),
    /// It could not be asked for its descriptor.
    #[error("the component could not describe itself: {0}")]
    Describe(CallError),
    /// The descriptor breaks a rule.
    #[error("the component's descriptor is wrong: {0}")]
    Descriptor(String),
}

/// What a component is, read from its outside.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outline {
    pub(crate) kind: Kind,
    /// Name of the export with the function called for each frame.
    pub(crate) interface: String,
    pub(crate) imports: Vec<String>,
}

/// Looks a component over without compiling it, which takes milliseconds. What passes may still be refused later.
///
/// # Errors
/// Why it is refused, for its author.
pub fn check(bytes: &[u8], allowance: &CompileLimits) -> Result<(), LoadError> {
    inspect(bytes, allowance).map(drop)
}

/// Functions of a component, those of all its modules together; as many as can be read.
pub fn functions(bytes: &[u8]) -> u32 {
    let payloads = Parser::new(0).parse_all(bytes).map_while(Result::ok);
    payloads.fold(0, |sum, payload| match payload {
        Payload::CodeSectionStart { count, .. } => sum.saturating_add(count),
        _ => sum,
    })
}

/// Looks a component over.
pub(crate) fn inspect(bytes: &[u8], allowance: &CompileLimits) -> Result<Outline, LoadError> {
    if bytes.is_empty() {
        return Err(LoadError::Empty);
    }
    if bytes.len() > allowance.bytes {
        return Err(LoadError::TooLarge { bytes: bytes.len(), limit: allowance.bytes });
    }
    if !bytes.starts_with(b"\0asm") {
        return Err(LoadError::NotWasm);
    }
    let names = walk(bytes, allowance)?;
    outline(names)
}

#[derive(Default)]
struct Names {
    imports: Vec<String>,
    exports: Vec<String>,
}

fn walk(bytes: &[u8], allowance: &CompileLimits) -> Result<Names, LoadError> {
    let mut names = Names::default();
    let mut depth = 0_u32;
    let mut functions = 0_u32;
    // Of the module that is being read: modules hold no others.
    let mut memories = 0_u32;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(damaged)? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => return Err(LoadError::CoreModule),
            Payload::Version { .. } => memories = 0,
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let is_memory = matches!(import.map_err(damaged)?.ty, TypeRef::Memory(_));
                    one_memory(&mut memories, u32::from(is_memory))?;
                }
            }
            Payload::MemorySection(section) => one_memory(&mut memories, section.count())?,
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                depth += 1;
                if depth > MOST_DEEP {
                    return Err(LoadError::TooComplex(format!("it is nested more than {MOST_DEEP} deep")));
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
                if functions > allowance.functions {
                    let most = allowance.functions;
                    return Err(LoadError::TooComplex(format!("it has more than the {most} functions allowed")));
                }
            }
            Payload::CodeSectionEntry(body) => check_body(&body, allowance)?,
            _ => {}
        }
    }
    Ok(names)
}

/// Counts the memories of a module. What is charged for memory operations knows one.
fn one_memory(memories: &mut u32, more: u32) -> Result<(), LoadError> {
    *memories = memories.saturating_add(more);
    if *memories > 1 {
        let text = "a module of it has more than one memory: build it without the feature multi-memory";
        return Err(LoadError::TooComplex(text.to_owned()));
    }
    Ok(())
}

fn check_body(body: &wasmparser::FunctionBody<'_>, allowance: &CompileLimits) -> Result<(), LoadError> {
    let (bytes, most) = (body.range().len(), allowance.body_bytes);
    if bytes > most {
        return Err(LoadError::TooComplex(format!("one function has {bytes} bytes; at most {most} are allowed")));
    }
    let mut locals = 0_u32;
    for local in body.get_locals_reader().map_err(damaged)? {
        locals = locals.saturating_add(local.map_err(damaged)?.0);
    }
    match locals <= allowance.locals {
        true => Ok(()),
        false => {
            let most = allowance.locals;
            Err(LoadError::TooComplex(format!("one function has {locals} local variables; at most {most} are allowed")))
        }
    }
}

fn damaged(error: wasmparser::BinaryReaderError) -> LoadError {
    LoadError::Malformed(error.to_string())
}

/// Names are not yet validated: they may be long, and may hold anything.
fn name(name: &ComponentExternName<'_>) -> String {
    name.name.chars().take(MOST_NAME).flat_map(char::escape_debug).collect()
}

fn outline(names: Names) -> Result<Outline, LoadError> {
    let missing: Vec<_> = names.imports.iter().filter(|import| !is_offered(import)).take(MOST_NAMES).cloned().collect();
    if !missing.is_empty() {
        return Err(LoadError::Imports(missing));
    }
    let mut worlds = Vec::new();
    let mut lifecycle = false;
    for export in &names.exports {
        let Some((interface, version)) = export.strip_prefix(PACKAGE).and_then(|rest| rest.split_once('@')) else {
            continue;
        };
        let kind = match interface {
            "lifecycle" => None,
            "transform" => Some(Kind::Transform),
            "generate" => Some(Kind::Generator),
            "observe" => Some(Kind::Observer),
            _ => continue,
        };
        if !is_compatible(version, VERSION) {
            return Err(LoadError::Version { found: export.clone() });
        }
        match kind {
            None => lifecycle = true,
            Some(kind) => worlds.push((kind, interface, export)),
        }
    }
    match worlds[..] {
        [] => Err(LoadError::NoWorld),
        [_] if !lifecycle => Err(LoadError::NoLifecycle),
        [(kind, _, export)] => Ok(Outline { kind, interface: export.clone(), imports: names.imports }),
        _ => Err(LoadError::SeveralWorlds(worlds.iter().map(|(_, interface, _)| (*interface).to_owned()).collect())),
    }
}

fn is_offered(import: &str) -> bool {
    let Some((interface, version)) = import.split_once('@') else { return false };
    OFFERED.iter().any(|(package, offered)| interface.starts_with(package) && is_compatible(version, offered))
}

/// `0.2.6` belongs to `0.2`.
fn is_compatible(version: &str, offered: &str) -> bool {
    version.strip_prefix(offered).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline_of(imports: &[&str], exports: &[&str]) -> Result<Outline, LoadError> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        outline(Names { imports: owned(imports), exports: owned(exports) })
    }

    const LIFECYCLE: &str = "framebox:video/lifecycle@0.1.0";
    const TRANSFORM: &str = "framebox:video/transform@0.1.0";
    const OBSERVE: &str = "framebox:video/observe@0.1.2";

    #[test]
    fn the_kind_is_told_from_the_exports_and_extra_ones_are_tolerated() {
        let outline = outline_of(&["wasi:io/poll@0.2.6"], &["exports", OBSERVE, LIFECYCLE]).unwrap();
        assert_eq!((outline.kind, outline.interface.as_str()), (Kind::Observer, OBSERVE));
        assert_eq!(outline.imports, ["wasi:io/poll@0.2.6"]);
    }

    #[test]
    fn each_refusal_says_what_is_wrong() {
        for (imports, exports, text) in [
            (&[][..], &[LIFECYCLE][..], "neither transform, generate nor observe"),
            (&[], &[TRANSFORM], "does not export framebox:video/lifecycle"),
            (&[], &[LIFECYCLE, TRANSFORM, OBSERVE], "exports transform and observe"),
            (&[], &[LIFECYCLE, "framebox:video/transform@0.2.0"], "transform@0.2.0; this version"),
            (&[], &[LIFECYCLE, "framebox:video/transform@0.10.0"], "transform@0.10.0; this version"),
            (&["wasi:http/types@0.2.0", "wasi:cli/exit@0.2.0"], &[], "not offered here: wasi:http/types@0.2.0"),
            (&["wasi:io/poll@0.3.0"], &[], "wasi:io/poll@0.3.0"),
            (&["print"], &[], "not offered here: print"),
        ] {
            let refused = outline_of(imports, exports).unwrap_err().to_string();
            assert!(refused.contains(text), "{refused:?} should say {text:?}");
        }
    }

    #[test]
    fn other_files_are_told_apart() {
        let allowance = CompileLimits { bytes: 100, ..CompileLimits::default() };
        for (bytes, refused) in [
            (&b""[..], LoadError::Empty),
            (&[0; 101], LoadError::TooLarge { bytes: 101, limit: 100 }),
            (b"\x7fELF", LoadError::NotWasm),
            (b"(component)", LoadError::NotWasm),
            (b"\0asm\x01\0\0\0", LoadError::CoreModule),
            (b"\0asm\x0d\0\x01\0", LoadError::NoWorld),
        ] {
            assert_eq!(inspect(bytes, &allowance), Err(refused), "{bytes:?}");
        }
        assert!(matches!(inspect(b"\0asm\x0d\0\x01\0\x07", &allowance), Err(LoadError::Malformed(_))));
    }
}
