//! The layers of the network, on rows of pixels. Channels are interleaved and padded to whole vectors, so
//! that every inner loop has `LANES` iterations and compiles to vector instructions.

use crate::tflite::Conv;

/// Numbers that are computed in parallel: two vectors.
pub const LANES: usize = 8;
/// Pixels that share each load of the weights. The width of every layer is a multiple.
const PIXELS: usize = 4;
/// Inputs of a pixel in one step.
const STEP: usize = 4;

type Lanes = [f32; LANES];

/// A feature map with a border of zeros, one pixel wide.
pub struct Map {
    /// Width and height without the border.
    pub side: usize,
    /// Padded to a multiple of `LANES`.
    pub channels: usize,
    values: Vec<f32>,
}

impl Map {
    pub fn new(side: usize, channels: usize) -> Self {
        let channels = channels.next_multiple_of(LANES);
        Self { side, channels, values: vec![0.0; (side + 2) * (side + 2) * channels] }
    }

    /// Returns a row with its border; row 0 is the border above.
    pub fn bordered(&self, row: usize) -> &[f32] {
        let length = (self.side + 2) * self.channels;
        &self.values[row * length..][..length]
    }

    pub fn row(&self, y: usize) -> &[f32] {
        &self.bordered(y + 1)[self.channels..][..self.side * self.channels]
    }

    pub fn row_mut(&mut self, y: usize) -> &mut [f32] {
        let start = ((y + 1) * (self.side + 2) + 1) * self.channels;
        &mut self.values[start..][..self.side * self.channels]
    }
}

/// A pointwise convolution of a pixel's inputs: of its channels, or of those of a window.
pub struct Pointwise {
    /// Inputs of a pixel.
    pub inputs: usize,
    /// Padded to a multiple of `LANES`.
    pub outputs: usize,
    /// For each group of `LANES` outputs, the weights of each input.
    weights: Vec<[Lanes; STEP]>,
    bias: Vec<Lanes>,
}

impl Pointwise {
    /// `inputs` is the number of channels of the previous layer, padded to a multiple of `STEP`.
    pub fn new(conv: &Conv, inputs: usize) -> Self {
        let (outputs, known) = (conv.shape[0], conv.shape[1] * conv.shape[2] * conv.shape[3]);
        let groups = outputs.div_ceil(LANES);
        let mut weights = vec![[[0.0; LANES]; STEP]; groups * inputs / STEP];
        let mut bias = vec![[0.0; LANES]; groups];
        for output in 0..outputs {
            let (group, lane) = (output / LANES, output % LANES);
            bias[group][lane] = conv.bias[output];
            for input in 0..known {
                weights[(group * inputs + input) / STEP][input % STEP][lane] = conv.weights[output * known + input];
            }
        }
        Self { inputs, outputs: groups * LANES, weights, bias }
    }

    /// Convolves `pixels`, each of `inputs` values, and adds the result to `sums`, each of `outputs` values.
    pub fn add(&self, pixels: &[f32], sums: &mut [f32]) {
        let (pixels, sums) = (pixels.chunks_exact(self.inputs * PIXELS), sums.chunks_exact_mut(self.outputs * PIXELS));
        for (pixels, sums) in pixels.zip(sums) {
            let (a, rest) = pixels.split_at(self.inputs);
            let (b, rest) = rest.split_at(self.inputs);
            let (c, d) = rest.split_at(self.inputs);
            let [a, b, c, d] = [a, b, c, d].map(|pixel| pixel.as_chunks::<STEP>().0);
            for (group, (weights, bias)) in self.weights.chunks_exact(self.inputs / STEP).zip(&self.bias).enumerate() {
                let mut four = [*bias; PIXELS];
                for ((((weights, a), b), c), d) in weights.iter().zip(a).zip(b).zip(c).zip(d) {
                    for (input, weights) in weights.iter().enumerate() {
                        for (sum, pixel) in four.iter_mut().zip([a, b, c, d]) {
                            add(sum, weights, &[pixel[input]; LANES]);
                        }
                    }
                }
                for (pixel, sum) in four.iter().enumerate() {
                    let sums = &mut sums[pixel * self.outputs + group * LANES..][..LANES];
                    sums.iter_mut().zip(sum).for_each(|(all, sum)| *all += sum);
                }
            }
        }
    }
}

/// A depthwise convolution of 3 by 3 pixels.
pub struct Depthwise {
    pub stride: usize,
    channels: usize,
    /// For each group of `LANES` channels, the weights of each of the nine pixels.
    weights: Vec<[Lanes; 9]>,
    bias: Vec<Lanes>,
}

impl Depthwise {
    pub fn new(conv: &Conv) -> Self {
        let channels = conv.shape[3];
        let groups = channels.div_ceil(LANES);
        let mut weights = vec![[[0.0; LANES]; 9]; groups];
        let mut bias = vec![[0.0; LANES]; groups];
        for channel in 0..channels {
            let (group, lane) = (channel / LANES, channel % LANES);
            bias[group][lane] = conv.bias[channel];
            for (place, weights) in weights[group].iter_mut().enumerate() {
                weights[lane] = conv.weights[place * channels + channel];
            }
        }
        Self { stride: conv.stride, channels: groups * LANES, weights, bias }
    }

    /// Computes row `y` of the output for `map`.
    pub fn row(&self, map: &Map, y: usize, out: &mut [f32]) {
        // At stride 1 a window starts on the border, at stride 2 on the first pixel, as the padding of an even side requires.
        let first = self.stride - 1;
        let rows = [0, 1, 2].map(|row| map.bordered(y * self.stride + first + row));
        for (x, out) in out.chunks_exact_mut(self.channels).enumerate() {
            let start = (x * self.stride + first) * self.channels;
            let places: [&[Lanes]; 9] = std::array::from_fn(|place| {
                rows[place / 3][start + place % 3 * self.channels..][..self.channels].as_chunks().0
            });
            for (group, out) in out.as_chunks_mut().0.iter_mut().enumerate() {
                let mut sum = self.bias[group];
                for (inputs, weights) in places.iter().zip(&self.weights[group]) {
                    add(&mut sum, weights, &inputs[group]);
                }
                *out = sum;
            }
        }
    }
}

#[inline(always)]
fn add(sums: &mut Lanes, weights: &Lanes, inputs: &Lanes) {
    for ((sum, weight), input) in sums.iter_mut().zip(weights).zip(inputs) {
        *sum += weight * input;
    }
}

/// Copies row `y` of a map (stride 1), or of its 2 by 2 max pooling (stride 2), into pixels of `outputs` channels; additional
/// channels become 0.
pub fn pass(map: &Map, y: usize, stride: usize, outputs: usize, out: &mut [f32]) {
    let channels = map.channels;
    for (x, out) in out.chunks_exact_mut(outputs).enumerate() {
        let (kept, lacking) = out.split_at_mut(channels);
        lacking.fill(0.0);
        if stride == 1 {
            kept.copy_from_slice(&map.row(y)[x * channels..][..channels]);
            continue;
        }
        let [above, below] = [0, 1].map(|row| &map.row(2 * y + row)[2 * x * channels..][..2 * channels]);
        for (i, kept) in kept.iter_mut().enumerate() {
            *kept = above[i].max(above[i + channels]).max(below[i]).max(below[i + channels]);
        }
    }
}

/// Replaces negative values by 0.
pub fn rectify(values: &mut [f32]) {
    values.iter_mut().for_each(|value| *value = if *value > 0.0 { *value } else { 0.0 });
}
