//! Files whose writer was killed.

use std::io::Cursor;
use std::time::Duration;

use framebox_media::mp4::{self, whole_length};

use crate::support::{Camera, begin, codecs, file};

#[test]
fn at_any_moment_the_file_has_all_but_the_last_second() {
    for codec in codecs() {
        let mut camera = Camera::new(codec);
        let frames = camera.frames(100, 1000);
        let mut writer = begin(&frames[0]);
        for (number, frame) in frames.iter().enumerate() {
            writer.frame(frame).unwrap();
            // Nothing waits in a buffer: this is what is there after a kill.
            let there = writer.get_ref().get_ref();
            assert_eq!(there.len() as u64, writer.written());
            assert_eq!(whole_length(&mut Cursor::new(there)).unwrap(), writer.written());
            let seconds = mp4::duration(&there[..there.len().min(mp4::HEAD)]).unwrap().as_secs_f64();
            assert!(seconds > number as f64 / 30.0 - 1.05, "{seconds} after {number} frames");
        }
    }
}

#[test]
fn a_fragment_that_was_not_written_completely_is_found() {
    let mut camera = Camera::new(framebox_media::Codec::H264);
    let whole = file(&camera.frames(60, 30));
    let mut lengths = vec![];
    for cut in 0..=whole.len() {
        let length = whole_length(&mut Cursor::new(&whole[..cut])).unwrap();
        assert!(length <= cut as u64);
        lengths.push(length);
    }
    assert!(lengths.is_sorted());
    lengths.dedup();
    assert_eq!(lengths.len(), 4, "nothing, the description, and each fragment: {lengths:?}");
    assert_eq!(lengths[3], whole.len() as u64);
    for rubbish in [&[0; 100][..], &[255; 100], b"....ftyp"] {
        assert_eq!(whole_length(&mut Cursor::new(rubbish)).unwrap(), 0);
        assert_eq!(mp4::duration(rubbish), None);
    }
    assert_eq!(mp4::duration(&whole[..mp4::HEAD]), Some(Duration::from_secs(2)));
}
