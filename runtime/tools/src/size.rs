//! `--size WxH`: sizes from the command line.

use framebox_picture::Size;

/// Parses `WxH`.
///
/// # Errors
/// Says which sizes are valid.
pub(crate) fn parse(text: &str) -> Result<Size, String> {
    let sides = text.split_once(['x', 'X', '×']);
    let size = sides.and_then(|(width, height)| Some(Size::new(width.parse().ok()?, height.parse().ok()?)));
    // A server does not decode larger pictures, so that a handler never receives them.
    size.filter(|size| size.is_valid() && size.pixels() <= 3840 * 2176)
        .ok_or_else(|| "expected a size like 1280x720, with at most 3840x2176 pixels".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_parsed() {
        assert_eq!(parse("1280x720"), Ok(Size::new(1280, 720)));
        for invalid in ["", "1280", "x", "0x5", "-1x5", "99999x99999", "4000x4000", "1x2x3"] {
            assert!(parse(invalid).is_err(), "{invalid}");
        }
    }
}
