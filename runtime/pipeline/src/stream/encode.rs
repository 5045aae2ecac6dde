//! Encodes what goes out: results, and pictures that no handler touched.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use framebox_media::{EncodedFrame, Encoder, Error};
use framebox_picture::{Picture, Planes, Size, sample::Sampler};

use crate::session::exchange::FrameMetadata;
use crate::session::{Controls, Setup};

/// The encoder of a session, made when the first picture is there.
pub(crate) struct Outlet<'a> {
    setup: &'a Setup,
    controls: &'a Controls,
    encoder: Option<Box<dyn Encoder>>,
    encoded: Vec<u8>,
    bitrate: u32,
    /// Size of the handler's last result.
    shown: Option<Size>,
    sampler: Sampler,
    scaled: Option<Picture>,
}

impl<'a> Outlet<'a> {
    pub(crate) fn new(setup: &'a Setup, controls: &'a Controls) -> Self {
        Self {
            setup,
            controls,
            encoder: None,
            encoded: Vec::new(),
            bitrate: 0,
            shown: None,
            sampler: Sampler::default(),
            scaled: None,
        }
    }

    /// A result of the handler. None when the encoder left it out to keep the bit rate.
    pub(crate) fn result(&mut self, picture: &Picture, fresh: &FrameMetadata) -> Result<Option<EncodedFrame>, Error> {
        self.shown = Some(picture.size());
        self.frame(picture.planes(), fresh)
    }

    /// A picture that no handler touched, at the size of the results: each change of size costs a keyframe.
    pub(crate) fn unprocessed(
        &mut self,
        picture: &Picture,
        fresh: &FrameMetadata,
    ) -> Result<Option<EncodedFrame>, Error> {
        let Some(size) = self.shown.filter(|size| *size != picture.size()) else {
            return self.frame(picture.planes(), fresh);
        };
        let Some(mut scaled) = self.scaled.take().or_else(|| Picture::black(size).ok()) else { return Ok(None) };
        let frame = match self.sampler.scale(picture.planes(), size, &mut scaled) {
            Ok(()) => self.frame(scaled.planes(), fresh),
            Err(_) => Ok(None),
        };
        self.scaled = Some(scaled);
        frame
    }

    fn frame(&mut self, planes: Planes<'_>, fresh: &FrameMetadata) -> Result<Option<EncodedFrame>, Error> {
        let encoded = self.encode(planes, fresh.pts);
        if encoded.is_err() {
            self.encoder = None;
        }
        let keyframe = encoded?;
        let data = (!self.encoded.is_empty()).then(|| Bytes::copy_from_slice(&self.encoded));
        Ok(data.map(|data| EncodedFrame {
            codec: self.setup.codec,
            data,
            keyframe,
            rtp_timestamp: fresh.rtp_timestamp,
            captured: fresh.completed,
        }))
    }

    fn encode(&mut self, planes: Planes<'_>, pts: Duration) -> Result<bool, Error> {
        self.encoded.clear();
        let bitrate = self.controls.bitrate.load(Relaxed);
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            none => {
                self.bitrate = bitrate;
                let settings = framebox_media::encode::Settings { bitrate, ..self.setup.encode.clone() };
                none.insert(self.setup.codec.encoder(&settings)?)
            }
        };
        if bitrate != self.bitrate {
            encoder.set_bitrate(bitrate);
            self.bitrate = bitrate;
        }
        let keyframe = self.controls.keyframe.swap(false, Relaxed);
        Ok(encoder.encode(planes, pts, keyframe, &mut self.encoded)?.keyframe)
    }
}
