use std::time::Duration;

use framebox_picture::{Picture, Size};
use proptest::prelude::*;

use super::is_keyframe;
use crate::encode::Settings;
use crate::h264::tests::{SIZE, decode, noise, psnr, rate, scene, time};
use crate::{Codec, Encoder, Error, decode as decoding};

fn encode(encoder: &mut dyn Encoder, picture: &Picture, frame: usize, keyframe: bool) -> (Vec<u8>, bool) {
    let mut out = vec![];
    let encoded = encoder.encode(picture.planes(), time(frame), keyframe, &mut out).unwrap();
    assert!(!out.is_empty(), "no picture is left out");
    assert_eq!(encoded.keyframe, is_keyframe(&out));
    (out, encoded.keyframe)
}

#[test]
fn encoded_pictures_are_decoded() {
    let mut encoder = Codec::Vp8.encoder(&Settings::default()).unwrap();
    let mut decoder = Codec::Vp8.decoder().unwrap();
    assert!(decoder.picture().is_none());
    for frame in 0..30 {
        let picture = scene(SIZE, frame);
        let (unit, keyframe) = encode(&mut *encoder, &picture, frame, frame == 20);
        assert_eq!(keyframe, frame == 0 || frame == 20, "only the first picture is a keyframe by itself");
        let back = decode(&mut *decoder, &unit);
        assert!(psnr(&picture, &back) > 30.0, "frame {frame}: {} dB", psnr(&picture, &back));
        if keyframe {
            let alone = decode(&mut *Codec::Vp8.decoder().unwrap(), &unit);
            assert!(psnr(&picture, &alone) > 30.0, "frame {frame} is decodable alone");
        }
    }
    assert!(!decoder.flush().unwrap() && decoder.picture().is_none(), "nothing is held back");
}

#[test]
fn the_bit_rate_is_kept_from_the_start_at_run_time_and_across_sizes() {
    let settings = Settings { bitrate: 400_000, max_bitrate: 3_000_000, ..Settings::default() };
    let mut encoder = Codec::Vp8.encoder(&settings).unwrap();
    let mut clock = Duration::ZERO;
    let larger = Size::new(352, 288);
    for (bits, size) in [(400_000, SIZE), (2_400_000, SIZE), (2_400_000, larger), (400_000, larger), (400_000, SIZE)] {
        encoder.set_bitrate(bits);
        let (rate, first) = rate(&mut *encoder, size, &mut clock, 30, 4);
        assert!((0.7..1.3).contains(&(rate / f64::from(bits))), "{rate} b/s at {size} in place of {bits}");
        assert!(first < bits as usize, "a keyframe takes less than a second: {first} bits at {bits} b/s");
    }
}

#[test]
fn the_bit_rate_is_kept_whatever_the_frame_rate() {
    for fps in [8, 15, 60] {
        let mut encoder = Codec::Vp8.encoder(&Settings { bitrate: 800_000, ..Settings::default() }).unwrap();
        let (rate, _) = rate(&mut *encoder, SIZE, &mut Duration::default(), fps, 10);
        assert!((0.7..1.3).contains(&(rate / 800_000.0)), "{rate} b/s at {fps} frames per second");
    }
}

#[test]
fn settings_out_of_range_are_clamped() {
    for (bitrate, max_bitrate, fps) in [(0, 0, 0.0), (u32::MAX, u32::MAX, f32::NAN), (5, 1, -1.0)] {
        let mut encoder = Codec::Vp8.encoder(&Settings { bitrate, max_bitrate, fps, ..Settings::default() }).unwrap();
        for frame in 0..3 {
            encode(&mut *encoder, &scene(SIZE, frame), frame, false);
            encoder.set_bitrate([0, u32::MAX, 1][frame]);
        }
        let mut out = vec![];
        encode(&mut *encoder, &scene(Size::new(16, 16), 3), 3, false);
        encoder.encode(scene(SIZE, 3).planes(), Duration::MAX, false, &mut out).unwrap();
        encoder.encode(scene(SIZE, 4).planes(), Duration::ZERO, false, &mut out).unwrap();
    }
}

#[test]
fn the_noisiest_pictures_and_those_after_them_are_encoded() {
    for size in [Size::new(16, 16), SIZE, Size::new(640, 480)] {
        let mut encoder = Codec::Vp8.encoder(&Settings { max_bitrate: 50_000_000, ..Settings::default() }).unwrap();
        encoder.set_bitrate(50_000_000);
        let mut decoder = Codec::Vp8.decoder().unwrap();
        for frame in 0..5 {
            let (unit, _) = encode(&mut *encoder, &noise(size, frame, 255), frame, frame == 3);
            decode(&mut *decoder, &unit);
        }
        let (unit, _) = encode(&mut *encoder, &scene(size, 5), 5, false);
        assert!(psnr(&scene(size, 5), &decode(&mut *decoder, &unit)) > 30.0);
    }
}

#[test]
fn sizes_may_change_and_odd_sides_lose_a_row_or_column() {
    let mut encoder = Codec::Vp8.encoder(&Settings::default()).unwrap();
    let mut decoder = Codec::Vp8.decoder().unwrap();
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
fn after_an_error_nothing_is_shown_before_the_next_keyframe() {
    let mut encoder = Codec::Vp8.encoder(&Settings::default()).unwrap();
    let units: Vec<Vec<u8>> =
        (0..8).map(|frame| encode(&mut *encoder, &noise(SIZE, frame, 60), frame, frame == 6).0).collect();
    let cut = |unit: &[u8], length: usize| unit[..length].to_vec();
    for damaged in [
        cut(&units[3], 2),
        cut(&units[3], units[3].len() / 8),
        cut(&units[3], units[3].len() / 2),
        cut(&units[3], units[3].len() * 9 / 10),
        cut(&units[6], 9),
        cut(&units[6], units[6].len() / 2),
        vec![0xff; 100],
    ] {
        let mut decoder = Codec::Vp8.decoder().unwrap();
        assert!(matches!(decoder.decode(&units[1]), Err(Error::Damaged)), "nothing before a keyframe");
        for (frame, unit) in units.iter().enumerate() {
            let result = decoder.decode(if frame == 3 { &damaged } else { unit });
            if (3..6).contains(&frame) {
                assert!(matches!(result, Err(Error::Damaged)), "frame {frame} of {}: {result:?}", damaged.len());
                assert!(decoder.picture().is_none());
            } else {
                assert!(result.unwrap() && decoder.picture().is_some(), "frame {frame}");
            }
        }
    }
}

#[test]
fn too_large_streams_are_refused_before_memory_is_allocated() {
    let full = Size::new(640, 480);
    let mut decoder = Codec::Vp8.decoder_with(&decoding::Settings::up_to(full)).unwrap();
    let mut encoder = Codec::Vp8.encoder(&Settings::default()).unwrap();
    let (good, _) = encode(&mut *encoder, &scene(full, 0), 0, false);
    assert_eq!(decode(&mut *decoder, &good).size(), full);
    let memory = decoder.memory();
    assert!((5 * 640 * 480 * 3 / 2..8 * 640 * 480 * 3 / 2).contains(&memory), "{memory}");
    let (large, _) = encode(&mut *encoder, &scene(Size::new(656, 480), 1), 1, false);
    let mut huge = large.clone();
    huge[6..10].fill(0xff);
    for (unit, announced) in [(large, Size::new(656, 480)), (huge, Size::new(16383, 16383))] {
        let refused = decoder.decode(&unit);
        assert!(matches!(refused, Err(Error::TooLarge { size, .. }) if size == announced), "{refused:?}");
        assert!(decoder.picture().is_none());
    }
    assert_eq!(decoder.memory(), memory);
    assert!(!decoder.decode(&[]).unwrap());
    assert_eq!(decode(&mut *decoder, &good).size(), full, "a keyframe heals");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn damaged_streams_never_panic(flips in proptest::collection::vec((0usize..20_000, 0u8..8), 1..40), cut in 0usize..20_000, garbage: Vec<u8>) {
        let mut encoder = Codec::Vp8.encoder(&Settings::default()).unwrap();
        let mut decoder = Codec::Vp8.decoder_with(&decoding::Settings::up_to(Size::new(640, 480))).unwrap();
        let _ = decoder.decode(&garbage);
        for frame in 0..4 {
            let (mut unit, _) = encode(&mut *encoder, &scene(Size::new(64, 48), frame), frame, frame == 2);
            for (at, bit) in &flips {
                let at = at % unit.len();
                unit[at] ^= 1 << bit;
            }
            unit.truncate(cut.max(1));
            if decoder.decode(&unit).is_ok_and(|picture| picture) {
                let mut copy = Picture::black(Size::new(2, 2)).unwrap();
                copy.copy_from(decoder.picture().unwrap().planes).unwrap();
            }
        }
        let (unit, _) = encode(&mut *encoder, &scene(Size::new(64, 48), 9), 9, true);
        decode(&mut *decoder, &unit);
    }
}
