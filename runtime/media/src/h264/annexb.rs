//! The byte stream format (ITU-T H.264 Annex B): NAL units behind start codes.

use std::ops::Range;

use bytes::{BufMut, Bytes};

use super::nal;

/// The start code that [`append`] writes.
pub const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// The NAL units of a byte stream, without their start codes.
pub fn units(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    ranges(stream).map(|range| &stream[range])
}

/// The NAL units of a byte stream, without their start codes, as slices that share its memory.
pub fn shared_units(stream: &Bytes) -> impl Iterator<Item = Bytes> {
    ranges(stream).map(|range| stream.slice(range))
}

/// Appends a NAL unit behind a start code.
pub fn append(stream: &mut impl BufMut, unit: &[u8]) {
    stream.put_slice(&START_CODE);
    stream.put_slice(unit);
}

/// Returns whether an access unit is decodable without any earlier one: it holds an IDR slice.
pub fn is_keyframe(access_unit: &[u8]) -> bool {
    units(access_unit).any(|unit| nal::kind(unit) == nal::IDR)
}

/// Where the NAL units of a byte stream are; none of them is empty.
fn ranges(stream: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut next = start_code(stream, 0).map(|code| code.end);
    std::iter::from_fn(move || {
        let start = next?;
        let code = start_code(stream, start);
        next = code.as_ref().map(|code| code.end);
        let unit = &stream[start..code.map_or(stream.len(), |code| code.start)];
        // Zeros before a start code belong to neither; a NAL unit never ends in one (§7.4.1).
        let length = unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        Some(start..start + length)
    })
    .filter(|range| !range.is_empty())
}

/// The next three-byte start code from `from` on.
fn start_code(stream: &[u8], from: usize) -> Option<Range<usize>> {
    // `last` is where the start code's last byte could be: behind any byte but a zero, that is three bytes on.
    let mut last = from + 2;
    while let Some(byte) = stream.get(last) {
        match byte {
            0 => last += 1,
            1 if stream[last - 2..last] == [0, 0] => return Some(last - 2..last + 1),
            _ => last += 3,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_are_found_behind_short_and_long_start_codes() {
        for (stream, expected) in [
            (&[][..], vec![]),
            (&[1, 2, 3][..], vec![]),
            (&[0, 0, 1][..], vec![]),
            (&[0, 0, 1, 0x65][..], vec![vec![0x65]]),
            (&[0, 0, 0, 1, 0x67, 9, 0, 0, 1, 0x68][..], vec![vec![0x67, 9], vec![0x68]]),
            (&[0, 0, 0, 1, 0x67, 9, 0, 0, 0, 0, 1, 0x68, 0, 0][..], vec![vec![0x67, 9], vec![0x68]]),
            (&[0, 0, 0, 1, 0, 0, 1, 0x41, 0, 0, 3, 1][..], vec![vec![0x41, 0, 0, 3, 1]]),
            (&[0, 0, 1, 0x68, 2, 0, 0, 0, 1, 0x65, 0, 0, 3, 1, 0, 0, 1], vec![vec![0x68, 2], vec![0x65, 0, 0, 3, 1]]),
        ] {
            let shared: Vec<Bytes> = shared_units(&Bytes::copy_from_slice(stream)).collect();
            assert_eq!(units(stream).collect::<Vec<_>>(), expected, "{stream:?}");
            assert_eq!(shared, expected, "{stream:?}");
        }
    }

    #[test]
    fn shared_units_are_not_copied() {
        let stream = Bytes::from_static(&[0, 0, 0, 1, 0x41, 7]);
        let unit = shared_units(&stream).next().unwrap();
        assert_eq!(unit.as_ptr(), stream[4..].as_ptr());
    }

    #[test]
    fn a_keyframe_has_an_idr_slice() {
        assert!(is_keyframe(&[0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x65, 1]));
        assert!(!is_keyframe(&[0, 0, 0, 1, 0x41, 1]));
        assert!(!is_keyframe(&[0, 0, 1, 0x41, 5]));
    }

    proptest! {
        #[test]
        fn start_codes_are_found_where_they_are(stream in proptest::collection::vec(0u8..4, 0..60)) {
            let found = start_code(&stream, 0).map(|code| code.start);
            prop_assert_eq!(found, stream.windows(3).position(|window| window == [0, 0, 1]));
        }

        #[test]
        fn appended_units_are_found_again(
            written in proptest::collection::vec(proptest::collection::vec(1u8..=255, 1..9), 0..9)
        ) {
            let mut stream = Vec::new();
            written.iter().for_each(|unit| append(&mut stream, unit));
            prop_assert_eq!(units(&stream).collect::<Vec<_>>(), written);
        }
    }
}
