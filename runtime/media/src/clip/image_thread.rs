//! Decodes images on a thread of their own, one picture per request.
//!
//! The frame iterators of the crate `image` cannot move between threads, and its decoders may panic on unusual files. A panic
//! on the thread results in an error.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use framebox_picture::{Picture, Pool};

use super::error::Error;
use super::rgba::{self, Image};

/// Time limit of decoding one picture.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// A picture and its duration.
pub(super) type TimedPicture = (Arc<Picture>, Duration);

/// Decodes the pictures of an animation from its beginning.
pub(super) struct AnimationDecoder {
    requests: SyncSender<()>,
    results: Receiver<Result<Option<TimedPicture>, Error>>,
}

impl AnimationDecoder {
    pub(super) fn new(image: Image) -> Result<Self, Error> {
        let ((requests, requested), (result, results)) = (sync_channel(1), sync_channel(1));
        let run = move || {
            let (mut frames, mut pool) = (None, Pool::default());
            // Ends when the decoder, which owns the other ends, is dropped.
            while requested.recv().is_ok() {
                if result.send(next_picture(&image, &mut frames, &mut pool)).is_err() {
                    return;
                }
            }
        };
        spawn(run)?;
        Ok(Self { requests, results })
    }

    /// Returns the next picture, or none at the end.
    pub(super) fn next(&mut self) -> Result<Option<TimedPicture>, Error> {
        self.requests.try_send(()).map_err(|_| timed_out())?;
        self.results.recv_timeout(TIME_LIMIT).map_err(receive_error)?
    }
}

/// Decodes a still image.
pub(super) fn decode_still(image: Image) -> Result<Arc<Picture>, Error> {
    let (result, results) = sync_channel(1);
    spawn(move || {
        let drawn = image.still().and_then(|image| Ok(Pool::default().filled(|picture| rgba::draw(image, picture))?));
        // Fails only if the receiver has given up waiting.
        let _ = result.send(drawn);
    })?;
    results.recv_timeout(TIME_LIMIT).map_err(receive_error)?
}

fn next_picture(
    image: &Image,
    frames: &mut Option<image::Frames<'static>>,
    pool: &mut Pool,
) -> Result<Option<TimedPicture>, Error> {
    let frames = match frames {
        Some(frames) => frames,
        None => frames.insert(image.frames()?),
    };
    let Some(frame) = frames.next().transpose().map_err(rgba::convert_error)? else { return Ok(None) };
    let delay = rgba::delay(&frame);
    let picture = pool.filled(|picture| rgba::draw(frame.into_buffer(), picture))?;
    Ok(Some((picture, delay)))
}

fn spawn(run: impl FnOnce() + Send + 'static) -> Result<(), Error> {
    thread::Builder::new().name("image".into()).spawn(run).map(|_| ()).map_err(|_| Error::Decoder)
}

fn receive_error(error: RecvTimeoutError) -> Error {
    match error {
        RecvTimeoutError::Timeout => timed_out(),
        RecvTimeoutError::Disconnected => Error::Broken("a picture cannot be decoded".into()),
    }
}

fn timed_out() -> Error {
    Error::Broken("a picture takes too long to decode".into())
}
