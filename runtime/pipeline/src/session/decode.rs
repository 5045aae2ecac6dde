//! The decode thread: every encoded frame, in order.
//!
//! It owns the decoder. A picture is copied once, into memory that the gate can hold, at the size that the handler gets;
//! not at all when the gate refuses its frame and nobody shows it.

use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use framebox_media::{Decoder, Error};
use framebox_picture::Size;

use crate::cpu;
use crate::session::connections::Connections;
use crate::session::exchange::{Arrived, Exchange};
use crate::session::frame::{Frame, FrameMetadata};
use crate::session::frame_copy::FrameCopy;
use crate::session::intake::Waiting;
use crate::session::notice::{Notice, Severity};
use crate::session::rtp_clock::Clock;
use crate::session::setup::Setup;

/// Decodes until the sender of `frames` is gone or the session has ended.
pub(crate) fn run(
    mut decoder: Box<dyn Decoder>,
    exchange: &Exchange,
    frames: &Receiver<Waiting>,
    setup: &Setup,
    connections: &Connections,
) {
    cpu::lower_priority();
    let mut used = cpu::Meter::new();
    let mut clock = Clock::default();
    let mut copies = FrameCopy::new(&setup.account);
    let mut refused = Refused::default();
    while let Ok((frame, charge)) = frames.recv() {
        framebox_failpoint::panic("decode");
        let pts = clock.pts(frame.rtp_timestamp);
        let begin = Instant::now();
        let decoded = decoder.decode(&frame.data);
        drop(charge);
        let decode = Some(begin.elapsed());
        match decoded {
            Ok(true) => {
                let Some(planes) = decoder.picture() else { continue };
                let metadata =
                    FrameMetadata { rtp_timestamp: frame.rtp_timestamp, pts, captured: frame.captured, decode };
                let frame = Frame { metadata, size: planes.size, picture: None };
                match exchange.arrive(&frame) {
                    Arrived::Refused => {}
                    Arrived::Wanted { at, size } => {
                        let picture = copies.copy(planes, size);
                        exchange.offer(at, Frame { picture, ..frame });
                    }
                    Arrived::Ended => break,
                }
            }
            Ok(false) => {}
            Err(error) => {
                tracing::debug!(%error, "a frame could not be decoded");
                exchange.recorder().counts.undecodable += 1;
                // Where the camera is too large, the next keyframe may be smaller.
                connections.upstream.request_keyframe();
                if let Some(message) = refused.text(Instant::now(), &error, setup.largest_input) {
                    let (severity, code) = (Severity::Warning, "camera-too-large");
                    connections.events.notice(Notice { severity, code, message, request: None });
                }
            }
        }
        if let Some(permit) = &setup.permit {
            exchange.recorder().decoder_memory = decoder.memory();
            permit.report(Instant::now(), used.lap());
        }
    }
}

/// Shortest time between two notices of a camera that is too large.
const NOTICE: Duration = Duration::from_secs(5);

/// Pictures that the decoder refused for what they would take. A plain struct: time comes in as an argument.
#[derive(Debug, Default)]
struct Refused {
    /// The last size that was announced to the viewer, and when.
    told: Option<(Size, Instant)>,
}

impl Refused {
    /// Returns what the viewer is told, if `error` is about the camera's pictures and it is time.
    fn text(&mut self, now: Instant, error: &Error, largest: Size) -> Option<String> {
        let (size, references) = match error {
            Error::TooLarge { size, .. } => (*size, None),
            Error::TooManyReferences { size, references } => (*size, Some(*references)),
            _ => return None,
        };
        if self.told.is_some_and(|(told, at)| told == size && now.saturating_duration_since(at) < NOTICE) {
            return None;
        }
        self.told = Some((size, now));
        let words = |size: Size| format!("{}×{}", size.width, size.height);
        let with = references.map_or(String::new(), |references| format!(" with {references} reference frames"));
        let (size, largest) = (words(size), words(largest));
        Some(format!("your camera sends {size}{with}; this server takes up to {largest}: lower its resolution"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_viewer_is_told_in_words_and_not_with_every_frame() {
        let (now, largest) = (Instant::now(), Size::new(1920, 1080));
        let mut refused = Refused::default();
        let error = Error::TooLarge { size: Size::new(3840, 2160), max_pixels: 9 };
        assert_eq!(
            refused.text(now, &error, largest).unwrap(),
            "your camera sends 3840×2160; this server takes up to 1920×1080: lower its resolution"
        );
        assert_eq!(refused.text(now + NOTICE / 2, &error, largest), None);
        assert_eq!(refused.text(now, &Error::Damaged, largest), None);
        let other = Error::TooManyReferences { size: Size::new(1280, 720), references: 16 };
        assert!(refused.text(now, &other, largest).unwrap().contains("1280×720 with 16 reference frames"));
        assert!(refused.text(now + NOTICE, &other, largest).is_some());
    }
}
