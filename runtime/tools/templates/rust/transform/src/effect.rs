//! Changes pixels. Independent of Framebox, so that it can be tested alone.

/// Inverts the pixels that are at least as bright as the threshold; returns their share of the picture, %.
/// `luma` is the brightness of each pixel. In video, black is 16 and white is 235.
pub fn solarize(luma: &mut [u8], threshold: u8) -> usize {
    let mirrored = luma.iter().filter(|y| **y >= threshold).count();
    // Without a branch, so that the compiler can use vector instructions.
    for y in &mut *luma {
        *y = if *y >= threshold { 251u8.saturating_sub(*y) } else { *y };
    }
    100 * mirrored / luma.len().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bright_pixels_are_inverted() {
        let mut luma = [16, 99, 100, 235];
        assert_eq!(solarize(&mut luma, 100), 50);
        assert_eq!(luma, [16, 99, 151, 16]);
    }
}
