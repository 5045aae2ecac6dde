//! Values of cells made values of pixels, with even passages from one cell to the next.

use std::array::from_fn;

/// Values of a small grid, enlarged row by row. The side of a cell, in pixels, is known when this is compiled, so that
/// a cell becomes a few vector instructions.
pub struct Enlarged<'a, const CELL: usize> {
    values: &'a [i32],
    width: usize,
    /// The grid's values in the height of the row, in parts of `CELL`, with one more at either end.
    between: Vec<u16>,
    row: Vec<u16>,
}

impl<'a, const CELL: usize> Enlarged<'a, CELL> {
    /// `values` from 0 to 256, in rows of `width`.
    pub fn new(values: &'a [i32], width: usize) -> Self {
        Self { values, width, between: vec![0; width + 2], row: vec![0; (width + 1) * CELL] }
    }

    /// The values of the pixels of the row `y`; at least as many as the cells have pixels.
    pub fn row(&mut self, y: usize) -> &[u16] {
        let height = self.values.len() / self.width;
        // A cell's value is that of its middle: the first half of a cell lies between it and the one before.
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
            // At most 256 × CELL × 2 × CELL, which fits.
            *pixels = from_fn(|x| {
                let part = 2 * x as u16 + 1;
                (left * (2 * CELL as u16 - part) + right * part) / (2 * CELL * CELL) as u16
            });
        }
        &self.row[CELL / 2..]
    }
}
