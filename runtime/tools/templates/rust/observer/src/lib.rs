//! Reports the brightness of the video.

mod effect;

use framebox_handler::{About, Observer, OutputKind, Result, ObservedFrame, Size, parameters};

// The parameters, shown as controls on the page.
parameters! {
    pub struct Settings {
        interval: i64 = integer("Interval", 100..=5000, 500).step(100.0).unit("ms"),
    }
}

#[derive(Default)]
pub struct Handler {
    /// Time of the next value.
    due_us: i64,
}

impl Observer for Handler {
    type Settings = Settings;

    /// Describes the handler to the page: its title and an output.
    fn about() -> About {
        About::new("{{name}}", "Reports the brightness of the video").output("brightness", "Brightness", OutputKind::Gauge)
    }

    /// Called for each frame.
    fn observe(&mut self, frame: &ObservedFrame<Settings>) -> Result {
        let now_us = frame.info().pts_us;
        if now_us < self.due_us {
            return Ok(());
        }
        self.due_us = now_us + frame.settings.interval * 1000;
        // A small copy is enough, and costs a fraction of the whole picture.
        let gray = frame.gray(Size { width: 64, height: 36 });
        frame.put("brightness", effect::brightness(&gray))
    }
}

framebox_handler::export!(observer Handler);
