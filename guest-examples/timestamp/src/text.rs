//! Draws lines of text.

use font8x8::{BASIC_FONTS, LATIN_FONTS, UnicodeFonts};
use framebox_handler::{Color, Image, Size};

/// Width and height of a character, dots.
pub const CHARACTER: usize = 8;
/// Dots around the text.
const MARGIN: usize = 4;
/// Dots between two lines.
const BETWEEN: usize = 3;

/// Draws `lines` with dots of `dot` × `dot` pixels, clipped to a width and height of `most` pixels.
pub fn draw(lines: &[String], dot: usize, color: Color, ground: [u8; 4], most: (usize, usize)) -> Image {
    let (across, down) = extent(lines);
    let (width, height) = ((across * dot).min(most.0), (down * dot).min(most.1));
    let mut pixels = ground.repeat(width * height);
    for (number, line) in lines.iter().enumerate() {
        let top = (MARGIN + number * (CHARACTER + BETWEEN)) * dot;
        for (place, glyph) in line.chars().map(glyph).enumerate() {
            let left = (MARGIN + place * CHARACTER) * dot;
            for y in top..(top + CHARACTER * dot).min(height) {
                let row = glyph[(y - top) / dot];
                for x in (left..(left + CHARACTER * dot).min(width)).filter(|x| row >> ((x - left) / dot) & 1 == 1) {
                    pixels[(y * width + x) * 4..][..4].copy_from_slice(&color.rgba());
                }
            }
        }
    }
    Image::new(Size { width: width as u32, height: height as u32 }, pixels)
}

/// Returns width and height of `lines`, dots.
pub fn extent(lines: &[String]) -> (usize, usize) {
    let longest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let down = (lines.len() * (CHARACTER + BETWEEN)).saturating_sub(BETWEEN);
    (longest * CHARACTER + 2 * MARGIN, down + 2 * MARGIN)
}

/// Returns the dots of a character: a byte for each row, with the lowest bit at the left.
fn glyph(character: char) -> [u8; CHARACTER] {
    let known = BASIC_FONTS.get(character).or_else(|| LATIN_FONTS.get(character));
    known.or_else(|| BASIC_FONTS.get('?')).unwrap_or_default()
}
