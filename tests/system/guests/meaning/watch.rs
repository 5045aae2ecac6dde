use framebox_picture::Size;
use framebox_sandbox::Output;
use serde_json::json;

use crate::guests::handler::{Running, load_example};
use crate::guests::pictures::flat;

const SIZE: Size = Size::new(320, 240);

fn number(output: &Output, id: &str) -> f64 {
    let named = output.values.iter().find(|named| named.id == id).unwrap_or_else(|| panic!("no {id}"));
    named.json.parse().as_f64().unwrap()
}

#[test]
fn brightness_change_and_scenes_are_told_and_no_picture_is_made() {
    let mut running = Running::new(&load_example("watch"), &json!({}));
    let [dark, bright, brighter] = [16, 125, 136].map(|luma| flat(SIZE, [luma, 128, 128]));
    for (picture, brightness, change, scene) in [
        (&dark, 0.0, 0.0, Some(1)),
        (&dark, 0.0, 0.0, None),
        (&bright, 50.0, 50.0, Some(2)),
        (&brighter, 54.8, 5.0, None),
    ] {
        let output = running.frame(picture);
        assert!(output.picture.is_none(), "an observer sends nothing");
        assert!((number(&output, "brightness") - brightness).abs() < 1.0, "{output:?}");
        assert!((number(&output, "change") - change).abs() < 1.0, "{output:?}");
        let told = output.values.iter().find(|named| named.id == "scene").map(|named| named.json.parse());
        assert_eq!(told.map(|told| told["scene"].clone()), scene.map(|scene| json!(scene)));
    }
}
