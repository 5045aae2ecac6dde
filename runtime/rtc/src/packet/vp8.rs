//! VP8 in RTP (RFC 7741): a payload descriptor before each part of a frame.
//!
//! Received are all descriptors. Sent are frames as one partition, with a picture id of 15 bits and without temporal layers.

use bytes::{BufMut, Bytes, BytesMut};
use framebox_media::{EncodedFrame, vp8};

use super::{AccessUnit, MAX_PAYLOAD, MalformedError};

/// In the first byte: an extension follows.
const EXTENDED: u8 = 0x80;
/// In the first byte: a partition starts.
const START: u8 = 0x10;
/// In the first byte: which partition.
const PARTITION: u8 = 0x07;
/// In the extension: a picture id follows.
const PICTURE_ID: u8 = 0x80;
/// In the extension: an index of the frames of the base layer follows.
const BASE_INDEX: u8 = 0x40;
/// In the extension: a temporal layer is named.
const LAYER: u8 = 0x20;
/// In the extension: an index of keyframes is named, in the same byte as the layer.
const KEY_INDEX: u8 = 0x10;
/// In the first byte of the picture id: it has 15 bits.
const LONG_ID: u8 = 0x80;
/// Bits of a long picture id.
const MAX_ID: u16 = 0x7fff;
/// Bytes of the descriptor that is sent.
const DESCRIPTOR: usize = 4;

/// Cuts coded pictures into payloads.
#[derive(Default)]
pub struct Packetizer {
    /// Number of the next picture, 15 bits.
    picture_id: u16,
}

impl super::Packetizer for Packetizer {
    fn payloads(&mut self, frame: &EncodedFrame) -> Vec<Bytes> {
        if frame.data.is_empty() {
            return Vec::new();
        }
        let id = self.picture_id;
        self.picture_id = (id + 1) & MAX_ID;
        // Parts of the same size: the last packet of a frame is not a tiny one.
        let parts = frame.data.len().div_ceil(MAX_PAYLOAD - DESCRIPTOR);
        let size = frame.data.len().div_ceil(parts);
        let payload = |(index, part): (usize, &[u8])| {
            let mut payload = BytesMut::with_capacity(DESCRIPTOR + part.len());
            payload.put_u8(EXTENDED | if index == 0 { START } else { 0 });
            payload.put_u8(PICTURE_ID);
            payload.put_u16(u16::from(LONG_ID) << 8 | id);
            payload.put_slice(part);
            payload.freeze()
        };
        frame.data.chunks(size).enumerate().map(payload).collect()
    }
}

/// Joins payloads into coded pictures.
pub struct Depacketizer;

impl super::Depacketizer for Depacketizer {
    fn begins_keyframe(&self, payload: &[u8]) -> bool {
        Part::read(payload).is_ok_and(|part| part.begins_frame() && vp8::is_keyframe(part.data))
    }

    fn join(&mut self, payloads: &mut dyn Iterator<Item = &[u8]>) -> Result<AccessUnit, MalformedError> {
        let mut frame = BytesMut::new();
        let mut picture_id = None;
        for payload in payloads.filter(|payload| !payload.is_empty()) {
            let part = Part::read(payload)?;
            // The first one begins the frame, and no other one does.
            if part.begins_frame() != frame.is_empty() {
                return Err(MalformedError);
            }
            if part.picture_id.is_some() && picture_id.replace(part.picture_id).is_some_and(|id| id != part.picture_id)
            {
                return Err(MalformedError);
            }
            frame.extend_from_slice(part.data);
        }
        if frame.is_empty() {
            return Err(MalformedError);
        }
        let keyframe = vp8::is_keyframe(&frame);
        Ok(AccessUnit { data: frame.freeze(), keyframe })
    }
}

/// A payload taken apart (RFC 7741 §4.2).
struct Part<'a> {
    starts: bool,
    partition: u8,
    picture_id: Option<u16>,
    /// A part of the coded picture; not empty.
    data: &'a [u8],
}

impl<'a> Part<'a> {
    fn read(payload: &'a [u8]) -> Result<Self, MalformedError> {
        let (first, mut rest) = byte(payload)?;
        let mut picture_id = None;
        if first & EXTENDED != 0 {
            let extension;
            (extension, rest) = byte(rest)?;
            if extension & PICTURE_ID != 0 {
                let high;
                (high, rest) = byte(rest)?;
                let mut id = u16::from(high & !LONG_ID);
                if high & LONG_ID != 0 {
                    let low;
                    (low, rest) = byte(rest)?;
                    id = id << 8 | u16::from(low);
                }
                picture_id = Some(id);
            }
            if extension & BASE_INDEX != 0 {
                (_, rest) = byte(rest)?;
            }
            if extension & (LAYER | KEY_INDEX) != 0 {
                (_, rest) = byte(rest)?;
            }
        }
        if rest.is_empty() {
            return Err(MalformedError);
        }
        Ok(Self { starts: first & START != 0, partition: first & PARTITION, picture_id, data: rest })
    }

    fn begins_frame(&self) -> bool {
        self.starts && self.partition == 0
    }
}

fn byte(bytes: &[u8]) -> Result<(u8, &[u8]), MalformedError> {
    bytes.split_first().map(|(first, rest)| (*first, rest)).ok_or(MalformedError)
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Instant;

    use framebox_media::Codec;

    use super::super::{Depacketizer as _, Packetizer as _};
    use super::*;

    /// A frame of about `size` bytes as an encoder makes it.
    pub(in super::super) fn sample(keyframe: bool, size: usize) -> EncodedFrame {
        let mut data = vec![0xab; size.max(1)];
        data[0] = if keyframe { 0x10 } else { 0x11 };
        EncodedFrame { codec: Codec::Vp8, data: data.into(), keyframe, rtp_timestamp: 0, captured: Instant::now() }
    }

    #[test]
    fn each_payload_has_the_number_of_its_picture() {
        let mut packetizer = Packetizer { picture_id: MAX_ID };
        let heads = |packetizer: &mut Packetizer, size| -> Vec<Vec<u8>> {
            packetizer.payloads(&sample(true, size)).iter().map(|payload| payload[..DESCRIPTOR].to_vec()).collect()
        };
        assert_eq!(heads(&mut packetizer, 1), [[0x90, 0x80, 0xff, 0xff]]);
        assert_eq!(heads(&mut packetizer, MAX_PAYLOAD - DESCRIPTOR), [[0x90, 0x80, 0x80, 0]]);
        assert_eq!(
            heads(&mut packetizer, MAX_PAYLOAD - DESCRIPTOR + 1),
            [[0x90, 0x80, 0x80, 1], [0x80, 0x80, 0x80, 1]]
        );
    }

    fn join(payloads: &[&[u8]]) -> Result<(Vec<u8>, bool), MalformedError> {
        Depacketizer.join(&mut payloads.iter().copied()).map(|unit| (unit.data.to_vec(), unit.keyframe))
    }

    #[test]
    fn every_descriptor_is_read() {
        for payloads in [
            &[&[0x10, 0x10, 1][..], &[0x00, 2]][..],
            &[&[0x30, 0x10, 1], &[], &[0x32, 2]],
            &[&[0x90, 0x00, 0x10, 1], &[0x91, 0x00, 2]],
            &[&[0x90, 0x80, 0x7f, 0x10, 1], &[0x80, 0x80, 0x7f, 2]],
            &[&[0x90, 0x80, 0x81, 0x02, 0x10, 1], &[0x80, 0x80, 0x81, 0x02, 2]],
            &[&[0x90, 0x40, 9, 0x10, 1], &[0x80, 0x40, 9, 2]],
            &[&[0x90, 0x20, 9, 0x10, 1], &[0x80, 0x10, 9, 2]],
            &[&[0x90, 0xf0, 0x80, 1, 2, 3, 0x10, 1], &[0x80, 0xf0, 0x80, 1, 2, 3, 2]],
        ] {
            assert_eq!(join(payloads), Ok((vec![0x10, 1, 2], true)), "{payloads:x?}");
            assert!(Depacketizer.begins_keyframe(payloads[0]), "{payloads:x?}");
        }
        assert_eq!(join(&[&[0x10, 0x11, 1]]), Ok((vec![0x11, 1], false)));
    }

    #[test]
    fn malformed_payloads_are_refused() {
        for payloads in [
            &[][..],
            &[&[][..]],
            &[&[0x10]],
            &[&[0x90, 0x00]],
            &[&[0x90, 0x80, 0x80]],
            &[&[0x90, 0xf0, 0x80, 1, 2, 3]],
            &[&[0x00, 0x10]],
            &[&[0x11, 0x10]],
            &[&[0x10, 0x10], &[0x10, 0x10]],
            &[&[0x90, 0x80, 0x01, 0x10], &[0x80, 0x80, 0x02, 2]],
        ] {
            assert_eq!(join(payloads), Err(MalformedError), "{payloads:x?}");
        }
    }
}
