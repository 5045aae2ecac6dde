//! Truncated, altered and malicious files. Reading them ends soon, with pictures or with an error.

use std::time::{Duration, Instant};

use framebox_media::clip::{Bounds, Error};
use mp4_atom::{Encode, Moov};

use crate::images::{apng, gif, still, webp};
use crate::mux::mp4;
use crate::support::{SIZE, all, movie, open, open_with, refusal, samples};

/// Small files of each type.
fn kinds() -> Vec<(&'static str, Vec<u8>)> {
    let image = image::RgbaImage::from_fn(24, 20, |x, y| image::Rgba([x as u8 * 9, y as u8 * 11, 50, 255]));
    let y4m = [&b"YUV4MPEG2 W4 H4 F25:1\n"[..], &b"FRAME\n012345678901234567890123".repeat(3)].concat();
    vec![
        ("mp4", mp4(SIZE, 25, &samples(4, |_| 1))),
        ("reordered", include_bytes!("reordered.mp4").to_vec()),
        ("y4m", y4m),
        ("gif", gif(&[50, 50, 50])),
        ("apng", apng(3)),
        ("webp", webp(3)),
        ("png", still(&image, image::ImageFormat::Png)),
        ("jpeg", still(&image, image::ImageFormat::Jpeg)),
    ]
}

/// Reads the whole file, seeks in it, and returns the number of pictures.
fn read(what: &str, bytes: &[u8]) -> usize {
    let begin = Instant::now();
    let bounds = Bounds { pixels: 1 << 20, frames: 1000, ..Bounds::default() };
    let count = match open_with(bytes, &bounds) {
        Ok(mut clip) => {
            let (shots, error) = all(&mut *clip);
            text(what, error);
            for to in [0, 1, 60, u64::MAX / 1_000_000] {
                text(what, clip.seek(Duration::from_millis(to)).err());
                text(what, clip.next().err());
            }
            shots.len()
        }
        Err(error) => {
            text(what, Some(error));
            0
        }
    };
    assert!(begin.elapsed() < Duration::from_secs(20), "{what} took {:?}", begin.elapsed());
    count
}

fn text(what: &str, error: Option<Error>) {
    let text = error.map(|error| error.to_string()).unwrap_or_default();
    let path = std::env::temp_dir().display().to_string();
    assert!(!text.contains('\n') && !text.contains(&path) && text.len() < 300, "{what}: {text}");
}

#[test]
fn truncated_files_result_in_fewer_pictures_or_an_error() {
    for (kind, bytes) in kinds() {
        let whole = read(kind, &bytes);
        assert!(whole > 0, "{kind} is whole");
        for length in (0..bytes.len()).step_by(bytes.len() / 120 + 1) {
            let count = read(&format!("{kind} of {length} bytes"), &bytes[..length]);
            assert!(count <= whole, "{kind} of {length} bytes");
        }
    }
}

#[test]
fn altered_files_result_in_pictures_or_an_error() {
    let mut state = 7u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for (kind, bytes) in kinds() {
        for round in 0..250 {
            let mut bytes = bytes.clone();
            for _ in 0..=random(4) {
                // Half of the changes are in the headers.
                let end = if random(2) == 0 { bytes.len() } else { bytes.len().min(700) };
                bytes[random(end)] = [0, 0xff, 0x7f, 0x80, random(256) as u8][random(5)];
            }
            read(&format!("{kind} in round {round}"), &bytes);
        }
    }
}

/// Returns the movie with the body of a table's box changed.
fn with(kind: &[u8; 4], change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut bytes = movie();
    let at = bytes.windows(4).position(|window| window == kind).unwrap() + 4;
    change(&mut bytes[at..]);
    bytes
}

#[test]
fn tables_with_billions_of_entries_are_refused_at_once() {
    let count = |body: &mut [u8]| body[4..8].fill(0xff);
    let run = |body: &mut [u8]| body[8..12].fill(0xff);
    let identical = |body: &mut [u8]| body[4..12].fill(0xff);
    for (kind, bytes) in [
        ("stts count", with(b"stts", count)),
        ("stsc count", with(b"stsc", count)),
        ("stco count", with(b"stco", count)),
        ("stss count", with(b"stss", count)),
        ("stsz count", with(b"stsz", |body| body[8..12].fill(0xff))),
        ("identical", with(b"stsz", identical)),
    ] {
        let begin = Instant::now();
        let error = refusal(&bytes, &Bounds::default());
        assert!(matches!(error, Error::Broken(_) | Error::TooMuch { .. }), "{kind}: {error}");
        // Who goes through them takes minutes.
        assert!(begin.elapsed() < Duration::from_secs(20), "{kind}: {:?}", begin.elapsed());
    }
    // Excess entries are harmless: only those for existing pictures are used.
    assert_eq!(read("a run of times", &with(b"stts", run)), 40);
    assert_eq!(read("samples in a chunk", &with(b"stsc", |body| body[12..16].fill(0xff))), 40);
}

#[test]
fn invalid_times_are_refused() {
    let zero = mp4(SIZE, 25, &samples(4, |_| 0));
    for bytes in [zero, with(b"mdhd", |body| body[20..24].fill(0)), mp4(SIZE, 1, &samples(4, |_| u32::MAX))] {
        assert_eq!(
            refusal(&bytes, &Bounds::default()).to_string(),
            "the file is damaged: the times of its pictures are invalid"
        );
    }
    // A single picture may have a duration of 0.
    assert_eq!(all(&mut *open(&mp4(SIZE, 25, &samples(1, |_| 0))).unwrap()).0.len(), 1);
}

#[test]
fn pictures_outside_the_file_are_errors_when_they_are_read() {
    let mut clip = open(&movie()[..movie().len() - 1]).unwrap();
    let (shots, error) = all(&mut *clip);
    assert_eq!((shots.len(), error), (39, Some(Error::CutOff("the end of its pictures"))));
    assert_eq!(clip.next().err(), Some(Error::CutOff("the end of its pictures")), "it stays so");
    clip.seek(Duration::ZERO).unwrap();
    assert!(clip.next().unwrap().is_some(), "until another place is gone to");
}

#[test]
fn nested_boxes_are_not_followed() {
    // A million nested boxes.
    let begin = b"\0\0\0\x14ftypisom\0\0\x02\0isom".to_vec();
    for kind in [b"trak", b"meta", b"moov", b"mdia"] {
        let depth = 1_000_000u32;
        let mut bytes = begin.clone();
        for level in 0..depth {
            bytes.extend(((depth - level) * 8).to_be_bytes());
            bytes.extend(if level == 0 { b"moov" } else { kind });
        }
        let error = refusal(&bytes, &Bounds::default()).to_string();
        assert!(error.contains("no video"), "{error}");
    }
    // A million adjacent boxes.
    let bytes = [&begin[..], &b"\0\0\0\x08free".repeat(1_000_000)].concat();
    assert!(matches!(refusal(&bytes, &Bounds::default()), Error::CutOff(_)));
    let bytes = [&begin[..], b"\0\0\0\x01mdat\xff\xff\xff\xff\xff\xff\xff\xff"].concat();
    refusal(&bytes, &Bounds::default());
}

#[test]
fn unsupported_videos_are_refused() {
    let mut bytes = b"\0\0\0\x14ftypisom\0\0\x02\0isom".to_vec();
    Moov::default().encode(&mut bytes).unwrap();
    assert_eq!(refusal(&bytes, &Bounds::default()).to_string(), "the MP4 has no video track");
    let mut bytes = movie();
    let at = bytes.windows(8).rposition(|window| window == b"avc1\0\0\0\0").unwrap();
    bytes[at..at + 4].copy_from_slice(b"hvc1");
    let error = refusal(&bytes, &Bounds::default()).to_string();
    assert!(error.contains("HEVC") && error.contains("install ffmpeg"), "{error}");
}
