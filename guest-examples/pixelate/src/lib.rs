//! Blocks of one colour each.

wit_bindgen::generate!({ world: "video-handler", path: "../../wit" });

use std::cell::{Cell, RefCell};

use exports::framebox::video::{lifecycle, transform};
use framebox::video::media::{Frame, Output};
use framebox::video::types::*;

thread_local! {
    static BLOCK: Cell<usize> = const { Cell::new(16) };
    /// Sums of columns of at most 64 bytes, kept from frame to frame.
    static SUMS: RefCell<Vec<u16>> = const { RefCell::new(Vec::new()) };
}

struct Pixelate;

impl lifecycle::Guest for Pixelate {
    fn describe() -> Descriptor {
        Descriptor {
            title: "Pixelate".into(),
            summary: "Makes the picture of blocks of one colour.".into(),
            parameters: vec![Parameter {
                id: "block".into(),
                label: "Block size".into(),
                help: None,
                group: None,
                kind: ParameterKind::Integer(IntegerSpec {
                    min: 2,
                    max: 64,
                    step: 2,
                    default: 16,
                    unit: Some("px".into()),
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
                ("block", Value::Integer(block)) => BLOCK.set(block.clamp(2, 64) as usize & !1),
                _ => return Err(format!("{id} is not known")),
            }
        }
        Ok(())
    }

    fn close() {}
}

impl transform::Guest for Pixelate {
    fn process(input: &Frame, out: &Output, _budget: Budget) -> Result<(), Stop> {
        let size = input.info().size;
        let mut pixels = input.pixels(PixelFormat::I420);
        let [luma, u, v] = common::I420::new(size.width, size.height).planes(&mut pixels);
        // Colour planes have half the resolution, and so half the block.
        for ((plane, width), block) in [(luma, BLOCK.get()), (u, BLOCK.get() / 2), (v, BLOCK.get() / 2)] {
            for rows in plane.chunks_mut(width * block) {
                average(rows, width, block);
            }
        }
        out.pixels(size, PixelFormat::I420, &pixels).map_err(Stop::Failed)
    }
}

/// Gives each block of a band of rows the mean of its bytes.
fn average(rows: &mut [u8], width: usize, block: usize) {
    SUMS.with_borrow_mut(|sums| {
        sums.clear();
        sums.resize(width, 0);
        for row in rows.chunks_exact(width) {
            for (sum, byte) in sums.iter_mut().zip(row) {
                *sum += *byte as u16;
            }
        }
        let height = rows.len() / width;
        let (first, rest) = rows.split_at_mut(width);
        for (bytes, sums) in first.chunks_mut(block).zip(sums.chunks(block)) {
            let count = (bytes.len() * height) as u32;
            bytes.fill(((sums.iter().map(|sum| *sum as u32).sum::<u32>() + count / 2) / count) as u8);
        }
        for row in rest.chunks_exact_mut(width) {
            row.copy_from_slice(first);
        }
    });
}

export!(Pixelate);
