use std::time::Duration;

use framebox_picture::{Picture, Size};
use proptest::prelude::*;

use super::{is_keyframe, nal_units};
use crate::encode::Settings;
use crate::{Codec, Decoder, Encoder, Error};

const SIZE: Size = Size::new(320, 240);

/// A scene that moves: a gradient with a block that travels.
fn scene(size: Size, frame: usize) -> Picture {
    let mut picture = Picture::black(size).unwrap();
    let width = size.width as usize;
    let (y, u, v) = picture.planes_mut();
    for (i, luma) in y.iter_mut().enumerate() {
        let (x, row) = (i % width, i / width);
        let block = (x + width - frame * 4 % width) % width < 40 && (40..80).contains(&row);
        *luma = if block { 220 } else { (40 + (x + row) / 6 % 150) as u8 };
    }
    u.iter_mut().enumerate().for_each(|(i, u)| *u = (100 + i % 50) as u8);
    v.fill(150);
    picture
}

/// Noise around middle gray; `amplitude` 255 is all that a picture can be.
fn noise(size: Size, frame: usize, amplitude: u32) -> Picture {
    let mut picture = Picture::black(size).unwrap();
    let mut state = frame as u32;
    for byte in picture.bytes_mut() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = (128 - amplitude / 2 + (state >> 24) * amplitude / 255) as u8;
    }
    picture
}

fn time(frame: usize) -> Duration {
    Duration::from_millis(33 * frame as u64)
}

fn encode(encoder: &mut dyn Encoder, picture: &Picture, frame: usize, keyframe: bool) -> (Vec<u8>, bool) {
    let mut out = vec![];
    let encoded = encoder.encode(picture.planes(), time(frame), keyframe, &mut out).unwrap();
    assert_eq!(encoded.keyframe, is_keyframe(&out));
    (out, encoded.keyframe)
}

fn decode(decoder: &mut dyn Decoder, unit: &[u8]) -> Picture {
    assert!(decoder.decode(unit).unwrap(), "a picture comes out of each access unit at once");
    let mut picture = Picture::black(Size::new(2, 2)).unwrap();
    picture.copy_from(decoder.picture().unwrap()).unwrap();
    picture
}

/// Peak signal-to-noise ratio of the luma, dB.
fn psnr(a: &Picture, b: &Picture) -> f64 {
    assert_eq!(a.size(), b.size());
    let (a, b) = (a.planes().y.data, b.planes().y.data);
    let error: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum();
    10.0 * (255.0 * 255.0 * a.len() as f64 / error.max(1.0)).log10()
}

#[test]
fn what_is_encoded_comes_back() {
    let mut encoder = Codec::H264.encoder(&Settings::default()).unwrap();
    let mut decoder = Codec::H264.decoder().unwrap();
    assert!(decoder.picture().is_none());
    for frame in 0..30 {
        let picture = scene(SIZE, frame);
        let (unit, keyframe) = encode(&mut *encoder, &picture, frame, false);
        assert_eq!(keyframe, frame == 0, "only the first picture is a keyframe by itself");
        let back = decode(&mut *decoder, &unit);
        assert!(psnr(&picture, &back) > 30.0, "frame {frame}: {} dB", psnr(&picture, &back));
    }
}

#[test]
fn a_keyframe_comes_when_asked_for_and_stands_alone() {
    let mut encoder = Codec::H264.encoder(&Settings::default()).unwrap();
    for frame in 0..5 {
        encode(&mut *encoder, &scene(SIZE, frame), frame, false);
    }
    let (unit, keyframe) = encode(&mut *encoder, &scene(SIZE, 5), 5, true);
    assert!(keyframe);
    let types: Vec<_> = nal_units(&unit).map(|nal| nal[0] & 0x1f).collect();
    assert_eq!(types, [7, 8, 5], "parameter sets come with each keyframe");
    let back = decode(&mut *Codec::H264.decoder().unwrap(), &unit);
    assert!(psnr(&scene(SIZE, 5), &back) > 30.0);
    assert!(!encode(&mut *encoder, &scene(SIZE, 6), 6, false).1);
}

#[test]
fn the_bit_rate_follows_at_run_time_and_across_sizes() {
    let settings = Settings { bitrate: 300_000, max_bitrate: 3_000_000, fps: 30.0 };
    let mut encoder = Codec::H264.encoder(&settings).unwrap();
    let mut frame = 0;
    let mut second = |encoder: &mut dyn Encoder, size| {
        (0..60)
            .map(|i| {
                frame += 1;
                let bytes = encode(encoder, &noise(size, frame, 40), frame, false).0.len();
                if i < 30 { 0 } else { bytes * 8 }
            })
            .sum::<usize>()
    };
    let low = second(&mut *encoder, SIZE);
    encoder.set_bitrate(2_400_000);
    let high = second(&mut *encoder, SIZE);
    assert!(high > 3 * low, "{low} bit at 300 kbit/s, {high} at 2400");
    encoder.set_bitrate(300_000);
    let larger = second(&mut *encoder, Size::new(352, 288));
    assert!(larger < high / 2, "{larger} bit after a change of size, {high} before");
}

#[test]
fn the_noisiest_pictures_are_coded_and_the_next_ones_too() {
    for size in [SIZE, Size::new(640, 480)] {
        let mut encoder = Codec::H264.encoder(&Settings { max_bitrate: 50_000_000, ..Settings::default() }).unwrap();
        encoder.set_bitrate(50_000_000);
        let mut decoder = Codec::H264.decoder().unwrap();
        for frame in 0..5 {
            let (unit, _) = encode(&mut *encoder, &noise(size, frame, 255), frame, false);
            decode(&mut *decoder, &unit);
        }
        let (unit, _) = encode(&mut *encoder, &scene(size, 5), 5, false);
        assert!(psnr(&scene(size, 5), &decode(&mut *decoder, &unit)) > 30.0);
    }
}

#[test]
fn sizes_change_and_odd_ones_lose_a_row_or_column() {
    let mut encoder = Codec::H264.encoder(&Settings::default()).unwrap();
    let mut decoder = Codec::H264.decoder().unwrap();
    for (frame, (width, height)) in
        [(320, 240), (161, 121), (16, 16), (640, 480), (17, 33), (240, 320)].into_iter().enumerate()
    {
        let size = Size::new(width, height);
        let (unit, keyframe) = encode(&mut *encoder, &scene(size, frame), frame, false);
        assert!(keyframe, "another size begins with a keyframe");
        assert_eq!(decode(&mut *decoder, &unit).size(), Size::new(width & !1, height & !1));
    }
    for (width, height) in [(15, 240), (240, 1), (3842, 100), (2200, 2200)] {
        let size = Size::new(width, height);
        let error = encoder.encode(Picture::black(size).unwrap().planes(), time(9), false, &mut vec![]);
        assert!(matches!(error, Err(Error::Size(of)) if of == size), "{size}");
    }
    assert_eq!(decode(&mut *decoder, &encode(&mut *encoder, &scene(SIZE, 9), 9, false).0).size(), SIZE);
}

#[test]
fn a_lost_picture_is_noticed_or_concealed_and_a_keyframe_heals() {
    let mut encoder = Codec::H264.encoder(&Settings::default()).unwrap();
    let mut decoder = Codec::H264.decoder().unwrap();
    assert!(
        matches!(decoder.decode(&[0, 0, 0, 1, 0x65, 1, 2, 3]), Err(Error::Damaged)),
        "nothing without parameter sets"
    );
    assert!(decoder.picture().is_none());
    for frame in 0..10 {
        let (unit, _) = encode(&mut *encoder, &scene(SIZE, frame), frame, frame == 8);
        if frame != 4 {
            let _ = decoder.decode(&unit);
        }
    }
    let (unit, _) = encode(&mut *encoder, &scene(SIZE, 10), 10, false);
    assert!(psnr(&scene(SIZE, 10), &decode(&mut *decoder, &unit)) > 30.0);
}

#[test]
fn nal_units_are_found() {
    let stream = [&[0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0, 0, 1, 0x65, 0, 0, 3, 1][..], &[0, 0, 1]].concat();
    assert_eq!(nal_units(&stream).collect::<Vec<_>>(), [&[0x67, 1][..], &[0x68, 2], &[0x65, 0, 0, 3, 1]]);
    assert_eq!(nal_units(&[1, 2, 3]).count(), 0);
    assert!(is_keyframe(&stream) && !is_keyframe(&[0, 0, 1, 0x41, 5]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn damaged_streams_never_panic(flips in proptest::collection::vec((0usize..20_000, 0u8..8), 1..40), cut in 0usize..20_000, garbage: Vec<u8>) {
        let mut encoder = Codec::H264.encoder(&Settings::default()).unwrap();
        let mut decoder = Codec::H264.decoder().unwrap();
        let _ = decoder.decode(&garbage);
        for frame in 0..4 {
            let (mut unit, _) = encode(&mut *encoder, &scene(Size::new(64, 48), frame), frame, false);
            for (at, bit) in &flips {
                let at = at % unit.len();
                unit[at] ^= 1 << bit;
            }
            unit.truncate(cut.max(1));
            if decoder.decode(&unit).is_ok_and(|picture| picture) {
                let mut copy = Picture::black(Size::new(2, 2)).unwrap();
                copy.copy_from(decoder.picture().unwrap()).unwrap();
            }
        }
        let (unit, _) = encode(&mut *encoder, &scene(Size::new(64, 48), 9), 9, true);
        let _ = decoder.decode(&unit);
    }
}
