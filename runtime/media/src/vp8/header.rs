//! The beginning of a coded picture (RFC 6386 §9.1), which is read before libvpx sees it.

use framebox_picture::Size;

/// Bytes of the header of each picture.
const TAG: usize = 3;
/// Bytes of the header of a keyframe.
const KEYFRAME_HEADER: usize = 10;
/// What a keyframe has behind its tag.
const START_CODE: [u8; 3] = [0x9d, 0x01, 0x2a];
/// The highest version of the bitstream.
const MAX_VERSION: u8 = 3;
/// Bits of a side; those above them say how much a player should enlarge the picture, which none does.
const SIDE: u16 = 0x3fff;

/// What a coded picture says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Size of the pictures from here on; `None` unless it is a keyframe.
    pub keyframe: Option<Size>,
}

/// Reads the header of a coded picture; none when it is malformed, or the first partition is not complete.
pub fn parse(data: &[u8]) -> Option<Header> {
    let [first, second, third, ..] = *data else { return None };
    if first >> 1 & 7 > MAX_VERSION {
        return None;
    }
    let keyframe = is_keyframe(data);
    let header = if keyframe { KEYFRAME_HEADER } else { TAG };
    let first_partition = usize::from(first >> 5) | usize::from(second) << 3 | usize::from(third) << 11;
    if first_partition == 0 || data.len() < header + first_partition {
        return None;
    }
    if !keyframe {
        return Some(Header { keyframe: None });
    }
    let side = |at: usize| u32::from(u16::from_le_bytes([data[at], data[at + 1]]) & SIDE);
    let size = Size::new(side(6), side(8));
    (data[TAG..6] == START_CODE && size.width > 0 && size.height > 0).then_some(Header { keyframe: Some(size) })
}

/// Returns whether a coded picture is decodable without any earlier one, by the first bit of what is its beginning at least.
pub fn is_keyframe(data: &[u8]) -> bool {
    data.first().is_some_and(|first| first & 1 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_that_of_a_keyframe() {
        let mut keyframe = [0x10 | 2 << 5, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x41, 1, 2];
        let size = Size::new(640, 480);
        assert_eq!(parse(&keyframe), Some(Header { keyframe: Some(size) }), "the scale is left out");
        for cut in 0..keyframe.len() {
            assert_eq!(parse(&keyframe[..cut]), None, "{cut}");
        }
        keyframe[4] = 2;
        assert_eq!(parse(&keyframe), None, "another start code");
        assert_eq!(parse(&[0x10 | 1 << 5, 0, 0, 0x9d, 0x01, 0x2a, 0, 0, 8, 0, 1]), None, "no width");
    }

    #[test]
    fn other_pictures_have_a_tag_only() {
        let delta = |header| header == Header { keyframe: None };
        assert!(parse(&[0x11 | 2 << 5, 0, 0, 1, 2]).is_some_and(delta));
        for malformed in [&[0x11 | 2 << 5, 0, 0, 1][..], &[0x11, 0, 0, 1], &[0x19 | 1 << 5, 0, 0, 1], &[0x11]] {
            assert_eq!(parse(malformed), None, "{malformed:x?}");
        }
    }
}
