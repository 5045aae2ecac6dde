//! Draws `clips/clip.mp4`, the bundled video: a day over hills in nine seconds, with a balloon and birds. The end joins the
//! beginning.
//!
//! `cargo run -p framebox-media --example clip -- runtime/media/clips/clip.mp4`
#![allow(clippy::unwrap_used)]

mod mux;
mod scene;

use std::time::Duration;

use framebox_media::{Codec, encode};
use framebox_picture::{Format, Picture, Size, convert};

const SIZE: Size = Size::new(640, 360);
const FPS: u32 = 30;
/// Number of frames.
const FRAMES: u32 = 9 * FPS;
/// Distance between keyframes, frames; the most that a seek decodes.
const GROUP: u32 = 45;
/// Bits per second.
const BITRATE: u32 = 540_000;

fn main() {
    let path = std::env::args().nth(1).expect("the file to write is missing");
    let settings =
        encode::Settings { bitrate: BITRATE, max_bitrate: BITRATE, fps: FPS as f32, ..encode::Settings::default() };
    let mut encoder = Codec::H264.encoder(&settings).unwrap();
    let mut picture = Picture::black(SIZE).unwrap();
    let samples = (0..FRAMES).map(|frame| {
        let rgb = scene::draw(SIZE, frame as f32 / FRAMES as f32);
        convert::write(&rgb, Format::Rgb8, SIZE, &mut picture).unwrap();
        let (time, mut bytes) = (Duration::from_secs(frame.into()) / FPS, vec![]);
        let encoded = encoder.encode(picture.planes(), time, frame.is_multiple_of(GROUP), &mut bytes).unwrap();
        mux::Sample { bytes, keyframe: encoded.keyframe, duration: 1, offset: 0 }
    });
    std::fs::write(path, mux::mp4(SIZE, FPS, &samples.collect::<Vec<_>>())).unwrap();
}
