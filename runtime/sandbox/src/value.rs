//! Values of parameters and of additional outputs.

/// A value of a parameter or of an additional output.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A toggle. For a button: true, once for each press.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A finite number.
    Number(f64),
    /// Text, the id of an option of a choice, or `#rrggbb` for a colour.
    Text(String),
    /// A series of finite numbers.
    Numbers(Vec<f64>),
    /// A JSON document.
    Json(String),
    /// Bytes with their media type. Outputs only.
    Blob {
        /// Media type, for instance `image/png`.
        media_type: String,
        /// The bytes.
        data: Vec<u8>,
    },
}

impl Value {
    /// Converts the value of a parameter to JSON. Values of outputs are [`Json`](crate::Json), which builds no tree.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Boolean(value) => (*value).into(),
            Self::Integer(value) => (*value).into(),
            Self::Number(value) => (*value).into(),
            Self::Text(value) => value.as_str().into(),
            Self::Numbers(value) => value.clone().into(),
            Self::Json(value) => serde_json::from_str(value).unwrap_or(serde_json::Value::Null),
            Self::Blob { media_type, data } => serde_json::json!({ "media_type": media_type, "data": data }),
        }
    }

    /// Returns the size of the value, bytes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Boolean(_) | Self::Integer(_) | Self::Number(_) => 8,
            Self::Text(text) | Self::Json(text) => text.len(),
            Self::Numbers(numbers) => numbers.len().saturating_mul(8),
            Self::Blob { media_type, data } => media_type.len().saturating_add(data.len()),
        }
    }

    /// Returns why a guest may not put these numbers, if it may not.
    pub(crate) fn problem(&self) -> Option<String> {
        match self {
            Self::Number(number) if !number.is_finite() => Some("the number is not finite".into()),
            Self::Numbers(numbers) => {
                let at = numbers.iter().position(|number| !number.is_finite())?;
                Some(format!("number {at} of the series is not finite"))
            }
            _ => None,
        }
    }
}

/// A value with the id of the parameter or output that it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedValue {
    /// Id of the parameter or output.
    pub id: String,
    /// The value.
    pub value: Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_convert_to_plain_json() {
        for (value, json) in [
            (Value::Boolean(true), serde_json::json!(true)),
            (Value::Integer(-3), serde_json::json!(-3)),
            (Value::Number(0.5), serde_json::json!(0.5)),
            (Value::Text("a".into()), serde_json::json!("a")),
            (Value::Numbers(vec![1.0, 2.5]), serde_json::json!([1.0, 2.5])),
            (Value::Json("{\"a\":[1]}".into()), serde_json::json!({ "a": [1] })),
        ] {
            assert_eq!(value.to_json(), json);
            assert_eq!(value.problem(), None);
        }
    }

    #[test]
    fn infinite_numbers_are_found() {
        for value in [Value::Number(f64::NAN), Value::Numbers(vec![1.0, f64::INFINITY])] {
            assert!(value.problem().is_some(), "{value:?}");
        }
    }
}
