//! I420 pictures: owned, and borrowed from whoever holds the planes.

use crate::{Error, Size};

/// One plane, borrowed: `stride` bytes from the start of a row to the start of the next.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'a> {
    /// From the first byte of the first row; at least `stride * (rows - 1) + columns` bytes.
    pub data: &'a [u8],
    /// Bytes from row to row.
    pub stride: usize,
}

/// An I420 picture that somebody else holds: a decoder, or a [`Picture`].
#[derive(Clone, Copy, Debug)]
pub struct Planes<'a> {
    /// Size of the luma plane; the chroma planes have [`Size::chroma`].
    pub size: Size,
    /// Luma, 16–235.
    pub y: Plane<'a>,
    /// Blue difference, 16–240.
    pub u: Plane<'a>,
    /// Red difference, 16–240.
    pub v: Plane<'a>,
}

/// An owned I420 picture, its planes one after the other without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    size: Size,
    data: Vec<u8>,
}

impl Picture {
    /// A black picture.
    ///
    /// # Errors
    /// [`Error::Size`] when the size is not valid.
    pub fn black(size: Size) -> Result<Self, Error> {
        let mut picture = Self { size: Size::new(0, 0), data: Vec::new() };
        picture.resize(size)?;
        let luma = size.pixels() as usize;
        picture.data[..luma].fill(16);
        picture.data[luma..].fill(128);
        Ok(picture)
    }

    /// A picture of the smallest size with unspecified contents, to be resized and written.
    pub(crate) fn scratch() -> Self {
        Self { size: Size::new(2, 2), data: vec![128; 6] }
    }

    /// Gives the picture another size, keeping its allocation where that is large enough. The contents are unspecified.
    ///
    /// # Errors
    /// [`Error::Size`] when the size is not valid.
    pub fn resize(&mut self, size: Size) -> Result<(), Error> {
        if !size.is_valid() {
            return Err(Error::Size(size));
        }
        self.data.resize(crate::Format::I420.bytes(size), 0);
        self.size = size;
        Ok(())
    }

    /// Becomes a copy of `planes`.
    ///
    /// # Errors
    /// [`Error::Size`] when the size is not valid.
    pub fn copy_from(&mut self, planes: Planes<'_>) -> Result<(), Error> {
        self.resize(planes.size)?;
        let chroma = planes.size.chroma();
        let (y, u, v) = self.planes_mut();
        copy_plane(planes.y, planes.size, y);
        copy_plane(planes.u, chroma, u);
        copy_plane(planes.v, chroma, v);
        Ok(())
    }

    /// Size, pixels.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The planes, one after the other: the format I420.
    pub fn bytes(&self) -> &[u8] {
        &self.data
    }

    /// The planes, one after the other, to write.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.data
    }

    /// The planes, borrowed.
    pub fn planes(&self) -> Planes<'_> {
        let chroma = self.size.chroma();
        let (y, rest) = self.data.split_at(self.size.pixels() as usize);
        let (u, v) = rest.split_at(chroma.pixels() as usize);
        Planes {
            size: self.size,
            y: Plane { data: y, stride: self.size.width as usize },
            u: Plane { data: u, stride: chroma.width as usize },
            v: Plane { data: v, stride: chroma.width as usize },
        }
    }

    /// Y, U and V to write, without padding.
    pub fn planes_mut(&mut self) -> (&mut [u8], &mut [u8], &mut [u8]) {
        let chroma = self.size.chroma().pixels() as usize;
        let (y, rest) = self.data.split_at_mut(self.size.pixels() as usize);
        let (u, v) = rest.split_at_mut(chroma);
        (y, u, v)
    }
}

fn copy_plane(from: Plane<'_>, size: Size, to: &mut [u8]) {
    let width = size.width as usize;
    for (row, to) in to.chunks_exact_mut(width).enumerate() {
        to.copy_from_slice(&from.data[row * from.stride..][..width]);
    }
}
