//! Colours.

use std::fmt;

/// A colour of a parameter or of pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Color {
    /// 0 to 255.
    pub red: u8,
    /// 0 to 255.
    pub green: u8,
    /// 0 to 255.
    pub blue: u8,
}

impl Color {
    /// Creates a colour from `0xrrggbb`.
    pub const fn new(rgb: u32) -> Self {
        Self { red: (rgb >> 16) as u8, green: (rgb >> 8) as u8, blue: rgb as u8 }
    }

    /// Parses `#rrggbb`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits =
            text.strip_prefix('#').filter(|it| it.len() == 6 && it.bytes().all(|it| it.is_ascii_hexdigit()))?;
        u32::from_str_radix(digits, 16).ok().map(Self::new)
    }

    /// Returns red, green, blue and an alpha of 255.
    pub const fn rgba(self) -> [u8; 4] {
        [self.red, self.green, self.blue, 255]
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_colour_can_be_parsed() {
        let orange = Color { red: 255, green: 160, blue: 0 };
        assert_eq!(Color::new(0xffa000), orange);
        assert_eq!(orange.to_string(), "#ffa000");
        assert_eq!(Color::parse("#FFa000"), Some(orange));
        for wrong in ["", "ffa000", "#ffa00", "#ffa0000", "#+fa000", "#ä0000"] {
            assert_eq!(Color::parse(wrong), None, "{wrong}");
        }
    }
}
