//! The moving pattern: plain waves, whose plane is bent by slower waves before they are drawn on it.

use crate::lanes::{Lanes, WIDE};

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

    /// Colour and light, both from -1 to 1, of the pixels from `x` on in the row `y`.
    pub fn at(&self, x: u32, y: u32) -> (Lanes, Lanes) {
        let column = |i: usize| (x + i as u32) as f32;
        let mut across = Lanes(std::array::from_fn::<_, WIDE, _>(|i| (column(i) - self.middle.0) * self.unit));
        let mut along = Lanes::all((y as f32 - self.middle.1) * self.unit);
        for Bend { frequency, push, angles } in &self.bends[..self.count] {
            across = across + (along * *frequency + Lanes::all(angles[0])).sine() * *push;
            along = along + (across * *frequency + Lanes::all(angles[1])).sine() * *push;
        }
        let color = ((across + along) * 0.35 + Lanes::all(self.angles[0])).sine();
        let light = ((across - along) * 0.5 + Lanes::all(self.angles[1])).sine();
        (color, light)
    }
}
