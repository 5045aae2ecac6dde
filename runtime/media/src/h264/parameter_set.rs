//! Validates sequence parameter sets (ITU-T H.264 §7.3.2.1.1).
//!
//! OpenH264 trusts them: it allocates memory for the largest pictures that H.264 allows, and a crop that is negative as a
//! 32-bit integer would place a picture outside its buffer. So each set is parsed here first. Sets that this parser might
//! not interpret exactly as OpenH264 does are rejected; cameras do not send them.

use framebox_picture::Size;

use super::bits::{Bits, unescaped};
use super::vui::Vui;

/// Constrained baseline and baseline, main, extended, high.
const PROFILES: [u32; 4] = [66, 77, 88, 100];
const HIGH: u32 = 100;
/// Side of a macroblock, pixels.
const BLOCK: u32 = 16;
/// Reference frames, at most (A.3.1).
const MAX_REFERENCES: u32 = 16;
/// The largest number of a set (§7.4.2.1.1).
pub(super) const MAX_ID: u32 = 31;

/// What a sequence parameter set makes a decoder hold, and what it says of its pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Announced {
    /// Number of the set (`seq_parameter_set_id`), at most [`MAX_ID`].
    pub(super) id: u32,
    /// Coded size, before cropping.
    pub(super) coded: Size,
    /// Size that is shown.
    pub(super) shown: Size,
    /// Number of reference frames (`max_num_ref_frames`), at most 16.
    pub(super) references: u32,
    /// Whether pictures may consist of two fields; then the rest is not known.
    pub(super) interlaced: bool,
    /// How the pictures are meant; the default where the set does not say, or is damaged from there on.
    pub(super) vui: Vui,
}

impl Announced {
    /// Returns the pixels of all reference frames.
    pub(super) fn reference_pixels(&self) -> u64 {
        self.coded.pixels() * u64::from(self.references)
    }
}

/// Parses a sequence parameter set. Returns none if it is damaged or rejected.
pub(super) fn parse(unit: &[u8]) -> Option<Announced> {
    let bytes = unescaped(unit)?;
    let mut bits = Bits::of(&bytes);
    let profile = bits.take(8)?;
    if !PROFILES.contains(&profile) {
        return None;
    }
    // Constraint flags and level.
    bits.take(16)?;
    let id = bits.exp_golomb().filter(|id| *id <= MAX_ID)?;
    if profile == HIGH {
        let (chroma, luma_depth, chroma_depth) = (bits.exp_golomb()?, bits.exp_golomb()?, bits.exp_golomb()?);
        let (_lossless, scaling_lists) = (bits.take(1)?, bits.take(1)?);
        if chroma != 1 || luma_depth != 0 || chroma_depth != 0 || scaling_lists != 0 {
            return None;
        }
    }
    // Length of the frame number; picture order count.
    bits.exp_golomb()?;
    match bits.exp_golomb()? {
        0 => {
            bits.exp_golomb()?;
        }
        1 => {
            bits.take(1)?;
            bits.exp_golomb()?;
            bits.exp_golomb()?;
            let cycle = bits.exp_golomb()?;
            for _ in 0..u8::try_from(cycle).ok()? {
                bits.exp_golomb()?;
            }
        }
        2 => {}
        _ => return None,
    }
    let references = bits.exp_golomb().filter(|references| *references <= MAX_REFERENCES)?;
    // Whether gaps in frame numbers are allowed.
    bits.take(1)?;
    let mut side = || bits.exp_golomb()?.checked_add(1)?.checked_mul(BLOCK).filter(|side| *side <= Size::MAX_SIDE);
    let coded = Size::new(side()?, side()?);
    let (frames_only, _direct, cropped) = (bits.take(1)?, bits.take(1)?, bits.take(1)?);
    if frames_only == 0 {
        return Some(Announced { id, coded, shown: coded, references, interlaced: true, vui: Vui::default() });
    }
    let mut shown = coded;
    if cropped == 1 {
        // In units of two pixels.
        let mut rest = |side: u32| (side / 2).checked_sub(bits.exp_golomb()?)?.checked_sub(bits.exp_golomb()?);
        shown = Size::new(rest(coded.width)? * 2, rest(coded.height)? * 2);
        if shown.width == 0 || shown.height == 0 {
            return None;
        }
    }
    // OpenH264 decodes pictures whose VUI parameters are damaged.
    let has_vui = bits.take(1) == Some(1);
    let vui = has_vui.then(|| Vui::parse(&mut bits)).flatten().unwrap_or_default();
    Some(Announced { id, coded, shown, references, interlaced: false, vui })
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    fn coded_size(unit: &[u8]) -> Option<Size> {
        parse(unit).map(|announced| announced.coded)
    }

    /// Encodes a baseline set for pictures of `columns` × `rows` macroblocks, cropped on the left, right, top and bottom,
    /// with one reference frame.
    pub(crate) fn encoded(columns: u32, rows: u32, crop: Option<[u32; 4]>) -> Vec<u8> {
        encoded_with(columns, rows, crop, 1)
    }

    /// The same with `references` reference frames.
    pub(crate) fn encoded_with(columns: u32, rows: u32, crop: Option<[u32; 4]>, references: u32) -> Vec<u8> {
        encoded_as(0, columns, rows, crop, references, "0")
    }

    /// The same with a number, and with the bits from the flag of VUI parameters on.
    fn encoded_as(id: u32, columns: u32, rows: u32, crop: Option<[u32; 4]>, references: u32, vui: &str) -> Vec<u8> {
        let mut bits = String::new();
        let exp_golomb = |value: u32| {
            let code = format!("{:b}", u64::from(value) + 1);
            "0".repeat(code.len() - 1) + &code
        };
        for value in [id, 0, 0, 0, references] {
            bits += &exp_golomb(value);
        }
        bits += "0";
        bits += &(exp_golomb(columns - 1) + &exp_golomb(rows - 1) + "11");
        bits += if crop.is_some() { "1" } else { "0" };
        for side in crop.into_iter().flatten() {
            bits += &exp_golomb(side);
        }
        bits += vui;
        // Stop bit.
        bits += "1";
        bits += &"0".repeat((8 - bits.len() % 8) % 8);
        let mut unit = vec![0x67, 66, 0xc0, 51];
        let mut zeros = 0;
        for byte in bits.as_bytes().chunks(8) {
            let byte = byte.iter().fold(0u8, |byte, bit| byte << 1 | (bit - b'0'));
            if zeros == 2 && byte <= 3 {
                unit.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            unit.push(byte);
        }
        unit
    }

    #[test]
    fn sizes_are_parsed() {
        // Chromium's software encoder, 640×480, constrained baseline 3.1; x264, 1920×1080, high 4.0.
        let chromium = [0x67, 0x42, 0xc0, 0x1f, 0x8c, 0x8d, 0x40, 0x50, 0x1e, 0xd0, 0x0f, 0x08, 0x84, 0x6a];
        let high = [
            0x67, 0x64, 0x00, 0x28, 0xac, 0xd9, 0x40, 0x78, 0x02, 0x27, 0xe5, 0x84, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00,
            0x00, 0x03, 0x00, 0xf0, 0x3c, 0x60, 0xc6, 0x58,
        ];
        assert_eq!(coded_size(&chromium), Some(Size::new(640, 480)));
        assert_eq!(coded_size(&high), Some(Size::new(1920, 1088)));
        for (columns, rows) in [(1, 1), (40, 30), (120, 68), (256, 144), (1024, 1024)] {
            assert_eq!(coded_size(&encoded(columns, rows, None)), Some(Size::new(16 * columns, 16 * rows)));
        }
        assert_eq!(coded_size(&encoded(120, 68, Some([0, 0, 0, 4]))), Some(Size::new(1920, 1088)));
    }

    #[test]
    fn references_and_the_size_that_is_shown_are_parsed() {
        for references in [0, 1, 4, 16] {
            let announced = parse(&encoded_with(120, 68, Some([0, 0, 0, 4]), references)).unwrap();
            assert_eq!((announced.references, announced.shown), (references, Size::new(1920, 1080)));
            assert_eq!(announced.reference_pixels(), 1920 * 1088 * u64::from(references));
        }
        assert_eq!(parse(&encoded_with(40, 30, None, 17)), None);
    }

    #[test]
    fn what_is_said_of_the_pictures_is_parsed() {
        let vui = |bits: &str| parse(&encoded_as(5, 40, 30, None, 1, bits)).unwrap();
        assert_eq!((vui("0").vui, vui("0").id), (Vui::default(), 5));
        // Pixels of 4:3; BT.709 in the full range.
        let said = vui("1 1 00001110 0 1 101 1 1 00000001 00000001 00000001 0 0 0 0 0".replace(' ', "").as_str()).vui;
        assert_eq!(said.aspect, framebox_picture::Aspect::new(4, 3));
        let (matrix, range) = (framebox_picture::Matrix::Bt709, framebox_picture::Range::Full);
        assert_eq!(said.colour(), framebox_picture::Colour { matrix, range });
        assert_eq!(vui("1100").vui, Vui::default(), "what is damaged says nothing");
        assert_eq!(parse(&encoded_as(31, 40, 30, None, 1, "0")).map(|set| set.id), Some(31));
        assert_eq!(parse(&encoded_as(32, 40, 30, None, 1, "0")), None);
    }

    #[test]
    fn invalid_sets_are_rejected() {
        let huge = 0x7fff_fff0;
        for (columns, rows, crop) in [
            (1025, 1, None),
            (1, 1025, None),
            (0x0fff_ffff, 0x0fff_ffff, None),
            (40, 30, Some([320, 0, 0, 0])),
            (40, 30, Some([160, 160, 0, 0])),
            (40, 30, Some([0, 0, 120, 120])),
            (40, 30, Some([huge, huge, 0, 0])),
            // Their sum is 0 in 32 bits.
            (40, 30, Some([u32::MAX - 255, 256, 0, 0])),
            (40, 30, Some([0, 0, 256, u32::MAX - 255])),
        ] {
            assert_eq!(coded_size(&encoded(columns, rows, crop)), None, "{columns}x{rows} {crop:?}");
        }
        let good = encoded(40, 30, None);
        for end in 0..6 {
            assert_eq!(coded_size(&good[..end]), None);
        }
        // An unknown profile, after which other parsers might expect other fields.
        assert_eq!(coded_size(&[&[0x67, 118], &good[2..]].concat()), None);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_do_not_panic(unit: Vec<u8>) {
            let _ = coded_size(&unit);
            let _ = coded_size(&[&[0x67, 66, 0xc0, 31][..], &unit].concat());
        }
    }
}
