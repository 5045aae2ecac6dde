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

/// How pictures are meant. The default stands for what is not said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Vui {
    /// What the samples stand for: BT.601, limited range, unless it is said.
    pub(super) colour: Colour,
    /// Width of a sample to its height, if it is said.
    pub(super) aspect: Option<Aspect>,
}

impl Vui {
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
            if bits.take(1)? == 1 {
                vui.colour.range = Range::Full;
            }
            if bits.take(1)? == 1 {
                // Primaries and transfer characteristics, which conversions between Y'CbCr leave alone.
                bits.take(16)?;
                vui.colour.matrix = Matrix::of_code(bits.take(8)? as u16).unwrap_or_default();
            }
        }
        Some(vui)
    }
}
