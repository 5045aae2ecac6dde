use framebox_picture::{Plane, Size};
use serde_json::json;

use crate::guests::handler::{Running, have_example, load_example};
use crate::guests::pictures::scene;

/// Checks that each block of `side` has one value in `after`, the mean of those in `before`.
fn check(before: Plane<'_>, after: Plane<'_>, size: Size, side: usize) {
    let (width, height) = (size.width as usize, size.height as usize);
    for top in (0..height).step_by(side) {
        for left in (0..width).step_by(side) {
            let (right, bottom) = ((left + side).min(width), (top + side).min(height));
            let bytes = |plane: Plane<'_>| -> Vec<u8> {
                (top..bottom).flat_map(|y| plane.data[y * plane.stride..][left..right].to_vec()).collect()
            };
            let old = bytes(before);
            let mean = old.iter().map(|byte| f64::from(*byte)).sum::<f64>() / old.len() as f64;
            for byte in bytes(after) {
                assert!((f64::from(byte) - mean).abs() <= 0.5, "{byte}, not {mean}, in the block at {left}, {top}");
            }
            assert!(bytes(after).windows(2).all(|pair| pair[0] == pair[1]), "the block at {left}, {top}");
        }
    }
}

#[test]
fn each_block_is_its_mean() {
    if !have_example("pixelate") {
        return;
    }
    let mut running = Running::new(&load_example("pixelate"), &json!({}));
    for side in [2, 8, 16, 64] {
        running.configure(&json!({ "block": side }));
        // Sizes that blocks fill, and sizes that they do not.
        for size in [Size::new(128, 64), Size::new(101, 71), Size::new(9, 30)] {
            let input = scene(size, 0);
            let output = running.picture(&input);
            assert_eq!(output.size(), size);
            let (before, after) = (input.planes(), output.planes());
            check(before.y, after.y, size, side);
            check(before.u, after.u, size.chroma(), side / 2);
            check(before.v, after.v, size.chroma(), side / 2);
        }
    }
}

#[test]
fn blocks_have_sixteen_pixels_unless_told_otherwise() {
    if !have_example("pixelate") {
        return;
    }
    let input = scene(Size::new(128, 64), 0);
    let by_default = Running::new(&load_example("pixelate"), &json!({})).picture(&input);
    let sixteen = Running::new(&load_example("pixelate"), &json!({ "block": 16 })).picture(&input);
    assert!(*by_default == *sixteen);
}
