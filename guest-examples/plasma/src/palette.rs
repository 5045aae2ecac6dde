//! Cyclic palettes in I420.

/// Colours in a palette.
pub const COLORS: usize = 1024;

/// Id, label and the colours of a palette, which is cyclic.
pub type Named = (&'static str, &'static str, [u32; 6]);

pub const ALL: [Named; 5] = [
    ("aurora", "Aurora", [0x060a2b, 0x123f6e, 0x14b89a, 0xc8f7a8, 0x7a4fd0, 0x2a0f55]),
    ("ember", "Ember", [0x12040a, 0x5a0f1e, 0xd8431f, 0xffc247, 0xfff1c9, 0x7c2340]),
    ("lagoon", "Lagoon", [0x021527, 0x045a7c, 0x17b6c4, 0xe9fbf3, 0xffb48a, 0x0b3a66]),
    ("orchid", "Orchid", [0x150526, 0x5b1a8f, 0xe23fa0, 0xffc3d6, 0x4fd3f0, 0x1c3fa8]),
    ("slate", "Slate", [0x08090b, 0x2a3038, 0x6f7a86, 0xf2f4f5, 0x9aa4ae, 0x3a424c]),
];

/// Y, U and V of each colour, relative to black and gray. The length is a constant, so an index modulo the length needs no
/// bounds check.
pub struct Table {
    pub y: [i16; COLORS],
    pub u: [i16; COLORS],
    pub v: [i16; COLORS],
}

impl Default for Table {
    fn default() -> Self {
        Self { y: [0; COLORS], u: [0; COLORS], v: [0; COLORS] }
    }
}

impl Table {
    /// Interpolates the colours between the `stops`.
    pub fn set(&mut self, stops: &[u32; 6]) {
        for i in 0..COLORS {
            [self.y[i], self.u[i], self.v[i]] = yuv(between(stops, i * stops.len()));
        }
    }
}

/// Returns the colour at `place`; there are `COLORS` places between two stops. Eased, so that stops are not visible as edges.
fn between(stops: &[u32; 6], place: usize) -> [i32; 3] {
    let (stop, part) = (place / COLORS, (place % COLORS) as i32 * 256 / COLORS as i32);
    let part = (part * part * (3 * 256 - 2 * part)) >> 16;
    let channel = |stop: usize, shift: u32| (stops[stop % stops.len()] >> shift & 255) as i32;
    [16, 8, 0].map(|shift| (channel(stop, shift) * (256 - part) + channel(stop + 1, shift) * part) >> 8)
}

/// Converts to BT.601, limited range, without the offsets of Y, U and V.
fn yuv([red, green, blue]: [i32; 3]) -> [i16; 3] {
    [
        ((66 * red + 129 * green + 25 * blue + 128) >> 8) as i16,
        ((-38 * red - 74 * green + 112 * blue + 128) >> 8) as i16,
        ((112 * red - 94 * green - 18 * blue + 128) >> 8) as i16,
    ]
}
