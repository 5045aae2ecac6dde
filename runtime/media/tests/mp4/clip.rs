//! The reader of this crate.

use std::io::Write;
use std::time::Duration;

use framebox_media::clip::{self, Bounds, Frame};
use framebox_media::{Codec, mp4};
use framebox_picture::Size;
use tempfile::NamedTempFile;

use crate::support::{Camera, begin, file};

fn read(file: &[u8]) -> Vec<Frame> {
    let mut on_disk = NamedTempFile::new().unwrap();
    on_disk.write_all(file).unwrap();
    let mut clip = clip::open(on_disk.path(), &Bounds::default()).unwrap();
    std::iter::from_fn(|| clip.next().unwrap()).collect()
}

#[test]
fn every_picture_comes_back_at_its_time_and_size() {
    let mut camera = Camera::new(Codec::H264);
    let mut frames = camera.frames(40, 20);
    camera.resize(Size::new(320, 240));
    frames.extend(camera.frames(20, 20));
    camera.resize(Size::new(160, 120));
    frames.extend(camera.frames(20, 20));
    let read = read(&file(&frames));
    assert_eq!(read.len(), 80);
    for (number, frame) in read.iter().enumerate() {
        let expected = Duration::from_nanos(number as u64 * 1_000_000_000 / 30);
        assert!(frame.pts.abs_diff(expected) < Duration::from_micros(20), "{number}: {:?}", frame.pts);
        assert_eq!(frame.picture.size().width, if (40..60).contains(&number) { 320 } else { 160 });
        let luma = frame.picture.planes().y.data[0];
        assert!(luma.abs_diff(20 + number as u8) <= 2, "{number}: {luma}");
    }
}

#[test]
fn a_killed_writer_leaves_all_but_the_last_second() {
    let mut camera = Camera::new(Codec::H264);
    let frames = camera.frames(80, 1000);
    let mut writer = begin(&frames[0]);
    for (number, frame) in frames.iter().enumerate() {
        writer.frame(frame).unwrap();
        if number > 30 && number % 7 == 0 {
            let left = read(writer.get_ref().get_ref()).len();
            assert!(left >= number.saturating_sub(30) && left <= number, "{left} of {number}");
        }
    }
    // In the middle of a fragment, too: what is whole is what plays.
    writer.finish().unwrap();
    let whole = writer.into_inner().into_inner();
    for cut in (whole.len() / 2..whole.len()).step_by(97) {
        let length = mp4::whole_length(&mut std::io::Cursor::new(&whole[..cut])).unwrap();
        let left = read(&whole[..length as usize]).len();
        assert!([30, 60].contains(&left), "{left} up to {cut}");
    }
}
