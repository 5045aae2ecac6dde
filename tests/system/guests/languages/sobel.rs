//! Zig: outlines, in vectors and beside them.

use framebox_picture::{Format, Picture, Size, convert};
use serde_json::json;

use super::{example, value};
use crate::guests::handler::Running;
use crate::guests::pictures::{flat, scene};

#[test]
fn outlines_are_exact() {
    let Some(component) = example("zig", "sobel") else { return };
    let mut running = Running::new(&component, &json!({}));
    for (gain, threshold) in [(2, 24), (8, 0), (1, 255), (3, 100)] {
        running.configure(&json!({ "gain": gain, "threshold": threshold }));
        for size in [Size::new(128, 72), Size::new(35, 21), Size::new(2, 2), Size::new(3, 3)] {
            let input = scene(size, 2);
            let (width, height) = (size.width as usize, size.height as usize);
            let mut gray = vec![0; width * height];
            convert::read(input.planes(), Format::Gray8, &mut gray).unwrap();
            let mut drawn = vec![0; width * height];
            for (y, x) in (1..height.max(2) - 1).flat_map(|y| (1..width.max(2) - 1).map(move |x| (y, x))) {
                let near = |dx: usize, dy: usize| i32::from(gray[(y + dy - 1) * width + x + dx - 1]);
                let side = |x: usize| near(x, 0) + 2 * near(x, 1) + near(x, 2);
                let end = |y: usize| near(0, y) + 2 * near(1, y) + near(2, y);
                let strength = ((side(2) - side(0)).abs() + (end(2) - end(0)).abs()) / 4 * gain;
                if strength > threshold {
                    drawn[y * width + x] = strength.min(255) as u8;
                }
            }
            let area = drawn.iter().filter(|byte| **byte > 0).count() * 1000 / drawn.len();
            let mut expected = Picture::black(size).unwrap();
            convert::write(&drawn, Format::Gray8, size, &mut expected).unwrap();
            let output = running.frame(&input);
            assert_eq!(value(&output, "area"), json!(area as f64 / 10.0), "{gain}, {threshold}, {size}");
            assert!(*output.picture.unwrap() == expected, "{gain}, {threshold}, {size}");
        }
    }
}

#[test]
fn nothing_has_no_outlines() {
    let Some(component) = example("zig", "sobel") else { return };
    let size = Size::new(64, 48);
    let output = Running::new(&component, &json!({})).frame(&flat(size, [120, 90, 200]));
    assert_eq!(value(&output, "area"), json!(0.0));
    assert!(output.picture.unwrap().planes().y.data.iter().all(|luma| *luma == 16));
}
