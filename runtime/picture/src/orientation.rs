//! How a coded picture is turned to stand upright.

use std::ops::Range;

use crate::{Plane, Size};

/// One of the eight ways to lay a picture: quarter turns, mirrored or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Orientation {
    /// Whether columns become rows, before the picture is mirrored.
    transposed: bool,
    /// Whether left and right are exchanged in the picture that is shown.
    mirrored: bool,
    /// Whether top and bottom are exchanged in the picture that is shown.
    upside_down: bool,
}

impl Orientation {
    /// The picture is shown as it is coded.
    pub const UPRIGHT: Self = Self { transposed: false, mirrored: false, upside_down: false };

    /// Returns the orientation that turns pictures clockwise by `quarters` of a full turn.
    pub const fn clockwise(quarters: u32) -> Self {
        let (transposed, mirrored, upside_down) = match quarters % 4 {
            0 => (false, false, false),
            1 => (true, true, false),
            2 => (false, true, true),
            _ => (true, false, true),
        };
        Self { transposed, mirrored, upside_down }
    }

    /// Returns the orientation nearest to a linear map, which takes the column x and the row y of a coded pixel to the column
    /// a·x + c·y and the row b·x + d·y; their scale and origin are of no matter.
    pub const fn of_matrix([a, b, c, d]: [i64; 4]) -> Self {
        let transposed =
            b.unsigned_abs().saturating_add(c.unsigned_abs()) > a.unsigned_abs().saturating_add(d.unsigned_abs());
        let (across, down) = if transposed { (c, b) } else { (a, d) };
        Self { transposed, mirrored: across < 0, upside_down: down < 0 }
    }

    /// Returns the size of a turned picture of `size`; it is its own inverse.
    pub const fn size(self, size: Size) -> Size {
        if self.transposed { Size::new(size.height, size.width) } else { size }
    }

    /// Writes `rows` of the plane that `plane`, which has `size`, turns into.
    pub(crate) fn turn(self, plane: Plane<'_>, size: Size, rows: Range<usize>, to: &mut [u8]) {
        let Size { width, height } = self.size(size);
        let (width, height) = (width as usize, height as usize);
        let source_row = |row: usize| if self.upside_down { height - 1 - row } else { row };
        if !self.transposed {
            for (row, to) in rows.zip(to.chunks_exact_mut(width)) {
                to.copy_from_slice(&plane.data[source_row(row) * plane.stride..][..width]);
                if self.mirrored {
                    to.reverse();
                }
            }
            return;
        }
        // The rows to write are columns of the source.
        let Some(last) = rows.clone().last() else { return };
        let (begin, end) = (source_row(rows.start), source_row(last));
        let columns = begin.min(end)..begin.max(end) + 1;
        for (column, from) in plane.data.chunks(plane.stride).take(width).enumerate() {
            let column = if self.mirrored { width - 1 - column } else { column };
            let from = &from[columns.clone()];
            let place = |(row, sample): (usize, &u8)| to[row * width + column] = *sample;
            if self.upside_down {
                from.iter().rev().enumerate().for_each(place);
            } else {
                from.iter().enumerate().for_each(place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Colour, Matrix, Picture, Range};

    /// The eight linear maps, with what they do to a picture of which a–f are the pixels: a b c in the first row, d e f in the
    /// second.
    const MAPS: [([i64; 4], &str); 8] = [
        ([1, 0, 0, 1], "abc def"),
        ([0, 1, -1, 0], "da eb fc"),
        ([-1, 0, 0, -1], "fed cba"),
        ([0, -1, 1, 0], "cf be ad"),
        ([-1, 0, 0, 1], "cba fed"),
        ([1, 0, 0, -1], "def abc"),
        ([0, 1, 1, 0], "ad be cf"),
        ([0, -1, -1, 0], "fc eb da"),
    ];

    #[test]
    fn matrices_turn_and_mirror() {
        for (matrix, expected) in MAPS {
            for scale in [1, 0x10000, 3] {
                let orientation = Orientation::of_matrix(matrix.map(|factor| factor * scale));
                let size = orientation.size(Size::new(3, 2));
                let mut to = vec![0; 6];
                orientation.turn(
                    Plane { data: b"abc_def", stride: 4 },
                    Size::new(3, 2),
                    0..size.height as usize,
                    &mut to,
                );
                let rows: Vec<_> = to.chunks(size.width as usize).map(|row| str::from_utf8(row).unwrap()).collect();
                assert_eq!(rows.join(" "), expected, "{matrix:?}");
            }
        }
        for (quarters, (matrix, _)) in MAPS[..4].iter().enumerate() {
            assert_eq!(Orientation::clockwise(quarters as u32), Orientation::of_matrix(*matrix));
            assert_eq!(Orientation::clockwise(quarters as u32 + 4), Orientation::of_matrix(*matrix));
        }
    }

    #[test]
    fn other_matrices_are_the_nearest_turn() {
        for (matrix, nearest) in [
            ([0, 0, 0, 0], [1, 0, 0, 1]),
            ([9, 3, -3, 9], [1, 0, 0, 1]),
            ([3, 9, -9, 3], [0, 1, -1, 0]),
            ([i64::MIN; 4], [-1, 0, 0, -1]),
        ] {
            assert_eq!(Orientation::of_matrix(matrix), Orientation::of_matrix(nearest), "{matrix:?}");
        }
    }

    proptest! {
        #[test]
        fn pictures_of_any_size_are_turned(width in 1u32..80, height in 1u32..80, map in 0usize..8, seed: u8, full: bool) {
            let size = Size::new(width, height);
            let mut from = Picture::black(size).unwrap();
            for (i, byte) in from.bytes_mut().iter_mut().enumerate() {
                *byte = (i as u8).wrapping_mul(31).wrapping_add(seed);
            }
            let orientation = Orientation::of_matrix(MAPS[map].0);
            let colour = Colour { matrix: Matrix::Bt709, range: if full { Range::Full } else { Range::Limited } };
            let mut turned = Picture::black(Size::new(2, 2)).unwrap();
            turned.draw(from.planes(), Colour::default(), orientation).unwrap();
            prop_assert_eq!(turned.size(), orientation.size(size));

            // A pixel after the other, by the linear map.
            let [a, b, c, d] = MAPS[map].0;
            let (of, by) = (from.planes(), turned.planes());
            for (plane, by, size) in [(of.y, by.y, size), (of.u, by.u, size.chroma()), (of.v, by.v, size.chroma())] {
                for (x, y) in (0..size.width).flat_map(|x| (0..size.height).map(move |y| (x, y))) {
                    let (to_x, to_y) = (a * i64::from(x) + c * i64::from(y), b * i64::from(x) + d * i64::from(y));
                    // What is mirrored comes to lie left of or above the origin.
                    let upright = orientation.size(size);
                    let column = if a + c < 0 { to_x + i64::from(upright.width) - 1 } else { to_x };
                    let row = if b + d < 0 { to_y + i64::from(upright.height) - 1 } else { to_y };
                    let sample = plane.data[y as usize * plane.stride + x as usize];
                    prop_assert_eq!(by.data[row as usize * by.stride + column as usize], sample);
                }
            }

            // Turning and converting at once is as one after the other.
            let (mut at_once, mut converted, mut after) =
                (turned.clone(), Picture::black(Size::new(2, 2)).unwrap(), turned.clone());
            at_once.draw(from.planes(), colour, orientation).unwrap();
            if width % 2 == 0 && height % 2 == 0 {
                converted.draw(from.planes(), colour, Orientation::UPRIGHT).unwrap();
                after.draw(converted.planes(), Colour::default(), orientation).unwrap();
                prop_assert_eq!(&at_once, &after);
            }
        }
    }
}
