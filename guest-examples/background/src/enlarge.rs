//! Scales the values of cells to pixels by linear interpolation.

use std::array::from_fn;

/// A small grid of values, scaled row by row. The side of a cell, in pixels, is a constant, so that each cell compiles to a
/// few vector instructions.
pub struct Enlarged<'a, const CELL: usize> {
    values: &'a [i32],
    width: usize,
    /// The grid's values at the height of the row, in units of 1/`CELL`, with one more at either end.
    between: Vec<u16>,
    row: Vec<u16>,
}

impl<'a, const CELL: usize> Enlarged<'a, CELL> {
    /// Takes `values` from 0 to 256, in rows of `width`.
    pub fn new(values: &'a [i32], width: usize) -> Self {
        Self { values, width, between: vec![0; width + 2], row: vec![0; (width + 1) * CELL] }
    }

    /// Returns the values of the pixels in row `y`; at least as many as there are pixels.
    pub fn row(&mut self, y: usize) -> &[u16] {
        let height = self.values.len() / self.width;
        // A cell's value is that of its centre, so its first half lies between it and the previous cell.
        let (next, part) = ((y + CELL / 2) / CELL, 2 * ((y + CELL / 2) % CELL) + 1);
        let [above, below] = [next.saturating_sub(1), next].map(|row| &self.values[row.min(height - 1) * self.width..]);
        for (between, (above, below)) in self.between[1..=self.width].iter_mut().zip(above.iter().zip(below)) {
            *between = ((above * (2 * CELL - part) as i32 + below * part as i32) / 2) as u16;
        }
        self.between[0] = self.between[1];
        self.between[self.width + 1] = self.between[self.width];
        let (pixels, _) = self.row.as_chunks_mut::<CELL>();
        for (pixels, pair) in pixels.iter_mut().zip(self.between.windows(2)) {
            let (left, right) = (pair[0], pair[1]);
            // At most 256 × CELL × 2 × CELL, which fits 16 bits.
            *pixels = from_fn(|x| {
                let part = 2 * x as u16 + 1;
                (left * (2 * CELL as u16 - part) + right * part) / (2 * CELL * CELL) as u16
            });
        }
        &self.row[CELL / 2..]
    }
}
