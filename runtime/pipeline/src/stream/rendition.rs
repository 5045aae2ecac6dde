//! A stream encoded once: codec, size, bit rate.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Instant;

use super::attachment::{Attachment, Audience};
use super::bitrate;
use super::encode::{Encode, Wishes};
use super::report::{Encoding, Report};
use super::settings::Settings;
use super::shown::Shown;
use super::viewer::Viewer;
use super::viewers::{Entry, Shared, State};
use crate::cpu;

/// Encodes a stream on a thread of its own, for any number of viewers. Dropping it ends the thread without waiting for
/// it.
#[derive(Debug)]
pub struct Rendition {
    settings: Settings,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Rendition {
    /// Starts the thread. The encoder is made when the first picture is there.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(settings: Settings, report: Arc<dyn Report>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::new(report.clone()));
        let worker = Worker { shared: shared.clone(), report, settings: settings.clone() };
        let thread = Builder::new().name("encode".into()).spawn(move || worker.run())?;
        Ok(Self { settings, shared, thread: Mutex::new(Some(thread)) })
    }

    /// Attaches a viewer, which gets the encoded frames from the next one on. That one is a keyframe.
    pub fn attach(&self, viewer: Arc<dyn Viewer>) -> Attachment {
        let mut state = self.shared.lock();
        state.keyframe = true;
        let id = state.viewers.attach(viewer);
        let shared: Arc<dyn Audience> = self.shared.clone();
        Attachment::new(Arc::downgrade(&shared), id)
    }

    /// True while no picture waits for the encoder, and a viewer could be sent another one.
    pub fn has_room(&self) -> bool {
        let state = self.shared.lock();
        state.waiting.is_none() && !state.viewers.is_blocked()
    }

    /// Gives it a picture, to be called when there is [room](Self::has_room); after [`Rendition::close`] it is dropped.
    /// Returns at once.
    ///
    /// # Errors
    /// The picture, when there was no room or the rendition has ended.
    pub fn show(&self, picture: Shown) -> Result<(), Shown> {
        let mut state = self.shared.lock();
        if state.ended || state.waiting.is_some() {
            return Err(picture);
        }
        state.waiting = Some(picture);
        drop(state);
        self.shared.wake();
        Ok(())
    }

    /// The bit rate that the encoder is asked for, bits a second.
    pub fn bitrate(&self) -> u32 {
        decide(&self.settings, &self.shared.lock())
    }

    /// Encodes the picture that waits, if any, and ends the thread. Blocks until that is done.
    pub fn close(&self) {
        self.end();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of a rendition panicked");
        }
    }

    fn end(&self) {
        self.shared.lock().ended = true;
        self.shared.wake();
    }
}

impl Drop for Rendition {
    fn drop(&mut self) {
        self.end();
    }
}

fn decide(settings: &Settings, state: &State) -> u32 {
    bitrate::decide(settings.encode.bitrate, settings.encode.max_bitrate, state.viewers.bitrates())
}

/// A picture to encode, with the viewers and wishes of the moment at which the encoder took it: who attaches later gets the
/// next frame, which is then a keyframe.
struct Task {
    picture: Shown,
    wishes: Wishes,
    viewers: Arc<Vec<Entry>>,
}

/// The rendition's thread.
struct Worker {
    shared: Arc<Shared>,
    report: Arc<dyn Report>,
    settings: Settings,
}

impl Worker {
    fn run(self) {
        cpu::lower_priority();
        let mut encode = Encode::new(self.settings.clone());
        let mut used = cpu::Meter::new();
        while let Some(task) = self.next() {
            self.report.room();
            self.serve(&mut encode, &mut used, &task);
        }
    }

    /// Waits for the next picture. None when the rendition has ended.
    fn next(&self) -> Option<Task> {
        let mut state = self.shared.lock();
        loop {
            if let Some(picture) = state.waiting.take() {
                let bitrate = decide(&self.settings, &state);
                let viewers = state.viewers.list();
                // The wish stands when nobody is there to see the keyframe.
                let keyframe = !viewers.is_empty() && std::mem::take(&mut state.keyframe);
                return Some(Task { picture, wishes: Wishes { bitrate, keyframe }, viewers });
            }
            if state.ended {
                return None;
            }
            state = self.shared.wait(state);
        }
    }

    fn serve(&self, encode: &mut Encode, used: &mut cpu::Meter, task: &Task) {
        let Task { picture, wishes, viewers } = task;
        framebox_failpoint::panic("encode");
        used.lap();
        let begin = Instant::now();
        let encoded = if viewers.is_empty() { Ok(None) } else { encode.frame(picture, *wishes) };
        let frame = encoded.unwrap_or_else(|error| {
            self.report.failed(&error);
            None
        });
        self.report.done(Encoding {
            sequence: picture.sequence,
            processed: picture.processed,
            sent: frame.is_some(),
            took: begin.elapsed(),
            cpu: used.lap(),
        });
        let Some(frame) = frame else { return };
        for entry in viewers.iter() {
            entry.viewer.frame(frame.clone());
        }
    }
}

impl Drop for Worker {
    /// Also after a panic: whoever waits for room must not wait for ever.
    fn drop(&mut self) {
        let waiting = {
            let mut state = self.shared.lock();
            state.ended = true;
            state.waiting.take()
        };
        drop(waiting);
        if std::thread::panicking() {
            self.report.panicked();
        }
        self.report.room();
    }
}

#[cfg(test)]
mod tests;
