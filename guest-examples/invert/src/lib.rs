//! The negative of the picture, in the planes that the camera gave: no conversion at all.

wit_bindgen::generate!({ world: "video-handler", path: "../../wit" });

use std::cell::Cell;

use exports::framebox::video::{lifecycle, transform};
use framebox::video::media::{Frame, Output};
use framebox::video::types::*;

thread_local! {
    /// 0 leaves the picture as it is, 256 is the negative.
    static STRENGTH: Cell<i16> = const { Cell::new(256) };
}

struct Invert;

impl lifecycle::Guest for Invert {
    fn describe() -> Descriptor {
        Descriptor {
            title: "Invert".into(),
            summary: "The negative of the picture.".into(),
            parameters: vec![Parameter {
                id: "strength".into(),
                label: "Strength".into(),
                help: Some("0 % is the picture itself, 50 % is plain gray, 100 % is its negative.".into()),
                group: None,
                kind: ParameterKind::Integer(IntegerSpec {
                    min: 0,
                    max: 100,
                    step: 1,
                    default: 100,
                    unit: Some("%".into()),
                }),
            }],
            outputs: vec![],
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
                ("strength", Value::Integer(percent)) => STRENGTH.set((percent * 256 / 100) as i16),
                _ => return Err(format!("{id} is not known")),
            }
        }
        Ok(())
    }

    fn close() {}
}

impl transform::Guest for Invert {
    fn process(input: &Frame, out: &Output, _budget: Budget) -> Result<(), Stop> {
        let size = input.info().size;
        let mut pixels = input.pixels(PixelFormat::I420);
        let [(y, _), (u, _), (v, _)] = common::I420::new(size.width, size.height).planes(&mut pixels);
        let strength = STRENGTH.get();
        // Luma lies within 16 and 235, colour differences around 128 (BT.601, limited range).
        invert(y, 16 + 235, strength);
        invert(u, 256, strength);
        invert(v, 256, strength);
        out.pixels(size, PixelFormat::I420, &pixels).map_err(Stop::Failed)
    }
}

/// Moves each byte towards `sum` minus itself.
fn invert(plane: &mut [u8], sum: i16, strength: i16) {
    if strength == 256 {
        for byte in plane {
            *byte = (sum - *byte as i16).clamp(0, 255) as u8;
        }
    } else {
        for byte in plane {
            let old = *byte as i32;
            *byte = (old + (((sum as i32 - 2 * old) * strength as i32) >> 8)).clamp(0, 255) as u8;
        }
    }
}

export!(Invert);
