//! Messages as bytes.

use std::fs::File;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use framebox_media::{Codec, EncodedFrame};
use framebox_picture::Size;
use framebox_pipeline::stream::{Coded, RenditionId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::time::{from_nanos, to_nanos};

/// Longest message, bytes.
const LARGEST: usize = 24 << 20;
/// Largest file of a snapshot, bytes.
pub(crate) const MAX_IMAGE: usize = 16 << 20;
/// Bytes of the length.
const LENGTH: usize = 4;
/// What follows: a coded frame.
const FRAME: u8 = 1;
/// What follows: a message as JSON.
const JSON: u8 = 2;
/// What follows: a coded picture of a rendition.
const CODED: u8 = 3;
/// What follows: the answer to [`ToWorker::Snapshot`](super::ToWorker::Snapshot), as a number and a file.
const IMAGE: u8 = 4;
/// Bytes of a frame before its coded data: codec, keyframe, RTP time, capture time.
const FRAME_HEAD: usize = 1 + 1 + 4 + 8;
/// Bytes of a coded picture before its frame: rendition, width and height twice.
const CODED_HEAD: usize = 4 + 4 * 4;

/// A message to be sent.
#[derive(Debug)]
pub(crate) struct Outgoing {
    /// All but the coded data.
    pub(crate) head: Vec<u8>,
    /// The coded data of a frame.
    pub(crate) data: Bytes,
    /// What travels beside it.
    pub(crate) files: Vec<File>,
}

impl Outgoing {
    /// A coded frame.
    pub(crate) fn frame(frame: &EncodedFrame) -> Self {
        let mut head = Vec::with_capacity(LENGTH + 1 + FRAME_HEAD);
        head.put_u32_le((1 + FRAME_HEAD + frame.data.len()) as u32);
        head.put_u8(FRAME);
        Self::framed(head, frame)
    }

    /// A coded picture of a rendition.
    pub(crate) fn coded(Coded { rendition, size, original, frame }: &Coded) -> Self {
        let mut head = Vec::with_capacity(LENGTH + 1 + CODED_HEAD + FRAME_HEAD);
        head.put_u32_le((1 + CODED_HEAD + FRAME_HEAD + frame.data.len()) as u32);
        head.put_u8(CODED);
        head.put_u32_le(rendition.0);
        for side in [size.width, size.height, original.width, original.height] {
            head.put_u32_le(side);
        }
        Self::framed(head, frame)
    }

    fn framed(mut head: Vec<u8>, frame: &EncodedFrame) -> Self {
        head.put_u8(Codec::ALL.iter().position(|codec| *codec == frame.codec).unwrap_or(0) as u8);
        head.put_u8(u8::from(frame.keyframe));
        head.put_u32_le(frame.rtp_timestamp);
        head.put_i64_le(to_nanos(frame.captured));
        Self { head, data: frame.data.clone(), files: Vec::new() }
    }

    /// The answer to a question for a snapshot; without one, `file` is empty.
    pub(crate) fn image(number: u64, file: Bytes) -> Self {
        let mut head = Vec::with_capacity(LENGTH + 1 + size_of::<u64>());
        head.put_u32_le((1 + size_of::<u64>() + file.len()) as u32);
        head.put_u8(IMAGE);
        head.put_u64_le(number);
        Self { head, data: file, files: Vec::new() }
    }

    /// A message, and what travels beside it.
    pub(crate) fn message(message: &impl Serialize, files: Vec<File>) -> Self {
        let mut head = vec![0; LENGTH];
        head.put_u8(JSON);
        if let Err(error) = serde_json::to_writer(&mut head, message) {
            // Our own types have no keys that are not strings.
            tracing::error!(%error, "a message between the server and a worker cannot be written");
        }
        let length = ((head.len() - LENGTH) as u32).to_le_bytes();
        head[..LENGTH].copy_from_slice(&length);
        Self { head, data: Bytes::new(), files }
    }
}

/// What was received.
#[derive(Debug)]
pub(crate) enum Incoming<M> {
    /// A coded frame.
    Frame(EncodedFrame),
    /// A coded picture of a rendition.
    Coded(Coded),
    /// The answer to a question for a snapshot: its number, and a file, which is empty if there is none.
    Image(u64, Bytes),
    /// Anything else.
    Message(M),
}

/// Takes the first message out of `buffer`; none while it is not complete.
///
/// # Errors
/// What is wrong with it. Nothing after it can be understood.
pub(crate) fn parse<M: DeserializeOwned>(buffer: &mut BytesMut) -> Result<Option<Incoming<M>>, String> {
    let Some(length) = buffer.first_chunk::<LENGTH>() else { return Ok(None) };
    let length = u32::from_le_bytes(*length) as usize;
    if length == 0 || length > LARGEST {
        return Err(format!("a message of {length} bytes"));
    }
    if buffer.len() < LENGTH + length {
        buffer.reserve(LENGTH + length - buffer.len());
        return Ok(None);
    }
    buffer.advance(LENGTH);
    let mut message = buffer.split_to(length);
    match message.get_u8() {
        FRAME => frame(message.freeze()).map(|frame| Some(Incoming::Frame(frame))),
        CODED => coded(message.freeze()).map(|coded| Some(Incoming::Coded(coded))),
        IMAGE if message.len() >= size_of::<u64>() => Ok(Some(Incoming::Image(message.get_u64_le(), message.freeze()))),
        JSON => serde_json::from_slice(&message)
            .map(|message| Some(Incoming::Message(message)))
            .map_err(|error| error.to_string()),
        other => Err(format!("a message of the unknown kind {other}")),
    }
}

fn coded(mut message: Bytes) -> Result<Coded, String> {
    if message.len() < CODED_HEAD {
        return Err("a coded picture that is cut off".into());
    }
    let rendition = RenditionId(message.get_u32_le());
    let mut size = || Size::new(message.get_u32_le(), message.get_u32_le());
    let (size, original) = (size(), size());
    if !(size.is_valid() && original.is_valid()) {
        return Err(format!("a coded picture of {size} of {original}"));
    }
    Ok(Coded { rendition, size, original, frame: frame(message)? })
}

fn frame(mut message: Bytes) -> Result<EncodedFrame, String> {
    if message.len() < FRAME_HEAD {
        return Err("a frame that is cut off".into());
    }
    let codec = usize::from(message.get_u8());
    let codec = *Codec::ALL.get(codec).ok_or_else(|| format!("a frame of the unknown codec {codec}"))?;
    let keyframe = message.get_u8() != 0;
    let rtp_timestamp = message.get_u32_le();
    let captured = from_nanos(message.get_i64_le());
    Ok(EncodedFrame { codec, data: message, keyframe, rtp_timestamp, captured })
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn messages_survive_in_pieces_of_any_size() {
        let frame = EncodedFrame {
            codec: Codec::H264,
            data: Bytes::from_static(b"coded"),
            keyframe: true,
            rtp_timestamp: u32::MAX,
            captured: Instant::now(),
        };
        let mut bytes = Vec::new();
        let (size, original) = (Size::new(320, 180), Size::new(640, 360));
        let image = Bytes::from_static(b"image");
        let coded = Coded { rendition: RenditionId(7), size, original, frame: frame.clone() };
        let messages = [
            Outgoing::frame(&frame),
            Outgoing::message(&"hello", Vec::new()),
            Outgoing::coded(&coded),
            Outgoing::image(9, image.clone()),
        ];
        for message in messages {
            bytes.extend(message.head);
            bytes.extend(message.data);
        }
        for piece in [1, 2, 7, bytes.len()] {
            let (mut buffer, mut got) = (BytesMut::new(), Vec::new());
            for chunk in bytes.chunks(piece) {
                buffer.extend_from_slice(chunk);
                while let Some(incoming) = parse::<String>(&mut buffer).unwrap() {
                    got.push(incoming);
                }
            }
            let [Incoming::Frame(first), Incoming::Message(text), Incoming::Coded(last), Incoming::Image(9, file)] =
                &got[..]
            else {
                panic!("{got:?}")
            };
            assert_eq!((first, text.as_str(), last, file), (&frame, "hello", &coded, &image));
            assert!(buffer.is_empty());
        }
    }

    #[test]
    fn what_cannot_be_a_message_is_refused() {
        for bytes in [
            &[0, 0, 0, 0][..],
            &[255, 255, 255, 255],
            &[1, 0, 0, 0, 9],
            &[2, 0, 0, 0, JSON, b'{'],
            &[2, 0, 0, 0, FRAME, 0],
            &[5, 0, 0, 0, IMAGE, 0, 0, 0, 0],
            &[5, 0, 0, 0, CODED, 0, 0, 0, 0],
            &[
                35, 0, 0, 0, CODED, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0,
            ],
            &[15, 0, 0, 0, FRAME, 77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ] {
            assert!(parse::<String>(&mut BytesMut::from(bytes)).is_err(), "{bytes:?}");
        }
        assert!(parse::<String>(&mut BytesMut::from(&[9, 0, 0, 0, JSON][..])).unwrap().is_none());
    }
}
