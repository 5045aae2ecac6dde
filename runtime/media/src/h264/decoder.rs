//! Decodes H.264. The only place that refers to OpenH264's memory after a call into it has returned.
#![allow(unsafe_code)]

use std::collections::VecDeque;

use framebox_picture::{Coded, Format, Orientation, Plane, Planes, Size};
use openh264::OpenH264API;
use openh264::decoder::{DecodedYUV, DecoderConfig, Flush};
use openh264::formats::YUVSource;
use openh264_sys2::DECODER_OPTION_NUM_OF_FRAMES_REMAINING_IN_BUFFER;

use super::active::ActiveSet;
use super::parameter_set::{self, Announced};
use super::{annexb, nal};
use crate::Error;
use crate::decode::Settings;

/// Longest access unit, bytes.
const MAX_BYTES: usize = 16 << 20;
/// Pictures that OpenH264 holds beside the reference frames, its tables of macroblocks counted as one.
const WORKING: usize = 4;

/// An H.264 decoder without delay: one picture per access unit.
pub struct Decoder {
    decoder: openh264::decoder::Decoder,
    settings: Settings,
    /// How the pictures are meant.
    active: ActiveSet,
    /// Memory of the largest pictures and references that the stream announced, bytes.
    memory: usize,
    picture: Option<RawPicture>,
    /// Pictures that a flush returned and that have not been handed out.
    flushed: Option<VecDeque<RawPicture>>,
}

/// Pointers to a picture in OpenH264's memory.
struct RawPicture {
    size: Size,
    /// Address, length and stride of the planes Y, U and V.
    planes: [(*const u8, usize, usize); 3],
}

impl RawPicture {
    /// Takes a picture of OpenH264. Fails if its planes are smaller than its size says.
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

/// Returns the memory that OpenH264 takes for a stream, bytes: its reference frames, and as many others as it works on.
fn memory(announced: &Announced) -> usize {
    Format::I420.bytes(announced.coded).saturating_mul(announced.references as usize + WORKING)
}

// SAFETY: the pointers point into memory that the decoder in the same struct owns. They move with it and are dereferenced
// only while the struct is borrowed.
unsafe impl Send for Decoder {}

impl Decoder {
    /// Creates a decoder for one stream.
    ///
    /// # Errors
    /// [`Error::Codec`] if the library does not start.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        // Flushing after each picture would delay pictures or repeat old ones; streams of cameras have no reordered pictures.
        let config = DecoderConfig::new().flush_after_decode(Flush::NoFlush);
        let decoder = openh264::decoder::Decoder::with_api_config(OpenH264API::from_source(), config)
            .map_err(|error| Error::Codec(error.to_string()))?;
        Ok(Self {
            decoder,
            settings: settings.clone(),
            active: ActiveSet::default(),
            memory: 0,
            picture: None,
            flushed: None,
        })
    }

    /// Rejects access units that OpenH264 must not see.
    fn check(&mut self, access_unit: &[u8]) -> Result<(), Error> {
        if access_unit.len() > MAX_BYTES {
            return Err(Error::Damaged);
        }
        for unit in annexb::units(access_unit) {
            match nal::kind(unit) {
                nal::SPS => {
                    let announced = parameter_set::parse(unit).ok_or(Error::Damaged)?;
                    if announced.interlaced {
                        return Err(Error::Interlaced);
                    }
                    let Settings { max_pixels, max_reference_pixels } = self.settings;
                    if announced.coded.pixels() > max_pixels {
                        return Err(Error::TooLarge { size: announced.shown, max_pixels });
                    }
                    if announced.reference_pixels() > max_reference_pixels {
                        let Announced { shown: size, references, .. } = announced;
                        return Err(Error::TooManyReferences { size, references });
                    }
                    self.memory = self.memory.max(memory(&announced));
                    self.active.announce(&announced);
                }
                nal::PPS | nal::SLICE | nal::IDR => self.active.read(unit),
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
            // OpenH264 would take it for the end of the stream.
            return Ok(false);
        }
        self.check(access_unit)?;
        let Some(picture) = self.decoder.decode(access_unit).map_err(|_| Error::Damaged)? else {
            return Ok(false);
        };
        self.picture = Some(RawPicture::of(&picture)?);
        Ok(true)
    }

    fn held(&mut self) -> usize {
        let mut held = 0i32;
        // SAFETY: the option's value is a 32-bit integer (codec_api.h, DECODER_OPTION_NUM_OF_FRAMES_REMAINING_IN_BUFFER), to which the
        // pointer leads for the time of the call. The call changes nothing.
        let outcome = unsafe {
            self.decoder.raw_api().get_option(DECODER_OPTION_NUM_OF_FRAMES_REMAINING_IN_BUFFER, (&raw mut held).cast())
        };
        if outcome == 0 { held.try_into().unwrap_or(0) } else { 0 }
    }

    fn memory(&self) -> usize {
        self.memory
    }

    fn flush(&mut self) -> Result<bool, Error> {
        self.picture = None;
        if self.flushed.is_none() {
            let pictures = self.decoder.flush_remaining().map_err(|_| Error::Damaged)?;
            self.flushed = Some(pictures.iter().map(RawPicture::of).collect::<Result<_, _>>()?);
        }
        self.picture = self.flushed.as_mut().and_then(VecDeque::pop_front);
        Ok(self.picture.is_some())
    }

    fn picture(&self) -> Option<Coded<'_>> {
        let RawPicture { size, planes } = self.picture.as_ref()?;
        let plane = |(data, length, stride): (*const u8, usize, usize)| {
            // SAFETY: OpenH264 returned these planes for the last access unit and does not change them until it is called
            // again or freed (codec_api.h, DecodeFrameNoDelay). Flushing only hands out pictures; their buffers are reused
            // when the next access unit is decoded. Both need exclusive access to the decoder, which the borrow of `self`
            // excludes, and `decode` clears the pointers before it calls OpenH264.
            Plane { data: unsafe { std::slice::from_raw_parts(data, length) }, stride }
        };
        let planes = Planes { size: *size, y: plane(planes[0]), u: plane(planes[1]), v: plane(planes[2]) };
        let vui = self.active.vui();
        let size = vui.aspect.map_or(*size, |aspect| aspect.square(*size, self.settings.max_pixels));
        Some(Coded { planes, colour: vui.colour(), orientation: Orientation::UPRIGHT, size })
    }
}
