//! Pictures to encoded frames.

use bytes::Bytes;
use framebox_media::{EncodedFrame, Encoder, Error};
use framebox_picture::{Picture, Planes, Size, sample::Sampler};

use super::adaptation::Adaptation;
use super::overshoot::Overshoot;
use super::settings::Settings;
use super::shown::Shown;

/// What the viewers of a rendition ask of the next picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wishes {
    /// Bits a second.
    pub(super) bitrate: u32,
    /// It is to be a keyframe.
    pub(super) keyframe: bool,
}

/// The encoder of a rendition, made when the first picture is there.
pub(super) struct Encode {
    settings: Settings,
    encoder: Option<Box<dyn Encoder>>,
    encoded: Vec<u8>,
    /// What the encoder was last asked for, bits a second.
    bitrate: u32,
    /// Size of the handler's last result.
    shown: Option<Size>,
    adaptation: Adaptation,
    overshoot: Overshoot,
    sampler: Sampler,
    scaled: Option<Picture>,
}

impl Encode {
    pub(super) fn new(settings: Settings) -> Self {
        let (sampler, adaptation) = (Sampler::default(), Adaptation::new(settings.encode.fps, settings.max_pixels));
        Self {
            settings,
            encoder: None,
            encoded: Vec::new(),
            bitrate: 0,
            shown: None,
            adaptation,
            overshoot: Overshoot::default(),
            sampler,
            scaled: None,
        }
    }

    /// Encodes a picture, at the size that the bit rate allows. One that no handler touched has the size of the results: each
    /// change of size costs a keyframe. None when the encoder left it out to keep the bit rate.
    pub(super) fn frame(&mut self, shown: &Shown, wishes: Wishes) -> Result<Option<EncodedFrame>, Error> {
        let picture = &shown.picture;
        if shown.processed {
            self.shown = Some(picture.size());
        }
        let size = self.adaptation.size(shown.pts, self.shown.unwrap_or(picture.size()), wishes.bitrate);
        if size == picture.size() {
            return self.planes(picture.planes(), shown, wishes);
        }
        let Some(mut scaled) = self.scaled.take().or_else(|| Picture::black(size).ok()) else { return Ok(None) };
        let frame = match self.sampler.scale(picture.planes(), size, &mut scaled) {
            Ok(()) => self.planes(scaled.planes(), shown, wishes),
            Err(_) => Ok(None),
        };
        self.scaled = Some(scaled);
        frame
    }

    fn planes(&mut self, planes: Planes<'_>, shown: &Shown, wishes: Wishes) -> Result<Option<EncodedFrame>, Error> {
        let encoded = self.encode(planes, shown, wishes);
        if encoded.is_err() {
            self.encoder = None;
        }
        let keyframe = encoded?;
        let data = (!self.encoded.is_empty()).then(|| Bytes::copy_from_slice(&self.encoded));
        Ok(data.map(|data| EncodedFrame {
            codec: self.settings.codec,
            data,
            keyframe,
            rtp_timestamp: shown.rtp_timestamp,
            captured: shown.captured,
        }))
    }

    fn encode(&mut self, planes: Planes<'_>, shown: &Shown, wishes: Wishes) -> Result<bool, Error> {
        self.encoded.clear();
        let Wishes { bitrate: wanted, keyframe } = wishes;
        let bitrate = self.overshoot.ask(wanted);
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            none => {
                self.bitrate = bitrate;
                let settings = framebox_media::encode::Settings { bitrate, ..self.settings.encode.clone() };
                none.insert(self.settings.codec.encoder(&settings)?)
            }
        };
        if bitrate != self.bitrate {
            encoder.set_bitrate(bitrate);
            self.bitrate = bitrate;
        }
        let encoded = encoder.encode(planes, shown.pts, keyframe, &mut self.encoded)?;
        self.adaptation.encoded(planes.size, self.encoded.len(), encoded.quantizer, encoded.keyframe);
        tracing::trace!(wanted, bitrate, bytes = self.encoded.len(), quantizer = encoded.quantizer, keyframe = encoded.keyframe, size = %planes.size, "encoded");
        self.overshoot.encoded(shown.pts, self.encoded.len(), encoded.keyframe, wanted);
        Ok(encoded.keyframe)
    }
}
