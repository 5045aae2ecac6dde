//! Test files with known content.

use std::io::Write;
use std::time::Duration;

use framebox_media::clip::{self, Bounds, Clip, Error, Frame, Info};
use framebox_media::{Codec, encode};
use framebox_picture::{Picture, Size};
use tempfile::NamedTempFile;

use crate::mux::{Sample, mp4};

pub const SIZE: Size = Size::new(96, 64);

pub fn file(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

pub fn open_with(bytes: &[u8], bounds: &Bounds) -> Result<Box<dyn Clip>, Error> {
    // An open clip outlives its path.
    clip::open(file(bytes).path(), bounds)
}

pub fn open(bytes: &[u8]) -> Result<Box<dyn Clip>, Error> {
    open_with(bytes, &Bounds::default())
}

pub fn refusal(bytes: &[u8], bounds: &Bounds) -> Error {
    open_with(bytes, bounds).map(|clip| clip.info()).expect_err("the file is refused")
}

/// Reads until the end or the first error.
pub fn all(clip: &mut dyn Clip) -> (Vec<Frame>, Option<Error>) {
    let mut frames = vec![];
    loop {
        match clip.next() {
            Ok(Some(frame)) => frames.push(frame),
            Ok(None) => return (frames, None),
            Err(error) => return (frames, Some(error)),
        }
        assert!(frames.len() < 10_000, "it does not end");
    }
}

/// A picture whose brightness encodes its number, up to 50.
pub fn numbered(number: usize) -> Picture {
    let mut picture = Picture::black(SIZE).unwrap();
    picture.planes_mut().0.fill(luma(number));
    picture
}

pub fn luma(number: usize) -> u8 {
    20 + 4 * number as u8
}

/// Returns the number that a picture encodes.
pub fn number(frame: &Frame) -> usize {
    let luma = frame.picture.planes().y.data;
    let mean = luma.iter().map(|luma| u64::from(*luma)).sum::<u64>() / luma.len() as u64;
    (mean as usize - 18) / 4
}

/// Encodes pictures, with a keyframe every ten. `duration` returns the duration of each.
pub fn samples(count: usize, duration: impl Fn(usize) -> u32) -> Vec<Sample> {
    let mut encoder = Codec::H264.encoder(&encode::Settings::default()).unwrap();
    let sample = |at: usize| {
        let mut bytes = vec![];
        let time = Duration::from_millis(40 * at as u64);
        let encoded = encoder.encode(numbered(at).planes(), time, at.is_multiple_of(10), &mut bytes).unwrap();
        Sample { bytes, keyframe: encoded.keyframe, duration: duration(at), offset: 0 }
    };
    (0..count).map(sample).collect()
}

/// An MP4 of forty pictures, 25 per second.
pub fn movie() -> Vec<u8> {
    mp4(SIZE, 1000, &samples(40, |_| 40))
}

pub fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A file of the folder `made`.
pub fn made(name: &str) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clips/made");
    std::fs::read(folder.join(name)).unwrap()
}

/// Returns where the body of the first box of this kind is.
pub fn body_of(bytes: &[u8], kind: &[u8; 4]) -> usize {
    bytes.windows(4).position(|window| window == kind).unwrap() + 4
}

/// Hides a box of this kind from readers.
pub fn without(mut bytes: Vec<u8>, kind: &[u8; 4]) -> Vec<u8> {
    let body = body_of(&bytes, kind);
    bytes[body - 4..body].copy_from_slice(b"free");
    bytes
}

/// Mean luma of a picture.
pub fn brightness(frame: &Frame) -> u64 {
    let luma = frame.picture.planes().y.data;
    luma.iter().map(|luma| u64::from(*luma)).sum::<u64>() / luma.len() as u64
}

/// Seeks to each of `count` pictures, at its time and shortly after, forwards and backwards.
pub fn seeks_everywhere(clip: &mut dyn Clip, count: usize, period: Duration) {
    for step in 0..count {
        let wanted = step * 7 % count;
        for into in [Duration::from_nanos(1000), period / 2] {
            clip.seek(period * wanted as u32 + into).unwrap();
            for at in wanted..count.min(wanted + 2) {
                let frame = clip.next().unwrap().unwrap();
                assert_eq!(number(&frame), at, "after seeking to picture {wanted}");
                assert!(frame.pts.abs_diff(period * at as u32) <= millis(1), "picture {at} at {:?}", frame.pts);
            }
        }
    }
    clip.seek(period * (count as u32 + 5)).unwrap();
    assert!(clip.next().unwrap().is_none(), "nothing is after the end");
    clip.seek(Duration::ZERO).unwrap();
    assert_eq!(number(&clip.next().unwrap().unwrap()), 0);
}

/// Seeks to each of the pictures that a clip was seen to have, forwards and backwards.
pub fn seeks_to_all(clip: &mut dyn Clip, frames: &[Frame]) {
    for step in 0..frames.len() {
        let wanted = step * 7 % frames.len();
        clip.seek(frames[wanted].pts).unwrap();
        for expected in frames.iter().skip(wanted).take(2) {
            let frame = clip.next().unwrap().unwrap();
            assert_eq!((frame.pts, &frame.picture), (expected.pts, &expected.picture), "after seeking to {wanted}");
        }
    }
}

pub fn assert_info(info: Info, size: Size, fps: f32, duration: Duration) {
    assert_eq!(info.size, size);
    assert!((info.fps - fps).abs() < 0.01, "{} frames per second", info.fps);
    assert!(info.duration.unwrap().abs_diff(duration) <= millis(1), "{:?}", info.duration);
}
