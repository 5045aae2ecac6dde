//! Fuel for a frame: the same on every machine, and many times as much when a loop no longer runs in vectors.

use framebox_picture::Size;
use serde_json::json;

use crate::handler::{Running, prebuilt};
use crate::pictures::scene;

const SIZE: Size = Size::new(640, 480);

/// Handlers, and the most fuel that a pixel may take; `detect` takes the same for a picture of any size.
const MOST: &[(&str, f64)] = &[
    ("detect", 400.0),
    ("edges", 22.0),
    ("flip", 4.0),
    ("hello", 10.0),
    ("invert", 5.0),
    ("knobs", 8.0),
    ("motion", 3.0),
    ("pixelate", 10.0),
    ("watch", 1.0),
];

#[test]
fn loops_run_in_vectors() {
    for (name, most) in MOST {
        let mut running = Running::new(&prebuilt(name), &json!({}));
        // The first frame sets up what is kept from frame to frame.
        running.frame(&scene(SIZE, 0));
        let fuel = running.call(&scene(SIZE, 1)).cost.fuel as f64 / SIZE.pixels() as f64;
        assert!(fuel <= *most, "{name} takes {fuel:.1} units of fuel a pixel, more than {most}");
    }
}
