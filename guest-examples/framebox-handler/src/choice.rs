//! Parameters that select one of several options.

/// An enum whose variants are the options of a parameter, declared by [`choices!`](crate::choices).
pub trait Choice: Copy + 'static {
    /// Every option: the variant, its name and its label.
    const OPTIONS: &'static [(Self, &'static str, &'static str)];

    /// Returns the option with this id.
    fn of(id: &str) -> Option<Self> {
        Self::OPTIONS.iter().find(|(_, name, _)| self::id(name) == id).map(|(option, ..)| *option)
    }
}

/// Converts the name of a variant to an id: `LeftRight` to `left-right`.
pub(crate) fn id(name: &str) -> String {
    let mut id = String::with_capacity(name.len() + 2);
    for (i, letter) in name.chars().enumerate() {
        if i > 0 && letter.is_ascii_uppercase() {
            id.push('-');
        }
        id.push(letter.to_ascii_lowercase());
    }
    id
}

/// Declares an enum whose variants are the options of a parameter, each with its label. The id of an option is its
/// name in kebab case: `left-right` for `LeftRight`. The first is the default of the type.
///
/// ```
/// framebox_handler::choices! {
///     pub enum Direction { Horizontal = "Left and right", Vertical = "Top and bottom" }
/// }
/// assert_eq!(Direction::default(), Direction::Horizontal);
/// ```
#[macro_export]
macro_rules! choices {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$inner:meta])* $variant:ident = $label:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $vis enum $name { $($(#[$inner])* $variant),+ }

        impl $crate::Choice for $name {
            const OPTIONS: &'static [(Self, &'static str, &'static str)] =
                &[$((Self::$variant, stringify!($variant), $label)),+];
        }

        impl ::core::default::Default for $name {
            fn default() -> Self {
                <Self as $crate::Choice>::OPTIONS[0].0
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    choices! {
        enum Corner { TopLeft = "Top left", Right = "To the right" }
    }

    #[test]
    fn ids_are_names_in_kebab_case() {
        assert_eq!(id("TopLeft"), "top-left");
        assert_eq!(Corner::of("top-left"), Some(Corner::TopLeft));
        assert_eq!(Corner::of("right"), Some(Corner::Right));
        assert_eq!(Corner::of("Right"), None);
        assert_eq!(Corner::default(), Corner::TopLeft);
    }
}
