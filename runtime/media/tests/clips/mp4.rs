//! MP4 with H.264.

use std::time::Duration;

use framebox_media::clip::{Bounds, Clip, Error, Looping};
use framebox_picture::Size;

use crate::mux::mp4;
use crate::support::{
    SIZE, all, assert_info, luma, millis, movie, number, open, open_with, refusal, samples, seeks_everywhere,
};

/// Encoded by x264: high profile with a pyramid of three B-frames; 48 pictures at 24 per second.
const REORDERED: &[u8] = include_bytes!("reordered.mp4");
/// The clip that comes with the project.
const CLIP: &[u8] = include_bytes!("../../clips/clip.mp4");

#[test]
fn every_picture_has_its_time() {
    let mut clip = open(&movie()).unwrap();
    assert_info(clip.info(), SIZE, 25.0, millis(1600));
    let (frames, error) = all(&mut *clip);
    assert_eq!((frames.len(), error), (40, None));
    for (at, frame) in frames.iter().enumerate() {
        assert_eq!((number(frame), frame.pts), (at, millis(40 * at as u64)));
    }
    assert!(clip.next().unwrap().is_none(), "the end stays the end");
    assert_eq!(luma(0), 20);
}

#[test]
fn times_come_from_the_tables() {
    let mut clip = open(&mp4(SIZE, 600, &samples(12, |at| if at < 6 { 20 } else { 60 }))).unwrap();
    let (frames, _) = all(&mut *clip);
    let expected = [0, 20, 40, 60, 80, 100, 120, 180, 240, 300, 360, 420].map(|units| Duration::from_secs(units) / 600);
    assert_eq!(frames.iter().map(|frame| frame.pts).collect::<Vec<_>>(), expected);
    assert_info(clip.info(), SIZE, 15.0, millis(800));
}

#[test]
fn seeking_decodes_from_the_keyframe_before_the_target() {
    seeks_everywhere(&mut *open(&movie()).unwrap(), 40, millis(40));
}

#[test]
fn reordered_pictures_are_returned_in_presentation_order() {
    let mut clip = open(REORDERED).unwrap();
    let (frames, error) = all(&mut *clip);
    assert_eq!((frames.len(), error), (48, None));
    let dark = frames.windows(2).filter(|pair| brightness(&pair[0]) >= brightness(&pair[1])).count();
    assert_eq!(dark, 0, "each picture is brighter than the one before");
    for (at, frame) in frames.iter().enumerate() {
        assert!(frame.pts.abs_diff(Duration::from_secs(at as u64) / 24) < millis(1), "{at} at {:?}", frame.pts);
    }
    assert_info(clip.info(), SIZE, 24.0, millis(2000));
    for at in [30, 5, 47, 23, 24, 25, 0] {
        let to = Duration::from_secs(at as u64) / 24 + millis(2);
        clip.seek(to).unwrap();
        let frame = clip.next().unwrap().unwrap();
        assert_eq!((brightness(&frame), frame.pts), (brightness(&frames[at]), frames[at].pts), "picture {at}");
    }
}

/// Luma in the corner, where nothing moves.
fn brightness(frame: &framebox_media::clip::Frame) -> u8 {
    frame.picture.planes().y.data[0]
}

#[test]
fn a_seek_that_decodes_too_much_fails_and_others_still_work() {
    let bounds = Bounds { seek_pixels: 5 * SIZE.pixels(), ..Bounds::default() };
    let mut clip = open_with(&movie(), &bounds).unwrap();
    clip.seek(millis(40 * 15)).unwrap();
    assert_eq!(clip.seek(millis(40 * 16)), Err(Error::TooFar));
    assert_eq!(number(&clip.next().unwrap().unwrap()), 15, "a refused seek changes nothing");
}

#[test]
fn files_beyond_the_bounds_are_refused() {
    let movie = movie();
    let bounds = Bounds::default();
    let length = movie.len() as u64;
    let pictures = refusal(&movie, &Bounds { frames: 39, ..bounds.clone() });
    assert_eq!(
        pictures.to_string(),
        "the file is too large: the number of its pictures would be more than the 39 that are allowed"
    );
    assert!(matches!(refusal(&movie, &Bounds { file_bytes: length - 1, ..bounds.clone() }), Error::TooMuch { .. }));
    assert!(matches!(refusal(&movie, &Bounds { index_bytes: 100, ..bounds.clone() }), Error::TooMuch { .. }));
    let large = refusal(&movie, &Bounds { pixels: SIZE.pixels() - 1, ..bounds });
    assert!(matches!(large, Error::TooLarge { size: SIZE, .. }), "{large}");
}

#[test]
fn times_of_a_looping_clip_rise() {
    let mut clip = Looping::new(open(&movie()).unwrap());
    assert_eq!(clip.info().duration, None, "it has no end");
    for at in 0..100 {
        let frame = clip.next().unwrap().unwrap();
        assert_eq!((number(&frame), frame.pts), (at % 40, millis(40 * at as u64)));
    }
    clip.seek(millis(1600 * 3 + 400)).unwrap();
    assert_eq!(number(&clip.next().unwrap().unwrap()), 10, "a time after the end is one within");
}

#[test]
fn pictures_are_recycled() {
    let mut clip = open(&movie()).unwrap();
    let held = clip.next().unwrap().unwrap();
    let before = held.picture.clone();
    let mut places = std::collections::BTreeSet::new();
    while let Some(frame) = clip.next().unwrap() {
        places.insert(frame.picture.bytes().as_ptr() as usize);
    }
    assert!(places.len() <= 4, "{} buffers", places.len());
    assert_eq!(held.picture, before, "what is held is left alone");
    assert_eq!(number(&held), 0);
}

#[test]
fn the_bundled_clip_has_the_expected_properties() {
    assert!(CLIP.len() < 700_000);
    let mut clip = open(CLIP).unwrap();
    assert_info(clip.info(), Size::new(640, 360), 30.0, Duration::from_secs(9));
    let (frames, error) = all(&mut *clip);
    assert_eq!((frames.len(), error), (270, None));
    let difference = |a: usize, b: usize| {
        let (a, b) = (frames[a].picture.planes().y.data, frames[b].picture.planes().y.data);
        a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>() / a.len() as u64
    };
    assert!(difference(269, 0) <= 3, "the end meets the beginning: {}", difference(269, 0));
    assert!(difference(0, 90) > 8, "and there is something between: {}", difference(0, 90));
}
