//! I420 pictures, owned and borrowed.

use crate::{Charge, Error, MemoryAccount, Size};

/// A borrowed plane.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'a> {
    /// Bytes from the first row on; at least `stride * (rows - 1) + columns`.
    pub data: &'a [u8],
    /// Distance between the starts of two rows, bytes.
    pub stride: usize,
}

/// A borrowed I420 picture: BT.601, limited range, unless it is part of a [`Coded`](crate::Coded) picture that says otherwise.
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

/// An owned I420 picture: BT.601, limited range (luma 16–235, chroma 16–240), upright, with square pixels, whatever it was
/// coded as. [`Picture::draw`] converts what a decoder returns. Its planes follow each other without padding.
#[derive(Debug)]
pub struct Picture {
    size: Size,
    data: Vec<u8>,
    /// The memory of `data`, for a picture of a session.
    charge: Option<Charge>,
}

impl Clone for Picture {
    /// Copies the pixels; the copy is charged nowhere.
    fn clone(&self) -> Self {
        Self { size: self.size, data: self.data.clone(), charge: None }
    }
}

impl PartialEq for Picture {
    fn eq(&self, other: &Self) -> bool {
        self.size == other.size && self.data == other.data
    }
}

impl Eq for Picture {}

impl Picture {
    /// Creates a black picture.
    ///
    /// # Errors
    /// [`Error::Size`] if the size is invalid.
    pub fn black(size: Size) -> Result<Self, Error> {
        let mut picture = Self { size: Size::new(0, 0), data: Vec::new(), charge: None };
        picture.resize(size)?;
        let luma = size.pixels() as usize;
        picture.data[..luma].fill(16);
        picture.data[luma..].fill(128);
        Ok(picture)
    }

    /// A picture of the smallest size with unspecified contents, to be resized and written.
    pub(crate) fn scratch(account: Option<&MemoryAccount>) -> Self {
        Self { size: Size::new(2, 2), data: vec![128; 6], charge: account.map(MemoryAccount::nothing) }
    }

    /// Changes the size and reuses the allocation if it is large enough. The contents are unspecified.
    ///
    /// # Errors
    /// [`Error::Size`] if the size is invalid; [`Error::Memory`] if its session has no room for it, and it is as before.
    pub fn resize(&mut self, size: Size) -> Result<(), Error> {
        if !size.is_valid() {
            return Err(Error::Size(size));
        }
        let bytes = crate::Format::I420.bytes(size);
        if bytes > self.data.capacity() {
            if let Some(charge) = &mut self.charge {
                charge.resize(bytes)?;
            }
            // The contents need not be moved, and no more is allocated than is charged.
            self.data = Vec::new();
            self.data = vec![0; bytes];
        } else {
            self.data.resize(bytes, 0);
        }
        self.size = size;
        Ok(())
    }

    /// Replaces the picture with a copy of `planes`.
    ///
    /// # Errors
    /// [`Error::Size`] if the size is invalid.
    pub fn copy_from(&mut self, planes: Planes<'_>) -> Result<(), Error> {
        self.resize(planes.size)?;
        let chroma = planes.size.chroma();
        let (y, u, v) = self.planes_mut();
        copy_plane(planes.y, planes.size, y);
        copy_plane(planes.u, chroma, u);
        copy_plane(planes.v, chroma, v);
        Ok(())
    }

    /// Returns the size.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Returns the planes as bytes in the format I420.
    pub fn bytes(&self) -> &[u8] {
        &self.data
    }

    /// Returns the planes as mutable bytes in the format I420.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.data
    }

    /// Borrows the planes.
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

    /// Borrows the planes Y, U and V mutably, without padding.
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
