//! The moving pattern: sine waves on a plane that slower waves distort.
//!
//! Each step processes a whole row in a simple loop, which compiles to vector instructions. The loops use only
//! `+`, `-`, `*`, `abs` and `floor`, whose results are bit-identical on every machine, and so are the pictures.

/// Maximum number of distortions.
pub const MOST_BENDS: usize = 8;

/// A distortion: a vertical wave shifts points horizontally, then a horizontal one shifts them vertically.
#[derive(Clone, Copy, Default)]
struct Bend {
    /// Waves per unit of length.
    frequency: f32,
    /// Amplitude of the shift.
    push: f32,
    /// Phases of both waves, turns.
    angles: [f32; 2],
}

/// The pattern of one frame.
pub struct Field {
    bends: [Bend; MOST_BENDS],
    count: usize,
    /// Units of length per pixel.
    unit: f32,
    middle: (f32, f32),
    /// Phases of the drawn waves, turns.
    angles: [f32; 2],
}

impl Field {
    /// Creates the pattern at `phase`, 0 to 1 of its cycle. `scale` is the number of waves in the height.
    pub fn new(width: u32, height: u32, scale: f32, detail: usize, phase: f32) -> Self {
        let count = detail.min(MOST_BENDS);
        let mut bends = [Bend::default(); MOST_BENDS];
        let mut frequency = 0.55;
        for (i, bend) in bends.iter_mut().enumerate() {
            // Whole turns in a cycle, so that it repeats without a jump.
            let turns = [3 + 2 * i, 5 + i].map(|turns| turns as f32);
            let start = i as f32 * 0.37;
            *bend = Bend {
                frequency,
                push: 0.24 / frequency,
                angles: [turns[0] * phase + start, start * 1.7 - turns[1] * phase],
            };
            frequency *= 1.62;
        }
        let unit = scale / height as f32;
        let middle = (width as f32 / 2.0, height as f32 / 2.0);
        Self { bends, count, unit, middle, angles: [2.0 * phase, 0.3 - 3.0 * phase] }
    }

    /// Computes colour and brightness of the pixels in row `y`, both from -1 to 1.
    pub fn row(&self, y: usize, color: &mut [f32], light: &mut [f32]) {
        // The buffers hold the distorted coordinates until the waves are drawn.
        let (across, along) = (color, light);
        for (x, across) in across.iter_mut().enumerate() {
            *across = (x as f32 - self.middle.0) * self.unit;
        }
        along.fill((y as f32 - self.middle.1) * self.unit);
        for Bend { frequency, push, angles } in &self.bends[..self.count] {
            for (across, along) in across.iter_mut().zip(&*along) {
                *across += sine(along * frequency + angles[0]) * push;
            }
            for (along, across) in along.iter_mut().zip(&*across) {
                *along += sine(across * frequency + angles[1]) * push;
            }
        }
        for (a, b) in across.iter_mut().zip(along) {
            (*a, *b) = (sine((*a + *b) * 0.35 + self.angles[0]), sine((*a - *b) * 0.5 + self.angles[1]));
        }
    }
}

/// Returns the sine of an angle in turns: 0.25 gives 1. The error is at most 0.001.
fn sine(turns: f32) -> f32 {
    let turns = turns - turns.floor() - 0.5;
    // A parabola through the zeros and the peaks, then a correction.
    let rough = turns * (16.0 * turns.abs() - 8.0);
    rough * (0.775 + 0.225 * rough.abs())
}
