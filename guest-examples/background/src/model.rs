//! What the background looks like, learned from pictures of it, and what in a picture is not it.
//!
//! Everything happens on a small copy of the picture, a point for each cell of `CELL` × `CELL` pixels: the mean of that
//! many pixels has hardly any noise, and there are 64 times fewer of them. Whole numbers only.

/// Side of a cell, pixels.
pub const CELL: usize = 8;
/// Frames from which the background is learned.
pub const LESSONS: u32 = 30;
/// Of a point's mean and variance, what one is worth.
const ONE: i32 = 64;
/// How slowly points of the background follow what is seen there, for light that changes: a part of this many.
const SLOWLY: i32 = 48;

/// One point of the small copy: luma and colour differences.
pub type Point = [i32; 3];

#[derive(Clone, Copy, Default)]
struct Known {
    /// In parts of `ONE`.
    mean: Point,
    /// Of all three together, in parts of `ONE`.
    variance: i32,
}

/// The background.
#[derive(Default)]
pub struct Model {
    known: Vec<Known>,
    width: usize,
    lessons: u32,
    /// How much each point belongs to the foreground, 0 to 256, in the picture before.
    before: Vec<i32>,
}

impl Model {
    /// Forgets everything.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Frames that are still needed to learn the background.
    pub fn lessons_left(&self) -> u32 {
        LESSONS - self.lessons
    }

    /// How much each of the `points`, in rows of `width`, belongs to the foreground: 0 to 256. All of it does while the
    /// background is learned. `threshold` is how far a point has to be from the background, levels.
    pub fn foreground(&mut self, points: &[Point], width: usize, threshold: i32) -> Vec<i32> {
        if (self.known.len(), self.width) != (points.len(), width) {
            self.reset();
            self.known = vec![Known::default(); points.len()];
            self.before = vec![0; points.len()];
            self.width = width;
        }
        if self.lessons < LESSONS {
            self.lessons += 1;
            let share = self.lessons as i32;
            self.known.iter_mut().zip(points).for_each(|(known, point)| known.learn(*point, share));
            return vec![256; points.len()];
        }
        let light = self.light(points);
        let raw = self.known.iter().zip(points).map(|(known, point)| known.other(*point, light, threshold));
        let mut mask = smooth(&raw.collect::<Vec<_>>(), width);
        // Half of its neighbourhood makes a point foreground; single ones vanish, small holes close.
        mask.iter_mut().for_each(|value| *value = ((*value - 96) * 4).clamp(0, 256));
        let grown = spread(&spread(&mask, width, i32::max), width, i32::max);
        mask = spread(&spread(&grown, width, i32::min), width, i32::min);
        for ((known, point), mask) in self.known.iter_mut().zip(points).zip(&mask) {
            if *mask == 0 {
                known.learn(*point, SLOWLY);
            }
        }
        // What leaves fades: an edge that flickers is seen more than one that lags.
        for (now, before) in mask.iter_mut().zip(&mut self.before) {
            *now = (*now).max(*before * 3 / 4);
            *before = *now;
        }
        smooth(&mask, width)
    }

    /// By how much the camera made all of the picture brighter, levels: cameras do when somebody comes into it. It is
    /// the median, which does not care what the foreground looks like.
    fn light(&self, points: &[Point]) -> i32 {
        let mut counts = [0_usize; 511];
        for (known, point) in self.known.iter().zip(points) {
            counts[(point[0] - known.mean[0] / ONE + 255).clamp(0, 510) as usize] += 1;
        }
        let mut below = 0;
        let median = counts.iter().position(|count| {
            below += count;
            below * 2 >= points.len()
        });
        // More than that is no camera that adapts.
        (median.unwrap_or(255) as i32 - 255).clamp(-40, 40)
    }
}

impl Known {
    /// Moves towards `point` by one part of `share`.
    fn learn(&mut self, point: Point, share: i32) {
        let mut off = 0;
        for (mean, value) in self.mean.iter_mut().zip(point) {
            let difference = value * ONE - *mean;
            *mean += difference / share;
            off += (difference / ONE).pow(2);
        }
        // The first picture tells nothing of how much they differ.
        if share > 1 {
            self.variance += (off.min(4000) * ONE - self.variance) / share;
        }
    }

    /// How much `point` is something else: 0 to 256.
    fn other(&self, point: Point, light: i32, threshold: i32) -> i32 {
        let [y, u, v] = [0, 1, 2].map(|i| point[i] - self.mean[i] / ONE);
        let y = y - light;
        // A shadow changes luma and hardly colour, so colour counts more.
        let distance = y * y + 3 * (u * u + v * v);
        let least = (threshold * threshold + 6 * self.variance / ONE).max(1);
        ((distance - least) * 256 / least).clamp(0, 256)
    }
}

/// The mean of each value and its eight neighbours.
pub fn smooth(values: &[i32], width: usize) -> Vec<i32> {
    let sums = spread(values, width, |a, b| a + b);
    sums.into_iter().map(|sum| (sum + 4) / 9).collect()
}

/// Each value with its eight neighbours, by `join`; beyond the edge the values go on as they are at it.
fn spread(values: &[i32], width: usize, join: impl Fn(i32, i32) -> i32) -> Vec<i32> {
    let height = values.len() / width;
    let mut across = Vec::with_capacity(values.len());
    for row in values.chunks_exact(width) {
        let side = |x: usize| join(row[x.saturating_sub(1)], row[(x + 1).min(width - 1)]);
        across.extend((0..width).map(|x| join(row[x], side(x))));
    }
    let mut result = Vec::with_capacity(values.len());
    for y in 0..height {
        let [above, row, below] =
            [y.saturating_sub(1), y, (y + 1).min(height - 1)].map(|y| &across[y * width..][..width]);
        result.extend((0..width).map(|x| join(row[x], join(above[x], below[x]))));
    }
    result
}
