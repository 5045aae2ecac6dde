//! Sizes and rectangles in pixels.

use std::fmt;

/// Width and height of a picture, pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    /// Columns, pixels.
    pub width: u32,
    /// Rows, pixels.
    pub height: u32,
}

impl Size {
    /// The largest width or height that any part of the runtime accepts, pixels.
    pub const MAX_SIDE: u32 = 16_384;

    /// Creates a size of `width` × `height` pixels.
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Returns the size of the chroma planes of an I420 picture of this size: half, rounded up.
    pub const fn chroma(self) -> Self {
        Self::new(self.width.div_ceil(2), self.height.div_ceil(2))
    }

    /// Returns the number of pixels.
    pub const fn pixels(self) -> u64 {
        self.width as u64 * self.height as u64
    }

    /// Returns whether both sides are between 1 and [`Size::MAX_SIDE`].
    pub const fn is_valid(self) -> bool {
        self.width >= 1 && self.height >= 1 && self.width <= Self::MAX_SIDE && self.height <= Self::MAX_SIDE
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// A rectangle within a picture, in pixels. The origin is the top left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rect {
    /// Left edge, pixels.
    pub x: u32,
    /// Top edge, pixels.
    pub y: u32,
    /// Columns, pixels.
    pub width: u32,
    /// Rows, pixels.
    pub height: u32,
}

impl Rect {
    /// Returns the rectangle that covers a picture of `size`.
    pub const fn whole(size: Size) -> Self {
        Self { x: 0, y: 0, width: size.width, height: size.height }
    }

    /// Returns the width and height.
    pub const fn size(self) -> Size {
        Size::new(self.width, self.height)
    }

    /// Returns whether the rectangle is not empty and lies within a picture of `size`.
    pub const fn is_within(self, size: Size) -> bool {
        self.width >= 1
            && self.height >= 1
            && self.x as u64 + self.width as u64 <= size.width as u64
            && self.y as u64 + self.height as u64 <= size.height as u64
    }
}
