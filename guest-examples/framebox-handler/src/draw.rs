//! Drawing shapes into an image.

use crate::raw::types::Rect;
use crate::{Color, Image, pixel};

impl Image {
    /// Fills a rectangle, clipped to the picture.
    pub fn fill(&mut self, rect: Rect, color: Color) {
        let size = self.size();
        let end = |start: u32, length: u32, whole: u32| start.saturating_add(length).min(whole);
        let (right, bottom) = (end(rect.x, rect.width, size.width), end(rect.y, rect.height, size.height));
        if rect.x >= right {
            return;
        }
        for row in rect.y..bottom {
            let at = |x: u32| (row as usize * size.width as usize + x as usize) * 4;
            pixel::fill(&mut self.bytes_mut()[at(rect.x)..at(right)], color.rgba());
        }
    }

    /// Draws the edge of a rectangle, `thick` pixels wide and inside it.
    pub fn outline(&mut self, rect: Rect, color: Color, thick: u32) {
        edge(rect, thick).into_iter().for_each(|side| self.fill(side, color));
    }
}

/// Returns the four sides of a rectangle, `thick` pixels wide and inside it.
pub fn edge(rect: Rect, thick: u32) -> [Rect; 4] {
    let Rect { x, y, width, height } = rect;
    let thick = thick.min(width).min(height);
    [
        Rect { height: thick, ..rect },
        Rect { y: y.saturating_add(height - thick), height: thick, ..rect },
        Rect { width: thick, ..rect },
        Rect { x: x.saturating_add(width - thick), width: thick, ..rect },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Size;

    const RED: Color = Color::new(0xff0000);

    /// Returns the red pixels of the image, a line for each row.
    fn drawn(draw: impl FnOnce(&mut Image)) -> Vec<String> {
        let size = Size { width: 6, height: 4 };
        let mut image = Image::plain(size, Color::default());
        draw(&mut image);
        let dot = |x, y| if image.get(x, y) == Some(RED.rgba()) { '#' } else { '.' };
        (0..size.height).map(|y| (0..size.width).map(|x| dot(x, y)).collect()).collect()
    }

    #[test]
    fn shapes_are_clipped() {
        let fill = |x, y, width, height| drawn(|image| image.fill(Rect { x, y, width, height }, RED));
        assert_eq!(fill(4, 2, 9, 9), ["......", "......", "....##", "....##"]);
        assert_eq!(fill(9, 9, 1, 1), ["......"; 4]);
        assert_eq!(fill(u32::MAX, 0, u32::MAX, 4), ["......"; 4]);
        assert_eq!(fill(1, 0, 0, 4), ["......"; 4]);
    }

    #[test]
    fn an_outline_is_hollow() {
        let outline = |width, height| drawn(|image| image.outline(Rect { x: 1, y: 0, width, height }, RED, 1));
        assert_eq!(outline(4, 4), [".####.", ".#..#.", ".#..#.", ".####."]);
        assert_eq!(outline(1, 2), [".#....", ".#....", "......", "......"]);
        assert_eq!(outline(0, 0), ["......"; 4]);
    }
}
