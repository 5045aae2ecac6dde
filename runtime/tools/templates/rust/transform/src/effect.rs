//! What is done to a picture: nothing here knows of Framebox.

/// Mirrors what is brighter than the threshold, as in a negative; returns how much of the picture that is, %.
/// `luma` is the brightness of each pixel. In video, black is 16 and white is 235.
pub fn solarize(luma: &mut [u8], threshold: u8) -> usize {
    let mirrored = luma.iter().filter(|y| **y >= threshold).count();
    // Without a branch, so that the compiler can take many pixels at a time.
    for y in &mut *luma {
        *y = if *y >= threshold { 251u8.saturating_sub(*y) } else { *y };
    }
    100 * mirrored / luma.len().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_bright_is_mirrored() {
        let mut luma = [16, 99, 100, 235];
        assert_eq!(solarize(&mut luma, 100), 50);
        assert_eq!(luma, [16, 99, 151, 16]);
    }
}
