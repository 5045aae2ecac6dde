//! Inverts the picture in its native planes, without conversion.

use framebox_handler::{About, Frame, Result, Transform, parameters};

parameters! {
    struct Settings {
        strength: i16 = integer("Strength", 0..=100, 100)
            .unit("%")
            .help("0 % is the original, 50 % plain gray, 100 % the negative."),
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
        // 0 is the original, 256 the negative.
        let strength = (i32::from(frame.settings.strength) * 256 / 100) as i16;
        let mut picture = frame.i420();
        // Luma is 16 to 235, chroma is centred on 128 (BT.601, limited range).
        for (plane, sum) in picture.planes().into_iter().zip([16 + 235, 256, 256]) {
            invert(plane.bytes, sum, strength);
        }
        frame.show(&picture)
    }
}

/// Blends each byte with `sum` minus itself.
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
