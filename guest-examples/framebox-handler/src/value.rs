//! Conversions of Rust's types to values of outputs.

use crate::raw::types::{Blob, Stop, Value};

/// A JSON document.
#[derive(Clone, Debug)]
pub struct Json(pub String);

macro_rules! from {
    ($($type:ty => |$it:ident| $value:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($it: $type) -> Self {
                $value
            }
        }
    )*};
}

from! {
    bool => |it| Self::Boolean(it);
    u8 => |it| Self::Integer(it.into());
    u16 => |it| Self::Integer(it.into());
    u32 => |it| Self::Integer(it.into());
    u64 => |it| Self::Integer(it.try_into().unwrap_or(i64::MAX));
    usize => |it| Self::Integer(it.try_into().unwrap_or(i64::MAX));
    i32 => |it| Self::Integer(it.into());
    i64 => |it| Self::Integer(it);
    f32 => |it| Self::Number(it.into());
    f64 => |it| Self::Number(it);
    &str => |it| Self::Text(it.into());
    String => |it| Self::Text(it);
    &[f64] => |it| Self::Numbers(it.into());
    Vec<f64> => |it| Self::Numbers(it);
    Json => |it| Self::Json(it.0);
    Blob => |it| Self::Blob(it);
}

impl From<String> for Stop {
    /// Fails this frame with a reason.
    fn from(why: String) -> Self {
        Self::Failed(why)
    }
}

impl From<&str> for Stop {
    /// Fails this frame with a reason.
    fn from(why: &str) -> Self {
        Self::Failed(why.into())
    }
}
