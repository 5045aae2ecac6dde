//! Video usability information: how the pictures of a stream are meant (ITU-T H.264, annex E).

use framebox_picture::{Aspect, Colour, Matrix, Range};

use super::bits::Bits;

/// Sample aspect ratios by their number, from 1 on (table E-1).
const ASPECTS: [(u32, u32); 16] = [
    (1, 1),
    (12, 11),
    (10, 11),
    (16, 11),
    (40, 33),
    (24, 11),
    (20, 11),
    (32, 11),
    (80, 33),
    (18, 11),
    (15, 11),
    (64, 33),
    (160, 99),
    (4, 3),
    (3, 2),
    (2, 1),
];
/// The number of a ratio that follows in full.
const EXTENDED: u32 = 255;

/// How pictures are meant, as far as it is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Vui {
    /// The relation of samples to red, green and blue.
    pub(super) matrix: Option<Matrix>,
    /// The range of samples.
    pub(super) range: Option<Range>,
    /// Width of a sample to its height.
    pub(super) aspect: Option<Aspect>,
}

impl Vui {
    /// Returns what the samples stand for: BT.601, limited range, unless it is said.
    pub(super) fn colour(self) -> Colour {
        Colour { matrix: self.matrix.unwrap_or_default(), range: self.range.unwrap_or_default() }
    }

    /// Parses the parameters as far as they are of use (§E.1.1).
    pub(super) fn parse(bits: &mut Bits<'_>) -> Option<Self> {
        let mut vui = Self::default();
        if bits.take(1)? == 1 {
            let number = bits.take(8)?;
            let (width, height) = match number {
                EXTENDED => (bits.take(16)?, bits.take(16)?),
                _ => number.checked_sub(1).and_then(|at| ASPECTS.get(at as usize)).copied().unwrap_or_default(),
            };
            vui.aspect = Aspect::new(width, height);
        }
        // Whether overscan is said, and whether it is appropriate.
        if bits.take(1)? == 1 {
            bits.take(1)?;
        }
        if bits.take(1)? == 1 {
            // The format before it was coded, such as PAL.
            bits.take(3)?;
            vui.range = Some(if bits.take(1)? == 1 { Range::Full } else { Range::Limited });
            if bits.take(1)? == 1 {
                // Primaries and transfer characteristics, which conversions between Y'CbCr leave alone.
                bits.take(16)?;
                vui.matrix = Matrix::of_code(bits.take(8)? as u16);
            }
        }
        Some(vui)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parses bits, written with spaces between fields.
    fn parse(bits: &str) -> Option<Vui> {
        let bits: Vec<u8> = bits.bytes().filter(|bit| *bit != b' ').map(|bit| bit - b'0').collect();
        let bytes = bits.chunks(8).map(|byte| byte.iter().enumerate().fold(0, |sum, (at, bit)| sum | bit << (7 - at)));
        // Behind the header of a NAL unit.
        let bytes: Vec<u8> = std::iter::once(0x67).chain(bytes).collect();
        Vui::parse(&mut Bits::of(&bytes))
    }

    #[test]
    fn aspects_are_those_of_the_table_or_follow_in_full() {
        let aspect = |bits: &str| parse(&format!("{bits} 0 0 000000")).unwrap().aspect;
        assert_eq!(aspect("0"), None);
        assert_eq!(aspect("1 00000000"), None, "unspecified");
        assert_eq!(aspect("1 00000001"), Aspect::new(1, 1));
        assert_eq!(aspect("1 00001110"), Aspect::new(4, 3));
        assert_eq!(aspect("1 00010000"), Aspect::new(2, 1));
        assert_eq!(aspect("1 00010001"), None, "reserved");
        assert_eq!(aspect("1 11111111 0000000000000101 0000000000000111"), Aspect::new(5, 7));
        assert_eq!(aspect("1 11111111 0000000000000101 0000000000000000"), None);
    }

    #[test]
    fn colours_are_read_as_far_as_they_are_said() {
        let colour = |bits: &str| parse(bits).map(|vui| (vui.matrix, vui.range, vui.colour()));
        let (limited, full) = (Some(Range::Limited), Some(Range::Full));
        let of = |matrix, range| Colour { matrix, range };
        assert_eq!(colour("0 0 0"), Some((None, None, Colour::default())));
        assert_eq!(colour("0 1 1 0"), Some((None, None, Colour::default())), "overscan");
        assert_eq!(colour("0 0 1 101 0 0"), Some((None, limited, Colour::default())));
        assert_eq!(colour("0 0 1 101 1 0"), Some((None, full, of(Matrix::Bt601, Range::Full))));
        let described = "0 0 1 101 0 1 00000001 00000001";
        let hd = of(Matrix::Bt709, Range::Limited);
        assert_eq!(colour(&format!("{described} 00000001")), Some((Some(Matrix::Bt709), limited, hd)));
        assert_eq!(colour(&format!("{described} 00000010")), Some((None, limited, Colour::default())));
        assert_eq!(colour(described), None, "it is cut off");
        assert_eq!(parse(""), None);
    }
}
