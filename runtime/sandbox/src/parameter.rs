//! The parameters of a handler, and validation of their values.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::ToSchema;

use crate::value::Value;

/// A parameter. Serialised as the HTTP API shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Parameter {
    /// 1 to 64 characters of `a–z`, `0–9`, `-` and `_`; unique among the parameters.
    pub id: String,
    /// Label of the control.
    pub label: String,
    /// Explanation of the parameter.
    pub help: Option<String>,
    /// The page shows parameters of the same group together.
    pub group: Option<String>,
    /// Type and default value.
    #[serde(flatten)]
    pub kind: Kind,
}

/// The type of a parameter, with its default value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ParameterKind)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Kind {
    /// Real numbers from `min` to `max`.
    Number {
        /// Minimum.
        min: f64,
        /// Maximum.
        max: f64,
        /// Distance between values, counted from the minimum.
        step: f64,
        /// Default value.
        default: f64,
        /// Unit to show.
        unit: Option<String>,
    },
    /// Whole numbers from `min` to `max`.
    Integer {
        /// Minimum.
        min: i64,
        /// Maximum.
        max: i64,
        /// Distance between values, counted from the minimum.
        step: i64,
        /// Default value.
        default: i64,
        /// Unit to show.
        unit: Option<String>,
    },
    /// On or off.
    Toggle {
        /// Default value.
        default: bool,
    },
    /// One of several options.
    Choice {
        /// The options, at least one.
        options: Vec<Choice>,
        /// Id of the default option.
        default: String,
    },
    /// Free text.
    Text {
        /// Maximum length, characters.
        max_chars: u32,
        /// Whether the control has several lines.
        multiline: bool,
        /// Default value.
        default: String,
    },
    /// `#rrggbb`.
    Color {
        /// Default value.
        default: String,
    },
    /// An event: true once for each press.
    Button,
}

/// An option of a choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ParameterOption)]
pub struct Choice {
    /// Value that the handler receives.
    pub id: String,
    /// Label to show.
    pub label: String,
}

impl Parameter {
    /// Returns the default value; false for a button.
    pub fn default_value(&self) -> Value {
        match &self.kind {
            Kind::Number { default, .. } => Value::Number(*default),
            Kind::Integer { default, .. } => Value::Integer(*default),
            Kind::Toggle { default } => Value::Boolean(*default),
            Kind::Choice { default, .. } | Kind::Text { default, .. } | Kind::Color { default } => {
                Value::Text(default.clone())
            }
            Kind::Button => Value::Boolean(false),
        }
    }

    /// Returns whether the parameter is a button, whose values are events rather than a state.
    pub fn is_event(&self) -> bool {
        self.kind == Kind::Button
    }

    /// Validates a requested value.
    ///
    /// # Errors
    /// A message that says which values are allowed.
    pub fn accept(&self, given: &Json) -> Result<Value, String> {
        match &self.kind {
            Kind::Number { min, max, step, default, .. } => {
                let fits = |number: &f64| {
                    (*min..=*max).contains(number) && (is_step(number - min, *step) || number == default)
                };
                let number = given.as_f64().filter(fits);
                number
                    .map(Value::Number)
                    .ok_or_else(|| format!("must be a number from {min} to {max} in steps of {step}"))
            }
            Kind::Integer { min, max, step, default, .. } => {
                let on_step = |integer: &i64| {
                    (i128::from(*integer) - i128::from(*min)) % i128::from((*step).max(1)) == 0 || integer == default
                };
                let integer = integer(given).filter(|it| (*min..=*max).contains(it)).filter(on_step);
                integer.map(Value::Integer).ok_or_else(|| match step {
                    1 => format!("must be a whole number from {min} to {max}"),
                    _ => format!("must be a whole number from {min} to {max} in steps of {step}"),
                })
            }
            Kind::Toggle { .. } => given.as_bool().map(Value::Boolean).ok_or_else(|| "must be true or false".into()),
            Kind::Choice { options, .. } => {
                let id = given.as_str().filter(|id| options.iter().any(|option| option.id == *id));
                id.map(|id| Value::Text(id.into())).ok_or_else(|| {
                    let ids: Vec<_> = options.iter().map(|option| option.id.as_str()).collect();
                    format!("must be one of {}", ids.join(", "))
                })
            }
            Kind::Text { max_chars, .. } => {
                let text = given.as_str().filter(|text| text.chars().count() <= *max_chars as usize);
                text.map(|text| Value::Text(text.into()))
                    .ok_or_else(|| format!("must be a text of at most {max_chars} characters"))
            }
            Kind::Color { .. } => {
                let color = given.as_str().filter(|text| is_color(text));
                color
                    .map(|color| Value::Text(color.to_ascii_lowercase()))
                    .ok_or_else(|| "must be a colour in the form #rrggbb".into())
            }
            Kind::Button => match given {
                Json::Bool(true) => Ok(Value::Boolean(true)),
                _ => Err("must be true, for a press".into()),
            },
        }
    }
}

/// Returns whether `distance` is a multiple of `step`, up to rounding errors of binary fractions.
fn is_step(distance: f64, step: f64) -> bool {
    let steps = distance / step;
    (steps - steps.round()).abs() <= 1e-6 * steps.abs().max(1.0)
}

/// Returns an integer, also if it is written with a fraction of zero.
fn integer(given: &Json) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    given.as_i64().or_else(|| {
        let number = given.as_f64()?;
        (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
    })
}

/// Returns whether `text` has the form `#rrggbb`.
pub(crate) fn is_color(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parameter(kind: Kind) -> Parameter {
        Parameter { id: "p".into(), label: "P".into(), help: None, group: None, kind }
    }

    #[test]
    fn each_kind_accepts_valid_values_and_names_the_allowed_ones() {
        let number = parameter(Kind::Number { min: 0.0, max: 1.0, step: 0.1, default: 0.5, unit: None });
        let integer = parameter(Kind::Integer { min: -2, max: 5, step: 1, default: 0, unit: None });
        // A default may lie between two steps.
        let unaligned = parameter(Kind::Number { min: 0.0, max: 1.0, step: 0.1, default: 0.25, unit: None });
        let even = parameter(Kind::Integer { min: -2, max: 8, step: 2, default: 5, unit: None });
        let option = |id: &str| Choice { id: id.into(), label: id.into() };
        let choice = parameter(Kind::Choice { options: vec![option("a"), option("b")], default: "a".into() });
        let text = parameter(Kind::Text { max_chars: 3, multiline: false, default: String::new() });
        let toggle = parameter(Kind::Toggle { default: false });
        let color = parameter(Kind::Color { default: "#000000".into() });
        let button = parameter(Kind::Button);
        for (parameter, given, expected) in [
            (&number, json!(0.3), Ok(Value::Number(0.3))),
            (&number, json!(0.7000000000000001), Ok(Value::Number(0.7000000000000001))),
            (&number, json!(0.25), Err("must be a number from 0 to 1 in steps of 0.1")),
            (&unaligned, json!(0.25), Ok(Value::Number(0.25))),
            (&even, json!(4), Ok(Value::Integer(4))),
            (&even, json!(3), Err("must be a whole number from -2 to 8 in steps of 2")),
            (&even, json!(5), Ok(Value::Integer(5))),
            (&number, json!(1), Ok(Value::Number(1.0))),
            (&number, json!(1.01), Err("must be a number from 0 to 1 in steps of 0.1")),
            (&number, json!("0.5"), Err("must be a number from 0 to 1 in steps of 0.1")),
            (&integer, json!(5.0), Ok(Value::Integer(5))),
            (&integer, json!(2.5), Err("must be a whole number from -2 to 5")),
            (&integer, json!(1e300), Err("must be a whole number from -2 to 5")),
            (&choice, json!("b"), Ok(Value::Text("b".into()))),
            (&choice, json!("c"), Err("must be one of a, b")),
            (&text, json!("äöü"), Ok(Value::Text("äöü".into()))),
            (&text, json!("abcd"), Err("must be a text of at most 3 characters")),
            (&toggle, json!(true), Ok(Value::Boolean(true))),
            (&toggle, json!(1), Err("must be true or false")),
            (&color, json!("#FF00aa"), Ok(Value::Text("#ff00aa".into()))),
            (&color, json!("#ff00a"), Err("must be a colour in the form #rrggbb")),
            (&color, json!("#ff00ä"), Err("must be a colour in the form #rrggbb")),
            (&button, json!(true), Ok(Value::Boolean(true))),
            (&button, json!(false), Err("must be true, for a press")),
        ] {
            assert_eq!(parameter.accept(&given), expected.map_err(str::to_owned), "{given}");
        }
    }

    #[test]
    fn kinds_are_serialised_flat() {
        let toggle = parameter(Kind::Toggle { default: true });
        let expected =
            json!({ "id": "p", "label": "P", "help": null, "group": null, "kind": "toggle", "default": true });
        assert_eq!(serde_json::to_value(&toggle).unwrap(), expected);
        assert_eq!(serde_json::to_value(parameter(Kind::Button)).unwrap()["kind"], "button");
    }
}
