use framebox_picture::{Format, Picture, Size, convert};
use serde_json::json;

use crate::guests::handler::{Running, load_example, once};
use crate::guests::pictures::{flat, scene};

const SIZE: Size = Size::new(66, 50);

/// Y, U and V, each with the number that a byte and its negative add up to.
fn planes(picture: &Picture) -> [(&[u8], u16); 3] {
    let planes = picture.planes();
    [(planes.y.data, 251), (planes.u.data, 256), (planes.v.data, 256)]
}

#[test]
fn the_negative_of_each_byte_is_made() {
    let input = scene(SIZE, 0);
    let output = once("invert", &json!({}), &input);
    for ((before, sum), (after, _)) in planes(&input).into_iter().zip(planes(&output)) {
        assert!(before.iter().zip(after).all(|(a, b)| u16::from(*a) + u16::from(*b) == sum));
    }
}

#[test]
fn bytes_out_of_range_stay_bytes() {
    let output = once("invert", &json!({}), &flat(SIZE, [255, 0, 255]));
    assert!(*output == *flat(SIZE, [0, 255, 1]));
}

#[test]
fn colours_become_their_opposites() {
    let size = Size::new(16, 16);
    for rgb in [[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255], [200, 120, 40]] {
        let mut input = Picture::black(size).unwrap();
        convert::write(&rgb.repeat(256), Format::Rgb8, size, &mut input).unwrap();
        let output = once("invert", &json!({}), &input.into());
        let mut pixels = vec![0; Format::Rgb8.bytes(size)];
        convert::read(output.planes(), Format::Rgb8, &mut pixels).unwrap();
        for (old, new) in rgb.iter().zip(&pixels) {
            assert!((255 - old).abs_diff(*new) <= 4, "{rgb:?} became {:?}", &pixels[..3]);
        }
    }
}

#[test]
fn strength_goes_from_the_picture_over_gray_to_the_negative() {
    let input = scene(SIZE, 0);
    let mut running = Running::new(&load_example("invert"), &json!({ "strength": 0 }));
    assert!(*running.picture(&input) == *input, "0 % changes nothing");
    running.configure(&json!({ "strength": 50 }));
    let gray = running.picture(&input);
    assert!(planes(&gray).iter().all(|(plane, sum)| plane.iter().all(|byte| byte.abs_diff((sum / 2) as u8) <= 1)));
    running.configure(&json!({ "strength": 100 }));
    assert!(*running.picture(&input) == *once("invert", &json!({}), &input));
}
