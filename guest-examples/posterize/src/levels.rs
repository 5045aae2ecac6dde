//! Reduces the levels of bytes, in arithmetic on 16 bytes at a time; a lookup table would process them one by one.

use framebox_handler::pixel;

/// A mapping of bytes to a number of levels.
pub struct Levels {
    count: u16,
    /// Difference of two levels, 256ths, rounded up.
    step: u16,
}

impl Levels {
    /// Creates a mapping to 2 to 16 levels.
    pub fn new(count: u32) -> Self {
        let count = count.clamp(2, 16) as u16;
        Self { count, step: (255 * 256_u16).div_ceil(count - 1) }
    }

    /// Maps every byte of pixels; 255 maps to 255, so alpha stays opaque.
    pub fn apply(&self, rgba: &mut [u8]) {
        pixel::bytes(rgba, |byte| self.of(byte));
    }

    /// `byte * count / 256 * 255 / (count - 1)`, each division rounded down.
    fn of(&self, byte: u8) -> u8 {
        let band = (u16::from(byte) * self.count) >> 8;
        // At most 255 * 256 + 15: `step` is rounded up by less than 1, and there are at most 15 steps.
        ((band * self.step) >> 8) as u8
    }
}

impl Default for Levels {
    fn default() -> Self {
        Self::new(4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mapping_is_exact_for_every_byte_and_number_of_levels() {
        for count in 2..=16 {
            let levels = Levels::new(count);
            for byte in 0..=255 {
                let band = u32::from(byte) * count / 256;
                assert_eq!(u32::from(levels.of(byte)), band * 255 / (count - 1), "{byte} of {count} levels");
            }
            assert_eq!(levels.of(255), 255, "alpha stays");
        }
    }
}
