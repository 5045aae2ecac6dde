//! The moving pattern: plain waves, whose plane is bent by slower waves before they are drawn on it.
//!
//! A row is worked on at once, one step for all of its pixels and then the next: such loops become vector instructions
//! without being told to. They hold only `+`, `-`, `*`, `abs` and `floor`, whose results are the same bits on every
//! machine, and so are the pictures.

/// The most bends.
pub const MOST_BENDS: usize = 8;

/// One bend: a wave across pushes points along, then one along pushes them across.
#[derive(Clone, Copy, Default)]
struct Bend {
    /// Waves in a unit of length.
    frequency: f32,
    /// How far points are pushed.
    push: f32,
    /// Where both waves are, turns.
    angles: [f32; 2],
}

/// The pattern of one frame.
pub struct Field {
    bends: [Bend; MOST_BENDS],
    count: usize,
    /// Units of length in a pixel.
    unit: f32,
    middle: (f32, f32),
    /// Where the waves that are drawn are, turns.
    angles: [f32; 2],
}

impl Field {
    /// The pattern at `phase`, a part of its whole cycle from 0 to 1. `scale` is how many waves fit into the height.
    pub fn new(width: u32, height: u32, scale: f32, detail: usize, phase: f32) -> Self {
        let count = detail.min(MOST_BENDS);
        let mut bends = [Bend::default(); MOST_BENDS];
        let mut frequency = 0.55;
        for (i, bend) in bends.iter_mut().enumerate() {
            // Whole numbers of turns in a cycle, so that its end is its beginning.
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

    /// Colour and light of the pixels of the row `y`, both from -1 to 1.
    pub fn row(&self, y: usize, color: &mut [f32], light: &mut [f32]) {
        // Where each point was pushed to, until the waves are drawn.
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

/// The sine of an angle in turns: 0.25 gives 1. Off by 0.001 at most, which nobody sees.
fn sine(turns: f32) -> f32 {
    let turns = turns - turns.floor() - 0.5;
    // A parabola through the zeros and the peaks, then one more step towards the sine.
    let rough = turns * (16.0 * turns.abs() - 8.0);
    rough * (0.775 + 0.225 * rough.abs())
}
