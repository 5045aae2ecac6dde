//! C: sums of neighbours, 16 at a time.

use framebox_picture::{Plane, Size};
use serde_json::json;

use super::example;
use crate::guests::handler::Running;
use crate::guests::pictures::scene;

type Kernel = [[i32; 5]; 5];

#[rustfmt::skip]
const SHARPEN: Kernel = [
    [0,  0,  0,  0, 0],
    [0,  0, -1,  0, 0],
    [0, -1,  5, -1, 0],
    [0,  0, -1,  0, 0],
    [0,  0,  0,  0, 0],
];
#[rustfmt::skip]
const EMBOSS: Kernel = [
    [0,  0,  0, 0, 0],
    [0, -2, -1, 0, 0],
    [0, -1,  1, 1, 0],
    [0,  0,  1, 2, 0],
    [0,  0,  0, 0, 0],
];

/// The binomial weights of two directions: 256 in all.
fn blur() -> Kernel {
    let row = [1, 4, 6, 4, 1];
    row.map(|y| row.map(|x| x * y))
}

/// Each sample as the sum of those around it, the edge going on for ever, divided by `over`.
fn convolved(plane: &Plane<'_>, size: Size, kernel: &Kernel, over: i32) -> Vec<u8> {
    let (width, height) = (i64::from(size.width), i64::from(size.height));
    let sample = |x: i64, y: i64| {
        let (x, y) = (x.clamp(0, width - 1) as usize, y.clamp(0, height - 1) as usize);
        i32::from(plane.data[y * plane.stride + x])
    };
    let sum = |x: i64, y: i64| -> i32 {
        let weighted = |(i, weight): (usize, &i32)| weight * sample(x + i as i64 % 5 - 2, y + i as i64 / 5 - 2);
        kernel.as_flattened().iter().enumerate().map(weighted).sum()
    };
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    places.map(|(x, y)| (sum(x, y) / over).clamp(0, 255) as u8).collect()
}

#[test]
fn each_kernel_is_summed_exactly() {
    let Some(component) = example("c", "convolve") else { return };
    let mut running = Running::new(&component, &json!({}));
    for (name, kernel, over) in [("sharpen", SHARPEN, 1), ("blur", blur(), 256), ("emboss", EMBOSS, 1)] {
        running.configure(&json!({ "kernel": name }));
        for size in [Size::new(96, 64), Size::new(97, 33), Size::new(3, 2)] {
            let input = scene(size, 1);
            let (from, chroma) = (input.planes(), size.chroma());
            let output = running.picture(&input);
            let to = output.planes();
            assert!(to.y.data == convolved(&from.y, size, &kernel, over), "{name}, {size}");
            for (from, to) in [(&from.u, &to.u), (&from.v, &to.v)] {
                let expected = match name {
                    "blur" => convolved(from, chroma, &kernel, over),
                    _ => from.data.to_vec(),
                };
                assert!(to.data == expected, "{name}, {size}: colours");
            }
        }
    }
}
