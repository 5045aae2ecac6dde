//! Groups moving pixels into boxes.

/// Side of a cell of the map, pixels.
const CELL: usize = 8;
/// Moving cells at most this far apart belong to one object: of a uniform object only the edges appear to move.
const REACH: usize = 2;
/// Minimum number of moving pixels in a moving cell.
const FEWEST: usize = 6;
/// Maximum number of boxes.
const MOST: usize = 12;

/// A part of the map, pixels; `right` and `bottom` are exclusive.
#[derive(Clone, Copy)]
pub struct Part {
    pub left: u32,
    pub top: u32,
    pub right: u32,
    pub bottom: u32,
}

/// Returns boxes around groups of moving cells in a map with rows of `width`.
pub fn find(moving: &[bool], width: usize) -> Vec<Part> {
    let height = moving.len() / width;
    let (columns, rows) = (width.div_ceil(CELL), height.div_ceil(CELL));
    let mut counts = vec![0; columns * rows];
    for (i, _) in moving.iter().enumerate().filter(|(_, moving)| **moving) {
        counts[i / width / CELL * columns + i % width / CELL] += 1;
    }
    let mut open: Vec<bool> = counts.iter().map(|count| *count >= FEWEST).collect();
    let mut parts = Vec::new();
    while let Some(start) = open.iter().position(|open| *open).filter(|_| parts.len() < MOST) {
        parts.push(group(&mut open, start, columns, rows).on_map(width, height));
    }
    parts
}

/// Removes the cells connected with `start` from `open`; returns their box, in cells.
fn group(open: &mut [bool], start: usize, columns: usize, rows: usize) -> Part {
    let (x, y) = ((start % columns) as u32, (start / columns) as u32);
    let mut part = Part { left: x, top: y, right: x + 1, bottom: y + 1 };
    let mut todo = vec![start];
    open[start] = false;
    while let Some(cell) = todo.pop() {
        let (x, y) = (cell % columns, cell / columns);
        part.left = part.left.min(x as u32);
        part.top = part.top.min(y as u32);
        part.right = part.right.max(x as u32 + 1);
        part.bottom = part.bottom.max(y as u32 + 1);
        for y in y.saturating_sub(REACH)..(y + REACH + 1).min(rows) {
            for x in x.saturating_sub(REACH)..(x + REACH + 1).min(columns) {
                if std::mem::take(&mut open[y * columns + x]) {
                    todo.push(y * columns + x);
                }
            }
        }
    }
    part
}

impl Part {
    fn on_map(self, width: usize, height: usize) -> Self {
        let (cell, width, height) = (CELL as u32, width as u32, height as u32);
        Self {
            left: self.left * cell,
            top: self.top * cell,
            right: (self.right * cell).min(width),
            bottom: (self.bottom * cell).min(height),
        }
    }
}
