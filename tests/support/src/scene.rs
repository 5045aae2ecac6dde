//! Pictures that look like a camera's: gradients, texture, something that moves, a little noise.

use std::time::{Duration, Instant};

use framebox_media::{Codec, EncodedFrame, encode};
use framebox_picture::{Picture, Size};

/// The picture `frame` of the scene.
pub fn picture(size: Size, frame: usize) -> Picture {
    let mut picture = Picture::black(size).unwrap();
    let width = size.width as usize;
    let mut noise = 1 + frame as u32;
    let (y, u, v) = picture.planes_mut();
    for (i, luma) in y.iter_mut().enumerate() {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (x, row) = (i % width, i / width);
        let object = x.abs_diff(200 + frame * 5 % (width / 2)) < 60 && row.abs_diff(160) < 80;
        let ground = 50 + (x / 8 + row / 5) % 120;
        *luma = if object { 200 - ((x ^ row) % 32) as u8 } else { ground as u8 } + (noise >> 29) as u8;
    }
    u.iter_mut().enumerate().for_each(|(i, u)| *u = (110 + i / 64 % 30) as u8);
    v.iter_mut().enumerate().for_each(|(i, v)| *v = (140 - i / 100 % 20) as u8);
    picture
}

/// The scene's first `count` pictures, encoded; the first one is a keyframe. Their RTP timestamps are 0.
pub fn frames(size: Size, count: usize, bitrate: u32) -> Vec<EncodedFrame> {
    let settings = encode::Settings { bitrate, max_bitrate: bitrate, ..encode::Settings::default() };
    let codec = Codec::H264;
    let mut encoder = codec.encoder(&settings).unwrap();
    (0..count)
        .map(|frame| {
            let mut data = Vec::new();
            let pts = Duration::from_millis(33 * frame as u64);
            let encoded = encoder.encode(picture(size, frame).planes(), pts, false, &mut data).unwrap();
            let (data, captured) = (data.into(), Instant::now());
            EncodedFrame { codec, data, keyframe: encoded.keyframe, rtp_timestamp: 0, captured }
        })
        .collect()
}
