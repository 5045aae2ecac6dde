//! Sizes from the command line.

use framebox_picture::Size;

/// Reads `WxH`.
///
/// # Errors
/// What is wanted.
pub(crate) fn read(text: &str) -> Result<Size, String> {
    let sides = text.split_once(['x', 'X', '×']);
    let size = sides.and_then(|(width, height)| Some(Size::new(width.parse().ok()?, height.parse().ok()?)));
    // What a handler is given fits what a server would decode.
    size.filter(|size| size.is_valid() && size.pixels() <= 3840 * 2176)
        .ok_or_else(|| "a size like 1280x720 is wanted, of at most 3840x2176 pixels".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        assert_eq!(read("1280x720"), Ok(Size::new(1280, 720)));
        for wrong in ["", "1280", "x", "0x5", "-1x5", "99999x99999", "4000x4000", "1x2x3"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
