//! `--set ID=VALUE`: parameters from the command line.

use framebox_sandbox::parameter::Kind;
use framebox_sandbox::{Descriptor, NamedValue, Parameter, Value};
use serde_json::Value as Json;

use crate::Error;
use crate::text::printable;

/// The parameters of a handler for one run.
#[derive(Debug, PartialEq)]
pub(crate) struct Settings {
    /// All parameters, with the values to start with.
    pub(crate) parameters: Vec<NamedValue>,
    /// The buttons to press before the first frame.
    pub(crate) pressed: Vec<NamedValue>,
}

/// Returns the defaults of `descriptor`, overridden by `set`, a list of texts of the form `id=value`.
pub(crate) fn parse(descriptor: &Descriptor, set: &[String]) -> Result<Settings, Error> {
    let named = |parameter: &Parameter, value| NamedValue { id: parameter.id.clone(), value };
    let defaults = descriptor.parameters.iter().map(|parameter| named(parameter, parameter.default_value()));
    let mut settings = Settings { parameters: defaults.collect(), pressed: Vec::new() };
    for text in set {
        let (parameter, value) = parse_one(descriptor, text).map_err(Error::Usage)?;
        if parameter.is_event() {
            settings.pressed.push(named(parameter, value));
        } else if let Some(entry) = settings.parameters.iter_mut().find(|named| named.id == parameter.id) {
            entry.value = value;
        }
    }
    Ok(settings)
}

fn parse_one<'a>(descriptor: &'a Descriptor, text: &str) -> Result<(&'a Parameter, Value), String> {
    let (id, value) = text
        .split_once('=')
        .ok_or_else(|| format!("--set {text}: expected an id and a value, as in --set levels=4"))?;
    let Some(parameter) = descriptor.parameters.iter().find(|parameter| parameter.id == id) else {
        let ids: Vec<_> = descriptor.parameters.iter().map(|parameter| parameter.id.as_str()).collect();
        return Err(match ids.is_empty() {
            true => format!("--set {text}: the handler has no parameters"),
            false => format!("--set {text}: there is no parameter {id:?}; the handler has {}", ids.join(", ")),
        });
    };
    let json = match parameter.kind {
        Kind::Choice { .. } | Kind::Text { .. } | Kind::Color { .. } => Json::from(value),
        _ => serde_json::from_str(value).unwrap_or_else(|_| value.into()),
    };
    match parameter.accept(&json) {
        Ok(value) => Ok((parameter, value)),
        Err(expected) => Err(format!("--set {text}: {}", printable(&expected))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor() -> Descriptor {
        let parameter = |id: &str, kind| Parameter { id: id.into(), label: id.into(), help: None, group: None, kind };
        Descriptor {
            title: "T".into(),
            summary: String::new(),
            parameters: vec![
                parameter("levels", Kind::Integer { min: 2, max: 16, step: 1, default: 4, unit: None }),
                parameter("label", Kind::Text { max_chars: 8, multiline: false, default: String::new() }),
                parameter("again", Kind::Button),
            ],
            outputs: vec![],
            size: None,
            fps: None,
        }
    }

    fn parse_all(set: &[&str]) -> Result<Settings, String> {
        let set: Vec<_> = set.iter().map(|text| (*text).to_owned()).collect();
        parse(&descriptor(), &set).map_err(|error| error.to_string())
    }

    #[test]
    fn values_are_parsed_by_the_kind_of_their_parameter() {
        let named = |id: &str, value| NamedValue { id: id.into(), value };
        let settings = parse_all(&["levels=8", "label=12=x", "again=true"]).unwrap();
        let parameters = vec![
            named("levels", Value::Integer(8)),
            named("label", Value::Text("12=x".into())),
            named("again", Value::Boolean(false)),
        ];
        assert_eq!(settings, Settings { parameters, pressed: vec![named("again", Value::Boolean(true))] });
        assert_eq!(parse_all(&[]).unwrap().parameters[0].value, Value::Integer(4));
    }

    #[test]
    fn errors_say_what_is_allowed() {
        for (set, text) in [
            ("levels=99", "--set levels=99: must be a whole number from 2 to 16"),
            ("levels=many", "a whole number from 2 to 16"),
            ("level=3", "there is no parameter \"level\"; the handler has levels, label, again"),
            ("label=much too long", "at most 8 characters"),
            ("levels", "expected an id and a value"),
        ] {
            let error = parse_all(&[set]).unwrap_err();
            assert!(error.contains(text), "{error}");
        }
    }
}
