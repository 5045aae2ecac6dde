//! Mirrors the picture in its native planes, without conversion. Uses the interface directly, without the crate of the other
//! handlers in Rust.

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
            summary: "Mirrors the picture horizontally, vertically, or both.".into(),
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
                    _ => return Err(format!("unknown direction {direction}")),
                }),
                _ => return Err(format!("unknown parameter {id}")),
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
        for (plane, width) in planes(&mut pixels, size) {
            match DIRECTION.get() {
                Direction::Horizontal => plane.chunks_exact_mut(width).for_each(<[u8]>::reverse),
                Direction::Vertical => upside_down(plane, width),
                // Reversing all bytes reverses the rows and each row.
                Direction::Both => plane.reverse(),
            }
        }
        out.pixels(size, PixelFormat::I420, &pixels).map_err(Stop::Failed)
    }
}

/// Splits a picture of `size` into Y, U and V, each with its width.
fn planes(pixels: &mut [u8], size: Size) -> [(&mut [u8], usize); 3] {
    let (width, height) = (size.width as usize, size.height as usize);
    let (columns, rows) = (width.div_ceil(2), height.div_ceil(2));
    let (y, rest) = pixels.split_at_mut(width * height);
    let (u, v) = rest.split_at_mut(columns * rows);
    [(y, width), (u, columns), (v, columns)]
}

/// Mirrors a plane with rows of `width` vertically.
fn upside_down(plane: &mut [u8], width: usize) {
    let rows = plane.len() / width;
    let (top, bottom) = plane.split_at_mut(rows / 2 * width);
    for (a, b) in top.chunks_exact_mut(width).zip(bottom.rchunks_exact_mut(width)) {
        a.swap_with_slice(b);
    }
}

export!(Flip);
