//! The boxes of a file: durations, keyframes, sizes.

use std::time::Duration;

use bytes::Bytes;
use framebox_media::mp4::{self, Colour, Track};
use framebox_media::{Codec, EncodedFrame};
use framebox_picture::Size;
use mp4_atom::{Any, Codec as Entry, Colr, DecodeMaybe, Moof, Moov};

use crate::support::{Camera, STEP, begin, codecs, file};

/// The top level of a file.
struct Boxes {
    moov: Moov,
    /// Each with the pictures that follow it.
    fragments: Vec<(Moof, Vec<u8>)>,
}

fn boxes(mut file: &[u8]) -> Boxes {
    let (mut movie, mut fragments, mut open) = (None, vec![], None);
    while let Some(any) = Any::decode_maybe(&mut file).unwrap() {
        match any {
            Any::Moov(moov) => movie = Some(moov),
            Any::Moof(moof) => open = Some(moof),
            Any::Mdat(mdat) => fragments.push((open.take().unwrap(), mdat.data)),
            _ => {}
        }
    }
    assert!(file.is_empty() && open.is_none());
    Boxes { moov: movie.unwrap(), fragments }
}

impl Boxes {
    /// When each picture is decoded and shown, how long it is, whether it is a keyframe.
    fn samples(&self) -> Vec<(u64, i64, u32, bool)> {
        let mut samples = vec![];
        for (number, (moof, data)) in (1..).zip(&self.fragments) {
            assert_eq!(moof.mfhd.sequence_number, number);
            let fragment = &moof.traf[0];
            let mut at = fragment.tfdt.as_ref().unwrap().base_media_decode_time;
            let mut bytes = 0;
            for entry in &fragment.trun[0].samples {
                let duration = entry.duration.unwrap();
                let keyframe = entry.flags.unwrap() & 0x1_0000 == 0;
                samples.push((at, at as i64 + entry.cts.unwrap_or(0), duration, keyframe));
                at += u64::from(duration);
                bytes += entry.size.unwrap() as usize;
            }
            assert_eq!(bytes, data.len());
        }
        samples
    }
}

#[test]
fn fragments_begin_at_keyframes_and_last_a_second_at_most() {
    for codec in codecs() {
        let mut camera = Camera::new(codec);
        let frames = [camera.frames(20, 20), camera.frames(70, 70)].concat();
        let file = file(&frames);
        let boxes = boxes(&file);
        let pictures: Vec<usize> = boxes.fragments.iter().map(|(moof, _)| moof.traf[0].trun[0].samples.len()).collect();
        assert_eq!(pictures, [20, 30, 30, 10], "{codec:?}");
        let samples = boxes.samples();
        for (number, sample) in (0u32..).zip(&samples) {
            let at = number * STEP;
            assert_eq!(*sample, (at.into(), at.into(), STEP, [0, 20].contains(&number)), "{codec:?}");
        }
        assert_eq!(samples.len(), 90);
        assert_eq!(mp4::duration(&file[..mp4::HEAD]), Some(Duration::from_secs(3)), "{codec:?}");
        let moov = &boxes.moov;
        assert_eq!(moov.mvhd.creation_time, 1_800_000_000 + 2_082_844_800);
        let (visual, colour) = match &moov.trak[0].mdia.minf.stbl.stsd.codecs[0] {
            Entry::Avc1(entry) => (&entry.visual, &entry.colr),
            Entry::Vp08(entry) => (&entry.visual, &entry.colr),
            other => panic!("{other:?}"),
        };
        assert_eq!((visual.width, visual.height), (160, 120));
        let bt601 = Colr::Nclx {
            colour_primaries: 6,
            transfer_characteristics: 6,
            matrix_coefficients: 6,
            full_range_flag: false,
        };
        assert_eq!(*colour, Some(bt601));
    }
}

#[test]
fn pauses_are_kept_and_jumps_of_the_clock_are_not() {
    let mut camera = Camera::new(Codec::H264);
    let mut frames = camera.frames(3, 3);
    camera.number += 300;
    frames.extend(camera.frames(2, 9));
    for frame in &mut frames[3..] {
        frame.rtp_timestamp = frame.rtp_timestamp.wrapping_add(77_000_000);
    }
    let samples = boxes(&file(&frames)).samples();
    let times: Vec<(u64, u32)> = samples.iter().map(|sample| (sample.0, sample.2)).collect();
    // The time that passed, in units, is rounded down.
    assert_eq!(times[..2], [(0, 3000), (3000, 3000)]);
    assert!(times[2].0 == 6000 && times[2].1.abs_diff(301 * STEP) < 30, "{times:?}");
    assert_eq!(times[4].0 - times[3].0, u64::from(STEP));
}

#[test]
fn pictures_that_are_shown_out_of_order_keep_their_times() {
    let mut camera = Camera::new(Codec::H264);
    let mut frames = camera.frames(40, 40);
    // I P B B P B B …: each P comes before the two pictures that are shown before it.
    for trio in frames[1..].chunks_exact_mut(3) {
        let times = [0, 1, 2].map(|at: usize| trio[at].rtp_timestamp);
        (0..3).for_each(|at| trio[at].rtp_timestamp = times[[2, 0, 1][at]]);
    }
    let samples = boxes(&file(&frames)).samples();
    assert!(samples.windows(2).all(|pair| pair[0].0 < pair[1].0), "decoded in order");
    let shown: Vec<i64> = samples.iter().map(|sample| sample.1).collect();
    let trios = (0..13).flat_map(|trio| [3, 1, 2].map(|at| trio * 3 + at));
    let expected: Vec<i64> = std::iter::once(0).chain(trios).map(|at| at * 3000).collect();
    assert_eq!(shown, expected);
}

#[test]
fn another_size_has_parameter_sets_in_its_keyframe() {
    let mut camera = Camera::new(Codec::H264);
    let mut frames = camera.frames(40, 20);
    let plain = file(&frames);
    assert!(matches!(boxes(&plain).moov.trak[0].mdia.minf.stbl.stsd.codecs[0], Entry::Avc1(_)));
    let sets = |file: &[u8]| {
        let fragments = boxes(file).fragments;
        // Keyframes begin with the length and kind of a NAL unit.
        let begins: Vec<u8> = fragments.iter().map(|(_, data)| data[4] & 0x1f).collect();
        begins
    };
    assert_eq!(sets(&plain), [5, 5]);
    camera.resize(Size::new(320, 240));
    frames.extend(camera.frames(20, 20));
    camera.resize(Size::new(160, 120));
    frames.extend(camera.frames(20, 20));
    let changed = file(&frames);
    assert!(matches!(boxes(&changed).moov.trak[0].mdia.minf.stbl.stsd.codecs[0], Entry::Avc3(_)));
    assert_eq!(sets(&changed), [5, 5, 7, 7]);
}

#[test]
fn what_is_known_is_written_when_no_frame_comes() {
    let mut camera = Camera::new(Codec::H264);
    let frames = camera.frames(10, 10);
    let mut writer = begin(&frames[0]);
    frames[..9].iter().for_each(|frame| writer.frame(frame).unwrap());
    let before = writer.written();
    writer.flush().unwrap();
    let flushed = writer.get_ref().get_ref().clone();
    assert!(writer.written() > before && flushed.len() as u64 == writer.written());
    assert_eq!(boxes(&flushed).samples().len(), 8);
    writer.flush().unwrap();
    assert_eq!(writer.get_ref().get_ref(), &flushed, "nothing more is known");
    writer.frame(&frames[9]).unwrap();
    writer.finish().unwrap();
    let samples = boxes(&writer.into_inner().into_inner()).samples();
    assert_eq!(
        samples.iter().map(|sample| sample.0).collect::<Vec<_>>(),
        (0..10).map(|at| at * 3000).collect::<Vec<_>>()
    );
}

#[test]
fn what_is_held_is_bounded() {
    let mut camera = Camera::new(Codec::H264);
    let keyframe = camera.frame(true);
    let mut writer = begin(&keyframe);
    writer.frame(&keyframe).unwrap();
    let mut most = 0;
    for number in 1..30u32 {
        // A slice of a mebibyte, all at the same moment.
        let mut data = vec![0, 0, 0, 1, 0x41];
        data.resize(1 << 20, 0xff);
        let frame = EncodedFrame {
            data: Bytes::from(data),
            keyframe: false,
            rtp_timestamp: keyframe.rtp_timestamp.wrapping_add(number),
            ..keyframe.clone()
        };
        writer.frame(&frame).unwrap();
        most = most.max(writer.bytes() - writer.written());
    }
    assert!(most <= 5 << 20, "{most}");
}

#[test]
fn only_a_whole_keyframe_begins_a_file_and_only_its_codec_goes_on() {
    for codec in codecs() {
        let mut camera = Camera::new(codec);
        let frames = camera.frames(2, 2);
        assert!(Track::of(&frames[1], Colour::Bt601).is_none(), "{codec:?}");
        for cut in [0, 1, 5, 9] {
            let data = frames[0].data.slice(..cut);
            assert!(Track::of(&EncodedFrame { data, ..frames[0].clone() }, Colour::Bt601).is_none(), "{codec:?} {cut}");
        }
        let mut writer = begin(&frames[0]);
        let other = if codec == Codec::H264 { Codec::Vp8 } else { Codec::H264 };
        assert!(writer.frame(&EncodedFrame { codec: other, ..frames[1].clone() }).is_err());
    }
}
