//! Fewer levels of each colour.

pub mod levels;

use framebox_handler::{About, Frame, Image, OutputKind, Result, Transform, parameters, pixel};
use levels::Levels;

parameters! {
    /// The parameters.
    pub struct Settings {
        levels: u32 = integer("Levels", 2..=16, 4),
    }
}

/// The handler.
#[derive(Default)]
pub struct Posterize(Levels);

impl Transform for Posterize {
    type Settings = Settings;

    fn about() -> About {
        About::new("Posterize", "Fewer levels of each colour").output(
            "mean-brightness",
            "Mean brightness",
            OutputKind::Gauge,
        )
    }

    fn configured(&mut self, settings: &Settings) -> Result<(), String> {
        self.0 = Levels::new(settings.levels);
        Ok(())
    }

    fn process(&mut self, frame: &Frame<Settings>) -> Result {
        let mut image = frame.image();
        frame.put("mean-brightness", brightness(&image))?;
        self.0.apply(image.bytes_mut());
        frame.show(&image)
    }
}

/// Returns the mean brightness of every 8th pixel of every 8th row, 0 to 255.
fn brightness(image: &Image) -> u32 {
    let width = image.size().width as usize * 4;
    let rows = image.bytes().chunks_exact(width.max(1)).step_by(8);
    let lights = rows.flat_map(|row| row.as_chunks().0.iter().step_by(8)).map(|at| u32::from(pixel::light(*at)));
    let (sum, count) = lights.fold((0, 0), |(sum, count), light| (sum + light, count + 1));
    sum / count.max(1)
}

framebox_handler::export!(Posterize);
