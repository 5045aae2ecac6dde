//! Fuel for a frame: equal on every machine, and many times as much when a loop is no longer vectorized.

use framebox_picture::Size;
use framebox_sandbox::{Call, Kind};
use framebox_test_support::examples::RUST;
use serde_json::{Value, json};

use crate::guests::handler::{Running, available, have_example, load_example};
use crate::guests::pictures::scene;

const SIZE: Size = Size::new(640, 480);

/// Handlers, and the most fuel for a pixel; `detect` takes the same fuel for a picture of any size.
#[rustfmt::skip]
const MOST: [(&str, f64); RUST.len()] = [
    ("background", 60.0),
    ("detect", 400.0),
    ("edges", 22.0),
    ("flip", 4.0),
    ("hello", 10.0),
    ("invert", 5.0),
    ("knobs", 30.0),
    ("motion", 3.0),
    ("pixelate", 10.0),
    ("plasma", 200.0),
    ("play", 1.0),
    ("play-fps", 1.0),
    ("posterize", 10.0),
    ("qr", 300.0),
    ("slow-flip", 4.0),
    ("timestamp", 5.0),
    ("watch", 1.0),
];

/// Returns parameters with which the cost depends on the pixels only.
pub fn settings(name: &str) -> Value {
    match name {
        "slow-flip" => json!({ "work-ms": 0 }),
        _ => json!({}),
    }
}

/// Frames of `size`, or of the generator's own, without the first one, which sets up what is kept from frame to frame.
fn calls<const COUNT: usize>(name: &str, size: Size) -> [Call; COUNT] {
    let component = load_example(name);
    let mut running = Running::new(&component, &settings(name));
    if component.kind() == Kind::Generator {
        running.at(0);
        return std::array::from_fn(|frame| running.tick(40_000 * (frame as i64 + 1)));
    }
    running.learn(&scene(size, 20));
    running.frame(&scene(size, 0));
    std::array::from_fn(|frame| running.call(&scene(size, frame + 1)))
}

/// The cost of a call, and the pixels of the picture that came of it.
fn figures(call: &Call, size: Size) -> (f64, f64) {
    let output = call.result.as_ref().unwrap();
    // An observer makes no picture: what counts is the one that it was given.
    let pixels = output.picture.as_ref().map_or(size.pixels(), |picture| picture.size().pixels());
    (call.cost.fuel as f64, pixels as f64)
}

#[test]
fn loops_run_in_vectors() {
    for (name, most) in MOST.into_iter().filter(|(name, _)| have_example(name)) {
        let [call] = calls(name, SIZE);
        let (fuel, pixels) = figures(&call, SIZE);
        let fuel = fuel / pixels;
        assert!(fuel <= most, "{name} takes {fuel:.1} units of fuel a pixel, more than {most}");
    }
}

/// `cargo test --workspace --test system costs_at_720p -- --ignored --nocapture`
#[test]
#[ignore = "prints the figures that the explanations of the handlers give"]
fn costs_at_720p() {
    for name in available() {
        let calls: [Call; 12] = calls(name, Size::new(1280, 720));
        let (fuel, pixels) = figures(&calls[0], Size::new(1280, 720));
        // The minimum, since other load only adds time.
        let time = calls.iter().map(|call| call.cost.time).min().unwrap();
        let (millions, ms) = (fuel / 1e6, time.as_secs_f64() * 1e3);
        println!("{name}: {millions:.2} million units of fuel, {ms:.2} ms, {pixels} pixels");
    }
}
