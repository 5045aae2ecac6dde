//! Splits long `memory.fill` and `memory.copy` operations into pieces before compilation.
//!
//! One such instruction over a guest's whole memory takes tens of milliseconds and cannot be interrupted, because the engine
//! checks deadlines only between instructions. So each becomes a call to a function, added to the module, that does the
//! same piece by piece. Operations whose length is a small constant stay as they are and compile to a few moves.

use std::ops::Range;

use wasm_encoder::{BlockType, Function, InstructionSink, ValType};
use wasmparser::{BinaryReaderError, FunctionBody, Operator, Parser, Payload, TypeRef};

/// Version of this transformation. Code compiled with another version is not reused.
pub(crate) const VERSION: u32 = 1;
/// Size of a piece, bytes.
const PIECE: i32 = 256 * 1024;

/// Section numbers in modules and in components.
const TYPES: u8 = 1;
const FUNCTIONS: u8 = 3;
const CODE: u8 = 10;
const COMPONENT_MODULE: u8 = 1;
const COMPONENT_COMPONENT: u8 = 4;
/// Magic number, version and layer.
const HEADER: usize = 8;

type Result<T> = std::result::Result<T, BinaryReaderError>;

/// Returns `component` with the long operations of all its modules split.
pub(crate) fn split(component: &[u8]) -> Result<Vec<u8>> {
    let mut out = component.get(..HEADER).unwrap_or(component).to_vec();
    let sections = Sections { bytes: component, at: HEADER };
    for (id, contents) in sections {
        match id {
            COMPONENT_MODULE => section(&mut out, id, &split_module(contents)?),
            // The depth of nesting was checked before.
            COMPONENT_COMPONENT => section(&mut out, id, &split(contents)?),
            _ => section(&mut out, id, contents),
        }
    }
    Ok(out)
}

/// Iterates over the sections of a module or a component: their numbers and contents.
struct Sections<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Sections<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let id = *self.bytes.get(self.at)?;
        let (length, begin) = read_number(self.bytes, self.at + 1)?;
        let contents = self.bytes.get(begin..begin.checked_add(length)?)?;
        self.at = begin + length;
        Some((id, contents))
    }
}

fn read_number(bytes: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let mut number = 0;
    for shift in (0..35).step_by(7) {
        let byte = *bytes.get(at)?;
        at += 1;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some((usize::try_from(number).ok()?, at));
        }
    }
    None
}

fn write_number(out: &mut Vec<u8>, mut number: usize) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn section(out: &mut Vec<u8>, id: u8, contents: &[u8]) {
    out.push(id);
    write_number(out, contents.len());
    out.extend_from_slice(contents);
}

/// Facts about a module, from a first pass over it.
#[derive(Default)]
struct Module<'a> {
    /// Number of types.
    types: u32,
    /// Number of functions, including imported ones.
    functions: u32,
    /// Number of code sections. The compiler rejects modules with more than one.
    codes: u32,
    bodies: Vec<FunctionBody<'a>>,
}

/// The function that replaces an operation. The order is that of the functions in the module.
#[derive(Clone, Copy)]
enum Helper {
    Fill,
    Copy,
}

/// Returns a module with its long operations replaced by calls.
fn split_module(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut module = Module::default();
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::TypeSection(types) => {
                for group in types {
                    module.types = module.types.saturating_add(group?.types().len() as u32);
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let is_function = matches!(import?.ty, TypeRef::Func(_) | TypeRef::FuncExact(_));
                    module.functions = module.functions.saturating_add(u32::from(is_function));
                }
            }
            // The compiler rejects a wrong count.
            Payload::FunctionSection(functions) => {
                module.functions = module.functions.saturating_add(functions.count());
            }
            Payload::CodeSectionStart { .. } => module.codes += 1,
            Payload::CodeSectionEntry(body) => module.bodies.push(body),
            _ => {}
        }
    }
    let operations = module.bodies.iter().map(long_operations).collect::<Result<Vec<_>>>()?;
    if module.codes > 1 || operations.iter().all(Vec::is_empty) {
        return Ok(bytes.to_vec());
    }
    let mut out = bytes[..HEADER].to_vec();
    for (id, contents) in (Sections { bytes, at: HEADER }) {
        match id {
            // func (param i32 i32 i32)
            TYPES => section(&mut out, id, &appended(contents, &[&[0x60, 3, 0x7f, 0x7f, 0x7f, 0]])),
            FUNCTIONS => {
                let mut number = Vec::new();
                write_number(&mut number, module.types as usize);
                section(&mut out, id, &appended(contents, &[&number, &number]));
            }
            CODE => section(&mut out, id, &code(bytes, &module, &operations)),
            _ => section(&mut out, id, contents),
        }
    }
    Ok(out)
}

/// Returns an encoded list, which begins with its length, with `more` appended.
fn appended(list: &[u8], more: &[&[u8]]) -> Vec<u8> {
    let Some((count, begin)) = read_number(list, 0) else { return list.to_vec() };
    let mut out = Vec::with_capacity(list.len() + 16);
    // A group of types counts as one entry of the list.
    write_number(&mut out, count + more.len());
    out.extend_from_slice(&list[begin..]);
    more.iter().for_each(|more| out.extend_from_slice(more));
    out
}

/// Returns where a function body has operations that may be long.
fn long_operations(body: &FunctionBody<'_>) -> Result<Vec<(Range<usize>, Helper)>> {
    let mut operators = body.get_operators_reader()?;
    let (mut found, mut constant) = (Vec::new(), None);
    while !operators.eof() {
        let begin = operators.original_position();
        let operator = operators.read()?;
        let helper = match operator {
            Operator::MemoryFill { mem: 0 } => Some(Helper::Fill),
            Operator::MemoryCopy { dst_mem: 0, src_mem: 0 } => Some(Helper::Copy),
            _ => None,
        };
        if let Some(helper) = helper
            && !constant.is_some_and(|length| (0..=PIECE).contains(&length))
        {
            found.push((begin..operators.original_position(), helper));
        }
        constant = if let Operator::I32Const { value } = operator { Some(value) } else { None };
    }
    Ok(found)
}

/// Returns the code section with calls instead of long operations, and with the called functions appended.
fn code(bytes: &[u8], module: &Module<'_>, operations: &[Vec<(Range<usize>, Helper)>]) -> Vec<u8> {
    let mut out = Vec::new();
    write_number(&mut out, module.bodies.len() + 2);
    for (body, operations) in module.bodies.iter().zip(operations) {
        let whole = body.range();
        let (mut encoded, mut at) = (Vec::with_capacity(whole.len() + operations.len() * 4), whole.start);
        for (operation, helper) in operations {
            encoded.extend_from_slice(&bytes[at..operation.start]);
            InstructionSink::new(&mut encoded).call(module.functions.saturating_add(*helper as u32));
            at = operation.end;
        }
        encoded.extend_from_slice(&bytes[at..whole.end]);
        write_number(&mut out, encoded.len());
        out.extend(encoded);
    }
    for helper in [fill(), copy()] {
        let helper = helper.into_raw_body();
        write_number(&mut out, helper.len());
        out.extend(helper);
    }
    out
}

// The parameters of both functions.
const TO: u32 = 0;
const FROM: u32 = 1;
const LENGTH: u32 = 2;

/// Returns a function that fills from the front. An access outside memory traps, possibly in a later piece.
fn fill() -> Function {
    let mut function = Function::new::<[(u32, ValType); 0]>([]);
    let mut sink = function.instructions();
    pieces(&mut sink, |sink| {
        sink.local_get(TO).local_get(FROM).i32_const(PIECE).memory_fill(0);
        sink.local_get(TO).i32_const(PIECE).i32_add().local_set(TO);
        shorten(sink);
    });
    sink.local_get(TO).local_get(FROM).local_get(LENGTH).memory_fill(0).end();
    function
}

/// Returns a function that copies from the front when it copies to a lower address, and from the end otherwise, so that no
/// byte is overwritten before it is copied.
fn copy() -> Function {
    let mut function = Function::new::<[(u32, ValType); 0]>([]);
    let mut sink = function.instructions();
    sink.local_get(TO).local_get(FROM).i32_le_u().if_(BlockType::Empty);
    pieces(&mut sink, |sink| {
        sink.local_get(TO).local_get(FROM).i32_const(PIECE).memory_copy(0, 0);
        sink.local_get(TO).i32_const(PIECE).i32_add().local_set(TO);
        sink.local_get(FROM).i32_const(PIECE).i32_add().local_set(FROM);
        shorten(sink);
    });
    sink.else_();
    pieces(&mut sink, |sink| {
        shorten(sink);
        sink.local_get(TO).local_get(LENGTH).i32_add();
        sink.local_get(FROM).local_get(LENGTH).i32_add().i32_const(PIECE).memory_copy(0, 0);
    });
    sink.end();
    sink.local_get(TO).local_get(FROM).local_get(LENGTH).memory_copy(0, 0).end();
    function
}

/// Emits a loop that runs `piece` while more than one piece is left.
fn pieces(sink: &mut InstructionSink<'_>, piece: impl FnOnce(&mut InstructionSink<'_>)) {
    sink.block(BlockType::Empty).loop_(BlockType::Empty);
    sink.local_get(LENGTH).i32_const(PIECE).i32_le_u().br_if(1);
    piece(sink);
    sink.br(0).end().end();
}

/// Emits the subtraction of a piece from the length.
fn shorten(sink: &mut InstructionSink<'_>) {
    sink.local_get(LENGTH).i32_const(PIECE).i32_sub().local_set(LENGTH);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_valid(module: &[u8]) -> bool {
        wasmtime::Module::validate(&wasmtime::Engine::default(), module).is_ok()
    }

    #[test]
    fn only_operations_that_may_be_long_are_split() {
        let module = |length: &str| {
            let text = format!(
                "(module (import \"a\" \"b\" (func)) (rec (type (func)) (type (func (param i64)))) (memory 1)
                   (func (param i32) (memory.fill (i32.const 0) (i32.const 1) {length})))"
            );
            wat::parse_str(text).unwrap()
        };
        for (length, changes) in [
            ("(i32.const 100)", false),
            ("(i32.const 262144)", false),
            ("(i32.const 262145)", true),
            ("(i32.const -1)", true),
            ("(local.get 0)", true),
        ] {
            let before = module(length);
            let after = split_module(&before).unwrap();
            assert_eq!(after != before, changes, "{length}");
            assert!(is_valid(&after), "{length}");
            assert_eq!(
                split_module(&after).unwrap().len() > after.len(),
                changes,
                "added functions are split like the others"
            );
        }
    }

    #[test]
    fn invalid_modules_stay_invalid_and_unchanged() {
        let good = wat::parse_str(
            "(module (memory 1) (func (param i32) (memory.fill (i32.const 0) (i32.const 1) (local.get 0))))",
        );
        let mut twice = good.unwrap();
        let (id, code) = Sections { bytes: &twice, at: HEADER }.find(|(id, _)| *id == CODE).unwrap();
        let code = code.to_vec();
        section(&mut twice, id, &code);
        // Some parsers reject it at once; otherwise the compiler does.
        if let Ok(split) = split_module(&twice) {
            assert_eq!(split, twice);
        }
        assert!(!is_valid(&twice));
    }
}
