use framebox_picture::Size;
use serde_json::json;

use crate::guests::handler::once;
use crate::guests::pictures::{Yuv, painted, pixel, places};

const SIZE: Size = Size::new(48, 36);
const STEP: usize = 20;
const DARK: Yuv = [60, 100, 150];
const BRIGHT: Yuv = [160, 140, 110];
const NOTHING: Yuv = [16, 128, 128];
/// Luma of the step's outline: black, and as much as the step is high.
const OUTLINE: u8 = 16 + 100;

/// A step of 100 in luma, between two columns or two rows.
fn step(across: bool) -> impl Fn(usize, usize) -> Yuv {
    move |x, y| if (if across { x } else { y }) < STEP { DARK } else { BRIGHT }
}

/// True for the two columns or rows at the step, but for the picture's border.
fn at_step(across: bool, x: usize, y: usize) -> bool {
    let inner = (1..SIZE.width as usize - 1).contains(&x) && (1..SIZE.height as usize - 1).contains(&y);
    inner && (STEP - 1..=STEP).contains(if across { &x } else { &y })
}

#[test]
fn a_step_is_outlined_on_black() {
    for across in [true, false] {
        let output = once("edges", &json!({}), &painted(SIZE, step(across)));
        for (x, y) in places(SIZE) {
            let expected = if at_step(across, x, y) { [OUTLINE, 128, 128] } else { NOTHING };
            assert_eq!(pixel(&output, x, y), expected, "at {x}, {y}; step across: {across}");
        }
    }
}

#[test]
fn the_threshold_decides_how_strong_an_edge_has_to_be() {
    let input = painted(SIZE, step(true));
    for (threshold, luma) in [(0, OUTLINE), (100, OUTLINE), (101, 16), (255, 16)] {
        let output = once("edges", &json!({ "threshold": threshold }), &input);
        assert_eq!(pixel(&output, STEP, 9), [luma, 128, 128], "{threshold}");
    }
}

#[test]
fn over_the_picture_only_edges_change() {
    let input = painted(SIZE, step(true));
    let output = once("edges", &json!({ "overlay": true }), &input);
    for (x, y) in places(SIZE) {
        let [luma, u, v] = pixel(&input, x, y);
        let luma = if at_step(true, x, y) { OUTLINE } else { luma };
        assert_eq!(pixel(&output, x, y), [luma, u, v], "at {x}, {y}");
    }
}
