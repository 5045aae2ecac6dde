//! How the pictures of a video are meant: turned, stretched, and in which colours.

use framebox_media::clip::Frame;
use framebox_media::{Codec, encode};
use framebox_picture::{Format, Picture, Size, convert};
use mp4_atom::{Colr, Matrix, Pasp};

use crate::mux::{Sample, changed};
use crate::support::{all, body_of, made, open, without};

const SIZE: Size = Size::new(96, 64);

/// Encodes a picture of which one quarter is bright: that at the right of the top, with a bit of red.
fn quarter() -> Vec<Sample> {
    let mut picture = Picture::black(SIZE).unwrap();
    let (y, _, v) = picture.planes_mut();
    let is_bright = |i: usize, width: usize, height: usize| i % width >= width / 2 && i / width < height / 2;
    y.iter_mut().enumerate().filter(|(i, _)| is_bright(*i, 96, 64)).for_each(|(_, luma)| *luma = 180);
    v.iter_mut().enumerate().filter(|(i, _)| is_bright(*i, 48, 32)).for_each(|(_, red)| *red = 160);
    flat(picture)
}

fn flat(picture: Picture) -> Vec<Sample> {
    let mut encoder = Codec::H264.encoder(&encode::Settings::default()).unwrap();
    let mut bytes = vec![];
    encoder.encode(picture.planes(), std::time::Duration::ZERO, true, &mut bytes).unwrap();
    vec![Sample { bytes, keyframe: true, duration: 40, offset: 0 }]
}

/// A picture of one colour.
fn colour(samples: [u8; 3]) -> Picture {
    let mut picture = Picture::black(SIZE).unwrap();
    let (y, u, v) = picture.planes_mut();
    y.fill(samples[0]);
    u.fill(samples[1]);
    v.fill(samples[2]);
    picture
}

fn matrix([a, b, c, d]: [i32; 4]) -> Matrix {
    let one = 1 << 16;
    Matrix { a: a * one, b: b * one, c: c * one, d: d * one, u: 0, v: 0, x: 0, y: 0, w: 1 << 30 }
}

fn first(bytes: &[u8]) -> Frame {
    let mut clip = open(bytes).unwrap();
    let frame = clip.next().unwrap().unwrap();
    assert_eq!(clip.info().size, frame.picture.size());
    frame
}

/// Returns the samples in the middle of a picture.
fn middle(frame: &Frame) -> [u8; 3] {
    let (size, planes) = (frame.picture.size(), frame.picture.planes());
    let at = |stride: usize, size: Size| stride * (size.height as usize / 2) + size.width as usize / 2;
    let chroma = at(planes.u.stride, size.chroma());
    [planes.y.data[at(planes.y.stride, size)], planes.u.data[chroma], planes.v.data[chroma]]
}

fn rgb(frame: &Frame) -> [u8; 3] {
    let size = frame.picture.size();
    let mut out = vec![0; Format::Rgb8.bytes(size)];
    convert::read(frame.picture.planes(), Format::Rgb8, &mut out).unwrap();
    let at = 3 * (size.width * (size.height / 2) + size.width / 2) as usize;
    [out[at], out[at + 1], out[at + 2]]
}

#[track_caller]
fn assert_near(is: [u8; 3], should: [u8; 3]) {
    assert!(is.iter().zip(should).all(|(is, should)| is.abs_diff(should) <= 3), "{is:?}, not {should:?}");
}

/// Where the bright quarter is: on the right, at the bottom.
fn bright(frame: &Frame) -> (bool, bool) {
    let (size, planes) = (frame.picture.size(), frame.picture.planes());
    let is_bright = |right: bool, bottom: bool| {
        let (x, y) = (size.width * if right { 3 } else { 1 } / 4, size.height * if bottom { 3 } else { 1 } / 4);
        let red = planes.v.data[(y / 2) as usize * planes.v.stride + (x / 2) as usize];
        planes.y.data[y as usize * planes.y.stride + x as usize] > 100 && red > 140
    };
    let places = [(false, false), (true, false), (false, true), (true, true)];
    let found: Vec<_> = places.into_iter().filter(|(right, bottom)| is_bright(*right, *bottom)).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found[0]
}

#[test]
fn pictures_stand_upright_whatever_the_matrix_of_the_track() {
    let samples = quarter();
    // Quarter turns clockwise, and the same mirrored; where the quarter comes to lie.
    for (of, size, place) in [
        ([1, 0, 0, 1], (96, 64), (true, false)),
        ([0, 1, -1, 0], (64, 96), (true, true)),
        ([-1, 0, 0, -1], (96, 64), (false, true)),
        ([0, -1, 1, 0], (64, 96), (false, false)),
        ([-1, 0, 0, 1], (96, 64), (false, false)),
        ([1, 0, 0, -1], (96, 64), (true, true)),
        ([0, 1, 1, 0], (64, 96), (false, true)),
        ([0, -1, -1, 0], (64, 96), (true, false)),
    ] {
        let of_track = first(&changed(SIZE, 1000, &samples, |moov| moov.trak[0].tkhd.matrix = matrix(of)));
        assert_eq!((of_track.picture.size(), bright(&of_track)), (Size::new(size.0, size.1), place), "{of:?}");
        let of_movie = first(&changed(SIZE, 1000, &samples, |moov| moov.mvhd.matrix = matrix(of)));
        assert_eq!(of_movie.picture, of_track.picture, "{of:?}");
    }
}

#[test]
fn the_matrices_of_track_and_movie_are_applied_in_turn() {
    let both = first(&changed(SIZE, 1000, &quarter(), |moov| {
        // A quarter turn, and then left and right exchanged.
        moov.trak[0].tkhd.matrix = matrix([0, 1, -1, 0]);
        moov.mvhd.matrix = matrix([-1, 0, 0, 1]);
    }));
    assert_eq!((both.picture.size(), bright(&both)), (Size::new(64, 96), (false, true)));
}

#[test]
fn pixels_become_square() {
    let says = made("aspect.mp4");
    assert_eq!(first(&says).picture.size(), Size::new(86, 48), "box and stream");
    assert_eq!(first(&without(says.clone(), b"pasp")).picture.size(), Size::new(86, 48), "the stream alone");
    let box_says = |width: u32, height: u32| {
        let (mut bytes, body) = (says.clone(), body_of(&says, b"pasp"));
        bytes[body..body + 4].copy_from_slice(&width.to_be_bytes());
        bytes[body + 4..body + 8].copy_from_slice(&height.to_be_bytes());
        first(&bytes).picture.size()
    };
    assert_eq!(box_says(1, 2), Size::new(32, 48), "the box counts");
    assert_eq!(box_says(1, 1), Size::new(64, 48));
    assert_eq!(box_says(0, 0), Size::new(86, 48), "it knows nothing");
    assert_eq!(box_says(1, u32::MAX), Size::new(86, 48), "it is beyond belief");
}

#[test]
fn pixels_are_made_square_before_the_picture_is_turned() {
    let turned = first(&changed(SIZE, 1000, &quarter(), |moov| {
        moov.trak[0].tkhd.matrix = matrix([0, 1, -1, 0]);
        let mp4_atom::Codec::Avc1(entry) = &mut moov.trak[0].mdia.minf.stbl.stsd.codecs[0] else { panic!() };
        entry.pasp = Some(Pasp { h_spacing: 2, v_spacing: 1 });
    }));
    assert_eq!((turned.picture.size(), bright(&turned)), (Size::new(64, 192), (true, true)));
}

#[test]
fn stretched_pictures_stay_within_the_bounds() {
    let stretched = changed(SIZE, 1000, &quarter(), |moov| {
        let mp4_atom::Codec::Avc1(entry) = &mut moov.trak[0].mdia.minf.stbl.stsd.codecs[0] else { panic!() };
        entry.pasp = Some(Pasp { h_spacing: 4, v_spacing: 1 });
    });
    let bounds = |pixels| framebox_media::clip::Bounds { pixels, ..Default::default() };
    let size = |pixels| crate::support::open_with(&stretched, &bounds(pixels)).unwrap().info().size;
    assert_eq!(size(4 * SIZE.pixels()), Size::new(384, 64));
    assert_eq!(size(4 * SIZE.pixels() - 1), Size::new(96, 16), "then the other side is shorter");
}

#[test]
fn colours_of_hd_and_uhd_video_stay_what_they_are() {
    for name in ["green_bt709.mp4", "green_bt2020nc.mp4"] {
        assert_near(rgb(&first(&made(name))), [30, 180, 30]);
    }
}

#[test]
fn the_colours_that_the_file_names_count_more_than_those_of_the_stream() {
    // The encoder says BT.601, limited range.
    let samples = [134, 77, 68];
    let coded = flat(colour(samples));
    let shown = |colr: Option<Colr>| {
        middle(&first(&changed(SIZE, 1000, &coded, |moov| {
            let mp4_atom::Codec::Avc1(entry) = &mut moov.trak[0].mdia.minf.stbl.stsd.codecs[0] else { panic!() };
            entry.colr = colr.clone();
        })))
    };
    let nclx = |matrix_coefficients, full_range_flag| {
        Some(Colr::Nclx { colour_primaries: 1, transfer_characteristics: 1, matrix_coefficients, full_range_flag })
    };
    let nclc = |matrix_coefficients| {
        Some(Colr::Nclc { colour_primaries: 1, transfer_characteristics: 1, matrix_coefficients })
    };
    let meant = |matrix, range| {
        let mut picture = Picture::black(SIZE).unwrap();
        let colour_of = framebox_picture::Colour { matrix, range };
        picture.draw(colour(samples).planes(), colour_of, Default::default()).unwrap();
        [picture.bytes()[0], picture.planes().u.data[0], picture.planes().v.data[0]]
    };
    use framebox_picture::{Matrix, Range};
    assert_near(shown(None), samples);
    assert_near(shown(nclx(6, false)), samples);
    assert_near(shown(nclx(1, false)), meant(Matrix::Bt709, Range::Limited));
    assert_near(shown(nclx(9, true)), meant(Matrix::Bt2020, Range::Full));
    assert_near(shown(nclx(2, true)), meant(Matrix::Bt601, Range::Full));
    assert_near(shown(nclc(1)), meant(Matrix::Bt709, Range::Limited));
    assert_near(shown(nclc(2)), samples);
    assert!(meant(Matrix::Bt709, Range::Limited)[0].abs_diff(samples[0]) > 5, "the difference is seen");
    assert_near(shown(Some(Colr::Prof { profile: vec![1, 2, 3] })), samples);
}

#[test]
fn greys_of_the_full_range_are_kept_apart() {
    let frame = first(&made("full_range.mp4"));
    let mut gray = vec![0; Format::Gray8.bytes(frame.picture.size())];
    convert::read(frame.picture.planes(), Format::Gray8, &mut gray).unwrap();
    for (x, gray) in gray[16 * 256..17 * 256].iter().enumerate() {
        assert!(gray.abs_diff(x as u8) <= 4, "column {x}: {gray}");
    }
}

#[test]
fn what_browsers_record_has_the_greys_that_they_drew() {
    for name in ["chromium_avc1.mp4", "chromium_avc3.mp4"] {
        let mut clip = open(&made(name)).unwrap();
        assert_eq!((clip.info().size, clip.info().dropped), (Size::new(96, 64), vec![]), "{name}");
        let (frames, error) = all(&mut *clip);
        assert!(error.is_none() && frames.len() > 10, "{name}: {} pictures, {error:?}", frames.len());
        let grays: Vec<_> = frames.iter().map(|frame| rgb(frame)[0]).collect();
        assert!(grays.is_sorted(), "{name}: {grays:?}");
        if name == "chromium_avc1.mp4" {
            assert!(grays[0].abs_diff(20) <= 2, "{grays:?}");
        }
    }
}
