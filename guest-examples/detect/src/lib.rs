//! Finds faces by a neural network on a small copy of the picture, and marks them in the picture.

use std::fmt::Write;

use framebox_handler::{About, Frame, Json, OutputKind, Rect, Result, Size, Transform, parameters};
use network::Network;

mod draw;
mod faces;
mod layer;
mod letterbox;
mod network;
mod tflite;

/// The network's weights, as published by MediaPipe.
const MODEL: &[u8] = include_bytes!("../model/blazeface.tflite");
/// The maximum number of faces that are reported, highest scores first.
const MOST: usize = 20;

parameters! {
    struct Settings {
        conf_threshold: f32 = number("Confidence threshold", 0.0..=1.0, 0.3)
            .step(0.01)
            .help("The minimum score of a face."),
        keypoints: bool = toggle("Eyes, nose, mouth and ears", false),
    }
}

struct Detect(Network);

impl Default for Detect {
    fn default() -> Self {
        Self(Network::read(MODEL))
    }
}

impl Transform for Detect {
    type Settings = Settings;

    fn about() -> About {
        About::new("Detect", "Finds faces by a neural network inside the component.")
            .output("count", "Faces", OutputKind::Number)
            .output("detections", "Detections", OutputKind::Table)
    }

    fn process(&mut self, frame: &Frame<Settings>) -> Result {
        let size = frame.size();
        let letterbox = letterbox::Letterbox::new(size);
        let heads = self.0.run(&letterbox.pixels(frame.input));
        frame.pass()?;
        let pen = draw::Pen { frame, size };
        let (mut count, mut json) = (0, String::from("["));
        for face in faces::find(&heads, frame.settings.conf_threshold) {
            let [left, top] = letterbox.on_picture(face.left, face.top);
            let [right, bottom] = letterbox.on_picture(face.right, face.bottom);
            let Some(at) = part(size, [left, top], [right, bottom]) else { continue };
            if count == MOST {
                break;
            }
            pen.outline(at)?;
            pen.score(at, face.score)?;
            if frame.settings.keypoints {
                face.keypoints.iter().try_for_each(|[x, y]| pen.dot(letterbox.on_picture(*x, *y)))?;
            }
            let Rect { x, y, width, height } = at;
            let comma = if count == 0 { "" } else { "," };
            let _ = write!(
                json,
                r#"{comma}{{"label":"face","score":{:.3},"x":{x},"y":{y},"width":{width},"height":{height}}}"#,
                face.score
            );
            count += 1;
        }
        frame.put("count", count)?;
        frame.put("detections", Json(json + "]"))
    }
}

/// Clips a box to the picture, with even coordinates, so that colours are sharp.
fn part(size: Size, [left, top]: [f32; 2], [right, bottom]: [f32; 2]) -> Option<Rect> {
    let even = |at: f32, whole: u32| (((at / 2.0).round() * 2.0).max(0.0) as u32).min(whole);
    let (x, right) = (even(left, size.width), even(right, size.width));
    let (y, bottom) = (even(top, size.height), even(bottom, size.height));
    (x < right && y < bottom).then_some(Rect { x, y, width: right - x, height: bottom - y })
}

framebox_handler::export!(Detect);
