//! RTP payloads of one picture into Annex B (RFC 6184, packetisation modes 0 and 1).

use bytes::{Buf, Bytes, BytesMut};

use super::annexb::{self, nal};

/// A payload that no sender of H.264 makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an RTP payload is not H.264")]
pub struct Malformed;

/// Puts one picture together.
#[derive(Debug, Default)]
pub struct Depacketizer {
    stream: BytesMut,
    keyframe: bool,
    /// A fragmented unit has begun and not ended.
    fragmented: bool,
}

impl Depacketizer {
    /// Appends a payload. An empty one, as senders use for padding, adds nothing.
    ///
    /// # Errors
    /// [`Malformed`]; what was put together so far is then worth nothing.
    pub fn push(&mut self, payload: &[u8]) -> Result<(), Malformed> {
        let Some(&header) = payload.first() else { return Ok(()) };
        let kind = nal::kind(header);
        if self.fragmented && kind != nal::FU_A {
            return Err(Malformed);
        }
        match kind {
            1..=23 => self.unit(payload),
            nal::STAP_A => self.aggregate(&payload[1..])?,
            nal::FU_A => self.fragment(payload)?,
            _ => return Err(Malformed),
        }
        Ok(())
    }

    /// The picture in Annex B form, and whether it is a keyframe.
    ///
    /// # Errors
    /// [`Malformed`] when a unit is not complete, or there is none.
    pub fn finish(self) -> Result<(Bytes, bool), Malformed> {
        if self.fragmented || self.stream.is_empty() {
            return Err(Malformed);
        }
        Ok((self.stream.freeze(), self.keyframe))
    }

    fn unit(&mut self, unit: &[u8]) {
        self.keyframe |= nal::kind(unit[0]) == nal::IDR;
        annexb::append(&mut self.stream, unit);
    }

    fn aggregate(&mut self, mut units: &[u8]) -> Result<(), Malformed> {
        if units.is_empty() {
            return Err(Malformed);
        }
        while !units.is_empty() {
            if units.len() < 2 {
                return Err(Malformed);
            }
            let size = usize::from(units.get_u16());
            if size == 0 || size > units.len() {
                return Err(Malformed);
            }
            self.unit(&units[..size]);
            units.advance(size);
        }
        Ok(())
    }

    fn fragment(&mut self, payload: &[u8]) -> Result<(), Malformed> {
        let [indicator, header, part @ ..] = payload else { return Err(Malformed) };
        let (start, end) = (header & 0x80 != 0, header & 0x40 != 0);
        if start == self.fragmented || start && end {
            return Err(Malformed);
        }
        if start {
            self.unit(&[indicator & 0xe0 | nal::kind(*header)]);
        }
        self.stream.extend_from_slice(part);
        self.fragmented = !end;
        Ok(())
    }
}

/// Whether a payload begins a keyframe: encoders put the parameter sets first, so that a decoder can start there.
pub fn begins_keyframe(payload: &[u8]) -> bool {
    let Some(&header) = payload.first() else { return false };
    match nal::kind(header) {
        nal::SPS => true,
        nal::STAP_A => units_of(payload).any(|kind| kind == nal::SPS),
        nal::FU_A => payload.get(1).is_some_and(|header| header & 0x80 != 0 && nal::kind(*header) == nal::SPS),
        _ => false,
    }
}

/// The types of the units in an aggregate.
fn units_of(payload: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let mut rest = &payload[1..];
    std::iter::from_fn(move || {
        let [high, low, header, ..] = rest else { return None };
        let size = usize::from(u16::from_be_bytes([*high, *low]));
        rest = rest.get(2 + size..).unwrap_or(&[]);
        Some(nal::kind(*header))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put_together(payloads: &[&[u8]]) -> Result<(Vec<u8>, bool), Malformed> {
        let mut depacketizer = Depacketizer::default();
        for payload in payloads {
            depacketizer.push(payload)?;
        }
        depacketizer.finish().map(|(stream, keyframe)| (stream.to_vec(), keyframe))
    }

    #[test]
    fn every_way_of_packing_is_undone() {
        for (payloads, expected) in [
            (&[&[0x41, 1, 2][..]][..], (vec![0, 0, 0, 1, 0x41, 1, 2], false)),
            (&[&[0x78, 0, 2, 0x67, 1, 0, 1, 0x65]], (vec![0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x65], true)),
            (&[&[0x7c, 0x85, 1], &[], &[0x7c, 0x05, 2], &[0x7c, 0x45, 3]], (vec![0, 0, 0, 1, 0x65, 1, 2, 3], true)),
        ] {
            assert_eq!(put_together(payloads), Ok(expected));
        }
    }

    #[test]
    fn what_no_sender_makes_is_refused() {
        for payloads in [
            &[][..],
            &[&[][..]],
            &[&[0x00, 1]],
            &[&[0x1d, 1, 2, 3]],
            &[&[0x78]],
            &[&[0x78, 0]],
            &[&[0x78, 0, 0]],
            &[&[0x78, 0, 9, 1]],
            &[&[0x7c]],
            &[&[0x7c, 0x05, 1]],
            &[&[0x7c, 0xc5, 1]],
            &[&[0x7c, 0x85, 1]],
            &[&[0x7c, 0x85, 1], &[0x41, 1]],
            &[&[0x7c, 0x85, 1], &[0x7c, 0x85, 1]],
        ] {
            assert_eq!(put_together(payloads), Err(Malformed), "{payloads:x?}");
        }
    }

    #[test]
    fn a_keyframe_begins_with_parameter_sets() {
        assert!(begins_keyframe(&[0x67, 1]));
        assert!(begins_keyframe(&[0x78, 0, 1, 0x09, 0, 2, 0x67, 1]));
        assert!(begins_keyframe(&[0x7c, 0x87, 1]));
        for payload in [&[][..], &[0x65], &[0x68], &[0x78], &[0x78, 0, 1, 0x68], &[0x78, 255, 255, 1], &[0x7c, 0x07, 1]]
        {
            assert!(!begins_keyframe(payload), "{payload:x?}");
        }
    }
}
