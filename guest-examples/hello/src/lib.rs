//! The smallest useful handler: tints the picture.

use framebox_handler::{About, Color, Frame, Result, Transform, parameters};

parameters! {
    struct Settings {
        tint: Color = color("Tint", 0xffa000),
        strength: f64 = number("Strength", 0.0..=100.0, 50.0).step(1.0).unit("%"),
    }
}

#[derive(Default)]
struct Hello;

impl Transform for Hello {
    type Settings = Settings;

    fn about() -> About {
        About::new("Hello", "Tints the picture.")
    }

    fn process(&mut self, frame: &Frame<Settings>) -> Result {
        let mut image = frame.image();
        image.tint(frame.settings.tint, (frame.settings.strength * 2.56) as u16);
        frame.show(&image)
    }
}

framebox_handler::export!(Hello);
