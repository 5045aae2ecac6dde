//! The negative of the picture, in the planes that the camera gave: no conversion at all.

use framebox_handler::{About, Frame, Result, Transform, parameters};

parameters! {
    struct Settings {
        strength: i16 = integer("Strength", 0..=100, 100)
            .unit("%")
            .help("0 % is the picture itself, 50 % is plain gray, 100 % is its negative."),
    }
}

#[derive(Default)]
struct Invert;

impl Transform for Invert {
    type Settings = Settings;

    fn about() -> About {
        About::new("Invert", "The negative of the picture.")
    }

    fn process(&mut self, frame: &Frame<Settings>) -> Result {
        // 0 leaves the picture as it is, 256 is the negative.
        let strength = (i32::from(frame.settings.strength) * 256 / 100) as i16;
        let mut picture = frame.i420();
        // Luma lies within 16 and 235, colour differences around 128 (BT.601, limited range).
        for (plane, sum) in picture.planes().into_iter().zip([16 + 235, 256, 256]) {
            invert(plane.bytes, sum, strength);
        }
        frame.show(&picture)
    }
}

/// Moves each byte towards `sum` minus itself.
fn invert(plane: &mut [u8], sum: i16, strength: i16) {
    if strength == 256 {
        for byte in plane {
            *byte = (sum - *byte as i16).clamp(0, 255) as u8;
        }
    } else {
        for byte in plane {
            let old = *byte as i32;
            *byte = (old + (((sum as i32 - 2 * old) * strength as i32) >> 8)).clamp(0, 255) as u8;
        }
    }
}

framebox_handler::export!(Invert);
