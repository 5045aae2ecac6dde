//! Digests of outputs, compared with those in `tests/golden`.
//!
//! For some handlers the host converts pixels to RGB, which rounds differently on other processors; their
//! output is checked by its meaning instead, and that of `detect` against detections in `tests/golden/detect`.

use std::fmt::Write as _;
use std::path::Path;

use framebox_picture::Size;
use framebox_sandbox::{Component, Kind, Output};
use framebox_test_support::examples::RUST;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::guests::codes;
use crate::guests::handler::{Running, have_example, load_example};
use crate::guests::pictures::scene;

/// Handlers whose pixels the host converts.
const CONVERTED: &[&str] = &["detect", "hello", "knobs", "posterize"];

/// Times at which generators are asked, µs: frames, a pause and a long time.
const NOWS: [i64; 8] = [0, 16_667, 33_333, 50_000, 66_667, 1_000_000, 1_033_333, 86_400_000_000];

/// Parameters that a handler is tried with.
pub fn settings(name: &str) -> Vec<Value> {
    match name {
        "detect" => vec![json!({}), json!({ "conf-threshold": 0, "keypoints": true })],
        "background" => vec![
            json!({}),
            json!({ "mode": "gradient", "threshold": 8 }),
            json!({ "mode": "color", "color": "#208040" }),
        ],
        "edges" => vec![json!({}), json!({ "threshold": 10 }), json!({ "overlay": true, "threshold": 60 })],
        "flip" => ["horizontal", "vertical", "both"].map(|it| json!({ "direction": it })).into(),
        "hello" => vec![json!({}), json!({ "tint": "#4080ff", "strength": 80 })],
        "invert" => vec![json!({}), json!({ "strength": 30 })],
        "knobs" => vec![json!({}), json!({ "side": "top", "gain": 0.5, "rows": 8, "snapshot": false })],
        "motion" => vec![json!({}), json!({ "color": "#ff8000", "sensitivity": 90 })],
        "pixelate" => vec![json!({}), json!({ "block": 6 })],
        "plasma" => {
            vec![json!({}), json!({ "palette": "ember", "scale": 4, "detail": 7, "speed": 2.5, "size": "320x180" })]
        }
        "play" => vec![json!({}), json!({ "source": "slow", "loop": true, "speed": 1.5 })],
        "play-fps" => vec![json!({}), json!({ "source": "other" })],
        "posterize" => vec![json!({}), json!({ "levels": 2 }), json!({ "levels": 16 })],
        "qr" => vec![json!({}), json!({ "color": "#ff4000", "resolution": 320 })],
        "slow-flip" => vec![json!({ "work-ms": 0 }), json!({ "work-ms": 20 })],
        "timestamp" => vec![
            json!({}),
            json!({ "label": "Größe 5", "corner": "bottom-right", "color": "#ffcc00", "size": 9, "backdrop": false }),
        ],
        "watch" => vec![json!({}), json!({ "cut": 1 })],
        _ => panic!("{name} is not known"),
    }
}

/// What a handler makes of a few frames, of an even and of an odd size, or at a few times.
pub fn outputs(component: &Component, given: &Value) -> Vec<Output> {
    let mut running = Running::new(component, given);
    if component.kind() == Kind::Generator {
        return NOWS.map(|now| running.at(now)).into();
    }
    // What is read has to be there.
    let coded = component.descriptor().outputs.iter().any(|output| output.id == "codes");
    let mut outputs = Vec::new();
    for size in [Size::new(320, 240), Size::new(333, 217)] {
        running.learn(&scene(size, 20));
        for frame in 0..4 {
            let scene = scene(size, frame);
            outputs.push(running.frame(&if coded { codes::among(&scene) } else { scene }));
        }
    }
    outputs
}

/// A digest of everything in `outputs`, as hexadecimal digits.
fn digest(outputs: &[Output]) -> String {
    let mut sha = Sha256::new();
    for Output { picture, values } in outputs {
        if let Some(picture) = picture {
            sha.update(picture.size().to_string());
            sha.update(picture.bytes());
        }
        for named in values {
            sha.update(format!("{}={};", named.id, named.json.parse()));
        }
    }
    sha.finalize().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Asserts that the outputs of a handler have the recorded digests.
fn check(name: &str) {
    if !have_example(name) {
        return;
    }
    let component = load_example(name);
    let mut text = String::new();
    for given in settings(name) {
        let _ = writeln!(text, "{} {given}", digest(&outputs(&component, &given)));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let recorded = std::fs::read_to_string(path).unwrap_or_default();
    assert!(recorded == text, "outputs changed. If that is meant, tests/golden/{name} should be:\n{text}");
}

/// A test for each handler, so that they run side by side.
macro_rules! recorded {
    ($($test:ident: $name:literal,)*) => {
        /// Handlers with a test here.
        const CHECKED: &[&str] = &[$($name),*];

        $(
            #[test]
            fn $test() {
                check($name);
            }
        )*
    };
}

recorded! {
    background: "background",
    edges: "edges",
    flip: "flip",
    invert: "invert",
    motion: "motion",
    pixelate: "pixelate",
    plasma: "plasma",
    play: "play",
    play_fps: "play-fps",
    qr: "qr",
    slow_flip: "slow-flip",
    timestamp: "timestamp",
    watch: "watch",
}

#[test]
fn every_handler_is_checked_or_converted() {
    for name in RUST {
        assert!(CHECKED.contains(&name) != CONVERTED.contains(&name), "{name}");
    }
}
