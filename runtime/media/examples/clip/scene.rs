//! The scene. The period of all motion is the clip's length, so that the end joins the beginning.

use std::f32::consts::TAU;

use framebox_picture::Size;

type Colour = [f32; 3];

/// Colours of the sky at its top and at the horizon, and of the hills, at dawn, noon, dusk and midnight.
const HOURS: [[Colour; 3]; 4] = [
    [[0.32, 0.38, 0.62], [0.98, 0.72, 0.55], [0.24, 0.25, 0.38]],
    [[0.22, 0.50, 0.86], [0.76, 0.90, 0.97], [0.16, 0.40, 0.30]],
    [[0.30, 0.20, 0.45], [0.99, 0.53, 0.30], [0.22, 0.15, 0.28]],
    [[0.03, 0.05, 0.14], [0.13, 0.18, 0.34], [0.04, 0.06, 0.12]],
];
/// Ridges, farthest first.
const RIDGES: usize = 5;

/// Draws the RGB pixels at the time `t`, 0–1 of the clip.
pub fn draw(size: Size, t: f32) -> Vec<u8> {
    let (width, height) = (size.width as f32, size.height as f32);
    let scene = Scene::new(t, width / height);
    (0..size.height)
        .flat_map(|row| (0..size.width).map(move |column| (column, row)))
        .flat_map(|(column, row)| {
            let (x, y) = ((column as f32 + 0.5) / height, (row as f32 + 0.5) / height);
            scene.at(x, y).map(|channel| (channel.clamp(0.0, 1.0) * 255.0).round() as u8)
        })
        .collect()
}

/// The scene at one time. Lengths are in picture heights from the top left corner.
struct Scene {
    t: f32,
    width: f32,
    colours: [Colour; 3],
    /// 0 by day, 1 by night.
    night: f32,
    sun: (f32, f32),
    moon: (f32, f32),
    balloon: (f32, f32),
    birds: Vec<(f32, f32, f32)>,
}

impl Scene {
    fn new(t: f32, width: f32) -> Self {
        let hour = t * 4.0;
        let (from, to) = (HOURS[hour as usize % 4], HOURS[(hour as usize + 1) % 4]);
        let colours = [0, 1, 2].map(|part| mix(from[part], to[part], smooth(0.0, 1.0, hour.fract())));
        let orbit = |turn: f32| {
            let angle = TAU * turn;
            (width * (0.5 - 0.42 * angle.cos()), 0.62 - 0.50 * angle.sin())
        };
        let birds = (0..5).map(|bird| {
            let bird = bird as f32;
            let x = (t + 0.05 * bird).fract() * (width + 0.4) - 0.2;
            let y = 0.26 + 0.025 * (bird - 2.0).abs() + 0.02 * (TAU * (2.0 * t + 0.1 * bird)).sin();
            (x, y, (TAU * (14.0 * t + 0.23 * bird)).sin())
        });
        Self {
            t,
            width,
            colours,
            night: smooth(0.15, -0.35, (TAU * t).sin()),
            sun: orbit(t),
            moon: orbit(t + 0.5),
            balloon: (width * (0.66 + 0.10 * (TAU * t).sin()), 0.36 + 0.05 * (TAU * 2.0 * t).cos()),
            birds: birds.collect(),
        }
    }

    fn at(&self, x: f32, y: f32) -> Colour {
        let [zenith, horizon, hills] = self.colours;
        let mut colour = mix(zenith, horizon, smooth(0.0, 0.72, y));
        colour = add(colour, [1.0, 1.0, 0.95], self.night * star(x, y));
        let (sun, moon) = (distance((x, y), self.sun), distance((x, y), self.moon));
        colour = add(colour, [1.0, 0.62, 0.30], 0.55 * (1.0 - self.night) * (-sun * 5.0).exp());
        colour = mix(colour, [1.0, 0.95, 0.80], smooth(0.062, 0.057, sun));
        let crescent = smooth(0.047, 0.043, moon) * smooth(0.038, 0.042, distance((x + 0.022, y + 0.008), self.moon));
        colour = mix(colour, [0.93, 0.94, 0.99], self.night * crescent);
        for &bird in &self.birds {
            colour = mix(colour, hills, 0.8 * wings(x, y, bird));
        }
        for ridge in 0..RIDGES {
            if ridge == 2 {
                colour = self.fly(x, y, colour);
            }
            let near = (ridge + 1) as f32 / RIDGES as f32;
            let top = self.ridge(ridge, x);
            // Far hills fade into the horizon, and mist lies in front of each.
            let mist = mix(horizon, hills, near * near * 0.35);
            let ground = mix(mix(horizon, hills, 0.25 + 0.75 * near), mist, smooth(0.0, 0.30, y - top));
            colour = mix(colour, ground, smooth(-0.0015, 0.0015, y - top));
        }
        colour
    }

    /// Where a ridge is at `x`. Near ones pass faster, by whole widths a clip.
    fn ridge(&self, number: usize, x: f32) -> f32 {
        let ridge = number as f32;
        let turn = TAU * (x / self.width + self.t * ridge.min(2.0));
        let hills = (turn + ridge * 2.1).sin() * 0.045 + (2.0 * turn + ridge * 1.3).sin() * 0.028;
        let bumps = (5.0 * turn + ridge).sin() * 0.010 + (9.0 * turn + ridge * 4.0).sin() * 0.005;
        0.56 + 0.082 * ridge + (hills + bumps) * (1.15 - 0.13 * ridge)
    }

    /// The balloon in front of `behind`.
    fn fly(&self, x: f32, y: f32, behind: Colour) -> Colour {
        let (x, y) = (x - self.balloon.0, y - self.balloon.1);
        let light = 1.0 - 0.62 * self.night;
        // Narrower towards the basket.
        let radius = 0.105 * (1.0 - 0.42 * smooth(0.0, 0.15, y));
        let around = (x * x / (radius * radius) + y * y / (0.125 * 0.125)).sqrt();
        let stripe = ((x / radius).clamp(-1.0, 1.0).asin() * 3.6 + 0.9).sin() > 0.0;
        let fabric = if stripe { [0.95, 0.35, 0.22] } else { [0.99, 0.86, 0.52] };
        let shade = light * (0.78 + 0.30 * smooth(0.9, -0.7, x / radius));
        let mut colour = mix(behind, fabric.map(|channel| channel * shade), smooth(1.015, 0.985, around));
        let rope = smooth(0.003, 0.0015, (x.abs() - 0.021).abs()) * within(y, 0.118, 0.160);
        colour = mix(colour, [0.25, 0.18, 0.14], rope);
        let basket = within(x, -0.026, 0.026) * within(y, 0.157, 0.188);
        colour = mix(colour, [0.45, 0.29, 0.16].map(|channel| channel * light), basket);
        // The burner is lit now and then, which shows at night.
        let flame = smooth(0.2, 1.0, (TAU * 5.0 * self.t).sin()) * (-(x * x + (y - 0.09) * (y - 0.09)) * 260.0).exp();
        add(colour, [1.0, 0.70, 0.25], flame * (0.25 + 0.6 * self.night) * smooth(1.015, 0.985, around))
    }
}

/// Two strokes that meet in the middle; `beat` is where the wings are, −1–1.
fn wings(x: f32, y: f32, (at, height, beat): (f32, f32, f32)) -> f32 {
    let (x, y) = ((x - at).abs(), y - height);
    let wing = -x * (0.35 + 0.45 * beat) + x * x * 12.0;
    smooth(0.0035, 0.001, (y - wing).abs()) * smooth(0.030, 0.026, x)
}

/// A fixed star, if one is here.
fn star(x: f32, y: f32) -> f32 {
    let (column, row) = ((x * 14.0).floor(), (y * 14.0).floor());
    let hash = |seed: f32| ((column * 12.99 + row * 78.23 + seed).sin() * 43_758.547).rem_euclid(1.0);
    let place = ((column + 0.2 + 0.6 * hash(1.0)) / 14.0, (row + 0.2 + 0.6 * hash(2.0)) / 14.0);
    let bright = smooth(0.45, 1.0, hash(3.0)) * smooth(0.62, 0.30, y);
    bright * smooth(0.0032, 0.0008, distance((x, y), place))
}

fn distance(a: (f32, f32), b: (f32, f32)) -> f32 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// 0 at `from`, 1 at `to`, smoothly between; either may be the larger.
fn smooth(from: f32, to: f32, value: f32) -> f32 {
    let part = ((value - from) / (to - from)).clamp(0.0, 1.0);
    part * part * (3.0 - 2.0 * part)
}

fn within(value: f32, low: f32, high: f32) -> f32 {
    smooth(low - 0.0015, low + 0.0015, value) * smooth(high + 0.0015, high - 0.0015, value)
}

fn mix(from: Colour, to: Colour, part: f32) -> Colour {
    [0, 1, 2].map(|channel| from[channel] + (to[channel] - from[channel]) * part)
}

fn add(colour: Colour, light: Colour, amount: f32) -> Colour {
    [0, 1, 2].map(|channel| colour[channel] + light[channel] * amount)
}
