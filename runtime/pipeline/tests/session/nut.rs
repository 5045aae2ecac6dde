//! Writes NUT, as far as a test needs it.

use std::io::{self, Write};

use framebox_picture::{Picture, Size};

/// Writes frames of one track.
pub(crate) struct Writer<W>(pub(crate) W);

impl<W: Write> Writer<W> {
    /// Writes the headers. `coding`: `I420` or `H264`.
    pub(crate) fn new(mut to: W, coding: &[u8; 4], size: Size) -> io::Result<Self> {
        to.write_all(b"nut/multimedia container\0")?;
        // Version 3, one track; times in 1/90000 s; all frame codes say that flags follow; no headers are left out.
        let main = [3, 1, 0xffff, 1, 1, 90_000, 4096, 6, 0, 1, 0, 0, 0, 255, 0];
        packet(&mut to, 0x4e4d_7a56_1f5f_04ad, &main.map(number).concat())?;
        let sides = [number(size.width.into()), number(size.height.into())].concat();
        let stream = [&[0, 0, 4], &coding[..], &[0, 14, 0, 0, 0, 0], &sides, &[0, 0, 0]].concat();
        packet(&mut to, 0x4e53_1140_5bf2_f9db, &stream)?;
        Ok(Self(to))
    }

    /// Writes a frame with its time, in 1/90000 s.
    pub(crate) fn frame(&mut self, time: u64, keyframe: bool, data: &[u8]) -> io::Result<()> {
        let flags = 4096 | 8 | 32 | u64::from(keyframe);
        let head = [vec![0], number(flags), number(time + (1 << 14)), number(data.len() as u64)].concat();
        self.0.write_all(&[&head, data].concat())
    }

    pub(crate) fn picture(&mut self, time: u64, picture: &Picture) -> io::Result<()> {
        self.frame(time, true, picture.bytes())
    }
}

fn packet(to: &mut impl Write, code: u64, data: &[u8]) -> io::Result<()> {
    to.write_all(&[&code.to_be_bytes()[..], &number(data.len() as u64 + 4), data, &[0; 4]].concat())
}

fn number(number: u64) -> Vec<u8> {
    let mut bytes = vec![number as u8 & 0x7f];
    let mut left = number >> 7;
    while left > 0 {
        bytes.insert(0, left as u8 & 0x7f | 0x80);
        left >>= 7;
    }
    bytes
}
