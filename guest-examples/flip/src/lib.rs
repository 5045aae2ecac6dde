//! Mirrors the picture, in the planes that the camera gave: no conversion at all.

wit_bindgen::generate!({ world: "video-handler", path: "../../wit" });

use std::cell::Cell;

use exports::framebox::video::{lifecycle, transform};
use framebox::video::media::{Frame, Output};
use framebox::video::types::*;

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Horizontal,
    Vertical,
    Both,
}

thread_local! {
    static DIRECTION: Cell<Direction> = const { Cell::new(Direction::Horizontal) };
}

struct Flip;

impl lifecycle::Guest for Flip {
    fn describe() -> Descriptor {
        let option = |id: &str, label: &str| Choice { id: id.into(), label: label.into() };
        Descriptor {
            title: "Flip".into(),
            summary: "Mirrors the picture, turns it upside down, or both.".into(),
            parameters: vec![Parameter {
                id: "direction".into(),
                label: "Direction".into(),
                help: None,
                group: None,
                kind: ParameterKind::Choice(ChoiceSpec {
                    options: vec![
                        option("horizontal", "Left and right"),
                        option("vertical", "Top and bottom"),
                        option("both", "Both"),
                    ],
                    default: "horizontal".into(),
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
                ("direction", Value::Text(direction)) => DIRECTION.set(match direction.as_str() {
                    "horizontal" => Direction::Horizontal,
                    "vertical" => Direction::Vertical,
                    "both" => Direction::Both,
                    _ => return Err(format!("{direction} is no direction")),
                }),
                _ => return Err(format!("{id} is not known")),
            }
        }
        Ok(())
    }

    fn close() {}
}

impl transform::Guest for Flip {
    fn process(input: &Frame, out: &Output, _budget: Budget) -> Result<(), Stop> {
        let size = input.info().size;
        let mut pixels = input.pixels(PixelFormat::I420);
        for (plane, width) in common::I420::new(size.width, size.height).planes(&mut pixels) {
            match DIRECTION.get() {
                Direction::Horizontal => plane.chunks_exact_mut(width).for_each(<[u8]>::reverse),
                Direction::Vertical => common::upside_down(plane, width),
                // All bytes in reverse are all rows in reverse, each reversed.
                Direction::Both => plane.reverse(),
            }
        }
        out.pixels(size, PixelFormat::I420, &pixels).map_err(Stop::Failed)
    }
}

export!(Flip);
