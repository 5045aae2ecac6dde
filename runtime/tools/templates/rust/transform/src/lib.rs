//! Mirrors the brightness of what is brighter than a threshold, and tells how much of the picture that is.

mod effect;

use framebox_handler::{About, Frame, OutputKind, Result, Transform, parameters};

// What the page shows: a slider.
parameters! {
    pub struct Settings {
        threshold: u8 = integer("Threshold", 16..=235, 128),
    }
}

#[derive(Default)]
pub struct Handler;

impl Transform for Handler {
    type Settings = Settings;

    /// What the page shows beside it: a gauge.
    fn about() -> About {
        About::new("{{name}}", "A negative of what is bright").output("share", "Mirrored", OutputKind::Gauge).unit("%")
    }

    /// Called for each frame.
    fn process(&mut self, frame: &Frame<Settings>) -> Result {
        // As video comes: first the brightness of each pixel, then the colours, at half the width and height.
        let mut picture = frame.i420();
        let [luma, ..] = picture.planes();
        let share = effect::solarize(luma.bytes, frame.settings.threshold);
        frame.show(&picture)?;
        frame.put("share", share)
    }
}

framebox_handler::export!(Handler);
