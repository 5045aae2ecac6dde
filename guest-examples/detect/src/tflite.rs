//! Reads weights from a TensorFlow Lite file: the part of its flatbuffer that describes convolutions.

/// Codes of the operators and tensor types that are read, from the format's schema.
const CONV: i32 = 3;
const DEPTHWISE_CONV: i32 = 4;
const DEQUANTIZE: i32 = 6;
const FLOAT16: u8 = 1;

/// A convolution of the network.
pub struct Conv {
    pub stride: usize,
    /// Output channels, rows, columns, input channels; for a depthwise convolution 1, rows, columns, channels.
    pub shape: [usize; 4],
    pub weights: Vec<f32>,
    /// One for each output channel.
    pub bias: Vec<f32>,
}

/// Returns the convolutions of the only graph in `file`, in order. Panics if its structure is unexpected: the file is part of
/// the program.
pub fn convolutions(file: &[u8]) -> Vec<Conv> {
    let model = Table::root(file);
    let codes = model.tables(1);
    let graph = &model.tables(2)[0];
    let (tensors, buffers) = (graph.tables(0), model.tables(4));
    let operators: Vec<_> = graph
        .tables(3)
        .into_iter()
        .map(|operator| (i32::from(codes[operator.u32(0) as usize].u8(0)), operator))
        .collect();
    // Weights are stored as half floats, and an operator converts them to floats.
    let halves = |whole: u32| {
        let made = operators.iter().find(|(code, operator)| *code == DEQUANTIZE && operator.u32s(2) == [whole]);
        let tensor = &tensors[made.expect("weights are dequantized").1.u32s(1)[0] as usize];
        assert_eq!(tensor.u8(1), FLOAT16);
        let shape: Vec<_> = tensor.u32s(0).into_iter().map(|side| side as usize).collect();
        let bytes = buffers[tensor.u32(2) as usize].bytes(0);
        (shape, bytes.chunks_exact(2).map(|half| whole_float(u16::from_le_bytes([half[0], half[1]]))).collect())
    };
    let convolutions = operators.iter().filter(|(code, _)| [CONV, DEPTHWISE_CONV].contains(code));
    convolutions
        .map(|(_, operator)| {
            let inputs = operator.u32s(1);
            let (shape, weights) = halves(inputs[1]);
            Conv {
                stride: operator.table(4).u32(1) as usize,
                shape: shape.try_into().expect("four dimensions"),
                weights,
                bias: halves(inputs[2]).1,
            }
        })
        .collect()
}

/// Converts a half float to a float; weights are finite.
fn whole_float(half: u16) -> f32 {
    let (sign, exponent, fraction) = (half >> 15, half >> 10 & 31, f32::from(half & 1023) / 1024.0);
    let size = match exponent {
        0 => fraction * 2.0_f32.powi(-14),
        _ => (1.0 + fraction) * 2.0_f32.powi(i32::from(exponent) - 15),
    };
    if sign == 1 { -size } else { size }
}

/// A table of a flatbuffer.
struct Table<'a> {
    file: &'a [u8],
    at: usize,
}

impl<'a> Table<'a> {
    fn root(file: &'a [u8]) -> Self {
        Self { file, at: number(file, 0) as usize }
    }

    /// Returns the position of a field; `None` if it has its default value.
    fn field(&self, index: usize) -> Option<usize> {
        let known = self.at.wrapping_add_signed(-(number(self.file, self.at) as i32 as isize));
        let short = |at: usize| usize::from(u16::from_le_bytes([self.file[at], self.file[at + 1]]));
        let entry = 4 + 2 * index;
        let offset = if entry < short(known) { short(known + entry) } else { 0 };
        (offset != 0).then_some(self.at + offset)
    }

    fn u8(&self, index: usize) -> u8 {
        self.field(index).map_or(0, |at| self.file[at])
    }

    fn u32(&self, index: usize) -> u32 {
        self.field(index).map_or(0, |at| number(self.file, at))
    }

    /// Returns the position that a field refers to.
    fn target(&self, index: usize) -> usize {
        follow(self.file, self.field(index).expect("the field is there"))
    }

    fn table(&self, index: usize) -> Self {
        Self { file: self.file, at: self.target(index) }
    }

    /// Returns the start and the length of a list.
    fn list(&self, index: usize) -> (usize, usize) {
        let at = self.target(index);
        (at + 4, number(self.file, at) as usize)
    }

    fn bytes(&self, index: usize) -> &'a [u8] {
        let (start, count) = self.list(index);
        &self.file[start..start + count]
    }

    fn u32s(&self, index: usize) -> Vec<u32> {
        let (start, count) = self.list(index);
        (0..count).map(|i| number(self.file, start + 4 * i)).collect()
    }

    fn tables(&self, index: usize) -> Vec<Self> {
        let (start, count) = self.list(index);
        (0..count).map(|i| Self { file: self.file, at: follow(self.file, start + 4 * i) }).collect()
    }
}

fn number(file: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]])
}

/// Returns the position that the relative offset at `at` refers to.
fn follow(file: &[u8], at: usize) -> usize {
    at + number(file, at) as usize
}
