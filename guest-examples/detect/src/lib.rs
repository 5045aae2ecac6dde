//! Faces, found by a neural network on a small copy of the picture and marked in the picture itself.

wit_bindgen::generate!({ world: "video-handler", path: "../../wit" });

use std::cell::{Cell, RefCell};
use std::fmt::Write;

use exports::framebox::video::{lifecycle, transform};
use framebox::video::media::{Frame, Output};
use framebox::video::types::*;

mod draw;
mod faces;
mod layer;
mod letterbox;
mod network;
mod tflite;

/// The network's weights, as MediaPipe ships them.
const MODEL: &[u8] = include_bytes!("../model/blazeface.tflite");
/// Most faces that are marked and told, the surest ones.
const MOST: usize = 20;

thread_local! {
    static THRESHOLD: Cell<f32> = const { Cell::new(0.3) };
    static KEYPOINTS: Cell<bool> = const { Cell::new(false) };
    static NETWORK: RefCell<Option<network::Network>> = const { RefCell::new(None) };
}

struct Detect;

impl lifecycle::Guest for Detect {
    fn describe() -> Descriptor {
        let output = |id: &str, label: &str, kind| OutputSpec { id: id.into(), label: label.into(), kind, unit: None };
        Descriptor {
            title: "Detect".into(),
            summary: "Faces, found by a neural network inside the component.".into(),
            parameters: vec![
                Parameter {
                    id: "conf-threshold".into(),
                    label: "Confidence threshold".into(),
                    help: Some("Faces of which the network is less sure are left out.".into()),
                    group: None,
                    kind: ParameterKind::Number(NumberSpec {
                        min: 0.0,
                        max: 1.0,
                        step: 0.01,
                        default: 0.3,
                        unit: None,
                    }),
                },
                Parameter {
                    id: "keypoints".into(),
                    label: "Eyes, nose, mouth and ears".into(),
                    help: None,
                    group: None,
                    kind: ParameterKind::Toggle(false),
                },
            ],
            outputs: vec![
                output("count", "Faces", OutputKind::Number),
                output("detections", "Detections", OutputKind::Table),
            ],
            size: None,
            fps: None,
        }
    }

    fn init(settings: Vec<NamedValue>) -> Result<(), String> {
        NETWORK.set(Some(network::Network::read(MODEL)));
        Self::configure(settings)
    }

    fn configure(changed: Vec<NamedValue>) -> Result<(), String> {
        for NamedValue { id, value } in changed {
            match (id.as_str(), value) {
                ("conf-threshold", Value::Number(threshold)) => THRESHOLD.set(threshold as f32),
                ("keypoints", Value::Boolean(shown)) => KEYPOINTS.set(shown),
                _ => return Err(format!("{id} is not known")),
            }
        }
        Ok(())
    }

    fn close() {}
}

impl transform::Guest for Detect {
    fn process(input: &Frame, out: &Output, _budget: Budget) -> Result<(), Stop> {
        let size = input.info().size;
        let letterbox = letterbox::Letterbox::new(size);
        let said = NETWORK.with_borrow_mut(|network| {
            let network = network.as_mut().ok_or(Stop::Failed("it was not started".into()))?;
            Ok::<_, Stop>(network.run(&letterbox.pixels(input)))
        })?;
        out.show(input).map_err(Stop::Failed)?;
        let pen = draw::Pen { out, size };
        let (mut count, mut json) = (0, String::from("["));
        for face in faces::find(&said, THRESHOLD.get()) {
            let [left, top] = letterbox.on_picture(face.left, face.top);
            let [right, bottom] = letterbox.on_picture(face.right, face.bottom);
            let Some(at) = part(size, [left, top], [right, bottom]) else { continue };
            if count == MOST {
                break;
            }
            pen.outline(at)?;
            pen.score(at, face.score)?;
            if KEYPOINTS.get() {
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
        out.put("count", &Value::Integer(count as i64)).map_err(Stop::Failed)?;
        out.put("detections", &Value::Json(json + "]")).map_err(Stop::Failed)
    }
}

/// What of a box lies in the picture, in whole pixels. At even ones colours are sharp.
fn part(size: Size, [left, top]: [f32; 2], [right, bottom]: [f32; 2]) -> Option<Rect> {
    let even = |at: f32, whole: u32| (((at / 2.0).round() * 2.0).max(0.0) as u32).min(whole);
    let (x, right) = (even(left, size.width), even(right, size.width));
    let (y, bottom) = (even(top, size.height), even(bottom, size.height));
    (x < right && y < bottom).then_some(Rect { x, y, width: right - x, height: bottom - y })
}

export!(Detect);
