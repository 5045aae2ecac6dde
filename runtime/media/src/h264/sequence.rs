//! What a stream says of itself before its first picture: the sequence parameter set (ITU-T H.264 §7.3.2.1.1).
//!
//! OpenH264 believes it. It reserves memory for the largest pictures that H.264 knows, and a crop that is negative as a
//! 32-bit integer would put a picture outside of its buffer. So each set is read here first, and what this reader does
//! not understand exactly as OpenH264 would is refused: it is nothing that a camera sends.

use framebox_picture::Size;

/// Constrained baseline and baseline, main, extended, high.
const PROFILES: [u32; 4] = [66, 77, 88, 100];
const HIGH: u32 = 100;
/// Pixels along the side of a macroblock.
const BLOCK: u32 = 16;

/// The coded size, before any crop, that the NAL unit of a sequence parameter set announces. None: damaged or refused.
pub(super) fn coded_size(unit: &[u8]) -> Option<Size> {
    let bytes = unescaped(unit)?;
    // After the NAL unit's header.
    let mut bits = Bits { bytes: &bytes, at: 8 };
    let profile = bits.take(8)?;
    if !PROFILES.contains(&profile) {
        return None;
    }
    // Constraint flags, level; the set's number.
    bits.take(16)?;
    bits.number()?;
    if profile == HIGH {
        let (chroma, luma_depth, chroma_depth) = (bits.number()?, bits.number()?, bits.number()?);
        let (_lossless, scaling_lists) = (bits.take(1)?, bits.take(1)?);
        if chroma != 1 || luma_depth != 0 || chroma_depth != 0 || scaling_lists != 0 {
            return None;
        }
    }
    // Digits of the frame number; picture order.
    bits.number()?;
    match bits.number()? {
        0 => {
            bits.number()?;
        }
        1 => {
            bits.take(1)?;
            bits.number()?;
            bits.number()?;
            let cycle = bits.number()?;
            for _ in 0..u8::try_from(cycle).ok()? {
                bits.number()?;
            }
        }
        2 => {}
        _ => return None,
    }
    // Reference frames; whether frame numbers may be left out.
    bits.number()?;
    bits.take(1)?;
    let mut side = || bits.number()?.checked_add(1)?.checked_mul(BLOCK).filter(|side| *side <= Size::MAX_SIDE);
    let size = Size::new(side()?, side()?);
    let (frames_only, _direct, cropped) = (bits.take(1)?, bits.take(1)?, bits.take(1)?);
    if frames_only == 0 {
        return None;
    }
    if cropped == 1 {
        // In steps of two pixels.
        let mut rest = |side: u32| (side / 2).checked_sub(bits.number()?)?.checked_sub(bits.number()?);
        if rest(size.width)? == 0 || rest(size.height)? == 0 {
            return None;
        }
    }
    Some(size)
}

/// Without the bytes that keep start codes out. None: a sequence that is not allowed, of which OpenH264 and the standard
/// make different things.
fn unescaped(unit: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(unit.len());
    let mut zeros = 0;
    for (at, &byte) in unit.iter().enumerate() {
        if zeros == 2 && byte <= 3 {
            if byte != 3 || unit.get(at + 1).is_some_and(|next| *next > 3) {
                return None;
            }
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        bytes.push(byte);
    }
    Some(bytes)
}

/// Reads bits, the highest of a byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    /// The next `count` bits, at most 32.
    fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    /// An Exp-Golomb code (§9.1) below 2³¹; the signed kind is as long.
    fn number(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.take(1)? == 0 {
            zeros += 1;
            if zeros > 30 {
                return None;
            }
        }
        Some((1 << zeros) - 1 + self.take(zeros)?)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A baseline set for pictures of this many macroblocks, with the crop on the left, right, top and bottom.
    pub(crate) fn written(columns: u32, rows: u32, crop: Option<[u32; 4]>) -> Vec<u8> {
        let mut bits = String::new();
        let number = |value: u32| {
            let code = format!("{:b}", u64::from(value) + 1);
            "0".repeat(code.len() - 1) + &code
        };
        for value in [0, 0, 0, 0, 1] {
            bits += &number(value);
        }
        bits += "0";
        bits += &(number(columns - 1) + &number(rows - 1) + "11");
        bits += if crop.is_some() { "1" } else { "0" };
        for side in crop.into_iter().flatten() {
            bits += &number(side);
        }
        // No usability information; the end.
        bits += "01";
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
    fn sizes_are_read() {
        // Chromium's software encoder, 640×480, constrained baseline 3.1; x264, 1920×1080, high 4.0.
        let chromium = [0x67, 0x42, 0xc0, 0x1f, 0x8c, 0x8d, 0x40, 0x50, 0x1e, 0xd0, 0x0f, 0x08, 0x84, 0x6a];
        let high = [
            0x67, 0x64, 0x00, 0x28, 0xac, 0xd9, 0x40, 0x78, 0x02, 0x27, 0xe5, 0x84, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00,
            0x00, 0x03, 0x00, 0xf0, 0x3c, 0x60, 0xc6, 0x58,
        ];
        assert_eq!(coded_size(&chromium), Some(Size::new(640, 480)));
        assert_eq!(coded_size(&high), Some(Size::new(1920, 1088)));
        for (columns, rows) in [(1, 1), (40, 30), (120, 68), (256, 144), (1024, 1024)] {
            assert_eq!(coded_size(&written(columns, rows, None)), Some(Size::new(16 * columns, 16 * rows)));
        }
        assert_eq!(coded_size(&written(120, 68, Some([0, 0, 0, 4]))), Some(Size::new(1920, 1088)));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let huge = 0x7fff_fff0;
        for (columns, rows, crop) in [
            (1025, 1, None),
            (1, 1025, None),
            (0x0fff_ffff, 0x0fff_ffff, None),
            (40, 30, Some([320, 0, 0, 0])),
            (40, 30, Some([160, 160, 0, 0])),
            (40, 30, Some([0, 0, 120, 120])),
            (40, 30, Some([huge, huge, 0, 0])),
            // Together 0 in 32 bits.
            (40, 30, Some([u32::MAX - 255, 256, 0, 0])),
            (40, 30, Some([0, 0, 256, u32::MAX - 255])),
        ] {
            assert_eq!(coded_size(&written(columns, rows, crop)), None, "{columns}x{rows} {crop:?}");
        }
        let good = written(40, 30, None);
        for end in 0..6 {
            assert_eq!(coded_size(&good[..end]), None);
        }
        // An unknown profile, whose next fields another reader might take for others.
        assert_eq!(coded_size(&[&[0x67, 118], &good[2..]].concat()), None);
        // The standard keeps these zeros, OpenH264 drops them.
        assert_eq!(unescaped(&[0x67, 0, 0, 3, 4]), None);
        assert_eq!(unescaped(&[0x67, 0, 0, 3, 1, 0, 0, 3]), Some(vec![0x67, 0, 0, 1, 0, 0]));
    }

    proptest! {
        #[test]
        fn anything_is_survived(unit: Vec<u8>) {
            let _ = coded_size(&unit);
            let _ = coded_size(&[&[0x67, 66, 0xc0, 31][..], &unit].concat());
        }
    }
}
