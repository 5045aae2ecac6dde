//! JavaScript: a box around what is sought, from a small copy of the picture.

use framebox_picture::Size;
use serde_json::json;

use super::{example, value};
use crate::guests::handler::Running;
use crate::guests::pictures::{GROUND, Yuv, painted, pixel, places};

const SIZE: Size = Size::new(640, 360);
const BRIGHT: Yuv = [230, 128, 128];
const COLOURFUL: Yuv = [80, 90, 240];

/// A bright square and a colourful one, `across` further right.
fn picture(across: usize) -> std::sync::Arc<framebox_picture::Picture> {
    painted(SIZE, |x, y| match (x.wrapping_sub(across), y) {
        (100..180, 60..140) => BRIGHT,
        (400..480, 200..280) => COLOURFUL,
        _ => GROUND,
    })
}

#[test]
fn it_finds_what_it_looks_for_and_draws_a_box_around_it() {
    let Some(component) = example("js", "tracker") else { return };
    for (sought, left, top) in [("brightest", 100, 60), ("colourful", 400, 200)] {
        let given = json!({ "look-for": sought, "smoothing": 0, "color": "#00ff00" });
        let mut running = Running::new(&component, &given);
        for across in [0, 60] {
            let input = picture(across);
            let output = running.frame(&input);
            let at = [(left + across + 40) as f64 / 6.4, (top + 40) as f64 / 3.6];
            for (id, at) in [("x", at[0]), ("y", at[1])] {
                let told = value(&output, id).as_f64().unwrap();
                assert!((told - at).abs() < 1.5, "{sought}: {id} is {told}, not {at}");
            }
            let output = output.picture.unwrap();
            let changed: Vec<_> =
                places(SIZE).filter(|(x, y)| pixel(&output, *x, *y) != pixel(&input, *x, *y)).collect();
            assert!(changed.len() > 4 * 4 * 60, "{sought}: a box of four lines: {}", changed.len());
            for (x, y) in changed {
                let (dx, dy) = (x.abs_diff(left + across + 40), y.abs_diff(top + 40));
                assert!(dx.max(dy) <= 40 + 10, "{sought}: drawn at {x}, {y}");
                assert!(dx.max(dy) >= 40 - 14, "{sought}: drawn within, at {x}, {y}");
            }
        }
    }
}

#[test]
fn it_follows_as_smoothly_as_it_should() {
    let Some(component) = example("js", "tracker") else { return };
    let mut running = Running::new(&component, &json!({ "smoothing": 50 }));
    let mut across = |picture| value(&running.frame(picture), "x").as_f64().unwrap();
    let (here, there) = (picture(0), picture(120));
    let first = across(&here);
    let steps = [across(&there), across(&there), across(&there)];
    let way = 120.0 / 6.4;
    for (step, part) in steps.into_iter().zip([0.5, 0.75, 0.875]) {
        assert!((step - first - part * way).abs() < 0.8, "{first}, {steps:?}: {part} of {way}");
    }
}
