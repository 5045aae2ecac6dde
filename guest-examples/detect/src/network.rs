//! BlazeFace: a first convolution, sixteen residual blocks, and two pairs of heads on the maps of 16 by 16 and 8 by 8 pixels.

use crate::layer::{Depthwise, Map, Pointwise, pass, rectify};
use crate::tflite::convolutions;

/// Side of the network's input, pixels.
pub const SIDE: usize = 128;
/// Side of the window of the first convolution, which has stride 2, and colours of a pixel.
const WINDOW: usize = 5;
const COLORS: usize = 3;
/// Values in a window, padded to a multiple of four.
const WINDOW_VALUES: usize = (WINDOW * WINDOW * COLORS).next_multiple_of(4);
/// Convolutions before the heads: the first, and two for each block.
const BODY: usize = 1 + 2 * 16;

/// The layers of the network in order.
pub struct Network {
    first: Pointwise,
    blocks: Vec<Block>,
    /// Scores of the larger and of the smaller map, then boxes of both.
    heads: [Pointwise; 4],
    /// The input with the padding of the first convolution, and the window of each pixel of a row.
    input: Vec<f32>,
    windows: Vec<f32>,
    start: Map,
}

struct Block {
    depthwise: Depthwise,
    pointwise: Pointwise,
    /// A row between the two convolutions, and the output of the block.
    between: Vec<f32>,
    output: Map,
}

/// The output of a head for each pixel of a map, with `channels` values a pixel.
pub struct HeadOutput {
    pub side: usize,
    pub channels: usize,
    pub values: Vec<f32>,
}

impl Network {
    pub fn read(file: &[u8]) -> Self {
        let convolutions = convolutions(file);
        let (first, rest) = convolutions[..BODY].split_first().expect("there are convolutions");
        let start = Map::new(SIDE / first.stride, first.shape[0]);
        let (mut side, mut channels) = (start.side, start.channels);
        let blocks = rest.chunks_exact(2).map(|pair| {
            let (depthwise, pointwise) = (Depthwise::new(&pair[0]), Pointwise::new(&pair[1], channels));
            side /= depthwise.stride;
            let between = vec![0.0; side * channels];
            channels = pointwise.outputs;
            Block { depthwise, pointwise, between, output: Map::new(side, channels) }
        });
        let blocks: Vec<Block> = blocks.collect();
        let heads = [0, 1, 2, 3].map(|head| {
            let conv = &convolutions[BODY + head];
            Pointwise::new(conv, conv.shape[3].next_multiple_of(crate::layer::LANES))
        });
        Self {
            first: Pointwise::new(first, WINDOW_VALUES),
            blocks,
            heads,
            input: vec![0.0; (SIDE + 3) * (SIDE + 3) * COLORS],
            windows: vec![0.0; start.side * WINDOW_VALUES],
            start,
        }
    }

    /// Runs the network on a picture of `SIDE` by `SIDE` pixels, RGB. Returns scores and boxes of the larger and of the smaller
    /// map.
    pub fn run(&mut self, rgb: &[u8]) -> [(HeadOutput, HeadOutput); 2] {
        self.begin(rgb);
        let mut map = &self.start;
        let mut larger = map;
        for block in &mut self.blocks {
            if block.depthwise.stride == 2 {
                larger = map;
            }
            block.run(map);
            map = &block.output;
        }
        let [larger_scores, smaller_scores, larger_boxes, smaller_boxes] = &self.heads;
        [
            (run_head(larger_scores, larger), run_head(larger_boxes, larger)),
            (run_head(smaller_scores, map), run_head(smaller_boxes, map)),
        ]
    }

    /// Computes the first convolution.
    fn begin(&mut self, rgb: &[u8]) {
        let (row, window) = ((SIDE + 3) * COLORS, WINDOW * COLORS);
        for (y, pixels) in rgb.chunks_exact(SIDE * COLORS).enumerate() {
            // The padding is one row and column before the picture, and two after it.
            let row = &mut self.input[(y + 1) * row + COLORS..][..SIDE * COLORS];
            row.iter_mut().zip(pixels).for_each(|(value, byte)| *value = f32::from(*byte) / 127.5 - 1.0);
        }
        for y in 0..self.start.side {
            for (x, all) in self.windows.chunks_exact_mut(WINDOW_VALUES).enumerate() {
                for (line, part) in all.chunks_exact_mut(window).enumerate() {
                    part.copy_from_slice(&self.input[(2 * y + line) * row + 2 * x * COLORS..][..window]);
                }
            }
            let out = self.start.row_mut(y);
            out.fill(0.0);
            self.first.add(&self.windows, out);
            rectify(out);
        }
    }
}

impl Block {
    fn run(&mut self, map: &Map) {
        for y in 0..self.output.side {
            self.depthwise.row(map, y, &mut self.between);
            let out = self.output.row_mut(y);
            pass(map, y, self.depthwise.stride, self.pointwise.outputs, out);
            self.pointwise.add(&self.between, out);
            rectify(out);
        }
    }
}

fn run_head(head: &Pointwise, map: &Map) -> HeadOutput {
    let mut values = vec![0.0; map.side * map.side * head.outputs];
    for (y, out) in values.chunks_exact_mut(map.side * head.outputs).enumerate() {
        head.add(map.row(y), out);
    }
    HeadOutput { side: map.side, channels: head.outputs, values }
}
