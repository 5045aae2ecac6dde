//! Decodes VP8.

use framebox_picture::{Coded, Size};

use super::header;
use super::library::LibraryDecoder;
use crate::Error;
use crate::decode::Settings;

/// Longest coded picture, bytes.
const MAX_BYTES: usize = 16 << 20;
/// Pictures that libvpx holds: the three references, the one that it works on, and its tables of macroblocks counted as one.
const PICTURES: u64 = 5;
/// What libvpx puts around a picture, pixels on each side.
const BORDER: u64 = 32;
/// Side of a macroblock, pixels.
const BLOCK: u64 = 16;

/// A VP8 decoder without delay: at most one picture for each coded one.
pub struct Decoder {
    library: LibraryDecoder,
    settings: Settings,
    /// Memory of the largest pictures that the stream announced, bytes.
    memory: usize,
    /// What follows can only be decoded from a keyframe on: at the start, and after an error.
    awaits_keyframe: bool,
}

impl Decoder {
    /// Creates a decoder for one stream.
    ///
    /// # Errors
    /// [`Error::Codec`] if the library does not start.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let library = LibraryDecoder::open()?;
        Ok(Self { library, settings: settings.clone(), memory: 0, awaits_keyframe: true })
    }

    /// Rejects coded pictures that libvpx must not see.
    fn check(&mut self, data: &[u8]) -> Result<(), Error> {
        if data.len() > MAX_BYTES {
            return Err(Error::Damaged);
        }
        let Some(size) = header::parse(data).ok_or(Error::Damaged)?.keyframe else {
            return if self.awaits_keyframe { Err(Error::Damaged) } else { Ok(()) };
        };
        let Settings { max_pixels, .. } = self.settings;
        let (width, height) = coded(size);
        if width * height > max_pixels {
            return Err(Error::TooLarge { size, max_pixels });
        }
        let bordered = (width + 2 * BORDER) * (height + 2 * BORDER);
        self.memory = self.memory.max((bordered * 3 / 2 * PICTURES) as usize);
        Ok(())
    }
}

/// Sides of a picture in whole macroblocks, pixels.
fn coded(size: Size) -> (u64, u64) {
    let whole = |side: u32| u64::from(side).div_ceil(BLOCK) * BLOCK;
    (whole(size.width), whole(size.height))
}

impl crate::Decoder for Decoder {
    fn decode(&mut self, access_unit: &[u8]) -> Result<bool, Error> {
        self.library.clear();
        if access_unit.is_empty() {
            // libvpx would take it for a lost picture.
            return Ok(false);
        }
        let decoded = self.check(access_unit).and_then(|()| {
            self.library.decode(access_unit).map_err(|error| {
                tracing::debug!(%error, "a coded picture is damaged");
                Error::Damaged
            })
        });
        self.awaits_keyframe = decoded.is_err();
        decoded
    }

    fn flush(&mut self) -> Result<bool, Error> {
        // Nothing is held back.
        self.library.clear();
        Ok(false)
    }

    fn memory(&self) -> usize {
        self.memory
    }

    fn picture(&self) -> Option<Coded<'_>> {
        // BT.601, limited range is the only colour space that VP8 has (RFC 6386 §9.2).
        self.library.picture().map(Coded::from)
    }
}
