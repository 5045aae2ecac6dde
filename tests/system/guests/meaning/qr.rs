use std::sync::{Arc, LazyLock};

use framebox_picture::{Picture, Size};
use framebox_sandbox::{Component, Output};
use serde_json::{Value as Json, json};

use crate::guests::codes::{Placed, over};
use crate::guests::handler::{Running, have_example, load_example};
use crate::guests::pictures::{flat, painted, pixel, places, scene};

const SIZE: Size = Size::new(640, 480);
const PLAIN: [u8; 3] = [120, 128, 128];

fn start(given: Json) -> Running {
    static COMPONENT: LazyLock<Component> = LazyLock::new(|| load_example("qr"));
    Running::new(&COMPONENT, &given)
}

/// The outputs `text`, `codes` and `count`.
fn values(output: &Output) -> (Option<String>, Json, i64) {
    let value = |id| output.values.iter().find(|named| named.id == id).map(|named| named.json.parse());
    let text = value("text").map(|text| text.as_str().unwrap().to_owned());
    (text, value("codes").unwrap(), value("count").unwrap().as_i64().unwrap())
}

/// What is read in `picture`, from the top down.
fn read(picture: &Arc<Picture>) -> Vec<String> {
    let (_, codes, count) = values(&start(json!({})).frame(picture));
    let codes = codes.as_array().unwrap().clone();
    assert_eq!(codes.len() as i64, count);
    codes.iter().map(|code| code["text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_code_is_read_wherever_it_lies() {
    if !have_example("qr") {
        return;
    }
    let (near, far, middle) = ((90.0, 90.0), (540.0, 380.0), (320.0, 240.0));
    for (middle, module, turned) in [
        (near, 3.0, 0.0),
        (far, 4.0, 90.0),
        (middle, 10.0, 0.0),
        (middle, 6.5, 8.0),
        (middle, 5.0, -17.0),
        (middle, 7.0, 45.0),
        (middle, 6.0, 180.0),
    ] {
        let picture = over(&scene(SIZE, 0), &[Placed::new("https://example.org/a", middle, module, turned)], 0);
        assert_eq!(read(&picture), ["https://example.org/a"], "modules of {module} px, turned by {turned}°");
    }
}

#[test]
fn a_turning_code_is_read_most_of_the_time() {
    if !have_example("qr") {
        return;
    }
    for module in [3.5, 5.0, 8.0] {
        let read = |turned: &f64| {
            let code = Placed::new("turning", (320.0, 240.0), module, *turned);
            !read(&over(&flat(SIZE, PLAIN), &[code], 15)).is_empty()
        };
        let times = (0..12).map(|step| f64::from(step) * 31.0).filter(read).count();
        assert!(times >= 10, "{times} times of 12, with modules of {module} px");
    }
}

#[test]
fn noise_is_borne() {
    if !have_example("qr") {
        return;
    }
    let code = Placed::new("in the noise", (300.0, 250.0), 6.0, 5.0);
    assert_eq!(read(&over(&scene(SIZE, 0), &[code], 30)), ["in the noise"]);
}

#[test]
fn corners_are_those_of_the_picture() {
    if !have_example("qr") {
        return;
    }
    // The search is on a smaller copy; the corners are not.
    let size = Size::new(1280, 720);
    for turned in [0.0, 12.0, 90.0] {
        let placed = Placed::new("corners", (700.0, 300.0), 10.0, turned);
        let output = start(json!({})).frame(&over(&flat(size, PLAIN), std::slice::from_ref(&placed), 0));
        let (_, codes, _) = values(&output);
        for (found, real) in codes[0]["corners"].as_array().unwrap().iter().zip(placed.corners()) {
            let (x, y) = (found[0].as_f64().unwrap(), found[1].as_f64().unwrap());
            // Two modules: the corner without a finder is only estimated.
            assert!((x - real.0).hypot(y - real.1) < 20.0, "{codes}, not {:?}", placed.corners());
        }
    }
}

#[test]
fn the_outline_is_drawn_around_it() {
    if !have_example("qr") {
        return;
    }
    let placed = Placed::new("outline", (320.0, 240.0), 6.0, 10.0);
    let corners = placed.corners();
    let picture = over(&flat(SIZE, PLAIN), &[placed], 0);
    let drawn = start(json!({ "color": "#ff0000" })).picture(&picture);
    let red = |x: usize, y: usize| pixel(&drawn, x, y)[2] > 180;
    for (i, a) in corners.iter().enumerate() {
        let b = corners[(i + 1) % 4];
        for part in [0.1, 0.3, 0.5, 0.7, 0.9] {
            let (x, y) = (a.0 + (b.0 - a.0) * part, a.1 + (b.1 - a.1) * part);
            let near = places(Size::new(24, 24)).any(|(i, j)| red(x as usize + i - 12, y as usize + j - 12));
            assert!(near, "no line at {x:.0}, {y:.0}");
        }
    }
    // Far from the outline nothing is changed, neither within nor outside.
    for (x, y) in places(SIZE) {
        let (right, down) = (x.abs_diff(320), y.abs_diff(240));
        if right.max(down) < 40 || right.max(down) > 110 {
            assert_eq!(pixel(&drawn, x, y), pixel(&picture, x, y), "at {x}, {y}");
        }
    }
}

#[test]
fn without_a_code_the_picture_is_passed_on_itself() {
    if !have_example("qr") {
        return;
    }
    let noise = painted(SIZE, |x, y| [(x * 31 + y * 17 + x * y % 97) as u8, 128, 128]);
    // Three finders and nothing that could be read.
    let finders = painted(SIZE, |x, y| {
        let ring = |left: usize, top: usize| {
            let (x, y) = (x.wrapping_sub(left), y.wrapping_sub(top));
            (x < 70 && y < 70).then(|| x.abs_diff(35).max(y.abs_diff(35)) / 10)
        };
        let dark = [(100, 100), (300, 100), (100, 300)].into_iter().find_map(|(x, y)| ring(x, y));
        [if dark.is_some_and(|ring| ring != 2) { 30 } else { 220 }, 128, 128]
    });
    let mut running = start(json!({}));
    for picture in [flat(SIZE, PLAIN), scene(SIZE, 0), noise, finders] {
        let output = running.frame(&picture);
        assert_eq!(values(&output), (None, json!([]), 0));
        assert!(Arc::ptr_eq(&output.picture.unwrap(), &picture), "nothing is copied");
    }
}

#[test]
fn several_are_read_from_the_top_down() {
    if !have_example("qr") {
        return;
    }
    let codes = [
        Placed::new("third", (460.0, 370.0), 5.0, 3.0),
        Placed::new("first", (150.0, 110.0), 5.0, 0.0),
        Placed::new("second", (480.0, 140.0), 4.0, 90.0),
    ];
    let output = start(json!({})).frame(&over(&scene(SIZE, 0), &codes, 10));
    let (text, _, count) = values(&output);
    assert_eq!((text.as_deref(), count), (Some("first\nsecond\nthird"), 3));
}

#[test]
fn what_a_code_holds_is_only_text() {
    if !have_example("qr") {
        return;
    }
    for text in [
        "</script><script>alert(1)</script>",
        "\"],\"text\":\"other",
        "back\\slash\\",
        "line\nline\ttab\u{0}\u{1b}[31m",
        "javascript:alert(document.cookie)",
        "Grüße, 世界 🎥",
        "' OR 1=1; --",
    ] {
        let output =
            start(json!({})).frame(&over(&flat(SIZE, PLAIN), &[Placed::new(text, (320.0, 240.0), 8.0, 0.0)], 0));
        let (plain, codes, count) = values(&output);
        assert_eq!((plain.as_deref(), count), (Some(text), 1));
        assert_eq!(codes[0]["text"], text, "one string of the document");
        assert_eq!(codes[0].as_object().unwrap().len(), 2, "and nothing beside it");
    }
    let bytes = [0xff, 0xfe, b'a', 0xc0];
    let picture = over(&flat(SIZE, PLAIN), &[Placed::new(bytes, (320.0, 240.0), 8.0, 0.0)], 0);
    assert_eq!(read(&picture), ["\u{fffd}\u{fffd}a\u{fffd}"], "what is no text is shown as such");
}

#[test]
fn a_long_text_is_read() {
    if !have_example("qr") {
        return;
    }
    let text = "0123456789 abcdefghijklmnopqrstuvwxyz ".repeat(10);
    let picture = over(&flat(Size::new(1280, 720), PLAIN), &[Placed::new(&text, (640.0, 360.0), 9.0, 0.0)], 0);
    let (read, ..) = values(&start(json!({ "resolution": 1280 })).frame(&picture));
    assert_eq!(read.as_deref(), Some(text.as_str()));
}

#[test]
fn resolution_decides_how_small_a_code_may_be() {
    if !have_example("qr") {
        return;
    }
    let picture = over(&flat(Size::new(1280, 720), PLAIN), &[Placed::new("small", (640.0, 360.0), 3.0, 0.0)], 0);
    for (resolution, found) in [(320, 0), (1280, 1)] {
        let (_, _, count) = values(&start(json!({ "resolution": resolution })).frame(&picture));
        assert_eq!(count, found, "at {resolution} px");
    }
}

#[test]
fn at_the_edge_and_cut_off() {
    if !have_example("qr") {
        return;
    }
    // Half of a code is none; one whose outline would leave the picture is drawn as far as it lies within.
    let cut = over(&flat(SIZE, PLAIN), &[Placed::new("cut", (0.0, 240.0), 8.0, 0.0)], 0);
    assert!(read(&cut).is_empty());
    let size = Size::new(200, 200);
    let full = over(&flat(size, PLAIN), &[Placed::new("edge", (100.0, 100.0), 9.2, 0.0)], 0);
    assert_eq!(read(&full), ["edge"]);
}

#[test]
fn a_text_stays_until_another_is_read() {
    if !have_example("qr") {
        return;
    }
    let mut running = start(json!({}));
    let ids = |output: &Output| output.values.iter().map(|named| named.id.clone()).collect::<Vec<_>>();
    let code = over(&flat(SIZE, PLAIN), &[Placed::new("here", (320.0, 240.0), 8.0, 0.0)], 0);
    assert_eq!(ids(&running.frame(&code)), ["text", "codes", "count"]);
    let gone = running.frame(&flat(SIZE, PLAIN));
    assert_eq!(ids(&gone), ["codes", "count"]);
    assert_eq!(gone.values[1].json.as_str(), "0");
}
