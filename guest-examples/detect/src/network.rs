//! BlazeFace: a first convolution, sixteen blocks of which each adds to what it was given, and two pairs of heads that
//! look at the maps of 16 by 16 and 8 by 8 pixels.

use crate::layer::{Depthwise, Map, Pointwise, pass, rectify};
use crate::tflite::convolutions;

/// Side of the picture that it takes, pixels.
pub const SIDE: usize = 128;
/// Side of the window of the first convolution, which takes every other pixel, in pixels of three colours.
const WINDOW: usize = 5;
const COLORS: usize = 3;
/// Values in a window, filled up so that they can be taken in fours.
const SEEN: usize = (WINDOW * WINDOW * COLORS).next_multiple_of(4);
/// The first convolution, and two a block.
const BODY: usize = 1 + 2 * 16;

/// The parts of a network in the order in which they are computed.
pub struct Network {
    first: Pointwise,
    blocks: Vec<Block>,
    /// Scores of the larger map and of the smaller one, then boxes of either.
    heads: [Pointwise; 4],
    /// The picture with what the first window sees beyond it, and the window of each pixel of a row.
    input: Vec<f32>,
    windows: Vec<f32>,
    start: Map,
}

struct Block {
    depthwise: Depthwise,
    pointwise: Pointwise,
    /// One row between the two, and what they make.
    between: Vec<f32>,
    output: Map,
}

/// What a head says of each pixel of a map: rows, of pixels of `channels`.
pub struct Said {
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
            first: Pointwise::new(first, SEEN),
            blocks,
            heads,
            input: vec![0.0; (SIDE + 3) * (SIDE + 3) * COLORS],
            windows: vec![0.0; start.side * SEEN],
            start,
        }
    }

    /// What the heads say of a picture of `SIDE` by `SIDE` pixels, RGB: scores and boxes, of the larger map and of the
    /// smaller one.
    pub fn run(&mut self, rgb: &[u8]) -> [(Said, Said); 2] {
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
        [(say(larger_scores, larger), say(larger_boxes, larger)), (say(smaller_scores, map), say(smaller_boxes, map))]
    }

    /// The first convolution.
    fn begin(&mut self, rgb: &[u8]) {
        let (row, window) = ((SIDE + 3) * COLORS, WINDOW * COLORS);
        for (y, pixels) in rgb.chunks_exact(SIDE * COLORS).enumerate() {
            // One row and column of the border lies before the picture, two behind it.
            let row = &mut self.input[(y + 1) * row + COLORS..][..SIDE * COLORS];
            row.iter_mut().zip(pixels).for_each(|(value, byte)| *value = f32::from(*byte) / 127.5 - 1.0);
        }
        for y in 0..self.start.side {
            for (x, all) in self.windows.chunks_exact_mut(SEEN).enumerate() {
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

fn say(head: &Pointwise, map: &Map) -> Said {
    let mut values = vec![0.0; map.side * map.side * head.outputs];
    for (y, out) in values.chunks_exact_mut(map.side * head.outputs).enumerate() {
        head.add(map.row(y), out);
    }
    Said { side: map.side, channels: head.outputs, values }
}
