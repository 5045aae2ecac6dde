//! What a handler declares about itself, and the values that viewers give to its parameters and that it puts itself.

use arbitrary::{Result, Unstructured};
use framebox_picture::Size;
use framebox_sandbox::descriptor::{Descriptor, Output, OutputKind};
use framebox_sandbox::parameter::{Choice, Kind, Parameter};
use framebox_sandbox::{Json as Text, MemoryAccount, Value};
use serde_json::Value as Json;

use crate::allocation::{FIXED, within};

/// Memory that a byte of input may take as a descriptor or as a tree of JSON, bytes.
const GROWTH: usize = 512;

/// Memory of a value beside its text, bytes.
const OVERHEAD: usize = 4096;

/// A descriptor is refused in few words, or it is shown as JSON and read again as the same, its defaults are values that it
/// accepts, and what it accepts of a viewer it accepts again.
pub fn run(data: &[u8]) {
    within(FIXED + GROWTH * data.len(), || {
        let mut input = Unstructured::new(data);
        let Ok(descriptor) = descriptor(&mut input) else { return };
        match descriptor.check() {
            Err(problem) => assert!(problem.len() <= 1024, "{} bytes of words", problem.len()),
            Ok(()) => check(&descriptor, input.take_rest()),
        }
    });
    if let Ok(text) = str::from_utf8(data) {
        put(&Value::Json(text.to_owned()), serde_json::from_str(text).ok());
        put(&Value::Text(text.to_owned()), Some(text.into()));
    }
    let numbers: Vec<f64> = data.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
    if numbers.iter().all(|number| number.is_finite()) {
        put(&Value::Numbers(numbers.clone()), Some(numbers.into()));
    }
    put(&Value::Blob { media_type: "a/b".into(), data: data.to_owned() }, None);
}

/// What a handler puts is kept as text of one line, without a tree of it, and charged as long as it is held.
fn put(value: &Value, expected: Option<Json>) {
    let size = match value {
        Value::Json(text) | Value::Text(text) => text.len(),
        // A number has at most 25 characters.
        Value::Numbers(numbers) => 25 * numbers.len(),
        Value::Blob { data, .. } => 2 * data.len(),
        _ => 32,
    };
    let account = MemoryAccount::new(8 * size + OVERHEAD);
    let encoded = within(OVERHEAD + 24 * size, || Text::encode(value, &account));
    match encoded {
        Ok(json) => {
            assert!(!json.as_str().contains(['\n', '\r']), "an event is one line");
            assert!(account.used() >= json.as_str().len(), "{} bytes are charged", account.used());
            if let Some(expected) = expected {
                assert_eq!(json.parse(), expected);
            }
        }
        Err(problem) => {
            assert!(matches!(value, Value::Json(_)), "{problem}");
            assert!(!problem.is_empty() && problem.len() < 400);
        }
    }
    assert_eq!(account.used(), 0, "nothing is charged for what nobody holds");
    let nothing = MemoryAccount::new(0);
    assert!(Text::encode(value, &nothing).is_err(), "nothing fits into no memory");
}

fn check(descriptor: &Descriptor, rest: &[u8]) {
    assert!(descriptor.parameters.len() <= 64 && descriptor.outputs.len() <= 64);
    let json = serde_json::to_string(descriptor).expect("it is shown");
    assert_eq!(serde_json::from_str::<Descriptor>(&json).as_ref().ok(), Some(descriptor), "{json}");

    // What follows the descriptor is what a viewer sends.
    let given = serde_json::from_slice::<Json>(rest).unwrap_or_default();
    for parameter in &descriptor.parameters {
        let default = parameter.default_value();
        match parameter.accept(&default.to_json()) {
            Ok(accepted) => assert!(same(&accepted, &default), "{accepted:?} in place of {default:?}"),
            Err(problem) => assert!(parameter.is_event(), "{}: its default {default:?} {problem}", parameter.id),
        }
        let candidates = [&given, &given[0], &given[1], &given[parameter.id.as_str()]];
        for given in candidates {
            match parameter.accept(given) {
                Ok(value) => assert_eq!(parameter.accept(&value.to_json()).as_ref(), Ok(&value)),
                Err(problem) => assert!(!problem.is_empty() && problem.len() <= 64 << 10),
            }
        }
    }
}

/// A colour may be written in capital letters, and is handed on in small ones.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Text(one), Value::Text(other)) => one.eq_ignore_ascii_case(other),
        _ => one == other,
    }
}

fn descriptor(input: &mut Unstructured<'_>) -> Result<Descriptor> {
    Ok(Descriptor {
        title: text(input)?,
        summary: text(input)?,
        parameters: list(input, parameter)?,
        outputs: list(input, output)?,
        size: match input.arbitrary()? {
            true => Some(Size::new(number(input)?, number(input)?)),
            false => None,
        },
        fps: input.arbitrary()?,
    })
}

fn parameter(input: &mut Unstructured<'_>) -> Result<Parameter> {
    Ok(Parameter {
        id: id(input)?,
        label: text(input)?,
        help: optional(input)?,
        group: optional(input)?,
        kind: kind(input)?,
    })
}

fn kind(input: &mut Unstructured<'_>) -> Result<Kind> {
    Ok(match input.int_in_range(0..=6)? {
        0 => Kind::Number {
            min: real(input)?,
            max: real(input)?,
            step: real(input)?,
            default: real(input)?,
            unit: optional(input)?,
        },
        1 => Kind::Integer {
            min: integer(input)?,
            max: integer(input)?,
            step: integer(input)?,
            default: integer(input)?,
            unit: optional(input)?,
        },
        2 => Kind::Toggle { default: input.arbitrary()? },
        3 => Kind::Choice {
            options: list(input, |input| Ok(Choice { id: id(input)?, label: text(input)? }))?,
            default: id(input)?,
        },
        4 => Kind::Text { max_chars: number(input)?, multiline: input.arbitrary()?, default: text(input)? },
        5 => Kind::Color { default: format!("#{}", id(input)?) },
        _ => Kind::Button,
    })
}

fn output(input: &mut Unstructured<'_>) -> Result<Output> {
    use OutputKind::{Gauge, Image, Json, Number, Plot, Table, Text};
    let kind = *input.choose(&[Number, Gauge, Text, Json, Image, Table, Plot])?;
    Ok(Output { id: id(input)?, label: text(input)?, kind, unit: optional(input)? })
}

fn list<T>(input: &mut Unstructured<'_>, one: impl Fn(&mut Unstructured<'_>) -> Result<T>) -> Result<Vec<T>> {
    let count = usize::from(input.arbitrary::<u8>()?) % 80;
    (0..count).map(|_| one(input)).collect()
}

/// A short text; once in a while a long one.
fn text(input: &mut Unstructured<'_>) -> Result<String> {
    let length = usize::from(input.arbitrary::<u8>()?);
    let length = if length >= 250 { 20 * length } else { length % 24 };
    let bytes = input.bytes(length.min(input.len()))?;
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

/// Mostly an id that is allowed.
fn id(input: &mut Unstructured<'_>) -> Result<String> {
    let length = usize::from(input.arbitrary::<u8>()?) % 10;
    let letter = |byte: &u8| match byte {
        0..250 => char::from(b"0123456789abcdef-_xyz"[usize::from(*byte) % 21]),
        _ => char::from(*byte),
    };
    Ok(input.bytes(length.min(input.len()))?.iter().map(letter).collect())
}

fn optional(input: &mut Unstructured<'_>) -> Result<Option<String>> {
    if input.arbitrary()? { text(input).map(Some) } else { Ok(None) }
}

/// A small number or any.
fn number(input: &mut Unstructured<'_>) -> Result<u32> {
    if input.arbitrary()? { Ok(input.arbitrary::<u8>()?.into()) } else { input.arbitrary() }
}

fn integer(input: &mut Unstructured<'_>) -> Result<i64> {
    if input.arbitrary()? { Ok(input.arbitrary::<i8>()?.into()) } else { input.arbitrary() }
}

fn real(input: &mut Unstructured<'_>) -> Result<f64> {
    if input.arbitrary()? { Ok(f64::from(input.arbitrary::<i16>()?) / 10.0) } else { input.arbitrary() }
}
