//! Walks through boxes: those at the top level of a file, and those within a box.

use mp4_atom::{Atom, Buf, Decode, FourCC, Header};

use super::super::error::Error;
use super::super::file::File;

/// Boxes at the top level of a file that are read, beside two for each fragment.
const MAX_BOXES: u32 = 4096;

/// A box at the top level of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct TopBox {
    pub(super) kind: FourCC,
    /// Position of its header, bytes.
    pub(super) offset: u64,
    /// Position of its body, bytes.
    pub(super) begin: u64,
    /// Size of its body, bytes.
    pub(super) size: u64,
}

impl TopBox {
    /// Reads the body.
    ///
    /// # Errors
    /// [`Error::TooMuch`] if it has more than `most` bytes, [`Error::CutOff`] if the file ends before its end.
    pub(super) fn body(&self, file: &File, most: u64) -> Result<Vec<u8>, Error> {
        if self.size > most {
            return Err(Error::TooMuch { what: "the size of its index in bytes", most });
        }
        let mut body = Vec::new();
        file.append(self.begin, self.size as usize, &mut body, "the end of its index")?;
        Ok(body)
    }
}

/// Iterates over the boxes at the top level of a file.
pub(super) struct TopBoxes<'a> {
    file: &'a File,
    at: u64,
    /// Boxes that may still be read.
    left: u32,
}

impl<'a> TopBoxes<'a> {
    pub(super) fn of(file: &'a File) -> Self {
        Self { file, at: 0, left: MAX_BOXES }
    }

    fn read(&mut self) -> Result<Option<TopBox>, Error> {
        let mut head = [0; 16];
        let length = self.file.read_some(self.at, &mut head)?;
        if length == 0 || self.left == 0 {
            return Ok(None);
        }
        let mut rest = &head[..length];
        let header = Header::decode(&mut rest).map_err(|_| damaged("a box has no header"))?;
        let begin = self.at + (length - rest.len()) as u64;
        let size = header.size.map_or(self.file.length().saturating_sub(begin), |size| size as u64);
        let found = TopBox { kind: header.kind, offset: self.at, begin, size };
        self.at = begin.checked_add(size).ok_or_else(|| damaged("a box is too long"))?;
        // The number of fragments is bounded by that of their pictures.
        self.left = if is(found.kind, b"moof") { self.left.saturating_add(2) } else { self.left - 1 };
        Ok(Some(found))
    }
}

impl Iterator for TopBoxes<'_> {
    type Item = Result<TopBox, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// Returns whether a box is of this kind.
pub(super) fn is(found: FourCC, kind: &[u8; 4]) -> bool {
    found == FourCC::new(kind)
}

/// Decodes a box that contains no other boxes.
pub(super) fn leaf<T: Atom>(mut body: &[u8]) -> Result<T, Error> {
    T::decode_body(&mut body).map_err(|_| damaged(&format!("the table {} is invalid", T::KIND)))
}

/// Returns the body of the first box of this kind.
pub(super) fn find<'a>(body: &'a [u8], kind: &[u8; 4]) -> Result<Option<&'a [u8]>, Error> {
    let found = Children(body).find(|child| child.as_ref().map_or(true, |(found, _)| is(*found, kind)));
    found.map(|child| child.map(|(_, body)| body)).transpose()
}

/// Returns the body of the first box of this kind, or an error.
pub(super) fn required<'a>(body: &'a [u8], kind: &[u8; 4]) -> Result<&'a [u8], Error> {
    find(body, kind)?.ok_or_else(|| damaged(&format!("the box {} is missing", FourCC::new(kind))))
}

/// Iterates over the bodies of the boxes of this kind.
pub(super) fn all<'a>(body: &'a [u8], kind: &'static [u8; 4]) -> impl Iterator<Item = Result<&'a [u8], Error>> {
    Children(body)
        .filter(move |child| child.as_ref().map_or(true, |(found, _)| is(*found, kind)))
        .map(|child| child.map(|(_, body)| body))
}

/// Iterates over the boxes in a box: their kinds and bodies.
pub(super) struct Children<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Children<'a> {
    type Item = Result<(FourCC, &'a [u8]), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        // Some muxers end a box with four zeros.
        if self.0.len() < 8 {
            return None;
        }
        let mut rest = std::mem::take(&mut self.0);
        let header = match Header::decode(&mut rest) {
            Ok(header) => header,
            Err(_) => return Some(Err(damaged("a box has no header"))),
        };
        let size = header.size.unwrap_or(rest.remaining());
        let Some((body, rest)) = rest.split_at_checked(size) else {
            return Some(Err(damaged("a box is longer than the box that contains it")));
        };
        self.0 = rest;
        Some(Ok((header.kind, body)))
    }
}

pub(super) fn damaged(what: &str) -> Error {
    Error::Broken(what.to_owned())
}
