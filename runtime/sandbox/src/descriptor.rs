//! What a handler declares about itself.

use std::collections::HashSet;

use framebox_picture::Size;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use crate::parameter::{Kind, Parameter, is_color};

/// Parameters of a handler, and outputs, at most.
const MAX_ITEMS: usize = 64;
/// Options of a choice, at most.
const MAX_OPTIONS: usize = 256;
/// Longest text of a parameter, characters.
const MAX_CHARS: u32 = 65_536;
/// Size of a descriptor as JSON, at most, bytes: it is kept for each version, and sent to each client.
const MAX_BYTES: usize = 512 * 1024;
/// Largest picture that a handler may ask for, pixels: the host scales to it.
const MAX_PIXELS: u64 = 4096 * 2304;

/// Describes a handler. Serialised as the HTTP API shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Descriptor {
    /// Title to show.
    pub title: String,
    /// Explanation of what the handler does.
    pub summary: String,
    /// Parameters that users can change.
    pub parameters: Vec<Parameter>,
    /// Additional outputs.
    pub outputs: Vec<Output>,
    /// Size that the host scales frames to; none for their original size.
    #[serde(serialize_with = "size", deserialize_with = "to_size")]
    #[schema(value_type = Option<Sides>)]
    pub size: Option<Size>,
    /// Rate at which the handler wants or makes frames, frames per second; none for the stream's rate.
    pub fps: Option<f32>,
}

/// An additional output of a handler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Output {
    /// 1 to 64 characters of `a–z`, `0–9`, `-` and `_`; unique among the outputs.
    pub id: String,
    /// Label to show.
    pub label: String,
    /// How the page shows the output.
    pub kind: OutputKind,
    /// Unit to show.
    pub unit: Option<String>,
}

/// How the page shows an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OutputKind {
    /// A number.
    Number,
    /// A number within a range.
    Gauge,
    /// Text.
    Text,
    /// A JSON document.
    Json,
    /// An image.
    Image,
    /// Rows and columns.
    Table,
    /// Numbers over time.
    Plot,
}

impl Descriptor {
    /// Checks a descriptor that a guest returned.
    ///
    /// # Errors
    /// A message for the handler's author that says what is invalid.
    pub fn check(&self) -> Result<(), String> {
        check_text("the title", &self.title, 1, 200)?;
        check_text("the summary", &self.summary, 0, 4000)?;
        check_ids("parameter", self.parameters.iter().map(|parameter| parameter.id.as_str()))?;
        check_ids("output", self.outputs.iter().map(|output| output.id.as_str()))?;
        for parameter in &self.parameters {
            check_parameter(parameter).map_err(|problem| format!("parameter {}: {problem}", parameter.id))?;
        }
        for output in &self.outputs {
            let check =
                check_text("the label", &output.label, 1, 200).and_then(|()| check_unit(output.unit.as_deref()));
            check.map_err(|problem| format!("output {}: {problem}", output.id))?;
        }
        if let Some(size) = self.size.filter(|size| !size.is_valid()) {
            return Err(format!("the size {size} is not allowed: each side must be within 1 and {}", Size::MAX_SIDE));
        }
        if let Some(size) = self.size.filter(|size| size.pixels() > MAX_PIXELS) {
            return Err(format!("the size {size} is larger than the {MAX_PIXELS} pixels that the server scales to"));
        }
        let bytes = serde_json::to_string(self).map_or(usize::MAX, |text| text.len());
        if bytes > MAX_BYTES {
            return Err(format!("the descriptor has {bytes} bytes as JSON; at most {MAX_BYTES} are allowed"));
        }
        match self.fps {
            Some(fps) if !(0.1..=240.0).contains(&fps) => {
                Err(format!("{fps} frames per second: 0.1 to 240 are allowed"))
            }
            _ => Ok(()),
        }
    }
}

fn check_parameter(parameter: &Parameter) -> Result<(), String> {
    check_text("the label", &parameter.label, 1, 200)?;
    check_text("the help", parameter.help.as_deref().unwrap_or_default(), 0, 2000)?;
    check_text("the group", parameter.group.as_deref().unwrap_or_default(), 0, 200)?;
    match &parameter.kind {
        Kind::Number { min, max, step, default, unit: of } => {
            if ![min, max, step, default].iter().all(|number| number.is_finite()) {
                return Err("min, max, step and default must be finite".into());
            }
            check_range(min < max, *step > 0.0, (min..=max).contains(&default))?;
            check_unit(of.as_deref())
        }
        Kind::Integer { min, max, step, default, unit: of } => {
            check_range(min < max, *step > 0, (min..=max).contains(&default))?;
            check_unit(of.as_deref())
        }
        Kind::Choice { options, default } => {
            if options.is_empty() || options.len() > MAX_OPTIONS {
                return Err(format!("there are {} options; 1 to {MAX_OPTIONS} are allowed", options.len()));
            }
            let mut seen = HashSet::new();
            for option in options {
                check_text("the id of an option", &option.id, 1, 200)?;
                check_text("the label of an option", &option.label, 1, 200)?;
                if !seen.insert(&option.id) {
                    return Err(format!("the option {:?} is used twice", option.id));
                }
            }
            match seen.contains(default) {
                true => Ok(()),
                false => Err(format!("the default {:?} is not one of the options", shortened(default))),
            }
        }
        Kind::Text { max_chars, default, .. } => {
            if !(1..=MAX_CHARS).contains(max_chars) {
                return Err(format!("max-chars is {max_chars}; 1 to {MAX_CHARS} are allowed"));
            }
            match default.chars().count() <= *max_chars as usize {
                true => Ok(()),
                false => Err(format!("the default is longer than {max_chars} characters")),
            }
        }
        Kind::Color { default } => match is_color(default) {
            true => Ok(()),
            false => Err(format!("the default {:?} is not of the form #rrggbb", shortened(default))),
        },
        Kind::Toggle { .. } | Kind::Button => Ok(()),
    }
}

fn check_range(ordered: bool, steps: bool, within: bool) -> Result<(), String> {
    match (ordered, steps, within) {
        (false, ..) => Err("min must be below max".into()),
        (_, false, _) => Err("step must be above 0".into()),
        (.., false) => Err("the default must be within min and max".into()),
        _ => Ok(()),
    }
}

fn check_ids<'a>(what: &str, ids: impl ExactSizeIterator<Item = &'a str>) -> Result<(), String> {
    if ids.len() > MAX_ITEMS {
        return Err(format!("there are {} {what}s; at most {MAX_ITEMS} are allowed", ids.len()));
    }
    let mut seen = HashSet::new();
    for id in ids {
        let fits = id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte));
        if !fits || !(1..=64).contains(&id.len()) {
            return Err(format!("the {what} id {:?} is invalid: use 1 to 64 of a–z, 0–9, - and _", shortened(id)));
        }
        if !seen.insert(id) {
            return Err(format!("the {what} id {id} is used twice"));
        }
    }
    Ok(())
}

fn check_text(what: &str, text: &str, min: usize, max: usize) -> Result<(), String> {
    match text.chars().count() {
        chars if chars < min => Err(format!("{what} is missing")),
        chars if chars > max => Err(format!("{what} has {chars} characters; at most {max} are allowed")),
        _ => Ok(()),
    }
}

fn check_unit(unit: Option<&str>) -> Result<(), String> {
    check_text("the unit", unit.unwrap_or_default(), 0, 40)
}

/// Returns the first 80 characters of `text`.
fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

/// The serialised form of a size.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = Size)]
struct Sides {
    width: u32,
    height: u32,
}

fn size<S: Serializer>(size: &Option<Size>, serializer: S) -> Result<S::Ok, S::Error> {
    size.map(|size| Sides { width: size.width, height: size.height }).serialize(serializer)
}

fn to_size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Size>, D::Error> {
    Ok(Option::<Sides>::deserialize(deserializer)?.map(|sides| Size::new(sides.width, sides.height)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::parameter::Choice;

    fn descriptor() -> Descriptor {
        let kind = Kind::Number { min: 0.0, max: 1.0, step: 0.1, default: 0.5, unit: None };
        let parameter = Parameter { id: "p".into(), label: "P".into(), help: None, group: None, kind };
        let output = Output { id: "o".into(), label: "O".into(), kind: OutputKind::Gauge, unit: Some("%".into()) };
        Descriptor {
            title: "T".into(),
            summary: String::new(),
            parameters: vec![parameter],
            outputs: vec![output],
            size: Some(Size::new(640, 480)),
            fps: None,
        }
    }

    #[test]
    fn a_valid_descriptor_passes_and_has_the_documented_form() {
        let descriptor = descriptor();
        assert_eq!(descriptor.check(), Ok(()));
        let expected = json!({
            "title": "T", "summary": "", "size": { "width": 640, "height": 480 }, "fps": null,
            "parameters": [{ "id": "p", "label": "P", "help": null, "group": null, "kind": "number",
                "min": 0.0, "max": 1.0, "step": 0.1, "default": 0.5, "unit": null }],
            "outputs": [{ "id": "o", "label": "O", "kind": "gauge", "unit": "%" }],
        });
        assert_eq!(serde_json::to_value(&descriptor).unwrap(), expected);
        assert_eq!(serde_json::from_value::<Descriptor>(expected).unwrap(), descriptor, "and it can be parsed again");
    }

    #[test]
    fn each_problem_is_named() {
        type Change = fn(&mut Descriptor);
        let problems: [(Change, &str); 16] = [
            (|d| d.title.clear(), "the title is missing"),
            (|d| d.summary = "x".repeat(4001), "the summary has 4001 characters"),
            (|d| d.parameters[0].id = "P".into(), "the parameter id \"P\" is invalid"),
            (|d| d.parameters[0].id = "p".repeat(65), "is invalid"),
            (|d| d.parameters.push(d.parameters[0].clone()), "the parameter id p is used twice"),
            (|d| d.parameters = vec![d.parameters[0].clone(); 65], "there are 65 parameters"),
            (|d| d.outputs[0].id.clear(), "the output id \"\" is invalid"),
            (|d| set(d, Kind::Integer { min: 3, max: 3, step: 1, default: 3, unit: None }), "min must be below max"),
            (|d| set(d, Kind::Integer { min: 1, max: 3, step: 0, default: 3, unit: None }), "step must be above 0"),
            (
                |d| set(d, Kind::Number { min: 0.0, max: f64::NAN, step: 1.0, default: 0.0, unit: None }),
                "must be finite",
            ),
            (
                |d| {
                    let options = vec![Choice { id: "a".into(), label: "A".into() }];
                    set(d, Kind::Choice { options, default: "b".into() });
                },
                "the default \"b\" is not one of the options",
            ),
            (|d| set(d, Kind::Color { default: "red".into() }), "is not of the form #rrggbb"),
            (|d| d.size = Some(Size::new(0, 10)), "the size 0x10 is not allowed"),
            (|d| d.size = Some(Size::new(16_384, 16_384)), "is larger than the 9437184 pixels"),
            (
                |d| {
                    let option = |n: usize| Choice { id: format!("{n:0200}"), label: "ä".repeat(200) };
                    let options: Vec<_> = (0..256).map(option).collect();
                    let kind = Kind::Choice { default: options[0].id.clone(), options };
                    d.parameters = (0..8)
                        .map(|n| Parameter { id: format!("p{n}"), kind: kind.clone(), ..d.parameters[0].clone() })
                        .collect();
                },
                "bytes as JSON; at most 524288",
            ),
            (|d| d.fps = Some(f32::NAN), "0.1 to 240 are allowed"),
        ];
        for (change, expected) in problems {
            let mut descriptor = descriptor();
            change(&mut descriptor);
            let wrong = descriptor.check().unwrap_err();
            assert!(wrong.contains(expected), "{wrong:?} should say {expected:?}");
        }
    }

    fn set(descriptor: &mut Descriptor, kind: Kind) {
        descriptor.parameters[0].kind = kind;
    }
}
