//! Parameters, built one by one: what [`parameters!`](crate::parameters) is given for each field.

use std::cell::Cell;
use std::ops::RangeInclusive;

use crate::raw::types::{
    Choice as ChoiceOption, ChoiceSpec, IntegerSpec, NumberSpec, Parameter, ParameterKind, TextSpec, Value,
};
use crate::{Choice, Color};

/// A parameter whose values are read as a `T`.
pub struct Knob<T> {
    parameter: Parameter,
    start: T,
    read: fn(Value) -> Option<T>,
}

impl<T> Knob<T> {
    fn new(label: &str, kind: ParameterKind, start: T, read: fn(Value) -> Option<T>) -> Self {
        let parameter = Parameter { id: String::new(), label: label.into(), help: None, group: None, kind };
        Self { parameter, start, read }
    }

    /// A sentence that explains it.
    pub fn help(mut self, help: &str) -> Self {
        self.parameter.help = Some(help.into());
        self
    }

    /// Controls of the same group are drawn together.
    pub fn group(mut self, group: &str) -> Self {
        self.parameter.group = Some(group.into());
        self
    }

    /// The unit of a number or an integer; of another kind it changes nothing.
    pub fn unit(mut self, text: &str) -> Self {
        match &mut self.parameter.kind {
            ParameterKind::Number(NumberSpec { unit, .. }) | ParameterKind::Integer(IntegerSpec { unit, .. }) => {
                *unit = Some(text.into());
            }
            _ => {}
        }
        self
    }

    /// What it is before anybody touches it.
    pub fn start(self) -> T {
        self.start
    }

    /// The parameter of the field `name`: `_` in it is `-` in the id.
    pub fn named(self, name: &str) -> Parameter {
        Parameter { id: id(name), ..self.parameter }
    }

    /// A value of it; none when it is of another kind.
    pub fn read(&self, value: Value) -> Option<T> {
        (self.read)(value)
    }
}

/// The id of a field's parameter.
pub(crate) fn id(name: &str) -> String {
    name.trim_start_matches("r#").replace('_', "-")
}

/// A type that whole numbers are read as.
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
                // The host holds values to the range of the parameter, which is one of this type.
                value.clamp(Self::MIN.whole(), Self::MAX.whole()) as Self
            }

            fn whole(self) -> i64 {
                i64::try_from(self).unwrap_or(i64::MAX)
            }
        }
    )*};
}

whole!(i64, i32, i16, i8, u64, u32, u16, u8, usize, isize);

/// A type that real numbers are read as.
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
                // As it is written: 0.3 as an f32 is 0.3 to the page, rather than 0.30000001192092896.
                self.to_string().parse().unwrap_or(f64::from(self))
            }
        }
    )*};
}

real!(f64, f32);

/// A slider over whole numbers, in steps of 1.
pub fn integer<T: Whole>(label: &str, range: RangeInclusive<T>, start: T) -> Knob<T> {
    let (min, max, default) = (range.start().whole(), range.end().whole(), start.whole());
    let spec = IntegerSpec { min, max, step: 1, default, unit: None };
    Knob::new(label, ParameterKind::Integer(spec), start, |value| match value {
        Value::Integer(it) => Some(T::of(it)),
        _ => None,
    })
}

/// A slider over real numbers, in steps of a hundredth of its range.
pub fn number<T: Real>(label: &str, range: RangeInclusive<T>, start: T) -> Knob<T> {
    let (min, max, default) = (range.start().real(), range.end().real(), start.real());
    let spec = NumberSpec { min, max, step: (max - min) / 100.0, default, unit: None };
    Knob::new(label, ParameterKind::Number(spec), start, |value| match value {
        Value::Number(it) => Some(T::of(it)),
        _ => None,
    })
}

impl<T> Knob<T> {
    /// From one value of a slider to the next; of another kind it changes nothing.
    pub fn step(mut self, width: f64) -> Self {
        match &mut self.parameter.kind {
            ParameterKind::Number(spec) => spec.step = width,
            ParameterKind::Integer(spec) => spec.step = width as i64,
            _ => {}
        }
        self
    }
}

/// On or off.
pub fn toggle(label: &str, start: bool) -> Knob<bool> {
    Knob::new(label, ParameterKind::Toggle(start), start, |value| match value {
        Value::Boolean(it) => Some(it),
        _ => None,
    })
}

/// One of the variants of an enum that [`choices!`](crate::choices) declared.
pub fn choice<T: Choice + PartialEq>(label: &str, start: T) -> Knob<T> {
    let named = |(_, name, label): &(T, &str, &str)| (crate::choice::id(name), (*label).to_owned());
    let ids = T::OPTIONS.iter().map(named);
    let place = T::OPTIONS.iter().position(|(option, ..)| *option == start).unwrap_or(0);
    Knob::new(label, options(ids, place), start, |value| match value {
        Value::Text(id) => T::of(&id),
        _ => None,
    })
}

/// One of several options, pairs of an id and a label, read as the id; `start` is one of the ids.
pub fn option<'a>(label: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>, start: &str) -> Knob<String> {
    let pairs: Vec<_> = pairs.into_iter().map(|(id, label)| (id.to_owned(), label.to_owned())).collect();
    let place = pairs.iter().position(|(id, _)| id == start).unwrap_or(0);
    Knob::new(label, options(pairs, place), start.to_owned(), words)
}

fn options(pairs: impl IntoIterator<Item = (String, String)>, start: usize) -> ParameterKind {
    let options: Vec<_> = pairs.into_iter().map(|(id, label)| ChoiceOption { id, label }).collect();
    let default = options.get(start).map(|option| option.id.clone()).unwrap_or_default();
    ParameterKind::Choice(ChoiceSpec { options, default })
}

/// A line of text of at most `most` characters.
pub fn text(label: &str, most: u32, start: &str) -> Knob<String> {
    let spec = TextSpec { max_chars: most, multiline: false, default: start.into() };
    Knob::new(label, ParameterKind::Text(spec), start.into(), words)
}

fn words(value: Value) -> Option<String> {
    match value {
        Value::Text(it) => Some(it),
        _ => None,
    }
}

impl Knob<String> {
    /// Text of several lines; of a choice it changes nothing.
    pub fn lines(mut self) -> Self {
        if let ParameterKind::Text(spec) = &mut self.parameter.kind {
            spec.multiline = true;
        }
        self
    }
}

/// A colour, `0xrrggbb` at the start.
pub fn color(label: &str, start: u32) -> Knob<Color> {
    let start = Color::new(start);
    Knob::new(label, ParameterKind::Color(start.to_string()), start, |value| match value {
        Value::Text(it) => Color::parse(&it),
        _ => None,
    })
}

/// Something to press.
pub fn button(label: &str) -> Knob<Button> {
    Knob::new(label, ParameterKind::Button, Button::default(), |value| match value {
        Value::Boolean(it) => Some(Button(Cell::new(it))),
        _ => None,
    })
}

/// Whether a button was pressed.
#[derive(Clone, Debug, Default)]
pub struct Button(Cell<bool>);

impl Button {
    /// True once after each press.
    pub fn pressed(&self) -> bool {
        self.0.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_as_the_type_that_is_asked_for() {
        let knob = integer::<u8>("Levels", 2..=200, 4);
        assert_eq!(knob.read(Value::Integer(200)), Some(200));
        assert_eq!(knob.read(Value::Integer(300)), Some(255), "saturated rather than wrapped around");
        assert_eq!(knob.read(Value::Number(4.0)), None);
        let ParameterKind::Integer(spec) = knob.step(2.0).unit("px").named("r#levels").kind else { panic!() };
        assert_eq!((spec.min, spec.max, spec.step, spec.default, spec.unit.as_deref()), (2, 200, 2, 4, Some("px")));
    }

    #[test]
    fn real_numbers_are_told_as_they_are_written() {
        let ParameterKind::Number(spec) = number::<f32>("Gain", -0.1..=0.7, 0.3).named("gain").kind else { panic!() };
        assert_eq!((spec.min, spec.max, spec.default), (-0.1, 0.7, 0.3));
        assert_eq!(number::<f32>("Gain", 0.0..=1.0, 0.3).read(Value::Number(0.3)), Some(0.3));
    }

    #[test]
    fn a_button_is_pressed_once() {
        let button = button("Now").read(Value::Boolean(true)).unwrap();
        assert!(button.pressed());
        assert!(!button.pressed());
    }

    #[test]
    fn options_start_where_they_are_told_to() {
        let kind = option("Size", [("s", "Small"), ("l", "Large")], "l").named("size").kind;
        let ParameterKind::Choice(spec) = kind else { panic!() };
        assert_eq!((spec.default.as_str(), spec.options.len()), ("l", 2));
    }
}
