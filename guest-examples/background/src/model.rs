//! A model of the background, learned from pictures, which finds the foreground.
//!
//! It works on a small copy of the picture, with a point for each cell of `CELL` × `CELL` pixels: the mean of that
//! many pixels has little noise, and there are 64 times fewer of them. All arithmetic is in integers.

/// Side of a cell, pixels.
pub const CELL: usize = 8;
/// Frames from which the background is learned.
pub const LESSONS: u32 = 30;
/// The fixed-point unit of a point's mean and variance.
const ONE: i32 = 64;
/// The reciprocal of the rate at which background points follow changes of light.
const SLOWLY: i32 = 48;

/// A point of the small copy: luma and chroma.
pub type Point = [i32; 3];

#[derive(Clone, Copy, Default)]
struct Known {
    /// In units of 1/`ONE`.
    mean: Point,
    /// Of all three components together, in units of 1/`ONE`.
    variance: i32,
}

/// The background.
#[derive(Default)]
pub struct Model {
    known: Vec<Known>,
    width: usize,
    lessons: u32,
    /// The foreground of each point in the previous picture, 0 to 256.
    before: Vec<i32>,
}

impl Model {
    /// Forgets everything.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Returns the number of frames still needed to learn the background.
    pub fn lessons_left(&self) -> u32 {
        LESSONS - self.lessons
    }

    /// Returns how much each of the `points`, in rows of `width`, belongs to the foreground, 0 to 256; all of it while it
    /// learns. `threshold` is the minimum difference from the background, levels.
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
        // A point is foreground if half of its neighbourhood is; single points vanish, and small holes close.
        mask.iter_mut().for_each(|value| *value = ((*value - 96) * 4).clamp(0, 256));
        let grown = spread(&spread(&mask, width, i32::max), width, i32::max);
        mask = spread(&spread(&grown, width, i32::min), width, i32::min);
        for ((known, point), mask) in self.known.iter_mut().zip(points).zip(&mask) {
            if *mask == 0 {
                known.learn(*point, SLOWLY);
            }
        }
        // Foreground fades out: an edge that lags is less visible than one that flickers.
        for (now, before) in mask.iter_mut().zip(&mut self.before) {
            *now = (*now).max(*before * 3 / 4);
            *before = *now;
        }
        smooth(&mask, width)
    }

    /// Returns the change of the camera's exposure since learning, levels: the median difference, which does not depend on the
    /// foreground.
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
        // A larger change is not one of exposure.
        (median.unwrap_or(255) as i32 - 255).clamp(-40, 40)
    }
}

impl Known {
    /// Moves towards `point` by 1/`share`.
    fn learn(&mut self, point: Point, share: i32) {
        let mut off = 0;
        for (mean, value) in self.mean.iter_mut().zip(point) {
            let difference = value * ONE - *mean;
            *mean += difference / share;
            off += (difference / ONE).pow(2);
        }
        // The first picture says nothing about the variance.
        if share > 1 {
            self.variance += (off.min(4000) * ONE - self.variance) / share;
        }
    }

    /// Returns how much `point` differs from the background: 0 to 256.
    fn other(&self, point: Point, light: i32, threshold: i32) -> i32 {
        let [y, u, v] = [0, 1, 2].map(|i| point[i] - self.mean[i] / ONE);
        let y = y - light;
        // A shadow changes luma more than chroma, so chroma counts more.
        let distance = y * y + 3 * (u * u + v * v);
        let least = (threshold * threshold + 6 * self.variance / ONE).max(1);
        ((distance - least) * 256 / least).clamp(0, 256)
    }
}

/// Returns the mean of each value and its eight neighbours.
pub fn smooth(values: &[i32], width: usize) -> Vec<i32> {
    let sums = spread(values, width, |a, b| a + b);
    sums.into_iter().map(|sum| (sum + 4) / 9).collect()
}

/// Combines each value with its eight neighbours by `join`; edge values are repeated beyond the edge.
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
