//! Boxes where something moves, found on a small gray copy of the picture and drawn over the picture itself.

wit_bindgen::generate!({ world: "video-handler", path: "../../wit" });

use std::cell::{Cell, RefCell};

use exports::framebox::video::{lifecycle, transform};
use framebox::video::media::{Frame, Output};
use framebox::video::types::*;

mod boxes;

/// Width of the copy on which movement is looked for, pixels.
const WIDTH: u32 = 160;
/// Thickness of a box's outline, pixels.
const LINE: u32 = 4;

thread_local! {
    static SENSITIVITY: Cell<u8> = const { Cell::new(50) };
    static COLOR: Cell<[u8; 3]> = const { Cell::new([0, 220, 90]) };
    /// The copy of the frame before.
    static BEFORE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Motion;

impl lifecycle::Guest for Motion {
    fn describe() -> Descriptor {
        let output = |id: &str, label: &str, kind, unit: Option<&str>| OutputSpec {
            id: id.into(),
            label: label.into(),
            kind,
            unit: unit.map(Into::into),
        };
        Descriptor {
            title: "Motion".into(),
            summary: "Boxes where something moves, and how much of the picture it is.".into(),
            parameters: vec![
                Parameter {
                    id: "sensitivity".into(),
                    label: "Sensitivity".into(),
                    help: Some("More finds fainter movement, and more noise.".into()),
                    group: None,
                    kind: ParameterKind::Integer(IntegerSpec {
                        min: 0,
                        max: 100,
                        step: 1,
                        default: 50,
                        unit: Some("%".into()),
                    }),
                },
                Parameter {
                    id: "color".into(),
                    label: "Colour of the boxes".into(),
                    help: None,
                    group: None,
                    kind: ParameterKind::Color("#00dc5a".into()),
                },
            ],
            outputs: vec![
                output("area", "Moving area", OutputKind::Gauge, Some("%")),
                output("count", "Moving things", OutputKind::Number, None),
            ],
            size: None,
            fps: None,
        }
    }

    fn init(settings: Vec<NamedValue>) -> Result<(), String> {
        Self::configure(settings)
    }

    fn configure(changed: Vec<NamedValue>) -> Result<(), String> {
        for NamedValue { id, value } in changed {
            match (id.as_str(), value) {
                ("sensitivity", Value::Integer(percent)) => SENSITIVITY.set(percent.clamp(0, 100) as u8),
                ("color", Value::Text(color)) => {
                    let rgb = u32::from_str_radix(color.trim_start_matches('#'), 16).map_err(|e| e.to_string())?;
                    COLOR.set([(rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8]);
                }
                _ => return Err(format!("{id} is not known")),
            }
        }
        Ok(())
    }

    fn close() {}
}

impl transform::Guest for Motion {
    fn process(input: &Frame, out: &Output, _budget: Budget) -> Result<(), Stop> {
        let size = input.info().size;
        let width = WIDTH.min(size.width);
        let small = Size { width, height: (size.height * width / size.width).max(1) };
        let now = input.sample(PixelFormat::Gray8, None, Some(small));
        // 0 % asks for a change of 64 of 255, 100 % for one of 4.
        let threshold = 64 - (SENSITIVITY.get() as u32 * 60 / 100) as u8;
        let moving: Vec<bool> = BEFORE.with_borrow_mut(|before| {
            let known = before.len() == now.len();
            let moving =
                now.iter().enumerate().map(|(i, byte)| known && byte.abs_diff(before[i]) > threshold).collect();
            *before = now;
            moving
        });
        let found = boxes::find(&moving, small.width as usize);
        out.show(input).map_err(Stop::Failed)?;
        for part in &found {
            let (x, right) = on_picture(part.left, part.right, small.width, size.width);
            let (y, bottom) = on_picture(part.top, part.bottom, small.height, size.height);
            outline(out, Rect { x, y, width: right - x, height: bottom - y })?;
        }
        let area = moving.iter().filter(|moving| **moving).count() as f64 * 100.0 / moving.len() as f64;
        out.put("area", &Value::Number((area * 10.0).round() / 10.0)).map_err(Stop::Failed)?;
        out.put("count", &Value::Integer(found.len() as i64)).map_err(Stop::Failed)
    }
}

/// Both ends of a part of the copy's `small` pixels, in those of the picture. At even ones colours are sharp.
fn on_picture(from: u32, to: u32, small: u32, whole: u32) -> (u32, u32) {
    let from = (from * whole / small) & !1;
    (from, (to * whole / small).next_multiple_of(2).min(whole))
}

/// Draws the four sides of `at`, within it.
fn outline(out: &Output, at: Rect) -> Result<(), Stop> {
    let line = LINE.min(at.width).min(at.height);
    let sides = [
        Rect { height: line, ..at },
        Rect { y: at.y + at.height - line, height: line, ..at },
        Rect { width: line, ..at },
        Rect { x: at.x + at.width - line, width: line, ..at },
    ];
    for side in sides {
        let pixels = COLOR.get().repeat((side.width * side.height) as usize);
        out.patch(side, PixelFormat::Rgb8, &pixels).map_err(Stop::Failed)?;
    }
    Ok(())
}

export!(Motion);
