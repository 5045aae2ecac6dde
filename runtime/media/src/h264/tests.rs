use std::time::Duration;

use framebox_picture::sample::Sampler;
use framebox_picture::{Colour, Matrix, Orientation, Picture, Range, Size};
use openh264::OpenH264API;
use openh264::encoder::{BitRate, EncoderConfig, VuiConfig};
use openh264::formats::YUVSlices;
use proptest::prelude::*;

use super::parameter_set::tests::{encoded, encoded_with};
use super::{annexb, is_keyframe, nal, parameter_set};
use crate::encode::Settings;
use crate::{Codec, Decoder, Encoder, Error, decode as decoding};

pub(crate) const SIZE: Size = Size::new(320, 240);

/// A moving scene: a gradient with a moving block.
pub(crate) fn scene(size: Size, frame: usize) -> Picture {
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

/// Noise around middle gray; `amplitude` 255 covers the full range.
pub(crate) fn noise(size: Size, frame: usize, amplitude: u32) -> Picture {
    let mut picture = Picture::black(size).unwrap();
    let mut state = frame as u32;
    for byte in picture.bytes_mut() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = (128 - amplitude / 2 + (state >> 24) * amplitude / 255) as u8;
    }
    picture
}

pub(crate) fn time(frame: usize) -> Duration {
    Duration::from_millis(33 * frame as u64)
}

fn encode(encoder: &mut dyn Encoder, picture: &Picture, frame: usize, keyframe: bool) -> (Vec<u8>, bool) {
    let mut out = vec![];
    let encoded = encoder.encode(picture.planes(), time(frame), keyframe, &mut out).unwrap();
    assert_eq!(encoded.keyframe, is_keyframe(&out));
    (out, encoded.keyframe)
}

pub(crate) fn decode(decoder: &mut dyn Decoder, unit: &[u8]) -> Picture {
    assert!(decoder.decode(unit).unwrap(), "a picture comes out of each access unit at once");
    let mut picture = Picture::black(Size::new(2, 2)).unwrap();
    picture.copy_from(decoder.picture().unwrap().planes).unwrap();
    picture
}

/// Peak signal-to-noise ratio of the luma, dB.
pub(crate) fn psnr(a: &Picture, b: &Picture) -> f64 {
    assert_eq!(a.size(), b.size());
    let (a, b) = (a.planes().y.data, b.planes().y.data);
    let error: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum();
    10.0 * (255.0 * 255.0 * a.len() as f64 / error.max(1.0)).log10()
}

#[test]
fn encoded_pictures_are_decoded() {
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

/// Encodes with a VUI that says `said`.
fn saying(said: VuiConfig, picture: &Picture) -> Vec<u8> {
    let config = EncoderConfig::new().vui(said).bitrate(BitRate::from_bps(5_000_000));
    let mut encoder = openh264::encoder::Encoder::with_api_config(OpenH264API::from_source(), config).unwrap();
    let size = (picture.size().width as usize, picture.size().height as usize);
    let planes = picture.planes();
    let source = YUVSlices::new((planes.y.data, planes.u.data, planes.v.data), size, (size.0, size.0 / 2, size.0 / 2));
    encoder.encode(&source).unwrap().to_vec()
}

#[test]
fn pictures_are_returned_with_the_colours_that_the_stream_names() {
    let of = |matrix, range| Colour { matrix, range };
    let mut decoder = Codec::H264.decoder().unwrap();
    for (said, colour) in [
        (VuiConfig::bt601(), Colour::default()),
        (VuiConfig::bt709(), of(Matrix::Bt709, Range::Limited)),
        (VuiConfig::bt709().full_range(true), of(Matrix::Bt709, Range::Full)),
        (VuiConfig::bt601().full_range(true), of(Matrix::Bt601, Range::Full)),
        (VuiConfig::bt601(), Colour::default()),
    ] {
        let mut picture = Picture::black(SIZE).unwrap();
        picture.bytes_mut()[..SIZE.pixels() as usize].fill(134);
        picture.planes_mut().1.fill(77);
        picture.planes_mut().2.fill(68);
        assert!(decoder.decode(&saying(said, &picture)).unwrap());
        let coded = decoder.picture().unwrap();
        assert_eq!((coded.colour, coded.size, coded.planes.size), (colour, SIZE, SIZE));
        let (mut shown, mut expected) = (picture.clone(), picture.clone());
        Sampler::default().draw(coded, SIZE, &mut shown).unwrap();
        expected.draw(picture.planes(), colour, Orientation::UPRIGHT).unwrap();
        let differs = shown.bytes().iter().zip(expected.bytes()).any(|(is, should)| is.abs_diff(*should) > 2);
        assert!(!differs, "{colour:?}: {} {}", shown.bytes()[0], expected.bytes()[0]);
    }
}

#[test]
fn what_is_encoded_says_that_it_is_bt601_in_the_limited_range() {
    let mut encoder = Codec::H264.encoder(&Settings::default()).unwrap();
    let (unit, _) = encode(&mut *encoder, &scene(SIZE, 0), 0, false);
    let set = annexb::units(&unit).find(|unit| nal::kind(unit) == nal::SPS).unwrap();
    let vui = parameter_set::parse(set).unwrap().vui;
    assert_eq!((vui.matrix, vui.range), (Some(Matrix::Bt601), Some(Range::Limited)));
}

#[test]
fn a_requested_keyframe_is_decodable_alone() {
    let mut encoder = Codec::H264.encoder(&Settings::default()).unwrap();
    for frame in 0..5 {
        encode(&mut *encoder, &scene(SIZE, frame), frame, false);
    }
    let (unit, keyframe) = encode(&mut *encoder, &scene(SIZE, 5), 5, true);
    assert!(keyframe);
    let types: Vec<_> = annexb::units(&unit).map(nal::kind).collect();
    assert_eq!(types, [nal::SPS, nal::PPS, nal::IDR], "parameter sets come with each keyframe");
    let back = decode(&mut *Codec::H264.decoder().unwrap(), &unit);
    assert!(psnr(&scene(SIZE, 5), &back) > 30.0);
    assert!(!encode(&mut *encoder, &scene(SIZE, 6), 6, false).1);
}

/// Returns the bit rate in the second half of `seconds` of noisy pictures at `fps`, and the bits of the first one.
pub(crate) fn rate(
    encoder: &mut dyn Encoder,
    size: Size,
    clock: &mut Duration,
    fps: u32,
    seconds: u32,
) -> (f64, usize) {
    let frames = fps * seconds;
    let sizes: Vec<usize> = (0..frames as usize)
        .map(|frame| {
            *clock += Duration::from_secs(1) / fps;
            let mut out = vec![];
            encoder.encode(noise(size, frame, 40).planes(), *clock, false, &mut out).unwrap();
            assert!(!out.is_empty(), "no picture is left out");
            out.len() * 8
        })
        .collect();
    let half = &sizes[sizes.len() / 2..];
    (half.iter().sum::<usize>() as f64 * f64::from(fps) / half.len() as f64, sizes[0])
}

#[test]
fn the_bit_rate_is_kept_from_the_start_at_run_time_and_across_sizes() {
    let settings = Settings { bitrate: 400_000, max_bitrate: 3_000_000, ..Settings::default() };
    let mut encoder = Codec::H264.encoder(&settings).unwrap();
    let mut clock = Duration::ZERO;
    let (mut firsts, larger) = (vec![], Size::new(352, 288));
    for (bits, size) in [(400_000, SIZE), (2_400_000, SIZE), (2_400_000, larger), (400_000, larger), (400_000, SIZE)] {
        encoder.set_bitrate(bits);
        let (rate, first) = rate(&mut *encoder, size, &mut clock, 30, 4);
        assert!((0.7..1.3).contains(&(rate / f64::from(bits))), "{rate} b/s at {size} in place of {bits}");
        firsts.push(first);
    }
    let (start, high, back) = (firsts[0], firsts[2], firsts[4]);
    assert!(start < high && back < high, "keyframes have the current rate, not the highest: {firsts:?}");
}

#[test]
fn the_bit_rate_rises_and_falls_again_at_any_size() {
    for size in [SIZE, Size::new(640, 480)] {
        let mut encoder = Codec::H264.encoder(&Settings { bitrate: 500_000, ..Settings::default() }).unwrap();
        let mut clock = Duration::ZERO;
        let [low, middle, high, back] = [500_000, 1_500_000, 2_500_000, 700_000].map(|bits| {
            encoder.set_bitrate(bits);
            rate(&mut *encoder, size, &mut clock, 30, 4).0
        });
        assert!(
            low < 0.6 * middle && middle < 0.8 * high && back < 0.5 * high,
            "{size}: {low}, {middle}, {high}, {back}"
        );
    }
}

#[test]
fn the_bit_rate_is_kept_whatever_the_frame_rate() {
    for fps in [8, 15, 60] {
        let mut encoder = Codec::H264.encoder(&Settings { bitrate: 800_000, ..Settings::default() }).unwrap();
        let (rate, _) = rate(&mut *encoder, SIZE, &mut Duration::default(), fps, 10);
        assert!((0.7..1.3).contains(&(rate / 800_000.0)), "{rate} b/s at {fps} frames per second");
    }
}

#[test]
fn settings_out_of_range_are_clamped() {
    for (bitrate, max_bitrate, fps) in [(0, 0, 0.0), (u32::MAX, u32::MAX, f32::NAN), (5, 1, -1.0)] {
        let mut encoder = Codec::H264.encoder(&Settings { bitrate, max_bitrate, fps, ..Settings::default() }).unwrap();
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
        // The next keyframe uses fine quantisers again.
        for frame in 6..12 {
            let (unit, _) = encode(&mut *encoder, &scene(size, frame), frame, frame == 6);
            let back = decode(&mut *decoder, &unit);
            assert!(frame < 11 || psnr(&scene(size, frame), &back) > 42.0, "{} dB", psnr(&scene(size, frame), &back));
        }
    }
}

#[test]
fn slices_are_not_longer_than_a_packet_where_it_takes_no_parts() {
    let sizes = [SIZE, Size::new(18, 34), Size::new(640, 480)];
    for (size, bitrate) in sizes.into_iter().flat_map(|size| [(size, 300_000), (size, 50_000_000)]) {
        let settings = Settings { bitrate, max_bitrate: bitrate, max_unit_bytes: Some(1200), ..Settings::default() };
        let mut encoder = Codec::H264.encoder(&settings).unwrap();
        let mut decoder = Codec::H264.decoder().unwrap();
        for frame in 0..6 {
            let picture = match frame {
                0..2 => scene(size, frame),
                2..4 => noise(size, frame, 40),
                _ => noise(size, frame, 255),
            };
            let (unit, _) = encode(&mut *encoder, &picture, frame, frame % 3 == 0);
            let lengths: Vec<usize> = annexb::units(&unit).map(<[u8]>::len).collect();
            assert!(psnr(&picture, &decode(&mut *decoder, &unit)) > 15.0);
            assert!(lengths.iter().all(|length| *length <= 1200), "{size} {bitrate} {frame}: {lengths:?}");
        }
    }
    let whole = Settings { bitrate: 2_500_000, ..Settings::default() };
    let (unit, _) = encode(&mut *Codec::H264.encoder(&whole).unwrap(), &noise(SIZE, 0, 40), 0, false);
    let kinds: Vec<_> = annexb::units(&unit).map(nal::kind).collect();
    assert_eq!(kinds, [nal::SPS, nal::PPS, nal::IDR], "no slices without need");
}

#[test]
fn sizes_may_change_and_odd_sides_lose_a_row_or_column() {
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
fn a_lost_picture_is_an_error_until_the_next_keyframe() {
    let mut encoder = Codec::H264.encoder(&Settings::default()).unwrap();
    let mut decoder = Codec::H264.decoder().unwrap();
    assert!(
        matches!(decoder.decode(&[0, 0, 0, 1, 0x65, 1, 2, 3]), Err(Error::Damaged)),
        "nothing without parameter sets"
    );
    assert!(decoder.picture().is_none());
    for frame in 0..12 {
        let (unit, _) = encode(&mut *encoder, &scene(SIZE, frame), frame, frame == 8);
        let result = match frame {
            4 => continue,
            _ => decoder.decode(&unit),
        };
        if !(4..8).contains(&frame) {
            assert!(result.unwrap());
            let mut back = Picture::black(SIZE).unwrap();
            back.copy_from(decoder.picture().unwrap().planes).unwrap();
            assert!(psnr(&scene(SIZE, frame), &back) > 30.0);
        } else {
            assert!(matches!(result, Err(Error::Damaged)), "frame {frame} has no reference: {result:?}");
            assert!(decoder.picture().is_none());
        }
    }
}

#[test]
fn too_large_streams_are_refused_before_memory_is_allocated() {
    let mut decoder = Codec::H264.decoder_with(&decoding::Settings::up_to(Size::new(640, 480))).unwrap();
    let mut encoder = Codec::H264.encoder(&Settings::default()).unwrap();
    let unit = |set: Vec<u8>| [&[0, 0, 0, 1][..], &set].concat();
    let full = Size::new(640, 480);
    let (good, _) = encode(&mut *encoder, &scene(full, 0), 0, false);
    assert_eq!(decode(&mut *decoder, &good).size(), full);
    let (large, _) = encode(&mut *encoder, &scene(Size::new(656, 480), 1), 1, false);
    let refused = decoder.decode(&large);
    assert!(matches!(refused, Err(Error::TooLarge { size, .. }) if size == Size::new(656, 480)), "{refused:?}");
    assert!(decoder.picture().is_none());
    assert!(matches!(decoder.decode(&unit(encoded(1000, 1000, None))), Err(Error::TooLarge { .. })));
    // A crop whose sum is 0 in 32 bits, and one that leaves no pixels.
    for crop in [[u32::MAX - 255, 256, 0, 0], [320, 0, 0, 0]] {
        assert!(matches!(decoder.decode(&unit(encoded(40, 30, Some(crop)))), Err(Error::Damaged)), "{crop:?}");
    }
    // A parameter set of a scalable stream, and one after the pictures.
    let mut subset = encoded(1000, 1000, None);
    subset[0] = 0x6f;
    assert!(matches!(decoder.decode(&unit(subset)), Err(Error::Damaged)));
    let behind = [good.clone(), unit(encoded(1000, 1000, None))].concat();
    assert!(matches!(decoder.decode(&behind), Err(Error::TooLarge { .. })));
    assert!(!decoder.decode(&[]).unwrap());
    assert_eq!(decode(&mut *decoder, &good).size(), full, "a keyframe heals");
}

#[test]
fn too_many_reference_frames_are_refused_before_memory_is_allocated() {
    let mut decoder = Codec::H264.decoder().unwrap();
    let unit = |columns, rows, references| [&[0, 0, 0, 1][..], &encoded_with(columns, rows, None, references)].concat();
    for (columns, rows, references, fits) in [
        (120, 68, 4, true),
        (68, 120, 4, true),
        (120, 68, 5, false),
        (80, 45, 9, true),
        (80, 45, 10, false),
        (40, 30, 16, true),
        (120, 69, 1, false),
        (240, 135, 16, false),
    ] {
        let refused = decoder.decode(&unit(columns, rows, references));
        let refused = matches!(refused, Err(Error::TooLarge { .. } | Error::TooManyReferences { .. }));
        assert_eq!(refused, !fits, "{columns}x{rows} macroblocks, {references} references");
    }
    assert!(decoder.memory() <= 8 * 1920 * 1088 * 3 / 2, "{}", decoder.memory());
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
                copy.copy_from(decoder.picture().unwrap().planes).unwrap();
            }
        }
        let (unit, _) = encode(&mut *encoder, &scene(Size::new(64, 48), 9), 9, true);
        let _ = decoder.decode(&unit);
    }
}
