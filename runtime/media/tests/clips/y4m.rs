//! Uncompressed video.

use std::time::Duration;

use framebox_media::clip::{Bounds, Error};
use framebox_picture::Size;

use crate::support::{SIZE, all, assert_info, millis, number, numbered, open, refusal, seeks_everywhere};

/// A file of `count` pictures whose header ends in `parameters`.
fn video(parameters: &str, count: usize, frame: &str) -> Vec<u8> {
    let mut bytes = format!("YUV4MPEG2 W{} H{} {parameters}\n", SIZE.width, SIZE.height).into_bytes();
    for at in 0..count {
        bytes.extend_from_slice(frame.as_bytes());
        bytes.extend_from_slice(numbered(at).bytes());
    }
    bytes
}

#[test]
fn pictures_are_exact_and_seekable() {
    for words in ["F25:1", "F25:1 Ip A1:1 C420jpeg", "C420mpeg2 F50:2 XYSCSS=420MPEG2"] {
        let mut clip = open(&video(words, 30, "FRAME\n")).unwrap();
        assert_info(clip.info(), SIZE, 25.0, millis(1200));
        let (shots, error) = all(&mut *clip);
        assert_eq!((shots.len(), error), (30, None));
        for (at, shot) in shots.iter().enumerate() {
            assert_eq!((&*shot.picture, shot.pts), (&numbered(at), millis(40 * at as u64)));
        }
        seeks_everywhere(&mut *clip, 30, millis(40));
    }
}

#[test]
fn times_do_not_drift_at_fractional_rates() {
    let mut clip = open(&video("F30000:1001", 40, "FRAME\n")).unwrap();
    let (shots, _) = all(&mut *clip);
    assert!(shots[39].pts.abs_diff(Duration::from_nanos(39 * 1001 * 100_000 / 3)) < Duration::from_nanos(10));
    for shot in &shots {
        clip.seek(shot.pts).unwrap();
        assert_eq!(clip.next().unwrap().unwrap().pts, shot.pts, "a picture's own time finds it");
    }
}

#[test]
fn other_subsamplings_become_420() {
    let (width, height) = (5, 3);
    let table = [("C422", 3, 3), ("C444", 5, 3), ("Cmono", 0, 0), ("C420paldv", 3, 2)];
    for (word, chroma_width, chroma_height) in table {
        let mut bytes = format!("YUV4MPEG2 W{width} H{height} {word} F1:1\nFRAME\n").into_bytes();
        bytes.extend([77; 15]);
        bytes.extend(vec![90; chroma_width * chroma_height]);
        bytes.extend(vec![200; chroma_width * chroma_height]);
        let picture = open(&bytes).unwrap().next().unwrap().unwrap().picture;
        assert_eq!(picture.size(), Size::new(5, 3));
        let (u, v) = if chroma_width == 0 { (128, 128) } else { (90, 200) };
        assert_eq!(picture.bytes(), [vec![77; 15], vec![u; 6], vec![v; 6]].concat(), "{word}");
    }
    let full = b"YUV4MPEG2 W2 H2 XCOLORRANGE=FULL F1:1\nFRAME\n\x00\xff\x80\x80\x00\xff";
    assert_eq!(open(full).unwrap().next().unwrap().unwrap().picture.bytes(), [16, 235, 126, 126, 16, 240]);
}

#[test]
fn pictures_with_parameters_are_read_but_not_seekable() {
    let mut clip = open(&video("F25:1", 6, "FRAME Ip\n")).unwrap();
    assert_eq!(all(&mut *clip).0.len(), 6);
    assert_eq!(clip.seek(millis(80)), Err(Error::NoSeek));
    clip.seek(Duration::ZERO).unwrap();
    assert_eq!(number(&clip.next().unwrap().unwrap()), 0);
}

#[test]
fn invalid_headers_are_refused() {
    let bounds = Bounds::default();
    for (line, words) in [
        ("W4 H0", "no pixels"),
        ("W4", "no valid size"),
        ("W-4 H4", "no valid size"),
        ("W99999999999999 H4", "no valid size"),
        ("W4294967295 H4294967295", "pixels that are allowed"),
        ("W16385 H1", "pixels that are allowed"),
        ("W4 H4 F", "frame rate"),
        ("W4 H4 F4000000000:1", "frame rate"),
        ("W4 H4 F1:4000000000", "frame rate"),
        ("W4 H4 C420p10", "8-bit"),
        ("W4 H4 C444alpha", "8-bit"),
        ("W4 H4 F25:1", "no pictures"),
        (&"W4 ".repeat(1000), "too long"),
    ] {
        let error = refusal(format!("YUV4MPEG2 {line}\n").as_bytes(), &bounds).to_string();
        assert!(error.contains(words), "{line:.40}: {error}");
    }
    assert_eq!(open(b"YUV4MPEG2 W4 H4 F0:0\nFRAME\n012345678901234567890123").unwrap().info().fps, 0.0);
}

#[test]
fn a_truncated_file_is_an_error_after_its_complete_pictures() {
    let bytes = video("F25:1", 3, "FRAME\n");
    let mut clip = open(&bytes[..bytes.len() - 1]).unwrap();
    let (shots, error) = all(&mut *clip);
    assert_eq!(
        (shots.len(), error.unwrap().to_string()),
        (2, "the file is truncated: it ends before the end of a picture".into())
    );
}
