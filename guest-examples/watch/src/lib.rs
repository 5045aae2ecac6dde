//! Reports what the camera sees, and sends no picture back.

wit_bindgen::generate!({ world: "video-observer", path: "../../wit" });

use std::cell::{Cell, RefCell};

use exports::framebox::video::{lifecycle, observe};
use framebox::video::log::{Level, log};
use framebox::video::media::{Frame, Output};
use framebox::video::types::*;

/// Size of the copy that is looked at, pixels.
const SMALL: Size = Size { width: 64, height: 36 };

thread_local! {
    static CUT: Cell<i64> = const { Cell::new(25) };
    static SCENE: Cell<u64> = const { Cell::new(0) };
    /// The copy of the frame before.
    static BEFORE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Watch;

impl lifecycle::Guest for Watch {
    fn describe() -> Descriptor {
        let output = |id: &str, label: &str, kind, unit: Option<&str>| OutputSpec {
            id: id.into(),
            label: label.into(),
            kind,
            unit: unit.map(Into::into),
        };
        Descriptor {
            title: "Watch".into(),
            summary: "Only watches: brightness, change and scenes. No video comes back.".into(),
            parameters: vec![Parameter {
                id: "cut".into(),
                label: "Change that makes another scene".into(),
                help: None,
                group: None,
                kind: ParameterKind::Integer(IntegerSpec {
                    min: 1,
                    max: 100,
                    step: 1,
                    default: 25,
                    unit: Some("%".into()),
                }),
            }],
            outputs: vec![
                output("brightness", "Brightness", OutputKind::Gauge, Some("%")),
                output("change", "Change", OutputKind::Plot, Some("%")),
                output("scene", "Scene", OutputKind::Json, None),
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
                ("cut", Value::Integer(percent)) => CUT.set(percent),
                _ => return Err(format!("{id} is not known")),
            }
        }
        Ok(())
    }

    fn close() {}
}

impl observe::Guest for Watch {
    fn consume(input: &Frame, out: &Output, _budget: Budget) -> Result<(), Stop> {
        let seen = input.sample(PixelFormat::Gray8, None, Some(SMALL));
        let bytes = seen.len() as f64;
        let brightness = seen.iter().map(|luma| f64::from(*luma)).sum::<f64>() / bytes / 2.55;
        let change = BEFORE.with_borrow_mut(|before| {
            let change: u32 = seen.iter().zip(before.iter()).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
            *before = seen;
            f64::from(change) / bytes / 2.55
        });
        let put = || {
            out.put("brightness", &Value::Number(tenths(brightness)))?;
            out.put("change", &Value::Number(tenths(change)))?;
            if SCENE.get() == 0 || change >= CUT.get() as f64 {
                SCENE.set(SCENE.get() + 1);
                let (scene, since) = (SCENE.get(), input.info().pts_us);
                log(Level::Info, &format!("scene {scene}"));
                out.put("scene", &Value::Json(format!("{{\"scene\":{scene},\"since_us\":{since}}}")))?;
            }
            Ok(())
        };
        put().map_err(Stop::Failed)
    }
}

fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

export!(Watch);
