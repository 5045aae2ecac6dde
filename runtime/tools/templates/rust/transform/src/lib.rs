//! Inverts the brightness of pixels above a threshold, and reports their share of the picture.

mod effect;

use framebox_handler::{About, Frame, OutputKind, Result, Transform, parameters};

// The parameters, shown as controls on the page.
parameters! {
    pub struct Settings {
        threshold: u8 = integer("Threshold", 16..=235, 128),
    }
}

#[derive(Default)]
pub struct Handler;

impl Transform for Handler {
    type Settings = Settings;

    /// Describes the handler to the page: its title and an output.
    fn about() -> About {
        About::new("{{name}}", "Inverts bright pixels").output("share", "Inverted", OutputKind::Gauge).unit("%")
    }

    /// Called for each frame.
    fn process(&mut self, frame: &Frame<Settings>) -> Result {
        // The native format of video: the brightness of each pixel, then the colours at half the width and height.
        let mut picture = frame.i420();
        let [luma, ..] = picture.planes();
        let share = effect::solarize(luma.bytes, frame.settings.threshold);
        frame.show(&picture)?;
        frame.put("share", share)
    }
}

framebox_handler::export!(Handler);
