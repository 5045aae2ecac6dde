//! The viewers of a rendition and their wishes.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::attachment::Audience;
use super::report::Report;
use super::shown::Shown;
use super::viewer::Viewer;

/// Stands for a viewer of a rendition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ViewerId(u64);

/// The viewers of a rendition. A list is replaced rather than changed, so that the rendition's thread can go through it
/// without a lock.
#[derive(Default)]
pub(super) struct Viewers {
    next: u64,
    list: Arc<Vec<Entry>>,
}

#[derive(Clone)]
pub(super) struct Entry {
    id: ViewerId,
    pub(super) viewer: Arc<dyn Viewer>,
    /// What the path to it carries, bits a second, once it has said so.
    bitrate: Option<u32>,
    /// The path to it takes nothing more at this moment.
    blocked: bool,
}

impl Viewers {
    pub(super) fn attach(&mut self, viewer: Arc<dyn Viewer>) -> ViewerId {
        let id = ViewerId(self.next);
        self.next += 1;
        Arc::make_mut(&mut self.list).push(Entry { id, viewer, bitrate: None, blocked: false });
        id
    }

    /// Detaches a viewer. It is returned so that it is not dropped under the lock.
    pub(super) fn detach(&mut self, id: ViewerId) -> Option<Entry> {
        let index = self.list.iter().position(|entry| entry.id == id)?;
        Some(Arc::make_mut(&mut self.list).remove(index))
    }

    pub(super) fn set_bitrate(&mut self, id: ViewerId, bits_per_second: u32) {
        let list = Arc::make_mut(&mut self.list);
        if let Some(entry) = list.iter_mut().find(|entry| entry.id == id) {
            entry.bitrate = Some(bits_per_second);
        }
    }

    pub(super) fn set_blocked(&mut self, id: ViewerId, blocked: bool) {
        let list = Arc::make_mut(&mut self.list);
        if let Some(entry) = list.iter_mut().find(|entry| entry.id == id) {
            entry.blocked = blocked;
        }
    }

    /// Whether there are viewers, and the path to none of them takes anything at this moment.
    pub(super) fn is_blocked(&self) -> bool {
        !self.list.is_empty() && self.list.iter().all(|entry| entry.blocked)
    }

    /// The viewers at this moment.
    pub(super) fn list(&self) -> Arc<Vec<Entry>> {
        self.list.clone()
    }

    /// What the paths to the viewers carry, bits a second.
    pub(super) fn bitrates(&self) -> impl Iterator<Item = Option<u32>> {
        self.list.iter().map(|entry| entry.bitrate)
    }
}

/// What a rendition's thread shares with those who give it pictures and wishes.
pub(super) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    report: Arc<dyn Report>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) viewers: Viewers,
    /// The next picture is to be a keyframe.
    pub(super) keyframe: bool,
    /// The one picture that waits for the encoder.
    pub(super) waiting: Option<Shown>,
    /// No picture is taken any more; the one that waits is still encoded.
    pub(super) ended: bool,
}

impl Shared {
    pub(super) fn new(report: Arc<dyn Report>) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), report }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the rendition's thread.
    pub(super) fn wake(&self) {
        self.changed.notify_all();
    }

    /// Waits for the next change.
    pub(super) fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

impl Audience for Shared {
    fn request_keyframe(&self) {
        self.lock().keyframe = true;
    }

    fn set_bitrate(&self, id: ViewerId, bits_per_second: u32) {
        self.lock().viewers.set_bitrate(id, bits_per_second);
    }

    fn set_blocked(&self, id: ViewerId, blocked: bool) {
        let mut state = self.lock();
        let was_blocked = state.viewers.is_blocked();
        state.viewers.set_blocked(id, blocked);
        let is_free = was_blocked && !state.viewers.is_blocked();
        drop(state);
        if is_free {
            self.report.room();
        }
    }

    fn detach(&self, id: ViewerId) {
        let detached = self.lock().viewers.detach(id);
        drop(detached);
        self.report.room();
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}
