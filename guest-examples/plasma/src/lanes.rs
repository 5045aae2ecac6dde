//! Several numbers worked on at once. Plain arrays of this length become vector instructions; no intrinsics needed.
//!
//! Only `+`, `-`, `*`, `abs` and `floor`: those give the same bits on every machine, so the pictures do as well.

use std::array::from_fn;
use std::ops::{Add, Mul, Sub};

/// Numbers in a pack: two vectors of WebAssembly.
pub const WIDE: usize = 8;

#[derive(Clone, Copy)]
pub struct Lanes(pub [f32; WIDE]);

impl Lanes {
    pub fn all(value: f32) -> Self {
        Self([value; WIDE])
    }

    /// The sine of angles in turns: 0.25 gives 1. Off by 0.001 at most, which nobody sees.
    pub fn sine(self) -> Self {
        Self(self.0.map(|turns| {
            let turns = turns - turns.floor() - 0.5;
            // A parabola through the zeros and the peaks, then one more step towards the sine.
            let rough = turns * (16.0 * turns.abs() - 8.0);
            rough * (0.775 + 0.225 * rough.abs())
        }))
    }
}

impl Add for Lanes {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(from_fn(|i| self.0[i] + other.0[i]))
    }
}

impl Sub for Lanes {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(from_fn(|i| self.0[i] - other.0[i]))
    }
}

impl Mul<f32> for Lanes {
    type Output = Self;
    fn mul(self, factor: f32) -> Self {
        Self(self.0.map(|value| value * factor))
    }
}
