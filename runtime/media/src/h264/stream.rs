//! The byte stream of H.264 (ITU-T H.264 Annex B).

/// NAL unit type of a slice of an IDR picture.
const IDR: u8 = 5;

/// The NAL units of a byte stream, without their start codes.
pub fn nal_units(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = after_start_code(stream);
    std::iter::from_fn(move || {
        let unit = rest?;
        let end = start_code(unit);
        rest = end.and_then(|end| after_start_code(&unit[end..]));
        let unit = &unit[..end.unwrap_or(unit.len())];
        // A zero before a start code belongs to neither; a NAL unit never ends in one (§7.4.1).
        let length = unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        Some(&unit[..length])
    })
    .filter(|unit| !unit.is_empty())
}

/// True when the access unit can be decoded without any earlier one: it holds an IDR slice.
pub fn is_keyframe(access_unit: &[u8]) -> bool {
    nal_units(access_unit).any(|unit| unit_type(unit) == IDR)
}

/// The type of a NAL unit (§7.4.1).
pub(super) fn unit_type(unit: &[u8]) -> u8 {
    unit.first().map_or(0, |header| header & 0x1f)
}

/// Where the next start code begins.
fn start_code(stream: &[u8]) -> Option<usize> {
    // `at` is where its last byte could be: past anything but a zero, that is three bytes on.
    let mut at = 2;
    while let Some(byte) = stream.get(at) {
        match byte {
            0 => at += 1,
            1 if stream[at - 2..at] == [0, 0] => return Some(at - 2),
            _ => at += 3,
        }
    }
    None
}

fn after_start_code(stream: &[u8]) -> Option<&[u8]> {
    start_code(stream).map(|at| &stream[at + 3..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nal_units_are_found() {
        let stream = [&[0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0, 0, 1, 0x65, 0, 0, 3, 1][..], &[0, 0, 1]].concat();
        assert_eq!(nal_units(&stream).collect::<Vec<_>>(), [&[0x67, 1][..], &[0x68, 2], &[0x65, 0, 0, 3, 1]]);
        assert_eq!(nal_units(&[1, 2, 3]).count(), 0);
        assert!(is_keyframe(&stream) && !is_keyframe(&[0, 0, 1, 0x41, 5]));
    }

    proptest! {
        #[test]
        fn start_codes_are_found_where_they_are(stream in proptest::collection::vec(0u8..4, 0..60)) {
            prop_assert_eq!(start_code(&stream), stream.windows(3).position(|window| window == [0, 0, 1]));
        }
    }
}
