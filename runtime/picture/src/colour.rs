//! How a coded picture stands for colours, and its conversion to the form that all pictures in the house have.

use crate::Size;

/// The linear relation between a picture's planes and red, green and blue (ITU-T H.273, `MatrixCoefficients`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Matrix {
    /// ITU-R BT.601: standard definition, cameras, JPEG.
    #[default]
    Bt601,
    /// ITU-R BT.709: high definition.
    Bt709,
    /// ITU-R BT.2020, non-constant luminance: ultra-high definition.
    Bt2020,
    /// FCC, 1953.
    Fcc,
    /// SMPTE 240M.
    Smpte240,
    /// Luma with green and orange differences.
    YCgCo,
}

/// The range of samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Range {
    /// Luma 16–235, chroma 16–240.
    #[default]
    Limited,
    /// 0–255.
    Full,
}

/// How the samples of a picture stand for colours. The default is that of all pictures in the house: BT.601, limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Colour {
    /// The relation to red, green and blue.
    pub matrix: Matrix,
    /// The range of samples.
    pub range: Range,
}

impl Matrix {
    /// Returns the matrix of a code point of ITU-T H.273, which VUI parameters and `colr` boxes use; none for one that is
    /// unspecified, or that pictures with subsampled chroma do not have.
    pub const fn of_code(code: u16) -> Option<Self> {
        match code {
            1 => Some(Self::Bt709),
            4 => Some(Self::Fcc),
            5 | 6 => Some(Self::Bt601),
            7 => Some(Self::Smpte240),
            8 => Some(Self::YCgCo),
            9 | 10 => Some(Self::Bt2020),
            _ => None,
        }
    }

    /// Returns what the two chroma planes, each from -0.5 to 0.5, add to the luma for red, green and blue.
    fn chroma_to_rgb(self) -> [[f64; 2]; 3] {
        let (red, blue) = match self {
            Self::Bt601 => BT601,
            Self::Bt709 => (0.2126, 0.0722),
            Self::Bt2020 => (0.2627, 0.0593),
            Self::Fcc => (0.30, 0.11),
            Self::Smpte240 => (0.212, 0.087),
            Self::YCgCo => return [[-1.0, 1.0], [1.0, 0.0], [-1.0, -1.0]],
        };
        let green = 1.0 - red - blue;
        [
            [0.0, 2.0 * (1.0 - red)],
            [-2.0 * blue * (1.0 - blue) / green, -2.0 * red * (1.0 - red) / green],
            [2.0 * (1.0 - blue), 0.0],
        ]
    }
}

/// Shares of red and blue in the luma of BT.601.
const BT601: (f64, f64) = (0.299, 0.114);

/// Bits behind the point of the luma factor, and of what is added to luma. All is computed in 16 bits, of which processors
/// handle many at once.
const LUMA_BITS: u32 = 6;

/// Converts samples to BT.601, limited range. Grey stays grey, so that luma adds nothing to chroma.
#[derive(Debug)]
pub(crate) struct Conversion {
    /// Factor of luma, with [`LUMA_BITS`].
    luma: i16,
    /// What is added to luma, whatever the chroma, with [`LUMA_BITS`].
    offset: i16,
    /// What is added to luma for the chroma.
    chroma_to_luma: Sum,
    /// What is added to the two chroma planes.
    chroma: [Sum; 2],
    /// What is added to the luma of each column, for a row of chroma, with [`LUMA_BITS`].
    added: Vec<i16>,
    /// A row of chroma, from -128 to 127.
    centred: [Vec<i16>; 2],
}

/// The sum of two chroma samples, from -128 to 127, by factors.
#[derive(Clone, Copy, Debug)]
struct Sum {
    factors: [i16; 2],
    /// Bits behind the point of the factors: as many as fit into 16 bits with the sum.
    bits: u32,
}

impl Sum {
    fn of(factors: [f64; 2]) -> Self {
        let most = 128.0 * factors.iter().map(|factor| factor.abs()).sum::<f64>() + 1.0;
        let bits =
            (LUMA_BITS..14).rfind(|bits| most * f64::from(1u32 << bits) < f64::from(i16::MAX)).unwrap_or(LUMA_BITS);
        Self { factors: factors.map(|factor| (factor * f64::from(1u32 << bits)).round() as i16), bits }
    }

    /// Returns the sum with its bits behind the point.
    fn apply(self, u: i16, v: i16) -> i16 {
        u * self.factors[0] + v * self.factors[1]
    }
}

impl Conversion {
    /// Returns the conversion of pictures with `colour`; none if there is nothing to convert.
    pub(crate) fn of(colour: Colour) -> Option<Self> {
        if colour == Colour::default() {
            return None;
        }
        let (luma, chroma, zero) = match colour.range {
            Range::Limited => (1.0, 1.0, 16.0),
            Range::Full => (219.0 / 255.0, 224.0 / 255.0, 0.0),
        };
        let rgb = colour.matrix.chroma_to_rgb();
        let (red, blue) = BT601;
        let added = [0, 1].map(|plane| red * rgb[0][plane] + (1.0 - red - blue) * rgb[1][plane] + blue * rgb[2][plane]);
        let difference = |channel: usize, share: f64| {
            [0, 1].map(|plane| (rgb[channel][plane] - added[plane]) / (2.0 * (1.0 - share)))
        };
        let (mut to_u, mut to_v) = (difference(2, blue).map(|f| f * chroma), difference(0, red).map(|f| f * chroma));
        // What is added to a sample is small, and therefore exact.
        to_u[0] -= 1.0;
        to_v[1] -= 1.0;
        let scale = f64::from(1u32 << LUMA_BITS);
        Some(Self {
            luma: (luma * scale).round() as i16,
            offset: ((16.5 - zero * luma) * scale).round() as i16,
            // Chroma has a span of 224 for what luma has one of 219 for.
            chroma_to_luma: Sum::of(added.map(|factor| factor * chroma * 219.0 / 224.0)),
            chroma: [Sum::of(to_u), Sum::of(to_v)],
            added: Vec::new(),
            centred: [Vec::new(), Vec::new()],
        })
    }

    /// Converts rows of a picture in place: any number of rows of chroma, and the twice as many of luma that they cover (one
    /// less at the end of a picture of odd height), `width` columns each.
    pub(crate) fn convert(&mut self, width: u32, y: &mut [u8], u: &mut [u8], v: &mut [u8]) {
        let (width, columns) = (width as usize, Size::new(width, 1).chroma().width as usize);
        self.added.resize(2 * columns, 0);
        self.centred.iter_mut().for_each(|row| row.resize(columns, 0));
        let rows = y.chunks_mut(2 * width).zip(u.chunks_exact_mut(columns)).zip(v.chunks_exact_mut(columns));
        for ((luma, u), v) in rows {
            self.chroma_row(u, v);
            for row in luma.chunks_exact_mut(width) {
                self.luma_row(row);
            }
        }
    }

    /// Converts a row of chroma, and computes what it adds to luma.
    fn chroma_row(&mut self, u: &mut [u8], v: &mut [u8]) {
        let Self { chroma, chroma_to_luma, offset, added, centred, .. } = self;
        for (row, centred) in [&*u, v].into_iter().zip(&mut *centred) {
            for (sample, centred) in row.iter().zip(centred) {
                *centred = i16::from(*sample) - 128;
            }
        }
        let [from_u, from_v] = &*centred;
        for (row, centred, sum) in [(u, from_u, chroma[0]), (v, from_v, chroma[1])] {
            let half = 1 << (sum.bits - 1);
            for (((sample, centred), u), v) in row.iter_mut().zip(centred).zip(from_u).zip(from_v) {
                *sample = (centred + 128 + ((sum.apply(*u, *v) + half) >> sum.bits)).clamp(0, 255) as u8;
            }
        }
        let shift = chroma_to_luma.bits - LUMA_BITS;
        for ((u, v), added) in from_u.iter().zip(from_v).zip(added.as_chunks_mut::<2>().0) {
            *added = [(chroma_to_luma.apply(*u, *v) >> shift) + *offset; 2];
        }
    }

    /// Converts a row of luma.
    fn luma_row(&self, row: &mut [u8]) {
        for (luma, added) in row.iter_mut().zip(&self.added) {
            *luma = ((i16::from(*luma) * self.luma + added) >> LUMA_BITS).clamp(0, 255) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Format, Orientation, Picture, convert};

    const MATRICES: [Matrix; 6] =
        [Matrix::Bt601, Matrix::Bt709, Matrix::Bt2020, Matrix::Fcc, Matrix::Smpte240, Matrix::YCgCo];
    const RANGES: [Range; 2] = [Range::Limited, Range::Full];

    fn colours() -> impl Iterator<Item = Colour> {
        MATRICES.into_iter().flat_map(|matrix| RANGES.map(|range| Colour { matrix, range }))
    }

    /// The sample values that stand for a colour, not rounded.
    fn coded(colour: Colour, rgb: [f64; 3]) -> [f64; 3] {
        let [red, green, blue] = rgb;
        let (y, u, v) = match colour.matrix {
            Matrix::YCgCo => {
                (red / 4.0 + green / 2.0 + blue / 4.0, green / 2.0 - red / 4.0 - blue / 4.0, (red - blue) / 2.0)
            }
            matrix => {
                // Red of 1 and blue of 1 without luma give the shares.
                let [[_, red_by_v], _, [blue_by_u, _]] = matrix.chroma_to_rgb();
                let (of_red, of_blue) = (1.0 - red_by_v / 2.0, 1.0 - blue_by_u / 2.0);
                let y = of_red * red + (1.0 - of_red - of_blue) * green + of_blue * blue;
                (y, (blue - y) / blue_by_u, (red - y) / red_by_v)
            }
        };
        match colour.range {
            Range::Limited => [16.0 + 219.0 * y, 128.0 + 224.0 * u, 128.0 + 224.0 * v],
            Range::Full => [255.0 * y, 128.0 + 255.0 * u, 128.0 + 255.0 * v],
        }
    }

    /// A picture of one colour.
    fn flat(size: Size, samples: [u8; 3]) -> Picture {
        let mut picture = Picture::black(size).unwrap();
        let (y, u, v) = picture.planes_mut();
        y.fill(samples[0]);
        u.fill(samples[1]);
        v.fill(samples[2]);
        picture
    }

    fn drawn(from: &Picture, colour: Colour) -> Picture {
        let mut picture = Picture::black(Size::new(2, 2)).unwrap();
        picture.draw(from.planes(), colour, Orientation::UPRIGHT).unwrap();
        picture
    }

    #[test]
    fn every_colour_is_the_same_as_before() {
        let size = Size::new(34, 6);
        let levels = [0.0, 0.12, 0.5, 0.7, 1.0];
        let rgbs =
            levels.into_iter().flat_map(|r| levels.map(move |g| (r, g))).flat_map(|(r, g)| levels.map(|b| [r, g, b]));
        for rgb in rgbs {
            for colour in colours() {
                let from = coded(colour, rgb).map(|sample| sample.round().clamp(0.0, 255.0) as u8);
                let picture = drawn(&flat(size, from), colour);
                let expected = coded(Colour::default(), rgb);
                let planes = picture.planes();
                for (plane, expected) in [planes.y, planes.u, planes.v].into_iter().zip(expected) {
                    for sample in plane.data {
                        let error = (f64::from(*sample) - expected).abs();
                        assert!(error < 1.7, "{colour:?} {rgb:?}: {from:?} became {sample}, not {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn green_of_bt709_stays_green() {
        let rgb = [30.0, 180.0, 30.0].map(|level: f64| level / 255.0);
        let colour = Colour { matrix: Matrix::Bt709, range: Range::Limited };
        let picture = drawn(&flat(Size::new(8, 8), coded(colour, rgb).map(|sample| sample.round() as u8)), colour);
        let mut out = vec![0; Format::Rgb8.bytes(picture.size())];
        convert::read(picture.planes(), Format::Rgb8, &mut out).unwrap();
        for pixel in out.chunks(3) {
            assert!(pixel.iter().zip([30, 180, 30]).all(|(is, should)| is.abs_diff(should) <= 3), "{pixel:?}");
        }
    }

    #[test]
    fn greys_of_the_full_range_are_not_crushed() {
        for matrix in MATRICES {
            let colour = Colour { matrix, range: Range::Full };
            let levels: Vec<u8> = (0..=255)
                .map(|level| {
                    let picture = drawn(&flat(Size::new(3, 3), [level, 128, 128]), colour);
                    let planes = picture.planes();
                    assert!([planes.u, planes.v].iter().all(|plane| plane.data.iter().all(|sample| *sample == 128)));
                    convert::luma_to_gray(planes.y.data[8])
                })
                .collect();
            for (before, after) in levels.iter().enumerate() {
                assert!((before as u8).abs_diff(*after) <= 1, "{matrix:?}: {before} became {after}");
            }
        }
    }

    #[test]
    fn what_is_as_in_the_house_is_not_touched() {
        assert!(Conversion::of(Colour::default()).is_none());
        assert_eq!(colours().filter(|colour| Conversion::of(*colour).is_none()).count(), 1);
    }

    #[test]
    fn code_points_are_those_of_the_standard() {
        let known = (0..=20).filter_map(|code| Matrix::of_code(code).map(|matrix| (code, matrix))).collect::<Vec<_>>();
        let expected = [
            (1, Matrix::Bt709),
            (4, Matrix::Fcc),
            (5, Matrix::Bt601),
            (6, Matrix::Bt601),
            (7, Matrix::Smpte240),
            (8, Matrix::YCgCo),
            (9, Matrix::Bt2020),
            (10, Matrix::Bt2020),
        ];
        assert_eq!(known, expected);
    }

    proptest! {
        #[test]
        fn each_sample_is_converted_with_the_chroma_that_covers_it(
            width in 1u32..70, height in 1u32..70, seed: u32, which in 0usize..12,
        ) {
            let size = Size::new(width, height);
            let colour = colours().nth(which).unwrap();
            let mut state = seed;
            let mut from = Picture::black(size).unwrap();
            for byte in from.bytes_mut() {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *byte = (state >> 24) as u8;
            }
            let picture = drawn(&from, colour);
            prop_assert_eq!(picture.size(), size);
            let (before, after) = (from.planes(), picture.planes());
            for (x, y) in [(0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1), (width / 2, height / 2)] {
                let (x, y) = (x as usize, y as usize);
                let at = |planes: crate::Planes<'_>, x: usize, y: usize| {
                    let chroma = y / 2 * planes.u.stride + x / 2;
                    [planes.y.data[y * planes.y.stride + x], planes.u.data[chroma], planes.v.data[chroma]]
                };
                let alone = drawn(&flat(Size::new(1, 1), at(before, x, y)), colour);
                prop_assert_eq!(at(after, x, y), at(alone.planes(), 0, 0));
            }
        }
    }
}
