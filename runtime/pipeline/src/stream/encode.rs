//! Pictures to encoded frames.

use std::time::Duration;

use bytes::Bytes;
use framebox_media::{EncodedFrame, Encoder, Error, encode};
use framebox_picture::{Picture, Planes, Size, sample::Sampler};

use super::adaptation::Adaptation;
use super::encoders::Format;
use super::overshoot::Overshoot;
use super::settings::Settings;
use super::shown::Shown;

/// What the viewers of a rendition ask of the next picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wishes {
    /// Bits a second.
    pub(super) bitrate: u32,
    /// The largest picture, pixels.
    pub(super) max_pixels: Option<u64>,
    /// It is to be a keyframe.
    pub(super) keyframe: bool,
}

/// A coded picture.
pub(super) struct CodedPicture {
    pub(super) frame: EncodedFrame,
    pub(super) size: Size,
    /// Size before it was made smaller.
    pub(super) original: Size,
}

/// The least time between two pictures. Rate control needs times that go on.
const MIN_STEP: Duration = Duration::from_millis(1);

/// The encoder of a rendition, made when the first picture is there.
pub(super) struct Encode {
    settings: Settings,
    format: Format,
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
    /// Presentation time of the last picture.
    last: Option<Duration>,
}

impl Encode {
    pub(super) fn new(settings: Settings, format: Format) -> Self {
        let (sampler, adaptation) = (Sampler::default(), Adaptation::new(settings.fps, format.layer));
        Self {
            settings,
            format,
            encoder: None,
            encoded: Vec::new(),
            bitrate: 0,
            shown: None,
            adaptation,
            overshoot: Overshoot::default(),
            sampler,
            scaled: None,
            last: None,
        }
    }

    /// Encodes a picture, at the size that the bit rate allows. One that no handler touched has the size of the results: each
    /// change of size costs a keyframe. None when the encoder left it out to keep the bit rate.
    pub(super) fn picture(&mut self, shown: &Shown, wishes: Wishes) -> Result<Option<CodedPicture>, Error> {
        let picture = &shown.picture;
        if shown.processed {
            self.shown = Some(picture.size());
        }
        let pts = self.last.map_or(shown.pts, |last| shown.pts.max(last.saturating_add(MIN_STEP)));
        self.last = Some(pts);
        let original = self.shown.unwrap_or(picture.size());
        let size = self.adaptation.size(pts, original, wishes.bitrate, wishes.max_pixels);
        let coded = if size == picture.size() {
            self.planes(picture.planes(), pts, wishes)
        } else {
            self.scaled(picture.planes(), size, pts, wishes)
        };
        let Some(keyframe) = coded? else { return Ok(None) };
        let Shown { rtp_timestamp, captured, .. } = *shown;
        let (codec, data) = (self.format.codec, Bytes::copy_from_slice(&self.encoded));
        let frame = EncodedFrame { codec, data, keyframe, rtp_timestamp, captured };
        Ok(Some(CodedPicture { frame, size, original }))
    }

    fn scaled(&mut self, planes: Planes<'_>, size: Size, pts: Duration, wishes: Wishes) -> Result<Option<bool>, Error> {
        let Some(mut scaled) = self.scaled.take().or_else(|| Picture::black(size).ok()) else { return Ok(None) };
        let coded = match self.sampler.scale(planes, size, &mut scaled) {
            Ok(()) => self.planes(scaled.planes(), pts, wishes),
            Err(_) => Ok(None),
        };
        self.scaled = Some(scaled);
        coded
    }

    /// Encodes these pixels. Returns whether it made a keyframe; none when it left the picture out.
    fn planes(&mut self, planes: Planes<'_>, pts: Duration, wishes: Wishes) -> Result<Option<bool>, Error> {
        let encoded = self.encode(planes, pts, wishes);
        if encoded.is_err() {
            self.encoder = None;
        }
        let keyframe = encoded?;
        Ok((!self.encoded.is_empty()).then_some(keyframe))
    }

    fn encode(&mut self, planes: Planes<'_>, pts: Duration, wishes: Wishes) -> Result<bool, Error> {
        self.encoded.clear();
        let Wishes { bitrate: wanted, keyframe, .. } = wishes;
        let bitrate = self.overshoot.ask(wanted);
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            none => {
                self.bitrate = bitrate;
                let Settings { max_bitrate, fps, .. } = self.settings;
                let Format { codec, max_unit_bytes, .. } = self.format;
                none.insert(codec.encoder(&encode::Settings { bitrate, max_bitrate, fps, max_unit_bytes })?)
            }
        };
        if bitrate != self.bitrate {
            encoder.set_bitrate(bitrate);
            self.bitrate = bitrate;
        }
        let encoded = encoder.encode(planes, pts, keyframe, &mut self.encoded)?;
        self.adaptation.encoded(planes.size, self.encoded.len(), encoded.quantizer, encoded.keyframe);
        tracing::trace!(wanted, bitrate, bytes = self.encoded.len(), quantizer = encoded.quantizer, keyframe = encoded.keyframe, size = %planes.size, "encoded");
        self.overshoot.encoded(pts, self.encoded.len(), encoded.keyframe, wanted);
        Ok(encoded.keyframe)
    }
}
