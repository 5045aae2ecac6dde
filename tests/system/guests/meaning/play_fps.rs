use framebox_sandbox::Output;
use serde_json::json;

use crate::guests::handler::{Running, have_example, load_example};

fn fps(output: &Output) -> Option<f64> {
    match &output.values[..] {
        [] => None,
        [named] if named.id == "fps" => Some(named.json.parse().as_f64().unwrap()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_wants_sixty_frames_a_second() {
    if !have_example("play-fps") {
        return;
    }
    let component = load_example("play-fps");
    let descriptor = component.descriptor();
    assert_eq!(descriptor.fps, Some(60.0));
    assert_eq!((descriptor.outputs[0].id.as_str(), descriptor.outputs[0].label.as_str()), ("fps", "FPS"));
}

#[test]
fn the_rate_is_told_once_a_second() {
    if !have_example("play-fps") {
        return;
    }
    for rate in [60, 30, 24] {
        let mut running = Running::new(&load_example("play-fps"), &json!({}));
        for frame in 0..rate * 5 {
            // Rounded up, so that a second is over with the frame that begins the next one.
            let output = running.at((frame * 1_000_000 + rate - 1) / rate);
            match fps(&output) {
                Some(fps) => {
                    assert!(frame % rate == 0 && frame > 0 && fps == rate as f64, "{frame}: {fps}, not {rate}")
                }
                None => assert!(frame % rate != 0 || frame == 0, "frame {frame} of {rate} fps"),
            }
        }
    }
}

#[test]
fn frames_that_do_not_come_do_not_count() {
    if !have_example("play-fps") {
        return;
    }
    let mut running = Running::new(&load_example("play-fps"), &json!({}));
    for frame in 0..30 {
        running.at(frame * 16_667);
    }
    // Nothing for a second and a half: thirty frames in two seconds.
    assert_eq!(fps(&running.at(2_000_000)), Some(15.0));
}
