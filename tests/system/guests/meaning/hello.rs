use framebox_picture::{Format, Picture, Size, convert};
use serde_json::json;

use crate::guests::handler::{Running, have_example, load_example};
use crate::guests::pictures::{scene, squares};

const SIZE: Size = Size::new(64, 48);

fn rgb(picture: &Picture) -> Vec<u8> {
    let mut pixels = vec![0; Format::Rgb8.bytes(picture.size())];
    convert::read(picture.planes(), Format::Rgb8, &mut pixels).unwrap();
    pixels
}

/// The pixels of one colour, as RGB.
fn filled(color: [u8; 3]) -> std::sync::Arc<Picture> {
    let mut picture = Picture::black(SIZE).unwrap();
    convert::write(&color.repeat(SIZE.pixels() as usize), Format::Rgb8, SIZE, &mut picture).unwrap();
    picture.into()
}

#[test]
fn the_tint_is_mixed_in_by_its_strength() {
    if !have_example("hello") {
        return;
    }
    let mut running = Running::new(&load_example("hello"), &json!({ "tint": "#2040c0" }));
    let (old, tint) = ([200_u8, 120, 60], [0x20_u8, 0x40, 0xc0]);
    for percent in [0, 25, 50, 75, 100] {
        running.configure(&json!({ "strength": percent }));
        let pixels = rgb(&running.picture(&filled(old)));
        for channel in 0..3 {
            let [from, to] = [old, tint].map(|rgb| i32::from(rgb[channel]));
            let expected = (from * (100 - percent) + to * percent) / 100;
            for pixel in pixels.chunks_exact(3) {
                assert!(i32::from(pixel[channel]).abs_diff(expected) <= 4, "{percent} %: {pixel:?}");
            }
        }
    }
}

#[test]
fn without_strength_the_picture_stays() {
    if !have_example("hello") {
        return;
    }
    let input = squares(SIZE, &[(8, 8, 20)]);
    let output = Running::new(&load_example("hello"), &json!({ "strength": 0 })).picture(&input);
    // There and back through RGB costs a little precision.
    assert!(input.bytes().iter().zip(output.bytes()).all(|(a, b)| a.abs_diff(*b) <= 3));
}

#[test]
fn a_colour_can_be_changed_between_frames() {
    if !have_example("hello") {
        return;
    }
    let mut running = Running::new(&load_example("hello"), &json!({ "tint": "#ff0000", "strength": 100 }));
    let input = scene(SIZE, 0);
    for (tint, brightest) in [("#ff0000", 0), ("#00ff00", 1), ("#0000ff", 2)] {
        running.configure(&json!({ "tint": tint }));
        let pixels = rgb(&running.picture(&input));
        let first = &pixels[..3];
        assert!((0..3).all(|channel| (first[channel] > 200) == (channel == brightest)), "{tint}: {first:?}");
    }
}
