//! Functions on the bytes of RGBA pixels whose loops compile to vector instructions.

/// Weights of red, green and blue in brightness (BT.601), 256ths.
const WEIGHTS: [u32; 3] = [77, 150, 29];

/// Bytes that are processed in one iteration of a metered loop: four vectors.
const GROUP: usize = 64;

/// Maps each pixel, a number `0xaabbggrr`. A `change` of `+`, `-`, `*`, shifts and masks processes four pixels at a time;
/// branches, lookup tables and divisions prevent that.
pub fn map(rgba: &mut [u8], change: impl Fn(u32) -> u32) {
    pixels(rgba, |pixel| change(u32::from_le_bytes(pixel)).to_le_bytes());
}

/// Maps each byte of red, green and blue, and sets alpha to 255. Processes 16 bytes at a time, or 8 if `change` computes with
/// 16 bits; see [`map`] for the conditions.
pub fn channels(rgba: &mut [u8], change: impl Fn(u8) -> u8) {
    let (groups, rest) = rgba.as_chunks_mut::<GROUP>();
    let opaque = |i: usize, byte: u8| if i % 4 == 3 { 255 } else { byte };
    for group in groups {
        for (i, byte) in group.iter_mut().enumerate() {
            *byte = opaque(i, change(*byte));
        }
    }
    rest.iter_mut().enumerate().for_each(|(i, byte)| *byte = opaque(i, change(*byte)));
}

/// Maps each byte, including alpha: the fastest if 255 maps to 255. See [`channels`].
pub fn bytes(rgba: &mut [u8], change: impl Fn(u8) -> u8) {
    let (groups, rest) = rgba.as_chunks_mut::<GROUP>();
    for group in groups {
        group.iter_mut().for_each(|byte| *byte = change(*byte));
    }
    rest.iter_mut().for_each(|byte| *byte = change(*byte));
}

/// Blends each pixel with another: strength 0 changes nothing, 256 replaces all.
pub fn blend(rgba: &mut [u8], with: [u8; 4], strength: u16) {
    let strength = strength.min(256);
    let with: [u16; GROUP] = std::array::from_fn(|i| u16::from(with[i % 4]) * strength);
    let mix = |(byte, with): (&mut u8, &u16)| *byte = ((u16::from(*byte) * (256 - strength) + with) >> 8) as u8;
    let (groups, rest) = rgba.as_chunks_mut::<GROUP>();
    groups.iter_mut().for_each(|group| group.iter_mut().zip(&with).for_each(mix));
    rest.iter_mut().zip(&with).for_each(mix);
}

/// Sets all pixels to the same value.
pub fn fill(rgba: &mut [u8], pixel: [u8; 4]) {
    let with: [u8; GROUP] = std::array::from_fn(|i| pixel[i % 4]);
    let (groups, rest) = rgba.as_chunks_mut();
    groups.fill(with);
    rest.iter_mut().zip(&with).for_each(|(byte, with)| *byte = *with);
}

/// Maps each pixel, in groups.
fn pixels(rgba: &mut [u8], change: impl Fn([u8; 4]) -> [u8; 4]) {
    let (groups, rest) = rgba.as_chunks_mut::<GROUP>();
    for group in groups {
        group.as_chunks_mut().0.iter_mut().for_each(|pixel| *pixel = change(*pixel));
    }
    rest.as_chunks_mut().0.iter_mut().for_each(|pixel| *pixel = change(*pixel));
}

/// Returns the brightness of each pixel, 0 black to 255 white.
pub fn luma(rgba: &[u8]) -> Vec<u8> {
    rgba.as_chunks().0.iter().map(|pixel| light(*pixel)).collect()
}

/// Returns the brightness of a pixel, 0 black to 255 white.
pub fn light([red, green, blue, _]: [u8; 4]) -> u8 {
    let sum = WEIGHTS[0] * u32::from(red) + WEIGHTS[1] * u32::from(green) + WEIGHTS[2] * u32::from(blue);
    (sum >> 8) as u8
}

/// Returns the mean of bytes; 0 for an empty slice.
pub fn mean(bytes: &[u8]) -> f64 {
    // The sum of 256 bytes fits 16 bits.
    let sum: u64 = bytes.chunks(256).map(|part| u64::from(part.iter().map(|it| u16::from(*it)).sum::<u16>())).sum();
    sum as f64 / bytes.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five pixels: a vector of four and one more.
    fn pixels() -> Vec<u8> {
        (0..20).map(|i| i * 12).collect()
    }

    #[test]
    fn map_changes_each_pixel() {
        let mut rgba = pixels();
        map(&mut rgba, |pixel| pixel ^ 0x0000_00ff);
        for (new, old) in rgba.as_chunks::<4>().0.iter().zip(pixels().as_chunks::<4>().0) {
            assert_eq!(*new, [!old[0], old[1], old[2], old[3]], "red is the lowest byte");
        }
    }

    #[test]
    fn channels_keeps_alpha() {
        let mut rgba = pixels();
        channels(&mut rgba, |byte| 255 - byte);
        for (new, old) in rgba.as_chunks::<4>().0.iter().zip(pixels().as_chunks::<4>().0) {
            assert_eq!(*new, [255 - old[0], 255 - old[1], 255 - old[2], 255]);
        }
    }

    #[test]
    fn blending_covers_the_whole_range() {
        let with = [10, 20, 30, 255];
        let blended = |strength| {
            let mut rgba = pixels();
            blend(&mut rgba, with, strength);
            rgba
        };
        assert_eq!(blended(0), pixels());
        assert_eq!(blended(256), with.repeat(5));
        assert_eq!(blended(1000), with.repeat(5), "the strength is limited");
        assert_eq!(blended(128)[16], ((192 * 128 + 10 * 128) >> 8) as u8, "also the last pixel");
    }

    #[test]
    fn brightness_covers_the_whole_range() {
        assert_eq!(luma(&[255; 8]), [255, 255]);
        assert_eq!(luma(&[0, 0, 0, 255, 255, 0, 0, 255]), [0, 76]);
        assert_eq!(mean(&[1, 2, 4, 5]), 3.0);
        assert_eq!(mean(&[]), 0.0);
        assert_eq!(mean(&vec![255; 200_000]), 255.0);
    }
}
