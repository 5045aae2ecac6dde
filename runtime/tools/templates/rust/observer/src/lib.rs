//! Looks at the video and tells how bright it is.

mod effect;

use framebox_handler::{About, Observer, OutputKind, Result, Sight, Size, parameters};

// What the page shows: a slider.
parameters! {
    pub struct Settings {
        interval: i64 = integer("Interval", 100..=5000, 500).step(100.0).unit("ms"),
    }
}

#[derive(Default)]
pub struct Handler {
    /// When the next value is.
    due_us: i64,
}

impl Observer for Handler {
    type Settings = Settings;

    /// What the page shows beside it: a gauge.
    fn about() -> About {
        About::new("{{name}}", "How bright it is").output("brightness", "Brightness", OutputKind::Gauge)
    }

    /// Called for each frame.
    fn observe(&mut self, frame: &Sight<Settings>) -> Result {
        let now_us = frame.info().pts_us;
        if now_us < self.due_us {
            return Ok(());
        }
        self.due_us = now_us + frame.settings.interval * 1000;
        // A small copy tells as much as the whole, and costs a fraction.
        let gray = frame.gray(Size { width: 64, height: 36 });
        frame.put("brightness", effect::brightness(&gray))
    }
}

framebox_handler::export!(observer Handler);
