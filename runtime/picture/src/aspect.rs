//! The shape of coded samples.

use crate::Size;

/// The width of a sample to its height, which is not 1 for anamorphic video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Aspect {
    width: u32,
    height: u32,
}

impl Aspect {
    /// The greatest ratio that is believed, in both directions.
    const MOST: u64 = 10;

    /// Returns the ratio; none if a part of it is 0, which stands for one that is not known, or if it is beyond belief.
    pub const fn new(width: u32, height: u32) -> Option<Self> {
        let (wide, high) = (width as u64, height as u64);
        if wide == 0 || high == 0 || wide > high * Self::MOST || high > wide * Self::MOST {
            return None;
        }
        Some(Self { width, height })
    }

    /// Returns the size at which a picture of `size` is shown on square pixels. The height stays, the width becomes an even
    /// number; where that would be more than `max_pixels`, the width stays and the height is changed.
    pub fn square(self, size: Size, max_pixels: u64) -> Size {
        if self.width == self.height {
            return size;
        }
        let even = |side: u32, by: u32, to: u32| {
            let half = (u64::from(side) * u64::from(by) + u64::from(to)) / (2 * u64::from(to));
            u32::try_from(2 * half.max(1)).unwrap_or(u32::MAX)
        };
        let stretched = Size::new(even(size.width, self.width, self.height), size.height);
        let squeezed = Size::new(size.width, even(size.height, self.height, self.width));
        let fits = |shown: &Size| shown.is_valid() && shown.pixels() <= max_pixels.max(size.pixels());
        [stretched, squeezed].into_iter().find(fits).unwrap_or(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_height_stays_and_the_width_is_even() {
        for ((width, height), size, shown) in [
            ((1, 1), (321, 241), (321, 241)),
            ((7, 7), (321, 241), (321, 241)),
            ((4, 3), (1440, 1080), (1920, 1080)),
            ((16, 11), (704, 576), (1024, 576)),
            ((8, 9), (720, 480), (640, 480)),
            ((12, 11), (352, 289), (384, 289)),
            ((1, 2), (5, 3), (2, 3)),
            ((1, 10), (2, 2), (2, 2)),
        ] {
            let square = Aspect::new(width, height).unwrap().square(Size::new(size.0, size.1), 1 << 30);
            assert_eq!(square, Size::new(shown.0, shown.1), "{width}:{height} of {size:?}");
        }
    }

    #[test]
    fn pictures_do_not_grow_beyond_bounds() {
        let (wide, size) = (Aspect::new(2, 1).unwrap(), Size::new(640, 480));
        assert_eq!(wide.square(size, 2 * size.pixels()), Size::new(1280, 480));
        assert_eq!(wide.square(size, 2 * size.pixels() - 1), Size::new(640, 240), "no more pixels than allowed");
        assert_eq!(wide.square(Size::new(16_000, 20), 1 << 30), Size::new(16_000, 10));
        let narrow = Aspect::new(1, 10).unwrap();
        assert_eq!(narrow.square(size, 1), Size::new(64, 480));
        for (width, height) in (1..8).flat_map(|width| (1..8).map(move |height| (width, height))) {
            for ratio in [(1, 10), (99, 100), (100, 99), (3, 2), (10, 1)] {
                let square = Aspect::new(ratio.0, ratio.1).unwrap().square(Size::new(width, height), 20);
                assert!(square.is_valid() && square.pixels() <= 20.max(u64::from(width * height)), "{square}");
            }
        }
    }

    #[test]
    fn what_is_unknown_or_beyond_belief_is_none() {
        for (width, height) in [(0, 1), (1, 0), (0, 0), (11, 1), (1, 11), (u32::MAX, 1)] {
            assert_eq!(Aspect::new(width, height), None, "{width}:{height}");
        }
        assert!(Aspect::new(u32::MAX, u32::MAX - 1).is_some());
    }
}
