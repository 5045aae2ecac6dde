//! Measures pixels. Independent of Framebox, so that it can be tested alone.

/// The mean, 0 to 255.
pub fn brightness(gray: &[u8]) -> u64 {
    gray.iter().map(|y| u64::from(*y)).sum::<u64>() / gray.len().max(1) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brightness_is_the_mean() {
        assert_eq!(brightness(&[0, 100, 201]), 100);
        assert_eq!(brightness(&[255]), 255);
    }
}
