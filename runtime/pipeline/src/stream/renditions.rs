//! The renditions of a stream that are encoded in this process.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use framebox_picture::Picture;

use super::encoders::{Ask, Encoders, Format, Order, RenditionId};
use super::rendition::{Last, Receivers, Rendition};
use super::settings::Settings;
use super::shown::Shown;

/// Renditions at once, at most: more than viewers have needs.
const MOST: usize = 16;

/// Renditions that are encoded on threads of this process.
pub(super) struct Renditions {
    settings: Settings,
    receivers: Receivers,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The oldest first.
    running: Vec<Arc<Rendition>>,
    /// Their threads, and those that have been told to end.
    threads: Vec<JoinHandle<()>>,
    last: Option<Last>,
    closed: bool,
}

impl Renditions {
    /// None yet.
    pub(super) fn new(settings: Settings, receivers: Receivers) -> Self {
        Self { settings, receivers, state: Mutex::default() }
    }

    /// True while there is room for a picture in the oldest rendition that has a viewer who could be sent it, and while nobody
    /// watches. The others take what they can.
    pub(super) fn has_room(&self) -> bool {
        let state = self.lock();
        match state.running.iter().find(|rendition| !rendition.is_blocked()) {
            Some(rendition) => rendition.has_room(),
            None => state.running.is_empty(),
        }
    }

    /// Gives a picture to every rendition that has room. False when none of them takes it: nothing is reported of it then.
    pub(super) fn show(&self, picture: &Shown) -> bool {
        let mut state = self.lock();
        if state.closed {
            return false;
        }
        let last = Last { shown: picture.clone(), at: Instant::now() };
        let before = state.last.replace(last);
        let several = state.running.len() > 1;
        let takes = |rendition: &&Arc<Rendition>| !(several && rendition.is_blocked()) && rendition.show(picture);
        let shown = state.running.iter().filter(takes).count();
        drop(state);
        drop(before);
        shown > 0
    }

    /// The picture that was last shown.
    pub(super) fn last(&self) -> Option<Arc<Picture>> {
        self.lock().last.as_ref().map(|last| last.shown.picture.clone())
    }

    /// Encodes what waits and ends the renditions. Blocks until that is done.
    pub(super) fn close(&self) {
        let (running, threads) = {
            let mut state = self.lock();
            state.closed = true;
            state.last = None;
            (std::mem::take(&mut state.running), std::mem::take(&mut state.threads))
        };
        running.iter().for_each(|rendition| rendition.end());
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("the thread of a rendition panicked");
            }
        }
    }

    fn start(&self, id: RenditionId, format: Format, ask: Ask) {
        let mut state = self.lock();
        if state.closed || state.running.len() >= MOST {
            return;
        }
        state.threads.retain(|thread| !thread.is_finished());
        let begun =
            Rendition::start(id, self.settings.clone(), (format, ask), state.last.clone(), self.receivers.clone());
        match begun {
            Ok((rendition, thread)) => {
                state.running.push(Arc::new(rendition));
                state.threads.push(thread);
            }
            Err(error) => {
                drop(state);
                tracing::error!(%error, "a rendition has no thread");
                self.receivers.report.panicked();
            }
        }
    }

    fn stop(&self, id: RenditionId) {
        let mut state = self.lock();
        let index = state.running.iter().position(|rendition| rendition.id() == id);
        let stopped = index.map(|index| state.running.remove(index));
        drop(state);
        if let Some(rendition) = stopped {
            rendition.end();
            // Perhaps the others have room.
            self.receivers.report.room();
        }
    }

    fn find(&self, id: RenditionId) -> Option<Arc<Rendition>> {
        self.lock().running.iter().find(|rendition| rendition.id() == id).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Encoders for Renditions {
    fn order(&self, rendition: RenditionId, order: Order) {
        match order {
            Order::Start(format, ask) => self.start(rendition, format, ask),
            Order::Stop => self.stop(rendition),
            Order::Change(ask) => {
                if self.find(rendition).is_some_and(|rendition| rendition.change(ask)) {
                    self.receivers.report.room();
                }
            }
            Order::Keyframe => {
                if let Some(rendition) = self.find(rendition) {
                    rendition.request_keyframe();
                }
            }
        }
    }
}

impl fmt::Debug for Renditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renditions").finish_non_exhaustive()
    }
}
