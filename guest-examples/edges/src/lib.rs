//! Edges by the Sobel operator on luma.

use framebox_handler::{About, Frame, I420, Result, Transform, parameters};

parameters! {
    struct Settings {
        threshold: u8 = integer("Threshold", 0..=255, 40).help("Weaker edges are left out."),
        overlay: bool = toggle("Over the picture", false),
    }
}

/// Buffers that are reused for each frame.
#[derive(Default)]
struct Edges {
    result: I420,
    rows: Rows,
}

impl Transform for Edges {
    type Settings = Settings;

    fn about() -> About {
        About::new("Edges", "Outlines by the Sobel operator.")
    }

    fn process(&mut self, frame: &Frame<Settings>) -> Result {
        let mut picture = frame.i420();
        self.result.resize(picture.size());
        for (to, (from, plain)) in
            self.result.planes().into_iter().zip(picture.planes().into_iter().zip([16, 128, 128]))
        {
            match frame.settings.overlay {
                true => to.bytes.copy_from_slice(from.bytes),
                false => to.bytes.fill(plain),
            }
        }
        let ([luma, ..], [to, ..]) = (picture.planes(), self.result.planes());
        let lines: Vec<&[u8]> = luma.bytes.chunks_exact(luma.width).collect();
        for (lines, to) in lines.array_windows().zip(to.bytes.chunks_exact_mut(to.width).skip(1)) {
            self.rows.sobel(*lines, to, frame.settings.threshold.into());
        }
        frame.show(&self.result)
    }
}

/// Buffers of intermediate results for a row. Each step is a loop over slices of equal length, so that it compiles to vector
/// instructions.
#[derive(Default)]
struct Rows {
    /// Above + 2 × line + below.
    sum: Vec<i16>,
    /// Below − above.
    difference: Vec<i16>,
    edges: Vec<u8>,
}

impl Rows {
    /// Writes bright pixels where the gradient of the middle line, (|Gx| + |Gy|) / 4, reaches `threshold`.
    fn sobel(&mut self, [above, line, below]: [&[u8]; 3], to: &mut [u8], threshold: i16) {
        let width = to.len();
        if width < 3 {
            return;
        }
        self.sum.resize(width, 0);
        self.difference.resize(width, 0);
        self.edges.resize(width - 2, 0);
        for ((((sum, difference), a), l), b) in
            self.sum.iter_mut().zip(&mut self.difference).zip(above).zip(line).zip(below)
        {
            let (a, l, b) = (*a as i16, *l as i16, *b as i16);
            *sum = a + 2 * l + b;
            *difference = b - a;
        }
        let (s, d) = (&self.sum, &self.difference);
        let neighbours = s.iter().zip(&s[2..]).zip(d).zip(&d[1..]).zip(&d[2..]);
        for (edge, ((((s0, s2), d0), d1), d2)) in self.edges.iter_mut().zip(neighbours) {
            let strength = ((s2 - s0).abs() + (d0 + 2 * d1 + d2).abs()) >> 2;
            *edge = if strength >= threshold { (16 + strength).min(235) as u8 } else { 0 };
        }
        for (to, edge) in to[1..].iter_mut().zip(&self.edges) {
            *to = if *edge > 0 { *edge } else { *to };
        }
    }
}

framebox_handler::export!(Edges);
