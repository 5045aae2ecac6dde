//! The controls of parameters, as given to [`parameters!`](crate::parameters) for each field.

use std::cell::Cell;
use std::ops::RangeInclusive;

use crate::raw::types::{
    Choice as ChoiceOption, ChoiceSpec, IntegerSpec, NumberSpec, Parameter, ParameterKind, TextSpec, Value,
};
use crate::{Choice, Color};

/// The control of a parameter whose values have the type `T`.
pub struct Control<T> {
    parameter: Parameter,
    start: T,
    read: fn(Value) -> Option<T>,
}

impl<T> Control<T> {
    fn new(label: &str, kind: ParameterKind, start: T, read: fn(Value) -> Option<T>) -> Self {
        let parameter = Parameter { id: String::new(), label: label.into(), help: None, group: None, kind };
        Self { parameter, start, read }
    }

    /// Sets the help text: one sentence.
    pub fn help(mut self, help: &str) -> Self {
        self.parameter.help = Some(help.into());
        self
    }

    /// Sets the group; the page shows controls of a group together.
    pub fn group(mut self, group: &str) -> Self {
        self.parameter.group = Some(group.into());
        self
    }

    /// Sets the unit of a number or an integer; no effect on other kinds.
    pub fn unit(mut self, text: &str) -> Self {
        match &mut self.parameter.kind {
            ParameterKind::Number(NumberSpec { unit, .. }) | ParameterKind::Integer(IntegerSpec { unit, .. }) => {
                *unit = Some(text.into());
            }
            _ => {}
        }
        self
    }

    /// Returns the default value.
    pub fn start(self) -> T {
        self.start
    }

    /// Returns the parameter of the field `name`; `_` becomes `-` in the id.
    pub fn named(self, name: &str) -> Parameter {
        Parameter { id: id(name), ..self.parameter }
    }

    /// Converts a value; `None` if it is of another kind.
    pub fn read(&self, value: Value) -> Option<T> {
        (self.read)(value)
    }
}

/// Returns the parameter's id of a field.
pub(crate) fn id(name: &str) -> String {
    name.trim_start_matches("r#").replace('_', "-")
}

/// A type for the values of [`integer`].
pub trait Whole: Copy {
    #[doc(hidden)]
    fn of(value: i64) -> Self;
    #[doc(hidden)]
    fn whole(self) -> i64;
}

macro_rules! whole {
    ($($type:ty),*) => {$(
        impl Whole for $type {
            fn of(value: i64) -> Self {
                // The host checks values against the range of the parameter, so nothing is cut off.
                value.clamp(Self::MIN.whole(), Self::MAX.whole()) as Self
            }

            fn whole(self) -> i64 {
                i64::try_from(self).unwrap_or(i64::MAX)
            }
        }
    )*};
}

whole!(i64, i32, i16, i8, u64, u32, u16, u8, usize, isize);

/// A type for the values of [`number`].
pub trait Real: Copy {
    #[doc(hidden)]
    fn of(value: f64) -> Self;
    #[doc(hidden)]
    fn real(self) -> f64;
}

macro_rules! real {
    ($($type:ty),*) => {$(
        impl Real for $type {
            fn of(value: f64) -> Self {
                value as Self
            }

            fn real(self) -> f64 {
                // Through text, so that an f32 of 0.3 is 0.3 on the page and not 0.30000001192092896.
                self.to_string().parse().unwrap_or(f64::from(self))
            }
        }
    )*};
}

real!(f64, f32);

/// A slider for integers, in steps of 1.
pub fn integer<T: Whole>(label: &str, range: RangeInclusive<T>, start: T) -> Control<T> {
    let (min, max, default) = (range.start().whole(), range.end().whole(), start.whole());
    let spec = IntegerSpec { min, max, step: 1, default, unit: None };
    Control::new(label, ParameterKind::Integer(spec), start, |value| match value {
        Value::Integer(it) => Some(T::of(it)),
        _ => None,
    })
}

/// A slider for real numbers, in steps of a hundredth of its range.
pub fn number<T: Real>(label: &str, range: RangeInclusive<T>, start: T) -> Control<T> {
    let (min, max, default) = (range.start().real(), range.end().real(), start.real());
    let spec = NumberSpec { min, max, step: (max - min) / 100.0, default, unit: None };
    Control::new(label, ParameterKind::Number(spec), start, |value| match value {
        Value::Number(it) => Some(T::of(it)),
        _ => None,
    })
}

impl<T> Control<T> {
    /// Sets the step of a slider; no effect on other kinds.
    pub fn step(mut self, width: f64) -> Self {
        match &mut self.parameter.kind {
            ParameterKind::Number(spec) => spec.step = width,
            ParameterKind::Integer(spec) => spec.step = width as i64,
            _ => {}
        }
        self
    }
}

/// A switch.
pub fn toggle(label: &str, start: bool) -> Control<bool> {
    Control::new(label, ParameterKind::Toggle(start), start, |value| match value {
        Value::Boolean(it) => Some(it),
        _ => None,
    })
}

/// A selection of a variant of an enum declared by [`choices!`](crate::choices).
pub fn choice<T: Choice + PartialEq>(label: &str, start: T) -> Control<T> {
    let named = |(_, name, label): &(T, &str, &str)| (crate::choice::id(name), (*label).to_owned());
    let ids = T::OPTIONS.iter().map(named);
    let place = T::OPTIONS.iter().position(|(option, ..)| *option == start).unwrap_or(0);
    Control::new(label, options(ids, place), start, |value| match value {
        Value::Text(id) => T::of(&id),
        _ => None,
    })
}

/// A selection of one of several options, given as pairs of an id and a label; the value is the id.
pub fn option<'a>(label: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>, start: &str) -> Control<String> {
    let pairs: Vec<_> = pairs.into_iter().map(|(id, label)| (id.to_owned(), label.to_owned())).collect();
    let place = pairs.iter().position(|(id, _)| id == start).unwrap_or(0);
    Control::new(label, options(pairs, place), start.to_owned(), words)
}

fn options(pairs: impl IntoIterator<Item = (String, String)>, start: usize) -> ParameterKind {
    let options: Vec<_> = pairs.into_iter().map(|(id, label)| ChoiceOption { id, label }).collect();
    let default = options.get(start).map(|option| option.id.clone()).unwrap_or_default();
    ParameterKind::Choice(ChoiceSpec { options, default })
}

/// A text field of at most `most` characters.
pub fn text(label: &str, most: u32, start: &str) -> Control<String> {
    let spec = TextSpec { max_chars: most, multiline: false, default: start.into() };
    Control::new(label, ParameterKind::Text(spec), start.into(), words)
}

fn words(value: Value) -> Option<String> {
    match value {
        Value::Text(it) => Some(it),
        _ => None,
    }
}

impl Control<String> {
    /// Allows several lines of text; no effect on other kinds.
    pub fn lines(mut self) -> Self {
        if let ParameterKind::Text(spec) = &mut self.parameter.kind {
            spec.multiline = true;
        }
        self
    }
}

/// A colour picker; the default is `0xrrggbb`.
pub fn color(label: &str, start: u32) -> Control<Color> {
    let start = Color::new(start);
    Control::new(label, ParameterKind::Color(start.to_string()), start, |value| match value {
        Value::Text(it) => Color::parse(&it),
        _ => None,
    })
}

/// A push button.
pub fn button(label: &str) -> Control<Button> {
    Control::new(label, ParameterKind::Button, Button::default(), |value| match value {
        Value::Boolean(it) => Some(Button(Cell::new(it))),
        _ => None,
    })
}

/// Whether a button was pressed.
#[derive(Clone, Debug, Default)]
pub struct Button(Cell<bool>);

impl Button {
    /// Returns true once after each press.
    pub fn pressed(&self) -> bool {
        self.0.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_converted_to_the_type_of_the_field() {
        let control = integer::<u8>("Levels", 2..=200, 4);
        assert_eq!(control.read(Value::Integer(200)), Some(200));
        assert_eq!(control.read(Value::Integer(300)), Some(255), "saturated rather than wrapped around");
        assert_eq!(control.read(Value::Number(4.0)), None);
        let ParameterKind::Integer(spec) = control.step(2.0).unit("px").named("r#levels").kind else { panic!() };
        assert_eq!((spec.min, spec.max, spec.step, spec.default, spec.unit.as_deref()), (2, 200, 2, 4, Some("px")));
    }

    #[test]
    fn real_numbers_keep_their_decimal_form() {
        let ParameterKind::Number(spec) = number::<f32>("Gain", -0.1..=0.7, 0.3).named("gain").kind else { panic!() };
        assert_eq!((spec.min, spec.max, spec.default), (-0.1, 0.7, 0.3));
        assert_eq!(number::<f32>("Gain", 0.0..=1.0, 0.3).read(Value::Number(0.3)), Some(0.3));
    }

    #[test]
    fn a_press_is_reported_once() {
        let button = button("Now").read(Value::Boolean(true)).unwrap();
        assert!(button.pressed());
        assert!(!button.pressed());
    }

    #[test]
    fn an_option_has_its_default() {
        let kind = option("Size", [("s", "Small"), ("l", "Large")], "l").named("size").kind;
        let ParameterKind::Choice(spec) = kind else { panic!() };
        assert_eq!((spec.default.as_str(), spec.options.len()), ("l", 2));
    }
}
