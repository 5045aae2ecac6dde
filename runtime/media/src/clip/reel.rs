//! Image decoding on a thread of its own, one picture whenever one is asked for.
//!
//! The frames of the crate `image` cannot be sent between threads, and its decoders may panic on what their authors did not
//! think of; here, that is a damaged file.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use framebox_picture::{Picture, Pool};

use super::Error;
use super::rgba::{self, Image};

/// A picture that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// A picture and how long it is shown.
pub(super) type Turn = (Arc<Picture>, Duration);

/// The pictures of an animation from its beginning.
pub(super) struct Reel {
    asks: SyncSender<()>,
    answers: Receiver<Result<Option<Turn>, Error>>,
}

impl Reel {
    pub(super) fn new(image: Image) -> Result<Self, Error> {
        let ((asks, asked), (answer, answers)) = (sync_channel(1), sync_channel(1));
        let run = move || {
            let (mut frames, mut pool) = (None, Pool::default());
            // Ends with the reel, which holds the other ends.
            while asked.recv().is_ok() {
                if answer.send(turn(&image, &mut frames, &mut pool)).is_err() {
                    return;
                }
            }
        };
        spawn(run)?;
        Ok(Self { asks, answers })
    }

    /// The next picture; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Turn>, Error> {
        self.asks.try_send(()).map_err(|_| given_up())?;
        self.answers.recv_timeout(PATIENCE).map_err(failed)?
    }
}

/// The picture of a still image.
pub(super) fn still(image: Image) -> Result<Arc<Picture>, Error> {
    let (answer, answers) = sync_channel(1);
    spawn(move || {
        let drawn = image.still().and_then(|image| Ok(Pool::default().filled(|picture| rgba::draw(image, picture))?));
        // Nobody waits for it any more when this fails.
        let _ = answer.send(drawn);
    })?;
    answers.recv_timeout(PATIENCE).map_err(failed)?
}

fn turn(image: &Image, frames: &mut Option<image::Frames<'static>>, pool: &mut Pool) -> Result<Option<Turn>, Error> {
    let frames = match frames {
        Some(frames) => frames,
        None => frames.insert(image.frames()?),
    };
    let Some(frame) = frames.next().transpose().map_err(rgba::wrong)? else { return Ok(None) };
    let delay = rgba::delay(&frame);
    let picture = pool.filled(|picture| rgba::draw(frame.into_buffer(), picture))?;
    Ok(Some((picture, delay)))
}

fn spawn(run: impl FnOnce() + Send + 'static) -> Result<(), Error> {
    thread::Builder::new().name("image".into()).spawn(run).map(|_| ()).map_err(|_| Error::Decoder)
}

fn failed(error: RecvTimeoutError) -> Error {
    match error {
        RecvTimeoutError::Timeout => given_up(),
        RecvTimeoutError::Disconnected => Error::Broken("a picture cannot be decoded".into()),
    }
}

fn given_up() -> Error {
    Error::Broken("a picture takes too long to decode".into())
}
