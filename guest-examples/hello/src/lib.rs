//! The smallest useful handler: tints the picture.

wit_bindgen::generate!({ world: "video-handler", path: "../../wit" });

use std::cell::Cell;

use exports::framebox::video::{lifecycle, transform};
use framebox::video::media::{Frame, Output};
use framebox::video::types::*;

struct Hello;

thread_local! {
    static TINT: Cell<[u8; 3]> = const { Cell::new([0; 3]) };
    static STRENGTH: Cell<u16> = const { Cell::new(0) }; // 256 is all tint
}

impl lifecycle::Guest for Hello {
    fn describe() -> Descriptor {
        let tint = ParameterKind::Color("#ffa000".into());
        let percent = NumberSpec { min: 0.0, max: 100.0, step: 1.0, default: 50.0, unit: Some("%".into()) };
        let parameters = [("tint", "Tint", tint), ("strength", "Strength", ParameterKind::Number(percent))]
            .map(|(id, label, kind)| Parameter { id: id.into(), label: label.into(), help: None, group: None, kind });
        Descriptor {
            title: "Hello".into(),
            summary: "Tints the picture: the handler of the first steps.".into(),
            parameters: parameters.into(),
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
                ("tint", Value::Text(color)) => {
                    let rgb = u32::from_str_radix(color.trim_start_matches('#'), 16).map_err(|e| e.to_string())?;
                    TINT.set([(rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8]);
                }
                ("strength", Value::Number(percent)) => STRENGTH.set((percent * 2.56) as u16),
                _ => return Err(format!("{id} is not known")),
            }
        }
        Ok(())
    }

    fn close() {}
}

impl transform::Guest for Hello {
    fn process(input: &Frame, out: &Output, _budget: Budget) -> Result<(), Stop> {
        let mut pixels = input.pixels(PixelFormat::Rgba8);
        let ([red, green, blue], strength) = (TINT.get(), STRENGTH.get());
        let tint = [red, green, blue, 255].map(|channel| channel as u16 * strength);
        let mix = |(i, byte): (usize, &mut u8)| *byte = ((*byte as u16 * (256 - strength) + tint[i % 4]) >> 8) as u8;
        // Four pixels at a time, so that the loop runs in vectors.
        let (groups, rest) = pixels.as_chunks_mut::<16>();
        groups.iter_mut().for_each(|group| group.iter_mut().enumerate().for_each(mix));
        rest.iter_mut().enumerate().for_each(mix);
        out.pixels(input.info().size, PixelFormat::Rgba8, &pixels).map_err(Stop::Failed)
    }
}

export!(Hello);
