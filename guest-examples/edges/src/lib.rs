//! Edges by the Sobel operator on luma.

wit_bindgen::generate!({ world: "video-handler", path: "../../wit" });

use std::cell::{Cell, RefCell};

use exports::framebox::video::{lifecycle, transform};
use framebox::video::media::{Frame, Output};
use framebox::video::types::*;

thread_local! {
    static THRESHOLD: Cell<u8> = const { Cell::new(40) };
    static OVERLAY: Cell<bool> = const { Cell::new(false) };
    /// Kept from frame to frame.
    static RESULT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Edges;

impl lifecycle::Guest for Edges {
    fn describe() -> Descriptor {
        Descriptor {
            title: "Edges".into(),
            summary: "Outlines by the Sobel operator.".into(),
            parameters: vec![
                Parameter {
                    id: "threshold".into(),
                    label: "Threshold".into(),
                    help: Some("Edges weaker than this are left out.".into()),
                    group: None,
                    kind: ParameterKind::Integer(IntegerSpec { min: 0, max: 255, step: 1, default: 40, unit: None }),
                },
                Parameter {
                    id: "overlay".into(),
                    label: "Over the picture".into(),
                    help: None,
                    group: None,
                    kind: ParameterKind::Toggle(false),
                },
            ],
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
                ("threshold", Value::Integer(threshold)) => THRESHOLD.set(threshold.clamp(0, 255) as u8),
                ("overlay", Value::Boolean(overlay)) => OVERLAY.set(overlay),
                _ => return Err(format!("{id} is not known")),
            }
        }
        Ok(())
    }

    fn close() {}
}

impl transform::Guest for Edges {
    fn process(input: &Frame, out: &Output, _budget: Budget) -> Result<(), Stop> {
        let size = input.info().size;
        let pixels = input.pixels(PixelFormat::I420);
        let (width, height) = (size.width as usize, size.height as usize);
        RESULT.with_borrow_mut(|result| {
            if OVERLAY.get() {
                result.clone_from(&pixels);
            } else {
                result.resize(pixels.len(), 0);
                result[..width * height].fill(16);
                result[width * height..].fill(128);
            }
            let luma = &mut result[..width * height];
            let threshold = THRESHOLD.get() as i16;
            let mut rows = Rows::default();
            for row in 1..height.saturating_sub(1) {
                let line = |row: usize| &pixels[row * width..][..width];
                let to = &mut luma[row * width..][..width];
                rows.sobel([line(row - 1), line(row), line(row + 1)], to, threshold);
            }
            out.pixels(size, PixelFormat::I420, result).map_err(Stop::Failed)
        })
    }
}

/// Rows of intermediate results, kept from row to row. Each step is one loop over slices of equal length, so that it runs
/// in vectors.
#[derive(Default)]
struct Rows {
    /// Above + 2 × line + below.
    sum: Vec<i16>,
    /// Below − above.
    difference: Vec<i16>,
    edges: Vec<u8>,
}

impl Rows {
    /// Writes bright pixels where the gradient of the middle line, |Gx| + |Gy| over 4, reaches `threshold`.
    fn sobel(&mut self, [above, line, below]: [&[u8]; 3], to: &mut [u8], threshold: i16) {
        let width = to.len();
        if width < 3 {
            return;
        }
        self.sum.resize(width, 0);
        self.difference.resize(width, 0);
        self.edges.resize(width - 2, 0);
        for ((((sum, difference), a), l), b) in
            self.sum.iter_mut().zip(&mut self.difference).zip(above).zip(line).zip(below)
        {
            let (a, l, b) = (*a as i16, *l as i16, *b as i16);
            *sum = a + 2 * l + b;
            *difference = b - a;
        }
        let (s, d) = (&self.sum, &self.difference);
        let neighbours = s.iter().zip(&s[2..]).zip(d).zip(&d[1..]).zip(&d[2..]);
        for (edge, ((((s0, s2), d0), d1), d2)) in self.edges.iter_mut().zip(neighbours) {
            let strength = ((s2 - s0).abs() + (d0 + 2 * d1 + d2).abs()) >> 2;
            *edge = if strength >= threshold { (16 + strength).min(235) as u8 } else { 0 };
        }
        for (to, edge) in to[1..].iter_mut().zip(&self.edges) {
            *to = if *edge > 0 { *edge } else { *to };
        }
    }
}

export!(Edges);
