//! Bytes and numbers, from a reader that may block.

use std::io::{self, Read};

use super::error::Error;

/// Bytes that are read at once where little is asked for: a frame's header and the beginning of its data.
const AHEAD: usize = 4096;
/// Longest number, bytes: more bits do not fit.
const LONGEST: usize = 10;

/// Reads bytes. Large amounts go straight to where they are wanted.
pub(super) struct Input<R> {
    reader: R,
    buffer: Box<[u8; AHEAD]>,
    at: usize,
    end: usize,
}

impl<R: Read> Input<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, buffer: Box::new([0; AHEAD]), at: 0, end: 0 }
    }

    pub(super) fn reader(&self) -> &R {
        &self.reader
    }

    /// Bytes that were read and not yet taken.
    pub(super) fn ahead(&self) -> usize {
        self.end - self.at
    }

    /// The next byte; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<u8>, Error> {
        let byte = self.refill()?.then(|| self.buffer[self.at]);
        self.at += usize::from(byte.is_some());
        Ok(byte)
    }

    /// Reads on when all was taken that was read. Returns whether there is anything.
    fn refill(&mut self) -> Result<bool, Error> {
        if self.at == self.end {
            (self.at, self.end) = (0, read(&mut self.reader, &mut self.buffer[..])?);
        }
        Ok(self.at < self.end)
    }

    /// The next byte, which has to be there.
    pub(super) fn byte(&mut self) -> Result<u8, Error> {
        self.next()?.ok_or(Error::CutOff)
    }

    /// Fills `bytes`.
    pub(super) fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        let there = self.ahead().min(bytes.len());
        let (now, mut later) = bytes.split_at_mut(there);
        now.copy_from_slice(&self.buffer[self.at..self.at + there]);
        self.at += there;
        while !later.is_empty() {
            match read(&mut self.reader, later)? {
                0 => return Err(Error::CutOff),
                read => later = &mut later[read..],
            }
        }
        Ok(())
    }

    /// Reads over `count` bytes.
    pub(super) fn skip(&mut self, mut count: u64) -> Result<(), Error> {
        while count > 0 {
            if !self.refill()? {
                return Err(Error::CutOff);
            }
            let there = usize::try_from(count).unwrap_or(usize::MAX).min(self.ahead());
            self.at += there;
            count -= there as u64;
        }
        Ok(())
    }

    /// A number of variable length.
    pub(super) fn number(&mut self) -> Result<u64, Error> {
        number(|| self.byte())
    }
}

fn read(reader: &mut impl Read, bytes: &mut [u8]) -> Result<usize, Error> {
    loop {
        match reader.read(bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return Ok(read?),
        }
    }
}

/// A number of variable length (`v`): seven bits a byte, the highest ones first; the last byte has no highest bit.
fn number(mut byte: impl FnMut() -> Result<u8, Error>) -> Result<u64, Error> {
    let mut number = 0_u64;
    for _ in 0..LONGEST {
        let byte = byte()?;
        if number >> (u64::BITS - 7) != 0 {
            break;
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Error::Broken("a number is too long"))
}

/// The numbers of a header.
pub(super) struct Numbers<'a>(&'a [u8]);

impl<'a> Numbers<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn number(&mut self) -> Result<u64, Error> {
        number(|| {
            let (byte, rest) = self.0.split_first().ok_or(Error::CutOff)?;
            self.0 = rest;
            Ok(*byte)
        })
    }

    /// A number that is not larger than `most`.
    pub(super) fn up_to(&mut self, most: u64, what: &'static str) -> Result<u64, Error> {
        self.number().and_then(|number| if number <= most { Ok(number) } else { Err(Error::Broken(what)) })
    }

    /// A number with a sign (`s`): those that are odd once one is added are negative.
    pub(super) fn signed(&mut self) -> Result<i64, Error> {
        let number = self.up_to(i64::MAX as u64 - 1, "a number is too large")? as i64 + 1;
        Ok(if number & 1 == 1 { -(number >> 1) } else { number >> 1 })
    }

    /// Bytes with their length before them (`vb`).
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let length = self.up_to(self.0.len() as u64, "a length is wrong")? as usize;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Error::CutOff)?;
        self.0 = rest;
        Ok(bytes)
    }
}
