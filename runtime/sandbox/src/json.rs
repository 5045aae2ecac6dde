//! Values of additional outputs as JSON text, which is what clients receive.
//!
//! The text is checked without building a tree of it, which would take many times its size, and it is charged to the
//! session's account as long as anybody holds it.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use framebox_picture::{Charge, MemoryAccount};
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::value::Value;

/// Arrays and objects within each other, at most: clients parse recursively.
const MAX_DEPTH: usize = 128;
/// Memory of a value beside its text, bytes.
const OVERHEAD: usize = 128;
/// Longest number in decimal, with a comma, bytes.
const MAX_NUMBER: usize = 26;

/// JSON text on a single line. Clones share it; it is charged to its session's account until the last one is dropped.
#[derive(Clone)]
pub struct Json(Arc<Text>);

struct Text {
    raw: Box<RawValue>,
    _charge: Charge,
}

/// A value that a handler put for an additional output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputValue {
    /// Id of the output.
    pub id: String,
    /// The value. Bytes are an object with `media_type` and `data`, base64.
    pub json: Json,
}

impl Json {
    /// Writes `value` as JSON and charges it to `account`.
    ///
    /// # Errors
    /// A message for the handler's author: the text of a [`Value::Json`] is no JSON or nested too deeply, or the account has
    /// no room.
    pub fn encode(value: &Value, account: &MemoryAccount) -> Result<Self, String> {
        let charge = account.charge(max_bytes(value)).map_err(|error| error.to_string())?;
        Self::encode_charged(value, charge)
    }

    /// Writes `value` as JSON. `charge` is for at least [`max_bytes`] of it, and is reduced to what it takes.
    pub(crate) fn encode_charged(value: &Value, mut charge: Charge) -> Result<Self, String> {
        let raw = match value {
            Value::Boolean(value) => to_raw_value(value),
            Value::Integer(value) => to_raw_value(value),
            Value::Number(value) => to_raw_value(value),
            Value::Text(value) => to_raw_value(value),
            Value::Numbers(value) => to_raw_value(value),
            Value::Json(text) => {
                if depth(text.as_bytes()) > MAX_DEPTH {
                    return Err(format!("the JSON is nested more than {MAX_DEPTH} levels deep"));
                }
                RawValue::from_string(text.clone()).and_then(one_line)
            }
            Value::Blob { media_type, data } => to_raw_value(&Blob { media_type, data: STANDARD.encode(data) }),
        };
        let raw = raw.map_err(|error| format!("the text is not JSON: {error}"))?;
        charge.resize(raw.get().len().saturating_add(OVERHEAD)).map_err(|error| error.to_string())?;
        Ok(Self(Arc::new(Text { raw, _charge: charge })))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        self.0.raw.get()
    }

    /// Builds the tree of the text, many times its size: for programs that look at single values.
    pub fn parse(&self) -> serde_json::Value {
        serde_json::from_str(self.as_str()).unwrap_or_default()
    }

    /// Returns the text as bytes that share its memory and its charge.
    pub fn bytes(&self) -> Bytes {
        Bytes::from_owner(self.clone())
    }
}

/// Replaces line breaks, which lie between the tokens of JSON: as an event, the text is one line.
fn one_line(raw: Box<RawValue>) -> serde_json::Result<Box<RawValue>> {
    match raw.get().contains(['\n', '\r']) {
        true => RawValue::from_string(raw.get().replace(['\n', '\r'], " ")),
        false => Ok(raw),
    }
}

#[derive(Serialize)]
struct Blob<'a> {
    media_type: &'a str,
    /// Base64.
    data: String,
}

impl AsRef<[u8]> for Json {
    fn as_ref(&self) -> &[u8] {
        self.as_str().as_bytes()
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.raw.serialize(serializer)
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Json {}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Returns the most that a value takes as JSON, bytes, without writing it.
pub(crate) fn max_bytes(value: &Value) -> usize {
    let escaped = |text: &str| {
        text.bytes()
            .map(|byte| if byte < 0x20 { 6 } else { 1 + usize::from(byte == b'"' || byte == b'\\') })
            .sum::<usize>()
    };
    let text = match value {
        Value::Boolean(_) | Value::Integer(_) | Value::Number(_) => MAX_NUMBER,
        Value::Text(text) => escaped(text),
        Value::Numbers(numbers) => numbers.len().saturating_mul(MAX_NUMBER),
        Value::Json(text) => text.len(),
        Value::Blob { media_type, data } => {
            escaped(media_type).saturating_add(data.len().div_ceil(3).saturating_mul(4))
        }
    };
    text.saturating_add(OVERHEAD)
}

/// The most brackets that are open at once, outside of strings.
fn depth(text: &[u8]) -> usize {
    let (mut open, mut most, mut in_string, mut escaped) = (0usize, 0, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                open += 1;
                most = most.max(open);
            }
            b']' | b'}' if !in_string => open = open.saturating_sub(1),
            _ => {}
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(value: Value) -> Result<String, String> {
        Json::encode(&value, &MemoryAccount::unlimited()).map(|json| json.as_str().to_owned())
    }

    #[test]
    fn values_are_written_as_clients_read_them() {
        for (value, text) in [
            (Value::Boolean(true), "true"),
            (Value::Integer(-3), "-3"),
            (Value::Number(1.0), "1.0"),
            (Value::Text("a\"\n".into()), r#""a\"\n""#),
            (Value::Numbers(vec![1.0, 2.5]), "[1.0,2.5]"),
            (Value::Json(" {\"a\":\n[1,\r\n2]} ".into()), "{\"a\": [1,  2]}"),
            (
                Value::Blob { media_type: "image/png".into(), data: vec![1, 2, 3] },
                r#"{"media_type":"image/png","data":"AQID"}"#,
            ),
        ] {
            let most = max_bytes(&value);
            assert_eq!(encode(value).as_deref(), Ok(text));
            assert!((text.len()..text.len() + 2 * OVERHEAD).contains(&most), "{text}: {most}");
        }
    }

    #[test]
    fn what_is_not_json_or_too_deep_is_refused_in_words() {
        for text in ["", "{", "[1,]", "[] []", "\"a\nb\"", "nan", "{\"a\":1,}", "\u{1}"] {
            assert!(encode(Value::Json(text.into())).unwrap_err().contains("is not JSON"), "{text:?}");
        }
        let nested = |depth: usize| Value::Json("[".repeat(depth) + "\"[[[\\\"[[\"" + &"]".repeat(depth));
        assert!(encode(nested(MAX_DEPTH)).is_ok(), "brackets in strings do not count");
        assert!(encode(nested(MAX_DEPTH + 1)).unwrap_err().contains("levels deep"));
        assert!(encode(Value::Json("[".repeat(1 << 20))).unwrap_err().contains("levels deep"));
        assert!(encode(Value::Json("{\"\":".repeat(1 << 18))).unwrap_err().contains("levels deep"));
    }

    #[test]
    fn a_value_is_charged_by_its_text_until_its_last_clone_is_dropped() {
        let account = MemoryAccount::new(100_000);
        // Its tree would take 80 times as much.
        let value = Value::Json(format!("[{}{{}}]", "{\"\":0},".repeat(10_000)));
        let json = Json::encode(&value, &account).unwrap();
        assert_eq!(account.used(), 70_004 + OVERHEAD);
        assert!(Json::encode(&value, &account).unwrap_err().contains("may hold 100000"));
        let bytes = json.bytes();
        drop(json);
        assert_eq!((bytes.len(), account.used()), (70_004, 70_004 + OVERHEAD));
        drop(bytes);
        assert_eq!(account.used(), 0);
    }
}
