//! Reports brightness, change and scenes, and sends no video back.

use framebox_handler::{About, Json, Level, ObservedFrame, Observer, OutputKind, Result, Size, log, parameters};

/// Size of the copy that is analysed, pixels.
const SMALL: Size = Size { width: 64, height: 36 };

parameters! {
    struct Settings {
        cut: u8 = integer("Change that starts a new scene", 1..=100, 25).unit("%"),
    }
}

#[derive(Default)]
struct Watch {
    scene: u64,
    /// The copy of the previous frame.
    before: Vec<u8>,
}

impl Observer for Watch {
    type Settings = Settings;

    fn about() -> About {
        About::new("Watch", "Reports brightness, change and scenes. Sends no video back.")
            .output("brightness", "Brightness", OutputKind::Gauge)
            .unit("%")
            .output("change", "Change", OutputKind::Plot)
            .unit("%")
            .output("scene", "Scene", OutputKind::Json)
    }

    fn observe(&mut self, frame: &ObservedFrame<Settings>) -> Result {
        let seen = frame.gray(SMALL);
        let bytes = seen.len() as f64;
        let brightness = seen.iter().map(|luma| f64::from(*luma)).sum::<f64>() / bytes / 2.55;
        let change: u32 = seen.iter().zip(&self.before).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
        let change = f64::from(change) / bytes / 2.55;
        self.before = seen;
        frame.put("brightness", tenths(brightness))?;
        frame.put("change", tenths(change))?;
        if self.scene == 0 || change >= f64::from(frame.settings.cut) {
            self.scene += 1;
            let (scene, since) = (self.scene, frame.info().pts_us);
            log(Level::Info, &format!("scene {scene}"));
            frame.put("scene", Json(format!("{{\"scene\":{scene},\"since_us\":{since}}}")))?;
        }
        Ok(())
    }
}

fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

framebox_handler::export!(observer Watch);
