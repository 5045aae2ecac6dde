//! Frames and files of them.

use std::io::Cursor;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use framebox_media::mp4::{Colour, Track, Writer};
use framebox_media::{Codec, EncodedFrame, encode};
use framebox_picture::{Picture, Size};

pub const SIZE: Size = Size::new(160, 120);
/// RTP time between two frames of 30 a second.
pub const STEP: u32 = 3000;

/// A camera that encodes pictures as a rendition does.
pub struct Camera {
    encoder: Box<dyn framebox_media::Encoder>,
    codec: Codec,
    size: Size,
    begin: Instant,
    /// Number of the next picture.
    pub number: u32,
}

impl Camera {
    pub fn new(codec: Codec) -> Self {
        let settings = encode::Settings { bitrate: 300_000, max_bitrate: 300_000, ..encode::Settings::default() };
        let encoder = codec.encoder(&settings).unwrap();
        Self { encoder, codec, size: SIZE, begin: Instant::now(), number: 0 }
    }

    pub fn resize(&mut self, size: Size) {
        self.size = size;
    }

    /// The next picture, whose brightness rises slowly.
    pub fn frame(&mut self, keyframe: bool) -> EncodedFrame {
        let number = self.number;
        self.number += 1;
        let mut picture = Picture::black(self.size).unwrap();
        picture.planes_mut().0.fill(20 + (number % 200) as u8);
        let pts = Duration::from_micros(u64::from(number) * 33_333);
        let mut data = Vec::new();
        let encoded = self.encoder.encode(picture.planes(), pts, keyframe, &mut data).unwrap();
        EncodedFrame {
            codec: self.codec,
            data: Bytes::from(data),
            keyframe: encoded.keyframe,
            // Wraps within the test.
            rtp_timestamp: (u32::MAX - 50_000).wrapping_add(number * STEP),
            captured: self.begin + pts,
        }
    }

    /// So many pictures, a keyframe at each multiple of `every`.
    pub fn frames(&mut self, count: u32, every: u32) -> Vec<EncodedFrame> {
        (0..count).map(|index| self.frame(index % every == 0)).collect()
    }
}

pub fn begin(first: &EncodedFrame) -> Writer<Cursor<Vec<u8>>> {
    let track = Track::of(first, Colour::Bt601).unwrap();
    Writer::new(Cursor::default(), track, SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)).unwrap()
}

/// A finished file of these frames.
pub fn file(frames: &[EncodedFrame]) -> Vec<u8> {
    let mut writer = begin(&frames[0]);
    frames.iter().for_each(|frame| writer.frame(frame).unwrap());
    let bytes = writer.bytes();
    writer.finish().unwrap();
    let file = writer.into_inner().into_inner();
    assert!(file.len() as u64 >= bytes);
    file
}

pub fn codecs() -> impl Iterator<Item = Codec> {
    Codec::available()
}
