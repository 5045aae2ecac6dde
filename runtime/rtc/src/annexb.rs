//! H.264 byte streams: NAL units behind start codes.

use bytes::{BufMut, Bytes, BytesMut};

/// NAL unit types that matter to the transport (ITU-T H.264, table 7-1).
pub mod nal {
    /// A slice of a picture that stands on its own.
    pub const IDR: u8 = 5;
    /// Supplemental information.
    pub const SEI: u8 = 6;
    /// Sequence parameter set.
    pub const SPS: u8 = 7;
    /// Picture parameter set.
    pub const PPS: u8 = 8;
    /// Access unit delimiter.
    pub const AUD: u8 = 9;
    /// Several NAL units in one packet (RFC 6184).
    pub const STAP_A: u8 = 24;
    /// A part of a NAL unit (RFC 6184).
    pub const FU_A: u8 = 28;

    /// The type in a NAL unit's first byte.
    pub fn kind(header: u8) -> u8 {
        header & 0x1f
    }
}

/// The NAL units of a byte stream, without start codes. Slices of `stream`: nothing is copied.
pub fn units(stream: &Bytes) -> impl Iterator<Item = Bytes> + '_ {
    let mut position = start_code(stream, 0).map_or(stream.len(), |(_, after)| after);
    std::iter::from_fn(move || {
        while position < stream.len() {
            let (end, next) = start_code(stream, position).unwrap_or((stream.len(), stream.len()));
            // Zeros before a start code belong to the byte stream, not to the unit.
            let zeros = stream[position..end].iter().rev().take_while(|byte| **byte == 0).count();
            let unit = stream.slice(position..end - zeros);
            position = next;
            if !unit.is_empty() {
                return Some(unit);
            }
        }
        None
    })
}

/// The next start code from `from` on: where it begins, and where what follows it does.
fn start_code(stream: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    while at + 3 <= stream.len() {
        match stream[at + 2] {
            1 if stream[at] == 0 && stream[at + 1] == 0 => return Some((at, at + 3)),
            0 => at += 1,
            _ => at += 3,
        }
    }
    None
}

/// Whether a picture can be decoded without those before it.
pub fn is_keyframe(stream: &Bytes) -> bool {
    units(stream).any(|unit| nal::kind(unit[0]) == nal::IDR)
}

/// Appends a NAL unit behind a start code.
pub fn append(stream: &mut BytesMut, unit: &[u8]) {
    stream.put_slice(&[0, 0, 0, 1]);
    stream.put_slice(unit);
}

#[cfg(test)]
mod tests {
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
        ] {
            let found: Vec<Vec<u8>> = units(&Bytes::copy_from_slice(stream)).map(|unit| unit.to_vec()).collect();
            assert_eq!(found, expected, "{stream:?}");
        }
    }

    #[test]
    fn a_keyframe_has_an_idr_slice() {
        assert!(is_keyframe(&Bytes::from_static(&[0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x65, 1])));
        assert!(!is_keyframe(&Bytes::from_static(&[0, 0, 0, 1, 0x41, 1])));
    }
}
