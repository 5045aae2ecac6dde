use std::sync::Arc;

use font8x8::{BASIC_FONTS, LATIN_FONTS, UnicodeFonts};
use framebox_picture::{Picture, Size};
use serde_json::{Value, json};

use crate::guests::handler::{PLENTY, Running, have_example, load_example};
use crate::guests::pictures::{flat, pixel, places};

const SIZE: Size = Size::new(640, 480);
/// Dots around the text, and from one line to the next.
const MARGIN: usize = 4;
const LINE: usize = 11;

fn start(given: Value) -> Running {
    Running::new(&load_example("timestamp"), &given)
}

fn black() -> Arc<Picture> {
    flat(SIZE, [16, 128, 128])
}

/// Reads the line `number` of white text of which a dot has `dot` pixels, drawn from `left` and `top` on.
fn line(picture: &Picture, (left, top): (usize, usize), dot: usize, number: usize) -> String {
    let bright = |column: usize, row: usize| {
        let (x, y) = (left + column * dot + dot / 2, top + row * dot + dot / 2);
        x < SIZE.width as usize && y < SIZE.height as usize && pixel(picture, x, y)[0] > 200
    };
    let glyph = |place: usize| -> [u8; 8] {
        std::array::from_fn(|row| {
            (0..8)
                .filter(|column| bright(MARGIN + place * 8 + column, MARGIN + number * LINE + row))
                .map(|it| 1 << it)
                .sum()
        })
    };
    let known: Vec<_> = BASIC_FONTS.iter().chain(LATIN_FONTS.iter()).filter(|it| !it.char().is_control()).collect();
    let read =
        |place| known.iter().find(|font| font.byte_array() == glyph(place)).map_or('\u{fffd}', |font| font.char());
    (0..40).map(read).collect::<String>().trim_end().to_owned()
}

/// The part of `picture` that is not black: left, top, right, bottom.
fn extent(picture: &Picture) -> [usize; 4] {
    let bright: Vec<_> = places(picture.size()).filter(|(x, y)| pixel(picture, *x, *y)[0] > 60).collect();
    let (xs, ys) = (|| bright.iter().map(|(x, _)| *x), || bright.iter().map(|(_, y)| *y));
    [xs().min().unwrap(), ys().min().unwrap(), xs().max().unwrap() + 1, ys().max().unwrap() + 1]
}

#[test]
fn time_number_and_skipped_frames_can_be_read() {
    if !have_example("timestamp") {
        return;
    }
    // Four percent of 480 are 19 pixels: dots of two.
    let mut running = start(json!({}));
    let lines = |picture: &Picture| [0, 1, 2].map(|number| line(picture, (0, 0), 2, number));
    assert_eq!(lines(&running.picture(&black())), ["0:00:00.000", "frame 0", "skipped 0"]);
    assert_eq!(lines(&running.picture(&black())), ["0:00:00.033", "frame 1", "skipped 0"]);
    let skip =
        |running: &mut Running, count| running.call_within(&black(), count, PLENTY).result.unwrap().picture.unwrap();
    assert_eq!(lines(&skip(&mut running, 3)), ["0:00:00.166", "frame 5", "skipped 3"]);
    // All that were skipped, not only those before this frame.
    assert_eq!(lines(&skip(&mut running, 120_000)), ["1:06:40.159", "frame 120006", "skipped 120003"]);
}

#[test]
fn the_label_stands_above() {
    if !have_example("timestamp") {
        return;
    }
    let mut running = start(json!({ "label": "Größe: 5" }));
    let picture = running.picture(&black());
    assert_eq!(line(&picture, (0, 0), 2, 0), "Größe: 5");
    assert_eq!(line(&picture, (0, 0), 2, 1), "0:00:00.000");
    running.configure(&json!({ "label": "世界" }));
    assert_eq!(line(&running.picture(&black()), (0, 0), 2, 0), "??", "what the font lacks");
    running.configure(&json!({ "label": "  " }));
    assert_eq!(line(&running.picture(&black()), (0, 0), 2, 1), "frame 2", "no empty line");
}

#[test]
fn it_stands_in_its_corner() {
    if !have_example("timestamp") {
        return;
    }
    let (width, height) = (SIZE.width as usize, SIZE.height as usize);
    for (corner, right, bottom) in [
        ("top-left", false, false),
        ("top-right", true, false),
        ("bottom-left", false, true),
        ("bottom-right", true, true),
    ] {
        let picture = start(json!({ "corner": corner })).picture(&black());
        let [left, top, far, low] = extent(&picture);
        let across = if right { width - far } else { left };
        let down = if bottom { height - low } else { top };
        assert!(across <= 12 && down <= 12, "{corner}: {left}, {top} to {far}, {low}");
        assert!(far - left < width / 2 && low - top < height / 2, "{corner}");
    }
}

#[test]
fn size_is_that_of_a_line() {
    if !have_example("timestamp") {
        return;
    }
    // Three, two and one line's height by its dots, 8 to a character.
    for (percent, dot) in [(2, 1), (4, 2), (6, 3), (10, 6)] {
        let picture = start(json!({ "size": percent })).picture(&black());
        assert_eq!(line(&picture, (0, 0), dot, 0), "0:00:00.000", "{percent} %");
    }
    // A long label makes it smaller rather than cut off.
    let label = "forty characters are as long as it gets.";
    let picture = start(json!({ "size": 12, "label": label })).picture(&black());
    assert_eq!(line(&picture, (0, 0), 1, 0), label);
}

#[test]
fn the_colour_is_the_one_chosen() {
    if !have_example("timestamp") {
        return;
    }
    let picture = start(json!({ "color": "#ff0000", "size": 8 })).picture(&black());
    let red = places(SIZE).filter(|(x, y)| {
        let [luma, u, v] = pixel(&picture, *x, *y);
        luma.abs_diff(82) < 4 && u.abs_diff(90) < 4 && v.abs_diff(240) < 4
    });
    assert!(red.count() > 500);
}

#[test]
fn only_the_box_is_changed_and_shows_through() {
    if !have_example("timestamp") {
        return;
    }
    let gray = flat(SIZE, [160, 110, 140]);
    let picture = start(json!({})).picture(&gray);
    // Eleven characters and three lines in dots of two pixels.
    let (width, height) = ((11 * 8 + 2 * MARGIN) * 2, (3 * LINE - 3 + 2 * MARGIN) * 2);
    for (x, y) in places(SIZE) {
        let now = pixel(&picture, x, y);
        match x < width && y < height {
            false => assert_eq!(now, [160, 110, 140], "at {x}, {y}"),
            true => assert!(now[0] > 200 || (60..100).contains(&now[0]), "{now:?} at {x}, {y}"),
        }
    }
    let bare = start(json!({ "backdrop": false })).picture(&gray);
    assert!(places(SIZE).all(|(x, y)| pixel(&bare, x, y)[0] == 160 || pixel(&bare, x, y)[0] > 200));
}
