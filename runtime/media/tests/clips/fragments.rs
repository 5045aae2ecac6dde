//! Fragmented MP4, as browsers and ffmpeg record it.

use framebox_media::clip::{Bounds, Error};
use framebox_picture::Size;

use crate::support::{all, assert_info, body_of, brightness, made, millis, open, open_with, refusal, seeks_to_all};

const SIZE: Size = Size::new(64, 48);
/// The same forty pictures, ten per second and each brighter than the one before, cut into fragments at their keyframes.
const FRAGMENTED: [&str; 6] = [
    "fragments_empty_moov.mp4",
    // The first fragment is in the index.
    "fragments_keyframe.mp4",
    "fragments_separate_moof.mp4",
    "fragments_default_base_moof.mp4",
    "fragments_omit_tfhd_offset.mp4",
    "fragments_delay_moov.mp4",
];

#[test]
fn fragments_are_read_as_a_whole_file_is() {
    let (plain, error) = all(&mut *open(&made("plain.mp4")).unwrap());
    assert_eq!((plain.len(), error), (40, None));
    for name in FRAGMENTED {
        let mut clip = open(&made(name)).unwrap();
        assert_info(clip.info(), SIZE, 10.0, millis(4000));
        assert_eq!(clip.info().dropped, ["audio"], "{name}");
        let (frames, error) = all(&mut *clip);
        assert_eq!((frames.len(), error), (40, None), "{name}");
        for (frame, expected) in frames.iter().zip(&plain) {
            assert_eq!((frame.pts, &frame.picture), (expected.pts, &expected.picture), "{name}");
        }
        seeks_to_all(&mut *clip, &frames);
    }
}

#[test]
fn a_recording_that_was_cut_off_ends_with_its_last_whole_picture() {
    for name in FRAGMENTED {
        let bytes = made(name);
        let mut counts = vec![];
        for length in (0..bytes.len()).step_by(7) {
            match open(&bytes[..length]) {
                Ok(mut clip) => {
                    let (frames, error) = all(&mut *clip);
                    assert_eq!(error, None, "{name} of {length} bytes");
                    assert!(frames.windows(2).all(|pair| brightness(&pair[0]) < brightness(&pair[1])), "{name}");
                    counts.push(frames.len());
                }
                Err(error) => assert!(counts.is_empty(), "{name} of {length} bytes: {error}"),
            }
        }
        assert!(counts.is_sorted() && counts[0] < 11 && counts.len() > 200, "{name}: {counts:?}");
    }
}

/// Sets the time at which the video's fragment `number` begins to be decoded.
fn with_time(mut bytes: Vec<u8>, number: usize, time: u64) -> Vec<u8> {
    let places = bytes.windows(4).enumerate().filter(|(_, window)| *window == b"tfdt").map(|(at, _)| at);
    // Each fragment has one of the video and one of the audio.
    let body = places.step_by(2).nth(number).unwrap() + 4;
    assert_eq!(bytes[body], 1, "64 bits");
    bytes[body + 4..body + 12].copy_from_slice(&time.to_be_bytes());
    bytes
}

/// Units of time per second of these files.
const TIMESCALE: u64 = 10_240;

#[test]
fn times_that_jump_ahead_are_kept() {
    let bytes = with_time(made("fragments_empty_moov.mp4"), 3, 3600 * TIMESCALE);
    let mut clip = open(&bytes).unwrap();
    let (frames, error) = all(&mut *clip);
    assert_eq!((frames.len(), error), (40, None));
    let jump = frames[30].pts - frames[29].pts;
    assert!(jump > millis(3_500_000), "{jump:?}");
    assert!(frames[30..].windows(2).all(|pair| pair[1].pts - pair[0].pts == millis(100)));
    seeks_to_all(&mut *clip, &frames);
}

#[test]
fn times_that_jump_back_go_on() {
    for time in [0, TIMESCALE] {
        let mut clip = open(&with_time(made("fragments_empty_moov.mp4"), 3, time)).unwrap();
        let (frames, error) = all(&mut *clip);
        assert_eq!((frames.len(), error), (40, None));
        for (at, frame) in frames.iter().enumerate() {
            assert_eq!(frame.pts, millis(100 * at as u64), "jump to {time}");
        }
    }
}

#[test]
fn a_recording_begins_with_its_first_picture_whatever_its_time() {
    let mut bytes = made("fragments_empty_moov.mp4");
    for number in 0..4 {
        bytes = with_time(bytes, number, (7200 + number as u64) * TIMESCALE);
    }
    let (frames, error) = all(&mut *open(&bytes).unwrap());
    assert_eq!((frames.len(), error, frames[0].pts, frames[39].pts), (40, None, millis(0), millis(3900)));
}

#[test]
fn the_index_of_fragments_is_bounded() {
    let bytes = made("fragments_empty_moov.mp4");
    assert!(open_with(&bytes, &Bounds { frames: 40, ..Bounds::default() }).is_ok());
    for bounds in [Bounds { frames: 39, ..Bounds::default() }, Bounds { index_bytes: 200, ..Bounds::default() }] {
        let error = refusal(&bytes, &bounds);
        assert!(matches!(error, Error::TooMuch { .. }), "{error}");
    }
    // A run of four thousand million pictures without bytes.
    let mut bytes = bytes;
    let body = body_of(&bytes, b"trun");
    bytes[body..body + 8].copy_from_slice(&[0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff]);
    let error = refusal(&bytes, &Bounds::default());
    assert!(matches!(error, Error::TooMuch { .. } | Error::Broken(_) | Error::CutOff(_)), "{error}");
    // As many fields.
    bytes[body..body + 4].copy_from_slice(&[0, 0, 0x0f, 1]);
    assert!(matches!(refusal(&bytes, &Bounds::default()), Error::Broken(_)));
}

#[test]
fn an_index_without_pictures_is_refused() {
    let bytes = made("fragments_empty_moov.mp4");
    let error = refusal(&bytes[..body_of(&bytes, b"moof") - 8], &Bounds::default());
    assert_eq!(error.to_string(), "the file is damaged: it has no pictures");
}
