//! Generates moving bands of colour and reports how far they have moved.

mod effect;

use framebox_handler::{About, Generator, Image, Tick, OutputKind, Result, Size, parameters};

// The parameters, shown as controls on the page.
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

    /// Describes the handler to the page: its title and an output.
    fn about() -> About {
        About::new("{{name}}", "Moving bands of colour").output("moved", "Moved", OutputKind::Number).unit("px")
    }

    /// Called for each frame, with the time since the stream began, in microseconds.
    fn next(&mut self, frame: &Tick<Settings>) -> Result {
        self.moved += (frame.now_us - self.last_us) * frame.settings.speed;
        self.last_us = frame.now_us;
        let pixels = self.moved / 1_000_000;
        let size = Size { width: effect::WIDTH as u32, height: effect::HEIGHT as u32 };
        frame.show(&Image::new(size, effect::draw(pixels as u64)))?;
        frame.put("moved", pixels)
    }
}

framebox_handler::export!(generator Handler);
