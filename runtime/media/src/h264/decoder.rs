//! Decoding. The one place where the memory of OpenH264 is referred to beyond a call into it.
#![allow(unsafe_code)]

use std::collections::VecDeque;

use framebox_picture::{Plane, Planes, Size};
use openh264::OpenH264API;
use openh264::decoder::{DecodedYUV, DecoderConfig, Flush};
use openh264::formats::YUVSource;

use super::{annexb, nal, sequence};
use crate::Error;
use crate::decode::Settings;

/// The longest access unit that is looked at, bytes.
const LONGEST: usize = 16 << 20;

/// Decodes H.264, one picture for each access unit, without delay.
pub struct Decoder {
    decoder: openh264::decoder::Decoder,
    max_pixels: u64,
    picture: Option<Held>,
    /// What is still to come of a flush.
    flushed: Option<VecDeque<Held>>,
}

/// A picture in the decoder's memory.
struct Held {
    size: Size,
    planes: [(*const u8, usize, usize); 3],
}

impl Held {
    /// What OpenH264 gave, if it is as large as it says.
    fn of(picture: &DecodedYUV<'_>) -> Result<Self, Error> {
        let (width, height) = picture.dimensions();
        let size = Size::new(width.try_into().unwrap_or(0), height.try_into().unwrap_or(0));
        let (y, u, v) = picture.strides();
        let plane = |data: &[u8], stride| (data.as_ptr(), data.len(), stride);
        let planes = [plane(picture.y(), y), plane(picture.u(), u), plane(picture.v(), v)];
        let fits = |(_, length, stride): (*const u8, usize, usize), size: Size| {
            stride >= size.width as usize && length >= stride * (size.height as usize - 1) + size.width as usize
        };
        if !size.is_valid() || !fits(planes[0], size) || planes[1..].iter().any(|plane| !fits(*plane, size.chroma())) {
            return Err(Error::Damaged);
        }
        Ok(Self { size, planes })
    }
}

// SAFETY: the pointers are into memory that the decoder beside them owns; they move with it and are only followed while it
// is borrowed.
unsafe impl Send for Decoder {}

impl Decoder {
    /// A decoder for one stream.
    ///
    /// # Errors
    /// [`Error::Codec`] when the library refuses to start.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        // Flushing would hold a picture back or give an old one again; a camera's stream has no reordered pictures.
        let config = DecoderConfig::new().flush_after_decode(Flush::NoFlush);
        let decoder = openh264::decoder::Decoder::with_api_config(OpenH264API::from_source(), config)
            .map_err(|error| Error::Codec(error.to_string()))?;
        Ok(Self { decoder, max_pixels: settings.max_pixels, picture: None, flushed: None })
    }

    /// Refuses what OpenH264 must not see.
    fn check(&self, access_unit: &[u8]) -> Result<(), Error> {
        if access_unit.len() > LONGEST {
            return Err(Error::Damaged);
        }
        for unit in annexb::units(access_unit) {
            match nal::kind(unit) {
                nal::SPS => {
                    let (size, max_pixels) = (sequence::coded_size(unit).ok_or(Error::Damaged)?, self.max_pixels);
                    if size.pixels() > max_pixels {
                        return Err(Error::TooLarge { size, max_pixels });
                    }
                }
                nal::SUBSET_SPS => return Err(Error::Damaged),
                _ => {}
            }
        }
        Ok(())
    }
}

impl crate::Decoder for Decoder {
    fn decode(&mut self, access_unit: &[u8]) -> Result<bool, Error> {
        self.picture = None;
        self.flushed = None;
        if access_unit.is_empty() {
            // To OpenH264 that would be the end of the stream.
            return Ok(false);
        }
        self.check(access_unit)?;
        let Some(picture) = self.decoder.decode(access_unit).map_err(|_| Error::Damaged)? else {
            return Ok(false);
        };
        self.picture = Some(Held::of(&picture)?);
        Ok(true)
    }

    fn flush(&mut self) -> Result<bool, Error> {
        self.picture = None;
        if self.flushed.is_none() {
            let pictures = self.decoder.flush_remaining().map_err(|_| Error::Damaged)?;
            self.flushed = Some(pictures.iter().map(Held::of).collect::<Result<_, _>>()?);
        }
        self.picture = self.flushed.as_mut().and_then(VecDeque::pop_front);
        Ok(self.picture.is_some())
    }

    fn picture(&self) -> Option<Planes<'_>> {
        let Held { size, planes } = self.picture.as_ref()?;
        let plane = |(data, length, stride): (*const u8, usize, usize)| {
            // SAFETY: OpenH264 gave these planes for the last access unit and leaves them alone until it is called again
            // or freed (codec_api.h, DecodeFrameNoDelay); flushing only hands out pictures, and their buffers are taken again
            // when the next one is decoded. Each needs the decoder exclusively, which the borrow of self rules out; `decode`
            // forgets the pointers before it calls.
            Plane { data: unsafe { std::slice::from_raw_parts(data, length) }, stride }
        };
        Some(Planes { size: *size, y: plane(planes[0]), u: plane(planes[1]), v: plane(planes[2]) })
    }
}
