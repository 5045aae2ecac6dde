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
            result.clone_from(&pixels);
            let (luma, chroma) = result.split_at_mut(width * height);
            if !OVERLAY.get() {
                luma.fill(16);
                chroma.fill(128);
            }
            let threshold = THRESHOLD.get() as i16;
            for row in 1..height.saturating_sub(1) {
                let line = |row: usize| &pixels[row * width..][..width];
                sobel(line(row - 1), line(row), line(row + 1), &mut luma[row * width..][..width], threshold);
            }
            out.pixels(size, PixelFormat::I420, result).map_err(Stop::Failed)
        })
    }
}

/// Writes bright pixels where the gradient of the middle line, |Gx| + |Gy| over 4, reaches `threshold`.
fn sobel(above: &[u8], line: &[u8], below: &[u8], to: &mut [u8], threshold: i16) {
    let width = to.len();
    if width < 3 {
        return;
    }
    // Slices of one length let the loop run in vectors: left, middle and right neighbours.
    let n = width - 2;
    let (a0, a1, a2) = (&above[..n], &above[1..][..n], &above[2..][..n]);
    let (l0, l2) = (&line[..n], &line[2..][..n]);
    let (b0, b1, b2) = (&below[..n], &below[1..][..n], &below[2..][..n]);
    let to = &mut to[1..][..n];
    for i in 0..n {
        let of = |side: &[u8]| side[i] as i16;
        let x = of(a2) + 2 * of(l2) + of(b2) - of(a0) - 2 * of(l0) - of(b0);
        let y = of(b0) + 2 * of(b1) + of(b2) - of(a0) - 2 * of(a1) - of(a2);
        let strength = (x.abs() + y.abs()) >> 2;
        to[i] = if strength >= threshold { (16 + strength).min(235) as u8 } else { to[i] };
    }
}

export!(Edges);
