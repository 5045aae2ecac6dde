//! The decode thread: every encoded frame, in order.
//!
//! It owns the decoder, which is made when the first frame of a codec is there: who sends may be another one later, with another
//! codec. A picture is copied once, into memory that the gate can hold, as it is meant and at the size that the handler gets;
//! not at all when the gate refuses its frame and nobody shows it.

use std::sync::mpsc::Receiver;
use std::time::Instant;

use framebox_media::{Codec, Decoder, EncodedFrame, Error, decode};

use crate::cpu;
use crate::session::connections::Connections;
use crate::session::display_order::{DisplayOrder, Origin};
use crate::session::exchange::Exchange;
use crate::session::frame::{Frame, FrameMetadata};
use crate::session::frame_copy::FrameCopy;
use crate::session::intake::Waiting;
use crate::session::notice::{Notice, Severity};
use crate::session::rtp_clock::Time;
use crate::session::setup::Setup;
use crate::session::undecodable::Undecodable;

/// A decoder, and the frames that it holds.
struct Decoding {
    codec: Codec,
    decoder: Box<dyn Decoder>,
    order: DisplayOrder,
}

impl Decoding {
    /// The decoder for a frame: the one there is, or, for a keyframe of another codec, another one in place of it.
    ///
    /// # Errors
    /// [`Error::Damaged`] before the first keyframe; what keeps the codec from being decoded.
    fn of<'a>(
        there: &'a mut Option<Self>,
        frame: &EncodedFrame,
        settings: &decode::Settings,
    ) -> Result<&'a mut Self, Error> {
        let codec = frame.codec;
        if there.as_ref().is_none_or(|decoding| decoding.codec != codec) {
            if !frame.keyframe {
                return Err(Error::Damaged);
            }
            // One at a time.
            *there = None;
            *there = Some(Self { codec, decoder: codec.decoder_with(settings)?, order: DisplayOrder::default() });
        }
        there.as_mut().ok_or(Error::Damaged)
    }

    /// Decodes a frame. Returns whether it resulted in a picture, and which one that is.
    fn decode(&mut self, frame: &EncodedFrame) -> Result<Option<Origin>, Error> {
        self.order.put(Origin { rtp_timestamp: frame.rtp_timestamp, captured: frame.captured });
        let decoded = self.decoder.decode(&frame.data);
        let held = self.decoder.held();
        let origin = self.order.take(matches!(decoded, Ok(true)), held);
        decoded.map(|_| origin)
    }
}

/// Decodes until the sender of `frames` is gone or the session has ended.
pub(crate) fn run(exchange: &Exchange, frames: &Receiver<Waiting>, setup: &Setup, connections: &Connections) {
    cpu::lower_priority();
    let mut used = cpu::Meter::new();
    let mut copies = FrameCopy::new(&setup.account);
    let mut undecodable = Undecodable::default();
    let settings = decode::Settings::up_to(setup.largest_input);
    let mut decoding: Option<Decoding> = None;
    while let Ok(Waiting { frame, charge, since }) = frames.recv() {
        framebox_failpoint::panic("decode");
        let begin = Instant::now();
        let decoded = Decoding::of(&mut decoding, &frame, &settings).and_then(|decoding| decoding.decode(&frame));
        drop(charge);
        let decode = Some(begin.elapsed());
        let picture = decoding.as_ref().and_then(|decoding| decoding.decoder.picture());
        match decoded {
            Ok(Some(Origin { rtp_timestamp, captured })) => {
                let Some(coded) = picture else { continue };
                let Time { rtp_timestamp, pts } = exchange.clock().time(rtp_timestamp, captured);
                undecodable.recovered();
                let metadata = FrameMetadata { rtp_timestamp, pts, captured, decode };
                let frame = Frame { metadata, size: coded.size, picture: None };
                if !exchange.present(frame, since, |size| copies.copy(coded, size)) {
                    break;
                }
            }
            Ok(None) => {}
            Err(error) => {
                tracing::debug!(%error, "a frame could not be decoded");
                exchange.recorder().counts.undecodable += 1;
                // Where the camera is too large, the next keyframe may be smaller.
                connections.upstream.request_keyframe();
                if let Some((code, message)) = undecodable.failed(Instant::now(), &error, setup.largest_input) {
                    connections.events.notice(Notice { severity: Severity::Warning, code, message, request: None });
                }
            }
        }
        if let Some(permit) = &setup.permit {
            exchange.recorder().decoder_memory = decoding.as_ref().map_or(0, |decoding| decoding.decoder.memory());
            permit.report(Instant::now(), used.lap());
        }
    }
}
