//! A generator that computes its video from arithmetic alone.

use common::Clock;
use field::{Field, MOST_BENDS};
use framebox_handler::{About, Generator, I420, OutputKind, Result, Size, Tick, parameters};
use palette::{COLORS, Table};

mod field;
mod palette;

/// Selectable sizes; width and height are even.
const SIZES: [(&str, &str, Size); 3] = [
    ("320x180", "320 × 180", Size { width: 320, height: 180 }),
    ("640x360", "640 × 360", Size { width: 640, height: 360 }),
    ("1280x720", "1280 × 720", Size { width: 1280, height: 720 }),
];

/// Length of a cycle at a speed of 1, µs.
const CYCLE: i64 = 60_000_000;

parameters! {
    struct Settings {
        speed: f64 = number("Speed", 0.0..=4.0, 1.0).step(0.1).unit("×").help("0 stops the movement."),
        palette: String = option("Colours", palette::ALL.map(|(id, label, _)| (id, label)), "aurora")
            .help("The palette."),
        scale: f32 = number("Scale", 0.5..=6.0, 2.0).step(0.1).unit("×").help("Number of waves in the height."),
        detail: usize = integer("Detail", 0..=MOST_BENDS, 4).help("Number of distortions."),
        size: String = option("Size", SIZES.map(|(id, label, _)| (id, label)), "640x360")
            .help("The cost is proportional to the number of pixels."),
    }
}

/// The picture and a row of the pattern are kept so that their memory is reused.
#[derive(Default)]
struct Plasma {
    clock: Clock,
    colors: Table,
    scale: f32,
    detail: usize,
    picture: I420,
    color: Vec<f32>,
    light: Vec<f32>,
}

impl Generator for Plasma {
    type Settings = Settings;

    fn about() -> About {
        About::new("Plasma", "A flowing pattern, computed for each frame without a camera or a file.")
            .output("phase", "Phase of the cycle", OutputKind::Gauge)
            .unit("%")
            .fps(60.0)
    }

    fn configured(&mut self, settings: &Settings) -> Result<(), String> {
        let Settings { speed, palette, scale, detail, size } = settings;
        let (.., stops) =
            palette::ALL.iter().find(|(id, ..)| id == palette).ok_or_else(|| format!("unknown palette {palette}"))?;
        let (.., size) = SIZES.iter().find(|(id, ..)| id == size).ok_or_else(|| format!("unknown size {size}"))?;
        self.clock.set_speed(*speed);
        self.colors.set(stops);
        self.picture.resize(*size);
        (self.scale, self.detail) = (*scale, *detail);
        Ok(())
    }

    fn next(&mut self, frame: &Tick<Settings>) -> Result {
        let phase = self.clock.at(frame.now_us).rem_euclid(CYCLE) as f32 / CYCLE as f32;
        self.draw(phase);
        frame.show(&self.picture)?;
        frame.put("phase", (f64::from(phase) * 1000.0).floor() / 10.0)
    }
}

impl Plasma {
    /// Draws the frame at `phase`.
    fn draw(&mut self, phase: f32) {
        let Size { width, height } = self.picture.size();
        let field = Field::new(width, height, self.scale, self.detail, phase);
        self.color.resize(width as usize, 0.0);
        self.light.resize(width as usize, 0.0);
        // A frame spans a third of the palette to either side; the phase rotates through the rest.
        let turn = phase * (4 * COLORS) as f32;
        let [luma, u, v] = self.picture.planes();
        for (y, luma) in luma.bytes.chunks_exact_mut(luma.width).enumerate() {
            field.row(y, &mut self.color, &mut self.light);
            shade::<1>(luma, 16, &self.colors.y, turn, &self.color, &self.light);
            // A chroma sample is that of the first of its four pixels.
            if y % 2 == 0 {
                let row = y / 2 * u.width..(y / 2 + 1) * u.width;
                shade::<2>(&mut u.bytes[row.clone()], 128, &self.colors.u, turn, &self.color, &self.light);
                shade::<2>(&mut v.bytes[row], 128, &self.colors.v, turn, &self.color, &self.light);
            }
        }
    }
}

/// Writes a row of a plane, a byte for each `STEP` pixels: the entry of the colour in `table`, scaled by the brightness, plus
/// `base`.
fn shade<const STEP: usize>(to: &mut [u8], base: i32, table: &[i16; COLORS], turn: f32, color: &[f32], light: &[f32]) {
    for (to, (color, light)) in to.iter_mut().zip(color.chunks_exact(STEP).zip(light.chunks_exact(STEP))) {
        let (color, light) = (color[0], light[0]);
        let place = (color * (COLORS / 3) as f32 + turn) as i32 as usize % COLORS;
        *to = (base + ((i32::from(table[place]) * (176.0 + light * 80.0) as i32) >> 8)) as u8;
    }
}

framebox_handler::export!(generator Plasma);
