//! Which codecs there are.

use crate::{Decoder, Encoder, Error, decode, encode, h264};

/// A video codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Codec {
    /// ITU-T H.264, constrained baseline, as an Annex B byte stream.
    H264,
}

impl Codec {
    /// Returns the name that SDP has for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::H264 => "H264",
        }
    }

    /// A decoder for one stream, with the default settings.
    ///
    /// # Errors
    /// [`Error::Codec`] when the library refuses to start.
    pub fn decoder(self) -> Result<Box<dyn Decoder>, Error> {
        self.decoder_with(&decode::Settings::default())
    }

    /// A decoder for one stream.
    ///
    /// # Errors
    /// [`Error::Codec`] when the library refuses to start.
    pub fn decoder_with(self, settings: &decode::Settings) -> Result<Box<dyn Decoder>, Error> {
        match self {
            Self::H264 => Ok(Box::new(h264::Decoder::new(settings)?)),
        }
    }

    /// An encoder for one stream.
    ///
    /// # Errors
    /// [`Error::Codec`] when the library refuses to start.
    pub fn encoder(self, settings: &encode::Settings) -> Result<Box<dyn Encoder>, Error> {
        match self {
            Self::H264 => Ok(Box::new(h264::Encoder::new(settings)?)),
        }
    }
}
