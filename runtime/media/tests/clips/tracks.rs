//! Which track of an MP4 is shown, and how its samples are coded.

use framebox_media::clip::{Bounds, Clip, Error};
use framebox_media::{Codec, encode};
use framebox_picture::{Picture, Size};
use mp4_atom::{Avc1, Codec as Entry, Hdlr, Hvc1, Moov, Stco, StscEntry, Trak};

use crate::mux::{Sample, changed, lengths};
use crate::support::{SIZE, all, brightness, made, millis, number, open, refusal, samples, seeks_to_all};

/// A track of another kind, with the tables of the first.
fn track(moov: &Moov, handler: &[u8; 4], change: impl FnOnce(&mut Trak)) -> Trak {
    let mut track = moov.trak[0].clone();
    track.tkhd.track_id = 7;
    track.mdia.hdlr = Hdlr { handler: handler.into(), name: "other".into() };
    change(&mut track);
    track
}

fn hevc(track: &mut Trak) {
    track.mdia.minf.stbl.stsd.codecs = vec![Entry::Hvc1(Hvc1::default())];
}

fn disabled(track: &mut Trak) {
    track.tkhd.enabled = false;
}

/// A movie of four pictures, whose tracks were changed.
fn with_tracks(change: impl FnOnce(&mut Moov)) -> Vec<u8> {
    changed(SIZE, 25, &samples(4, |_| 1), change)
}

#[track_caller]
fn assert_plays(bytes: &[u8], dropped: &[&str]) {
    let mut clip = open(bytes).unwrap();
    assert_eq!(clip.info().dropped, dropped);
    let (frames, error) = all(&mut *clip);
    assert_eq!((frames.iter().map(number).collect::<Vec<_>>(), error), (vec![0, 1, 2, 3], None));
}

#[test]
fn the_first_enabled_track_that_can_be_read_is_shown() {
    assert_plays(&with_tracks(|_| {}), &[]);
    assert_plays(&with_tracks(|moov| moov.trak.insert(0, track(moov, b"vide", hevc))), &["another video"]);
    let empty = |track: &mut Trak| {
        disabled(track);
        track.mdia.minf.stbl.stsz.samples = mp4_atom::StszSamples::Different { sizes: vec![] };
    };
    assert_plays(&with_tracks(|moov| moov.trak.insert(0, track(moov, b"vide", empty))), &["another video"]);
    assert_plays(&with_tracks(|moov| disabled(&mut moov.trak[0])), &[]);
    let error = refusal(
        &with_tracks(|moov| {
            disabled(&mut moov.trak[0]);
            moov.trak.push(track(moov, b"vide", |track| {
                track.tkhd.enabled = true;
                hevc(track);
            }));
        }),
        &Bounds::default(),
    );
    assert_eq!(error, Error::Codec { name: "HEVC".into() }, "what is disabled is not shown instead");
}

#[test]
fn what_is_dropped_is_told() {
    let bytes = with_tracks(|moov| {
        let others = [b"soun", b"soun", b"text", b"tmcd"].map(|kind| track(moov, kind, |_| {}));
        moov.trak.splice(0..0, others);
    });
    assert_plays(&bytes, &["audio", "subtitles"]);
    assert_eq!(open(&made("plain.mp4")).unwrap().info().dropped, ["audio"]);
}

#[test]
fn codecs_that_only_ffmpeg_decodes_are_named() {
    let movie = with_tracks(|_| {});
    let entry = movie.windows(8).position(|window| window == b"avc1\0\0\0\0").unwrap();
    let named = |kind: &[u8; 4]| {
        let mut bytes = movie.clone();
        bytes[entry..entry + 4].copy_from_slice(kind);
        refusal(&bytes, &Bounds::default())
    };
    for (kind, name) in [
        (b"hvc1", "HEVC"),
        (b"hev1", "HEVC"),
        (b"av01", "AV1"),
        (b"vp09", "VP9"),
        (b"apcn", "ProRes"),
        (b"mp4v", "MPEG-4, MPEG-2 or MJPEG (mp4v)"),
        (b"jpeg", "MJPEG"),
        (b"XY\xff1", "XY\\xff1"),
    ] {
        let error = named(kind);
        assert_eq!(error, Error::Codec { name: name.into() });
        assert!(error.to_string().contains("install ffmpeg"), "{error}");
    }
    assert!(matches!(named(b"encv"), Error::Unsupported(text) if text.contains("encrypted")));
    let profile = |profile: u8| {
        let mut bytes = movie.clone();
        let body = crate::support::body_of(&bytes, b"avcC");
        bytes[body + 1] = profile;
        refusal(&bytes, &Bounds::default())
    };
    for (number, name) in [(110, "10 bits"), (122, "4:2:2"), (244, "4:4:4")] {
        let error = profile(number);
        assert!(matches!(&error, Error::Codec { name: codec } if codec.contains(name)), "{error}");
    }
}

/// Five pictures of another size, brighter than those of [`samples`].
fn other_samples(size: Size) -> Vec<Sample> {
    let mut encoder = Codec::H264.encoder(&encode::Settings::default()).unwrap();
    let sample = |at: u8| {
        let mut picture = Picture::black(size).unwrap();
        picture.planes_mut().0.fill(200 + at);
        let mut bytes = vec![];
        let encoded = encoder.encode(picture.planes(), millis(40 * u64::from(at)), at == 0, &mut bytes).unwrap();
        Sample { bytes, keyframe: encoded.keyframe, duration: 40, offset: 0 }
    };
    (0..5).map(sample).collect()
}

/// Ten pictures of [`SIZE`] and five of `size`, each part with a sample entry of its own.
fn two_entries(size: Size, change: impl FnOnce(&mut Vec<Entry>)) -> Vec<u8> {
    let (mut first, mut second) = (samples(10, |_| 40), other_samples(size));
    let lone = changed(size, 1000, &second, |_| {});
    let body = crate::support::body_of(&lone, b"avcC");
    let end = body - 8 + u32::from_be_bytes(lone[body - 8..body - 4].try_into().unwrap()) as usize;
    let avcc: mp4_atom::Avcc = mp4_atom::Atom::decode_body(&mut &lone[body..end]).unwrap();
    let length: usize = first.iter().map(|sample| lengths(&sample.bytes).len()).sum();
    first.append(&mut second);
    changed(SIZE, 1000, &first, |moov| {
        let table = &mut moov.trak[0].mdia.minf.stbl;
        let Entry::Avc1(entry) = table.stsd.codecs[0].clone() else { panic!() };
        table.stsd.codecs.push(Entry::Avc1(Avc1 { avcc, ..entry }));
        change(&mut table.stsd.codecs);
        table.stco = Some(Stco { entries: vec![0, length as u32] });
        let run =
            |chunk, count| StscEntry { first_chunk: chunk, samples_per_chunk: count, sample_description_index: chunk };
        table.stsc.entries = vec![run(1, 10), run(2, 5)];
    })
}

#[test]
fn size_and_parameters_may_change_in_the_middle() {
    for size in [SIZE, Size::new(48, 80)] {
        let mut clip = open(&two_entries(size, |_| {})).unwrap();
        let (frames, error) = all(&mut *clip);
        assert_eq!((frames.len(), error), (15, None));
        for (at, frame) in frames.iter().enumerate() {
            assert_eq!((frame.picture.size(), frame.pts), (if at < 10 { SIZE } else { size }, millis(40 * at as u64)));
            assert_eq!(brightness(frame) > 190, at >= 10);
        }
        seeks_to_all(&mut *clip, &frames);
    }
}

#[test]
fn a_codec_that_begins_in_the_middle_is_an_error_there() {
    let bytes = two_entries(SIZE, |entries| entries[1] = Entry::Hvc1(Hvc1::default()));
    let mut clip = open(&bytes).unwrap();
    let (frames, error) = all(&mut *clip);
    assert_eq!((frames.len(), error), (10, Some(Error::Codec { name: "HEVC".into() })));
    clip.seek(millis(120)).unwrap();
    assert_eq!(number(&clip.next().unwrap().unwrap()), 3, "what can be read still is");
    let mut clip = open(&two_entries(SIZE, |entries| entries.truncate(1))).unwrap();
    let (frames, error) = all(&mut *clip);
    assert!(frames.len() == 10 && matches!(&error, Some(Error::Broken(text)) if text.contains("codec")), "{error:?}");
}

#[test]
fn a_stream_that_changes_its_size_loses_no_picture() {
    // B-frames are held back when the new size comes; the file itself has no parameter sets for it.
    let mut clip = open(&made("changing_size.mp4")).unwrap();
    let (frames, error) = all(&mut *clip);
    assert_eq!((frames.len(), error), (20, None));
    for part in [&frames[..10], &frames[10..]] {
        assert!(part.windows(2).all(|pair| brightness(&pair[0]) < brightness(&pair[1])));
    }
    for (at, frame) in frames.iter().enumerate() {
        let size = if at < 10 { Size::new(64, 48) } else { Size::new(32, 96) };
        assert_eq!((frame.picture.size(), frame.pts), (size, millis(100 * at as u64)));
    }
    seeks_to_all(&mut *clip, &frames);
}

#[test]
fn seeking_goes_back_to_a_picture_that_decoding_can_start_at() {
    // Only the first picture is an IDR picture, though the file names others.
    let mut clip: Box<dyn Clip> = open(&made("open_gop.mp4")).unwrap();
    let (frames, error) = all(&mut *clip);
    assert_eq!((frames.len(), error), (30, None));
    assert!(frames.windows(2).all(|pair| brightness(&pair[0]) < brightness(&pair[1])));
    seeks_to_all(&mut *clip, &frames);
}
