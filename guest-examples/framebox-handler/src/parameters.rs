//! The parameters of a handler as a struct.

use crate::raw::types::{Parameter, Value};

/// A struct with a field for each parameter, declared by [`parameters!`](crate::parameters).
///
/// Its default has the default value of each parameter. `()` has no parameters.
pub trait Parameters: Default + Clone + 'static {
    /// Returns the parameters, in the order of the page.
    fn list() -> Vec<Parameter>;

    /// Sets a parameter.
    ///
    /// # Errors
    /// The parameter is unknown, or the value is of another kind.
    fn set(&mut self, id: &str, value: Value) -> Result<(), String>;
}

impl Parameters for () {
    fn list() -> Vec<Parameter> {
        Vec::new()
    }

    fn set(&mut self, id: &str, _: Value) -> Result<(), String> {
        Err(format!("unknown parameter {id}"))
    }
}

/// Declares a struct with a field for each parameter. The id is the name of the field with `-` for `_`; after the `=` follows
/// the [`Control`](crate::Control).
///
/// ```
/// use framebox_handler::Color;
///
/// framebox_handler::parameters! {
///     pub struct Settings {
///         tint: Color = color("Tint", 0xffa000),
///         block_size: usize = integer("Block size", 2..=64, 16).unit("px"),
///         strength: f32 = number("Strength", 0.0..=1.0, 0.5).help("1 is all tint."),
///         upside_down: bool = toggle("Upside down", false),
///     }
/// }
/// assert_eq!(Settings::default().block_size, 16);
/// ```
#[macro_export]
macro_rules! parameters {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$inner:meta])* $field:ident: $type:ty = $control:expr),* $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        $vis struct $name { $($(#[$inner])* pub $field: $type),* }

        const _: () = {
            #[allow(unused_imports)]
            use $crate::{Control, button, choice, color, integer, number, option, text, toggle};

            impl ::core::default::Default for $name {
                fn default() -> Self {
                    Self { $($field: { let control: Control<$type> = $control; control.start() }),* }
                }
            }

            impl $crate::Parameters for $name {
                fn list() -> ::std::vec::Vec<$crate::raw::types::Parameter> {
                    ::std::vec![$({ let control: Control<$type> = $control; control.named(stringify!($field)) }),*]
                }

                fn set(&mut self, id: &str, value: $crate::Value) -> ::core::result::Result<(), ::std::string::String> {
                    $(if $crate::glue::is(id, stringify!($field)) {
                        let control: Control<$type> = $control;
                        self.$field = control.read(value).ok_or_else(|| $crate::glue::wrong(id))?;
                        return Ok(());
                    })*
                    Err($crate::glue::unknown(id))
                }
            }
        };
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Color;

    parameters! {
        struct Settings {
            work_ms: u32 = integer("Work", 0..=1000, 200).unit("ms"),
            tint: Color = color("Tint", 0x102030).group("Looks"),
            name: String = text("Name", 20, "me"),
        }
    }

    #[test]
    fn fields_are_parameters() {
        let list = Settings::list();
        assert_eq!(list.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["work-ms", "tint", "name"]);
        assert_eq!(list[1].group.as_deref(), Some("Looks"));
        let mut settings = Settings::default();
        assert_eq!((settings.work_ms, settings.tint, settings.name.as_str()), (200, Color::new(0x102030), "me"));
        settings.set("work-ms", Value::Integer(7)).unwrap();
        assert_eq!(settings.work_ms, 7);
    }

    #[test]
    fn unknown_ids_and_wrong_types_are_rejected() {
        let mut settings = Settings::default();
        assert!(settings.set("work-ms", Value::Boolean(true)).unwrap_err().contains("work-ms"));
        assert!(settings.set("work_ms", Value::Integer(1)).unwrap_err().contains("unknown parameter"));
        assert!(settings.set("tint", Value::Text("red".into())).is_err());
        assert_eq!(settings.work_ms, 200);
    }
}
