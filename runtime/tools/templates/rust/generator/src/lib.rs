//! Bands of colour that move, and tells how far they came.

mod effect;

use framebox_handler::{About, Generator, Image, Moment, OutputKind, Result, Size, parameters};

// What the page shows: a slider.
parameters! {
    pub struct Settings {
        speed: i64 = integer("Speed", 0..=500, 60).unit("px/s"),
    }
}

#[derive(Default)]
pub struct Handler {
    last_us: i64,
    /// Millionths of a pixel.
    moved: i64,
}

impl Generator for Handler {
    type Settings = Settings;

    /// What the page shows beside it: a number.
    fn about() -> About {
        About::new("{{name}}", "Bands of colour that move").output("moved", "Moved", OutputKind::Number).unit("px")
    }

    /// Called for each frame, with the time since the stream began, in microseconds.
    fn next(&mut self, frame: &Moment<Settings>) -> Result {
        self.moved += (frame.now_us - self.last_us) * frame.settings.speed;
        self.last_us = frame.now_us;
        let pixels = self.moved / 1_000_000;
        let size = Size { width: effect::WIDTH as u32, height: effect::HEIGHT as u32 };
        frame.show(&Image::new(size, effect::draw(pixels as u64)))?;
        frame.put("moved", pixels)
    }
}

framebox_handler::export!(generator Handler);
