use std::sync::Arc;

use framebox_picture::{Picture, Size};
use framebox_sandbox::Output;
use serde_json::json;

use crate::guests::handler::{Running, load_example};
use crate::guests::pictures::{pixel, places, squares};

const SIZE: Size = Size::new(640, 480);

fn start() -> Running {
    Running::new(&load_example("motion"), &json!({ "color": "#ff0000" }))
}

/// The outputs `area`, percent, and `count`.
fn values(output: &Output) -> (f64, i64) {
    match &output.values[..] {
        [area, count] if (area.id.as_str(), count.id.as_str()) == ("area", "count") => {
            (area.json.parse().as_f64().unwrap(), count.json.parse().as_i64().unwrap())
        }
        other => panic!("{other:?}"),
    }
}

/// The box around all that was drawn in red over `input`: left, top, right, bottom, the latter two just outside.
fn drawn(input: &Picture, output: &Picture) -> Option<[usize; 4]> {
    let changed: Vec<_> = places(SIZE).filter(|(x, y)| pixel(input, *x, *y)[0] != pixel(output, *x, *y)[0]).collect();
    for (x, y) in &changed {
        let [_, u, v] = pixel(output, *x, *y);
        assert!(u < 110 && v > 200, "the pixel at {x}, {y} is red");
    }
    let (xs, ys) = (|| changed.iter().map(|(x, _)| *x), || changed.iter().map(|(_, y)| *y));
    Some([xs().min()?, ys().min()?, xs().max()? + 1, ys().max()? + 1])
}

#[test]
fn what_stands_still_is_passed_on_itself() {
    let mut running = start();
    let still = squares(SIZE, &[(192, 160, 64)]);
    for _ in 0..3 {
        let output = running.frame(&still);
        assert_eq!(values(&output), (0.0, 0));
        assert!(Arc::ptr_eq(&output.picture.unwrap(), &still), "nothing is copied");
    }
}

#[test]
fn a_moved_square_is_boxed_and_measured() {
    let mut running = start();
    running.frame(&squares(SIZE, &[(192, 160, 64)]));
    let moved = squares(SIZE, &[(224, 160, 64)]);
    let output = running.frame(&moved);
    // It left 32 columns at its left, and took as many at its right.
    let (area, count) = values(&output);
    assert_eq!(count, 1);
    assert!((area - 2.0 * 32.0 * 64.0 * 100.0 / (640.0 * 480.0)).abs() < 0.2, "{area} %");
    let [left, top, right, bottom] = drawn(&moved, &output.picture.unwrap()).unwrap();
    // The box holds what moved, and no more than a cell of the search, 32 pixels, beside it.
    assert!((192 - 32..=192).contains(&left) && (160 - 32..=160).contains(&top), "{left}, {top}");
    assert!((288..=288 + 32).contains(&right) && (224..=224 + 32).contains(&bottom), "{right}, {bottom}");
    assert_eq!(values(&running.frame(&moved)), (0.0, 0), "it stands still again");
}

#[test]
fn the_inside_of_a_box_is_left_alone() {
    let mut running = start();
    running.frame(&squares(SIZE, &[]));
    let appeared = squares(SIZE, &[(192, 160, 128)]);
    let picture = running.frame(&appeared).picture.unwrap();
    let [left, top, right, bottom] = drawn(&appeared, &picture).unwrap();
    for (x, y) in places(SIZE) {
        if (left + 6..right - 6).contains(&x) && (top + 6..bottom - 6).contains(&y) {
            assert_eq!(pixel(&picture, x, y), pixel(&appeared, x, y), "at {x}, {y}");
        }
    }
}

#[test]
fn things_apart_are_counted_each() {
    let mut running = start();
    running.frame(&squares(SIZE, &[]));
    let output = running.frame(&squares(SIZE, &[(64, 64, 64), (320, 64, 64), (64, 320, 96)]));
    let (area, count) = values(&output);
    assert_eq!(count, 3);
    let expected = f64::from(2 * 64 * 64 + 96 * 96) * 100.0 / (640.0 * 480.0);
    assert!((area - expected).abs() < 0.4, "{area} %, not {expected}");
}

#[test]
fn sensitivity_decides_how_much_has_to_change() {
    let (dark, brighter) =
        (crate::guests::pictures::flat(SIZE, [100, 128, 128]), crate::guests::pictures::flat(SIZE, [120, 128, 128]));
    for (sensitivity, area) in [(0, 0.0), (100, 100.0)] {
        let mut running = Running::new(&load_example("motion"), &json!({ "sensitivity": sensitivity }));
        running.frame(&dark);
        assert_eq!(values(&running.frame(&brighter)).0, area, "at {sensitivity} %");
    }
}
