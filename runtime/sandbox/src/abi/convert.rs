//! Conversion between the types generated from the WIT interface and this crate's own.

use framebox_picture::{Format, Rect, Size};
use wasmtime::component::{ComponentType, Lift, WasmList, WasmStr};
use wasmtime::{Result, StoreContext, StoreContextMut};

use super::bindings::types;
use super::bounded_string::BoundedString;
use crate::descriptor::{Descriptor, Output, OutputKind};
use crate::limits::Budget;
use crate::parameter::{Choice, Kind, Parameter};
use crate::value::{NamedValue, Value};

pub(crate) fn size(size: types::Size) -> Size {
    Size::new(size.width, size.height)
}

pub(crate) fn to_wit_size(size: Size) -> types::Size {
    types::Size { width: size.width, height: size.height }
}

pub(crate) fn rect(rect: types::Rect) -> Rect {
    Rect { x: rect.x, y: rect.y, width: rect.width, height: rect.height }
}

pub(crate) fn format(format: types::PixelFormat) -> Format {
    match format {
        types::PixelFormat::Rgba8 => Format::Rgba8,
        types::PixelFormat::Rgb8 => Format::Rgb8,
        types::PixelFormat::Gray8 => Format::Gray8,
        types::PixelFormat::I420 => Format::I420,
        types::PixelFormat::Nv12 => Format::Nv12,
    }
}

pub(crate) fn to_wit_budget(budget: Budget) -> types::Budget {
    types::Budget { time_us: u32::try_from(budget.time.as_micros()).unwrap_or(u32::MAX), fuel: budget.fuel }
}

/// `types.stop`: why a call for a frame returned no result.
#[derive(Debug, ComponentType, Lift)]
#[component(variant)]
pub(crate) enum Stop {
    #[component(name = "failed")]
    Failed(BoundedString),
    #[component(name = "finished")]
    Finished(BoundedString),
}

/// `types.value` as a guest puts it, still in the guest's memory.
#[derive(ComponentType, Lift)]
#[component(variant)]
pub(crate) enum PutValue {
    #[component(name = "boolean")]
    Boolean(bool),
    #[component(name = "integer")]
    Integer(i64),
    #[component(name = "number")]
    Number(f64),
    #[component(name = "text")]
    Text(WasmStr),
    #[component(name = "numbers")]
    Numbers(WasmList<f64>),
    #[component(name = "json")]
    Json(WasmStr),
    #[component(name = "blob")]
    Blob(Blob),
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Blob {
    #[component(name = "media-type")]
    media_type: BoundedString,
    data: WasmList<u8>,
}

/// Copies a value out of guest memory. Returns its size in bytes instead if that exceeds `max_bytes`.
pub(crate) fn put<T>(
    store: &mut StoreContextMut<'_, T>,
    value: PutValue,
    max_bytes: usize,
) -> Result<std::result::Result<Value, usize>> {
    let text = |text: WasmStr, make: fn(String) -> Value| {
        let text = text.to_str(StoreContext::from(&*store))?;
        Ok::<_, wasmtime::Error>(if text.len() > max_bytes { Err(text.len()) } else { Ok(make(text.into_owned())) })
    };
    Ok(match value {
        PutValue::Boolean(value) => Ok(Value::Boolean(value)),
        PutValue::Integer(value) => Ok(Value::Integer(value)),
        PutValue::Number(value) => Ok(Value::Number(value)),
        PutValue::Text(value) => text(value, Value::Text)?,
        PutValue::Json(value) => text(value, Value::Json)?,
        PutValue::Numbers(value) => match value.len().saturating_mul(8) {
            bytes if bytes > max_bytes => Err(bytes),
            _ => Ok(Value::Numbers(value.iter(&mut *store)?.collect::<Result<_>>()?)),
        },
        PutValue::Blob(Blob { media_type, data }) => match data.len() {
            bytes if bytes > max_bytes => Err(bytes),
            _ => Ok(Value::Blob {
                media_type: media_type.0,
                data: data.as_le_slice(StoreContext::from(&*store)).to_vec(),
            }),
        },
    })
}

pub(crate) fn to_wit_values(values: &[NamedValue]) -> Vec<types::NamedValue> {
    let convert = |named: &NamedValue| types::NamedValue { id: named.id.clone(), value: to_wit_value(&named.value) };
    values.iter().map(convert).collect()
}

fn to_wit_value(value: &Value) -> types::Value {
    match value {
        Value::Boolean(value) => types::Value::Boolean(*value),
        Value::Integer(value) => types::Value::Integer(*value),
        Value::Number(value) => types::Value::Number(*value),
        Value::Text(value) => types::Value::Text(value.clone()),
        Value::Numbers(value) => types::Value::Numbers(value.clone()),
        Value::Json(value) => types::Value::Json(value.clone()),
        Value::Blob { media_type, data } => {
            types::Value::Blob(types::Blob { media_type: media_type.clone(), data: data.clone() })
        }
    }
}

pub(crate) fn descriptor(from: types::Descriptor) -> Descriptor {
    Descriptor {
        title: from.title,
        summary: from.summary,
        parameters: from.parameters.into_iter().map(parameter).collect(),
        outputs: from.outputs.into_iter().map(output).collect(),
        size: from.size.map(size),
        fps: from.fps,
    }
}

fn parameter(from: types::Parameter) -> Parameter {
    let types::Parameter { id, label, help, group, kind } = from;
    Parameter { id, label, help, group, kind: parameter_kind(kind) }
}

fn parameter_kind(kind: types::ParameterKind) -> Kind {
    match kind {
        types::ParameterKind::Number(types::NumberSpec { min, max, step, default, unit }) => {
            Kind::Number { min, max, step, default, unit }
        }
        types::ParameterKind::Integer(types::IntegerSpec { min, max, step, default, unit }) => {
            Kind::Integer { min, max, step, default, unit }
        }
        types::ParameterKind::Toggle(default) => Kind::Toggle { default },
        types::ParameterKind::Choice(types::ChoiceSpec { options, default }) => {
            let choice = |types::Choice { id, label }| Choice { id, label };
            Kind::Choice { options: options.into_iter().map(choice).collect(), default }
        }
        types::ParameterKind::Text(types::TextSpec { max_chars, multiline, default }) => {
            Kind::Text { max_chars, multiline, default }
        }
        types::ParameterKind::Color(default) => Kind::Color { default },
        types::ParameterKind::Button => Kind::Button,
    }
}

fn output(from: types::OutputSpec) -> Output {
    let kind = match from.kind {
        types::OutputKind::Number => OutputKind::Number,
        types::OutputKind::Gauge => OutputKind::Gauge,
        types::OutputKind::Text => OutputKind::Text,
        types::OutputKind::Json => OutputKind::Json,
        types::OutputKind::Image => OutputKind::Image,
        types::OutputKind::Table => OutputKind::Table,
        types::OutputKind::Plot => OutputKind::Plot,
    };
    Output { id: from.id, label: from.label, kind, unit: from.unit }
}
