//! Pictures as they were coded, with what is known about how they are meant.

use crate::colour::Conversion;
use crate::{Colour, Error, Orientation, Picture, Planes, Size};

/// Rows of chroma that are turned and converted together: what they take stays in the processor's cache in between.
const BAND: usize = 16;

/// A borrowed picture as it was coded: its colours may be those of another standard, it may lie on its side, and its samples
/// may not be square.
#[derive(Clone, Copy, Debug)]
pub struct Coded<'a> {
    /// The samples.
    pub planes: Planes<'a>,
    /// What the samples stand for.
    pub colour: Colour,
    /// How it is turned to stand upright.
    pub orientation: Orientation,
    /// The size at which it is shown, upright and with square pixels.
    pub size: Size,
}

impl<'a> From<Planes<'a>> for Coded<'a> {
    /// A picture as all in the house are.
    fn from(planes: Planes<'a>) -> Self {
        Self { planes, colour: Colour::default(), orientation: Orientation::UPRIGHT, size: planes.size }
    }
}

impl Picture {
    /// Replaces the picture with `planes`, turned and converted to BT.601, limited range, in one pass.
    ///
    /// # Errors
    /// [`Error::Size`] if the size is invalid; [`Error::Memory`].
    pub fn draw(&mut self, planes: Planes<'_>, colour: Colour, orientation: Orientation) -> Result<(), Error> {
        let conversion = Conversion::of(colour);
        if conversion.is_none() && orientation == Orientation::UPRIGHT {
            return self.copy_from(planes);
        }
        self.resize(orientation.size(planes.size))?;
        self.bands(conversion, |[y, u, v], rows, chroma_rows| {
            let chroma = planes.size.chroma();
            orientation.turn(planes.y, planes.size, rows, y);
            orientation.turn(planes.u, chroma, chroma_rows.clone(), u);
            orientation.turn(planes.v, chroma, chroma_rows, v);
        });
        Ok(())
    }

    /// Converts the picture, whose samples stand for `colour`, to BT.601, limited range.
    pub(crate) fn convert_from(&mut self, colour: Colour) {
        if let Some(conversion) = Conversion::of(colour) {
            self.bands(Some(conversion), |_, _, _| {});
        }
    }

    /// Calls `write` for each band of rows, with the parts of the planes and the numbers of the rows of luma and chroma, and then
    /// converts the band.
    fn bands(
        &mut self,
        mut conversion: Option<Conversion>,
        write: impl Fn([&mut [u8]; 3], std::ops::Range<usize>, std::ops::Range<usize>),
    ) {
        let (size, chroma) = (self.size(), self.size().chroma());
        let (width, columns) = (size.width as usize, chroma.width as usize);
        let (y, u, v) = self.planes_mut();
        let bands = y.chunks_mut(2 * BAND * width).zip(u.chunks_mut(BAND * columns)).zip(v.chunks_mut(BAND * columns));
        for (band, ((y, u), v)) in bands.enumerate() {
            let (row, chroma_row) = (2 * BAND * band, BAND * band);
            let rows = row..row + y.len() / width;
            let chroma_rows = chroma_row..chroma_row + u.len() / columns;
            write([&mut *y, &mut *u, &mut *v], rows, chroma_rows);
            if let Some(conversion) = &mut conversion {
                conversion.convert(size.width, y, u, v);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sampler;
    use crate::{Matrix, Range};

    /// A picture of four flat quarters.
    fn quarters(size: Size) -> Picture {
        let mut picture = Picture::black(size).unwrap();
        let (y, u, v) = picture.planes_mut();
        for (plane, size, values) in [
            (y, size, [50, 90, 130, 200]),
            (u, size.chroma(), [100, 120, 140, 160]),
            (v, size.chroma(), [160, 90, 120, 70]),
        ] {
            let (width, height) = (size.width as usize, size.height as usize);
            for (i, sample) in plane.iter_mut().enumerate() {
                *sample = values[usize::from(i % width >= width / 2) + 2 * usize::from(i / width >= height / 2)];
            }
        }
        picture
    }

    #[test]
    fn a_picture_is_turned_scaled_and_converted_in_any_combination() {
        let size = Size::new(64, 40);
        let from = quarters(size);
        let colour = Colour { matrix: Matrix::Bt709, range: Range::Full };
        for colour in [Colour::default(), colour] {
            for orientation in (0..4).map(Orientation::clockwise) {
                for to in [size, Size::new(96, 40), Size::new(20, 30), Size::new(40, 64), Size::new(33, 17)] {
                    let coded = Coded { colour, orientation, size: to, ..from.planes().into() };
                    let mut picture = Picture::black(Size::new(2, 2)).unwrap();
                    Sampler::default().draw(coded, to, &mut picture).unwrap();
                    assert_eq!(picture.size(), to);
                    // In the middle of each quarter nothing is mixed by scaling.
                    let mut whole = Picture::black(Size::new(2, 2)).unwrap();
                    whole.draw(from.planes(), colour, orientation).unwrap();
                    for (x, y) in [(1, 1), (3, 1), (1, 3), (3, 3)] {
                        let at = |picture: &Picture| {
                            let (size, planes) = (picture.size(), picture.planes());
                            let (x, y) = ((size.width * x / 4) as usize, (size.height * y / 4) as usize);
                            let chroma = y / 2 * planes.u.stride + x / 2;
                            [planes.y.data[y * planes.y.stride + x], planes.u.data[chroma], planes.v.data[chroma]]
                        };
                        let near = at(&picture).iter().zip(at(&whole)).all(|(a, b)| a.abs_diff(b) <= 2);
                        assert!(near, "{colour:?} {orientation:?} {to}: {:?} {:?}", at(&picture), at(&whole));
                    }
                }
            }
        }
    }

    #[test]
    fn a_picture_as_in_the_house_is_copied() {
        let from = quarters(Size::new(31, 17));
        let coded = Coded::from(from.planes());
        assert_eq!((coded.size, coded.colour), (from.size(), Colour::default()));
        let mut picture = Picture::black(Size::new(2, 2)).unwrap();
        Sampler::default().draw(coded, coded.size, &mut picture).unwrap();
        assert_eq!(picture, from);
    }
}
