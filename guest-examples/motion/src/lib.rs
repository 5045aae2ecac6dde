//! Draws boxes around movement, detected on a small gray copy of the picture.

use framebox_handler::{About, Color, Frame, OutputKind, Rect, Result, Size, Transform, parameters};

mod boxes;

/// Width of the copy on which movement is detected, pixels.
const WIDTH: u32 = 160;
/// Thickness of a box's outline, pixels.
const LINE: u32 = 4;

parameters! {
    struct Settings {
        sensitivity: u8 = integer("Sensitivity", 0..=100, 50)
            .unit("%")
            .help("Higher values detect fainter movement, and more noise."),
        color: Color = color("Colour of the boxes", 0x00dc5a),
    }
}

#[derive(Default)]
struct Motion {
    /// The copy of the previous frame.
    before: Vec<u8>,
}

impl Transform for Motion {
    type Settings = Settings;

    fn about() -> About {
        About::new("Motion", "Draws boxes around movement and reports the moving share of the picture.")
            .output("area", "Moving area", OutputKind::Gauge)
            .unit("%")
            .output("count", "Moving objects", OutputKind::Number)
    }

    fn process(&mut self, frame: &Frame<Settings>) -> Result {
        let size = frame.size();
        let width = WIDTH.min(size.width);
        let small = Size { width, height: (size.height * width / size.width).max(1) };
        let now = frame.gray(small);
        // The minimum change is 64 of 255 at 0 %, and 4 at 100 %.
        let threshold = 64 - (u32::from(frame.settings.sensitivity) * 60 / 100) as u8;
        let known = self.before.len() == now.len();
        let moving: Vec<bool> =
            now.iter().enumerate().map(|(i, byte)| known && byte.abs_diff(self.before[i]) > threshold).collect();
        self.before = now;
        let found = boxes::find(&moving, small.width as usize);
        frame.pass()?;
        for part in &found {
            let (x, right) = on_picture(part.left, part.right, small.width, size.width);
            let (y, bottom) = on_picture(part.top, part.bottom, small.height, size.height);
            frame.outline(Rect { x, y, width: right - x, height: bottom - y }, frame.settings.color, LINE)?;
        }
        let area = moving.iter().filter(|moving| **moving).count() as f64 * 100.0 / moving.len() as f64;
        frame.put("area", (area * 10.0).round() / 10.0)?;
        frame.put("count", found.len())
    }
}

/// Converts a range of the copy's `small` pixels to the picture's, with even ends, so that colours are sharp.
fn on_picture(from: u32, to: u32, small: u32, whole: u32) -> (u32, u32) {
    let from = (from * whole / small) & !1;
    (from, (to * whole / small).next_multiple_of(2).min(whole))
}

framebox_handler::export!(Motion);
