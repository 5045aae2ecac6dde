//! Animations and still images.

use std::io::Cursor;
use std::time::Duration;

use framebox_media::clip::{Bounds, Clip, Error, Looping};
use framebox_picture::Size;
use image::codecs::gif::GifEncoder;
use image::{Delay, DynamicImage, Frame, ImageFormat, Rgba, RgbaImage};

use crate::support::{all, millis, open, open_with, refusal};

const SIZE: Size = Size::new(40, 30);

fn gray(level: u8) -> RgbaImage {
    RgbaImage::from_pixel(SIZE.width, SIZE.height, Rgba([level, level, level, 255]))
}

/// A GIF of gray pictures of increasing brightness, with these delays in ms.
pub fn gif(delays: &[u32]) -> Vec<u8> {
    let mut bytes = vec![];
    let mut encoder = GifEncoder::new(&mut bytes);
    for (at, delay) in delays.iter().enumerate() {
        let delay = Delay::from_numer_denom_ms(*delay, 1);
        encoder.encode_frame(Frame::from_parts(gray(at as u8 * 20), 0, 0, delay)).unwrap();
    }
    drop(encoder);
    bytes
}

/// The same as an animated PNG, with delays of 50 ms.
pub fn apng(count: u32) -> Vec<u8> {
    let mut bytes = vec![];
    let mut encoder = png::Encoder::new(&mut bytes, SIZE.width, SIZE.height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_animated(count, 0).unwrap();
    encoder.set_frame_delay(50, 1000).unwrap();
    let mut writer = encoder.write_header().unwrap();
    for at in 0..count {
        writer.write_image_data(&gray(at as u8 * 20)).unwrap();
    }
    drop(writer);
    bytes
}

/// The same as an animated WebP, assembled from stills, with delays of 70 ms.
pub fn webp(count: u32) -> Vec<u8> {
    let chunk = |name: &[u8; 4], body: &[u8]| {
        let pad = vec![0; body.len() % 2];
        [name, &(body.len() as u32).to_le_bytes()[..], body, &pad].concat()
    };
    let three = |value: u32| value.to_le_bytes()[..3].to_vec();
    let (width, height) = (three(SIZE.width - 1), three(SIZE.height - 1));
    let mut chunks = chunk(b"VP8X", &[&[0x12, 0, 0, 0][..], &width, &height].concat());
    chunks.extend(chunk(b"ANIM", &[0; 6]));
    for at in 0..count {
        let picture = still(&gray(at as u8 * 20), ImageFormat::WebP);
        let head = [three(0), three(0), width.clone(), height.clone(), three(70), vec![0]].concat();
        chunks.extend(chunk(b"ANMF", &[&head, &picture[12..]].concat()));
    }
    [b"RIFF", &(chunks.len() as u32 + 4).to_le_bytes()[..], b"WEBP", &chunks].concat()
}

pub fn still(image: &RgbaImage, format: ImageFormat) -> Vec<u8> {
    let image = DynamicImage::from(image.clone());
    let image = if format == ImageFormat::Jpeg { image.into_rgb8().into() } else { image };
    let mut bytes = Cursor::new(vec![]);
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[test]
fn stills_of_each_type_have_one_picture() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif] {
        let mut clip = open(&still(&gray(255), format)).unwrap();
        let info = clip.info();
        assert_eq!((info.size, info.fps, info.duration), (SIZE, 0.0, None), "{format:?}");
        let (frames, error) = all(&mut *clip);
        assert_eq!((frames.len(), error), (1, None), "{format:?}");
        let luma = frames[0].picture.planes().y.data;
        assert!(luma.iter().all(|luma| luma.abs_diff(235) <= 2), "{format:?}: {}", luma[0]);
        clip.seek(millis(5)).unwrap();
        assert!(clip.next().unwrap().is_some());
        let mut clip = Looping::new(clip);
        let times = (0..5).map(|_| clip.next().unwrap().unwrap().pts).collect::<Vec<_>>();
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
    }
}

#[test]
fn transparent_pixels_are_black() {
    let image = RgbaImage::from_pixel(4, 4, Rgba([255, 255, 255, 0]));
    let frame = open(&still(&image, ImageFormat::Png)).unwrap().next().unwrap().unwrap();
    assert!(frame.picture.planes().y.data.iter().all(|luma| *luma == 16));
}

#[test]
fn animations_show_pictures_for_their_delays() {
    // A delay of 0 is taken as 100 ms.
    let table =
        [("gif", gif(&[50, 0, 200, 50]), [50, 100, 200, 50]), ("apng", apng(4), [50; 4]), ("webp", webp(4), [70; 4])];
    for (name, bytes, delays) in table {
        let mut clip = open(&bytes).unwrap();
        assert_eq!((clip.info().size, clip.info().duration), (SIZE, None), "{name}");
        assert!((clip.info().fps - 1000.0 / delays[0] as f32).abs() < 0.1, "{name}");
        let (frames, error) = all(&mut *clip);
        assert_eq!((frames.len(), error), (4, None), "{name}");
        let mut time = Duration::ZERO;
        for (at, (frame, delay)) in frames.iter().zip(delays).enumerate() {
            assert_eq!(frame.pts, time, "{name}, picture {at}");
            let luma = frame.picture.planes().y.data[0];
            assert!(luma.abs_diff(16 + (at * 17) as u8) <= 3, "{name}, picture {at}: {luma}");
            time += millis(delay);
        }
        assert_eq!(clip.info().duration, Some(time), "{name}: known at the end");
        for wanted in [2, 0, 3, 1] {
            clip.seek(frames[wanted].pts + millis(1)).unwrap();
            let frame = clip.next().unwrap().unwrap();
            assert_eq!((frame.pts, &frame.picture), (frames[wanted].pts, &frames[wanted].picture), "{name}");
        }
        clip.seek(time * 2).unwrap();
        assert!(clip.next().unwrap().is_none(), "{name}");
        clip.seek(Duration::ZERO).unwrap();
        let mut clip = Looping::new(clip);
        for at in 0..12 {
            let frame = clip.next().unwrap().unwrap();
            let expected = time * (at / 4) as u32 + frames[at % 4].pts;
            assert_eq!((frame.pts, &frame.picture), (expected, &frames[at % 4].picture), "{name}, picture {at}");
        }
    }
}

#[test]
fn a_very_long_animation_is_read_one_picture_at_a_time() {
    // A million pictures of one pixel on a large canvas, which would take 4 bytes per pixel if all were decoded.
    let mut bytes = b"GIF89a\x00\x08\x00\x08\x80\x00\x00\x00\x00\x00\xff\xff\xff".to_vec();
    let picture = b"\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00";
    bytes.extend(picture.repeat(1_000_000));
    bytes.push(0x3b);
    let bounds = Bounds { seek_pixels: 10 * 2048 * 2048, ..Bounds::default() };
    let mut clip = open_with(&bytes, &bounds).unwrap();
    for at in 0..5 {
        assert_eq!(clip.next().unwrap().unwrap().pts, millis(100 * at));
    }
    assert_eq!(clip.seek(Duration::from_secs(90_000)), Err(Error::TooFar));
}

#[test]
fn images_beyond_the_bounds_are_refused() {
    let bounds = Bounds { pixels: 1000, ..Bounds::default() };
    for bytes in [gif(&[50, 50]), apng(2), webp(2), still(&gray(9), ImageFormat::Jpeg)] {
        assert!(matches!(refusal(&bytes, &bounds), Error::TooLarge { size: SIZE, most: 1000 }));
    }
    let bounds = Bounds { image_bytes: 100, ..Bounds::default() };
    assert!(matches!(refusal(&apng(3), &bounds), Error::TooMuch { most: 100, .. }));
    let mut huge = still(&gray(9), ImageFormat::Png);
    huge[16..24].copy_from_slice(&[0xff; 8]);
    refusal(&huge, &Bounds::default());
}
