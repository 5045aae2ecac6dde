use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use framebox_picture::Size;
use framebox_sandbox::Output;
use serde_json::{Value, json};

use crate::guests::handler::{Running, load_example};
use crate::guests::pictures::{flat, pixel};

const SIZE: Size = Size::new(320, 240);

fn value(output: &Output, id: &str) -> Value {
    let found = output.values.iter().find(|named| named.id == id);
    found.unwrap_or_else(|| panic!("no {id}: {:?}", output.values)).json.parse()
}

#[test]
fn every_output_is_put_in_its_kind() {
    let mut running = Running::new(&load_example("knobs"), &json!({ "note": "ä note", "rows": 2 }));
    let output = running.frame(&flat(SIZE, [235, 128, 128]));
    assert_eq!(value(&output, "frames"), json!(1));
    assert_eq!(value(&output, "brightness"), json!(100.0));
    assert_eq!(value(&output, "echo"), json!("ä note"));
    assert_eq!(value(&output, "channels"), json!([100.0, 100.0, 100.0]));
    let rows = value(&output, "bands");
    assert_eq!(rows, json!([{ "band": 1, "brightness": 100.0 }, { "band": 2, "brightness": 100.0 }]));
    let settings = value(&output, "settings");
    assert_eq!((&settings["note"], &settings["color"]), (&json!("ä note"), &json!("#ff8800")));
    let thumbnail = value(&output, "thumbnail");
    assert_eq!(thumbnail["media_type"], "image/png");
    let data = STANDARD.decode(thumbnail["data"].as_str().unwrap()).unwrap();
    assert!(data.starts_with(b"\x89PNG\r\n\x1a\n") && data.ends_with(b"IEND\xaeB`\x82"), "{data:?}");
}

#[test]
fn every_control_does_something() {
    let gray = flat(SIZE, [126, 128, 128]);
    let mut running = Running::new(&load_example("knobs"), &json!({}));
    let brightness = |output: &Output| value(output, "brightness").as_f64().unwrap();
    let before = brightness(&running.frame(&gray));
    running.configure(&json!({ "gain": 2.0, "rows": 5, "snapshot": false, "note": "", "reset": true }));
    let output = running.frame(&gray);
    assert!((brightness(&output) - 2.0 * before).abs() <= 0.2, "{before}");
    assert_eq!(value(&output, "frames"), json!(1), "counted from 0 again");
    assert_eq!(value(&output, "bands").as_array().unwrap().len(), 5);
    assert!(output.values.iter().all(|named| named.id != "thumbnail"));
    for (side, [x, y]) in [("left", [4, 120]), ("right", [315, 120]), ("top", [160, 4]), ("bottom", [160, 235])] {
        running.configure(&json!({ "side": side, "color": "#0000ff" }));
        let picture = running.picture(&gray);
        let [_, u, v] = pixel(&picture, x, y);
        assert!(u > 200 && v < 130, "{side} is blue");
        assert_eq!(pixel(&picture, 160, 120), [126, 128, 128], "the middle is left alone");
    }
}
