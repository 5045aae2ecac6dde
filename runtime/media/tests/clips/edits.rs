//! Edit lists of MP4: what is shown, and when.

use std::time::Duration;

use framebox_media::clip::{Bounds, Clip, Error, Looping};
use mp4_atom::{Edts, Elst, ElstEntry};

use crate::mux::changed;
use crate::support::{SIZE, all, assert_info, body_of, millis, number, open, refusal, samples};

/// Forty pictures at 25 per second, with a keyframe every ten, of which the edits show parts: duration, and begin or none, in ms.
fn edited(edits: &[(u64, Option<u64>)]) -> Vec<u8> {
    edited_at(edits, (1, 0))
}

fn edited_at(edits: &[(u64, Option<u64>)], rate: (i16, i16)) -> Vec<u8> {
    let entry = |(duration, begin): &(u64, Option<u64>)| ElstEntry {
        segment_duration: *duration,
        media_time: *begin,
        media_rate: mp4_atom::FixedPoint::new(rate.0, rate.1),
    };
    changed(SIZE, 1000, &samples(40, |_| 40), |moov| {
        moov.trak[0].edts = Some(Edts { elst: Some(Elst { entries: edits.iter().map(entry).collect() }) });
    })
}

/// Returns the numbers of all pictures, and their times in ms.
fn shown(clip: &mut dyn Clip) -> Vec<(usize, u64)> {
    let (frames, error) = all(clip);
    assert_eq!(error, None);
    frames.iter().map(|frame| (number(frame), frame.pts.as_millis() as u64)).collect()
}

#[test]
fn an_empty_edit_delays_what_follows() {
    let mut clip = open(&edited(&[(500, None), (1600, Some(0))])).unwrap();
    assert_info(clip.info(), SIZE, 25.0, millis(2100));
    let expected: Vec<_> = (0..40).map(|at| (at, 500 + 40 * at as u64)).collect();
    assert_eq!(shown(&mut *clip), expected);
    clip.seek(millis(100)).unwrap();
    assert_eq!(number(&clip.next().unwrap().unwrap()), 0, "the first one is the next to be shown");
    clip.seek(millis(545)).unwrap();
    assert_eq!(number(&clip.next().unwrap().unwrap()), 1);
}

#[test]
fn what_is_trimmed_is_decoded_and_not_shown() {
    let mut clip = open(&edited(&[(400, Some(520))])).unwrap();
    assert_info(clip.info(), SIZE, 25.0, millis(400));
    let expected: Vec<_> = (13..23).map(|at| (at, 40 * (at as u64 - 13))).collect();
    assert_eq!(shown(&mut *clip), expected);
    for (to, number_then) in [(0, 13), (41, 14), (370, 22), (200, 18)] {
        clip.seek(millis(to)).unwrap();
        assert_eq!(number(&clip.next().unwrap().unwrap()), number_then, "{to} ms");
    }
    clip.seek(millis(400)).unwrap();
    assert!(clip.next().unwrap().is_none());
    clip.seek(Duration::ZERO).unwrap();
    assert_eq!(shown(&mut *clip), expected, "again");
}

#[test]
fn an_edit_that_begins_between_pictures_begins_with_the_next() {
    assert_eq!(shown(&mut *open(&edited(&[(100, Some(50))])).unwrap()), [(2, 0), (3, 40)]);
}

#[test]
fn the_duration_of_the_last_edit_may_be_unknown() {
    let mut clip = open(&edited(&[(0, Some(1400))])).unwrap();
    assert_info(clip.info(), SIZE, 25.0, millis(200));
    assert_eq!(shown(&mut *clip), (35..40).map(|at| (at, 40 * (at as u64 - 35))).collect::<Vec<_>>());
    let mut clip = open(&edited(&[(99_999, Some(1400))])).unwrap();
    assert_info(clip.info(), SIZE, 25.0, millis(200));
    assert_eq!(shown(&mut *clip).len(), 5, "no more than there is");
}

#[test]
fn several_edits_are_shown_one_after_the_other() {
    // The end, a pause, the beginning, a part of it again.
    let mut clip = open(&edited(&[(80, Some(1520)), (100, None), (120, Some(0)), (80, Some(40))])).unwrap();
    assert_info(clip.info(), SIZE, 25.0, millis(380));
    let expected = [(38, 0), (39, 40), (0, 180), (1, 220), (2, 260), (1, 300), (2, 340)];
    assert_eq!(shown(&mut *clip), expected);
    for (number_then, at) in expected {
        for into in [0, 30] {
            clip.seek(millis(at + into)).unwrap();
            let frame = clip.next().unwrap().unwrap();
            assert_eq!((number(&frame), frame.pts), (number_then, millis(at)), "{at} ms");
        }
    }
    clip.seek(millis(150)).unwrap();
    assert_eq!(number(&clip.next().unwrap().unwrap()), 39, "the last picture stands in a pause");
    let mut looping = Looping::new(clip);
    looping.seek(Duration::ZERO).unwrap();
    let frames: Vec<_> = (0..9).map(|_| looping.next().unwrap().unwrap()).collect();
    assert_eq!((number(&frames[7]), frames[7].pts), (38, millis(380)));
}

#[test]
fn pictures_that_are_shown_in_another_order_than_decoded_are_trimmed() {
    // Its edit list skips the two pictures by which times of presentation are later than those of decoding.
    let whole = include_bytes!("reordered.mp4").to_vec();
    let lumas = |bytes: &[u8]| {
        let (frames, error) = all(&mut *open(bytes).unwrap());
        assert_eq!(error, None);
        frames.iter().map(|frame| frame.picture.planes().y.data[0]).collect::<Vec<_>>()
    };
    let all_of_them = lumas(&whole);
    assert_eq!(all_of_them.len(), 48);
    let at = body_of(&whole, b"elst") + 12;
    let begin = u32::from_be_bytes(whole[at..at + 4].try_into().unwrap());
    let timescale = body_of(&whole, b"mdhd") + 12;
    let frame = u32::from_be_bytes(whole[timescale..timescale + 4].try_into().unwrap()) / 24;
    for skipped in [1, 5, 13, 30, 47] {
        let mut trimmed = whole.clone();
        trimmed[at..at + 4].copy_from_slice(&(begin + skipped * frame).to_be_bytes());
        assert_eq!(lumas(&trimmed), all_of_them[skipped as usize..], "without {skipped}");
    }
}

#[test]
fn other_speeds_are_refused() {
    for rate in [(2, 0), (0, 0), (0, 0x4000), (-1, 0)] {
        let error = refusal(&edited_at(&[(400, Some(0))], rate), &Bounds::default());
        assert!(matches!(&error, Error::Unsupported(text) if text.contains("speed")), "{error}");
    }
}

#[test]
fn edit_lists_that_show_nothing_are_refused() {
    for edits in [&[(400, None)][..], &[(400, Some(1600))], &[(400, Some(u64::from(u32::MAX)))], &[(3, Some(1))]] {
        let error = refusal(&edited(edits), &Bounds::default()).to_string();
        assert!(error.contains("edit list shows none"), "{error}");
    }
}

#[test]
fn edits_without_end_are_refused() {
    let bounds = Bounds { frames: 100, ..Bounds::default() };
    assert!(open(&edited(&[(1600, Some(0)); 2])).is_ok());
    let error = refusal(&edited(&[(1600, Some(0)); 3]), &bounds);
    assert!(matches!(error, Error::TooMuch { most: 100, .. }), "{error}");
    let error = refusal(&edited(&[(1, None); 2000]), &Bounds::default());
    assert!(matches!(error, Error::TooMuch { most: 1024, .. }), "{error}");
    let error = refusal(&edited(&[(u64::MAX, None), (1600, Some(0))]), &Bounds::default());
    assert!(matches!(error, Error::Broken(_)), "{error}");
}
