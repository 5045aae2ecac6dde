//! Fuel for a frame: the same on every machine, and many times as much when a loop no longer runs in vectors.

use framebox_picture::Size;
use serde_json::json;

use crate::handler::{Running, prebuilt};
use crate::pictures::scene;

const SIZE: Size = Size::new(640, 480);

#[test]
fn loops_run_in_vectors() {
    for (name, most) in
        [("edges", 0.0), ("flip", 0.0), ("hello", 0.0), ("invert", 0.0), ("motion", 0.0), ("pixelate", 0.0)]
    {
        let mut running = Running::new(&prebuilt(name), &json!({}));
        // The first frame sets up what is kept from frame to frame.
        running.frame(&scene(SIZE, 0));
        let cost = running.call(&scene(SIZE, 1)).cost;
        let fuel = cost.fuel as f64 / SIZE.pixels() as f64;
        println!("{name}: {fuel:.3} units of fuel a pixel, {cost:?}");
        assert!(most == 0.0 || fuel <= most, "{name} takes {fuel:.2} units of fuel a pixel, more than {most}");
    }
}
