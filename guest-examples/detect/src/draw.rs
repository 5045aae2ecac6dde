//! Draws over the picture: outlines, dots, and scores in digits of 3 by 5 dots.

use framebox_handler::{Color, Frame, PixelFormat, Rect, Result, Size};

use crate::Settings;

const COLOR: Color = Color::new(0x00dc5a);
const INK: Color = Color::new(0x000000);

/// Each row of a glyph has three bits.
const DIGITS: [[u8; 5]; 10] = [
    [0b111, 0b101, 0b101, 0b101, 0b111],
    [0b010, 0b110, 0b010, 0b010, 0b111],
    [0b111, 0b001, 0b111, 0b100, 0b111],
    [0b111, 0b001, 0b111, 0b001, 0b111],
    [0b101, 0b101, 0b111, 0b001, 0b001],
    [0b111, 0b100, 0b111, 0b001, 0b111],
    [0b111, 0b100, 0b111, 0b101, 0b111],
    [0b111, 0b001, 0b010, 0b010, 0b010],
    [0b111, 0b101, 0b111, 0b101, 0b111],
    [0b111, 0b101, 0b111, 0b001, 0b111],
];
const PERCENT: [u8; 5] = [0b101, 0b001, 0b010, 0b100, 0b101];

/// Draws over the shown picture of `size`.
pub struct Pen<'a> {
    pub frame: &'a Frame<'a, Settings>,
    pub size: Size,
}

impl Pen<'_> {
    /// Returns the thickness of lines, pixels; even, so that colours are sharp.
    fn line(&self) -> u32 {
        (self.size.width.max(self.size.height) / 200).next_multiple_of(2).max(2)
    }

    /// Draws the four sides of `at`, inside it.
    pub fn outline(&self, at: Rect) -> Result {
        self.frame.outline(at, COLOR, self.line())
    }

    /// Draws a dot at a point inside the picture.
    pub fn dot(&self, [x, y]: [f32; 2]) -> Result {
        if !(0.0..self.size.width as f32).contains(&x) || !(0.0..self.size.height as f32).contains(&y) {
            return Ok(());
        }
        let half = self.line();
        let [left, top] = [x, y].map(|at| (at as u32).saturating_sub(half) & !1);
        let (width, height) = ((2 * half).min(self.size.width - left), (2 * half).min(self.size.height - top));
        self.frame.fill(Rect { x: left, y: top, width, height }, COLOR)
    }

    /// Draws the score in percent above `at`, or inside it if there is no room above; nothing if it does not fit.
    pub fn score(&self, at: Rect, score: f32) -> Result {
        let percent = (score * 100.0).round() as usize;
        let digits = percent.to_string();
        let signs: Vec<_> = digits.bytes().map(|digit| DIGITS[usize::from(digit - b'0')]).chain([PERCENT]).collect();
        let dot = self.line();
        // A margin of one dot around each glyph.
        let (columns, rows) = (4 * signs.len() as u32 + 1, 7);
        let (width, height) = (columns * dot, rows * dot);
        if width > self.size.width || height > self.size.height {
            return Ok(());
        }
        let x = at.x.min(self.size.width - width) & !1;
        let y = at.y.checked_sub(height).unwrap_or(at.y).min(self.size.height - height) & !1;
        let inked = |column: u32, row: u32| {
            let (sign, bit) = (column.wrapping_sub(1) / 4, column.wrapping_sub(1) % 4);
            column > 0
                && bit < 3
                && (1..6).contains(&row)
                && signs[sign as usize][row as usize - 1] >> (2 - bit) & 1 == 1
        };
        let pixels: Vec<u8> = (0..width * height)
            .map(|pixel| if inked(pixel % width / dot, pixel / width / dot) { INK } else { COLOR })
            .flat_map(|Color { red, green, blue }| [red, green, blue])
            .collect();
        Ok(self.frame.out.patch(Rect { x, y, width, height }, PixelFormat::Rgb8, &pixels)?)
    }
}
