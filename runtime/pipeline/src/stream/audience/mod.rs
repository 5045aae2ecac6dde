//! The viewers of a stream: who gets which rendition, and what the renditions are asked for. The same for a stream that is encoded
//! in this process and for one that is encoded in another.
//!
//! | file | what it holds |
//! |---|---|
//! | `crowd` | the viewers, and what is decided about them; without a clock |
//! | `seat` | one viewer: which frames it is sent; without a clock |
//! | `running` | one rendition, as its viewers see it |

mod crowd;
mod running;
mod seat;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use framebox_picture::MemoryAccount;

use super::attachment::Attachment;
use super::encoders::{Coded, Encoders, Output};
use super::needs::Needs;
use super::settings::Settings;
use super::viewer::Viewer;
use crate::session::stats::RenditionStats;
use crowd::{Crowd, Delivery};
pub(super) use seat::ViewerId;

/// The viewers of a stream. Clones share them.
#[derive(Clone)]
pub struct Audience(Arc<Shared>);

/// What the attachments of an audience and its renditions share.
pub(super) struct Shared {
    crowd: Mutex<Crowd<Arc<dyn Viewer>>>,
    /// Orders are given with the lock held, so that they are given in the order in which they are decided.
    encoders: Arc<dyn Encoders>,
    start_bitrate: u32,
}

/// The way from the renditions to their viewers, who need not be there any more.
struct ToAudience(Weak<Shared>);

impl Output for ToAudience {
    fn coded(&self, coded: Coded) {
        if let Some(audience) = self.0.upgrade() {
            audience.coded(coded);
        }
    }
}

impl Audience {
    /// Nobody yet. `encoders` makes what encodes for them, out of where it sends its frames. Frames that are kept are charged to
    /// `account`.
    pub fn new(
        settings: Settings,
        account: &MemoryAccount,
        encoders: impl FnOnce(Arc<dyn Output>) -> Arc<dyn Encoders>,
    ) -> Self {
        let shared = |weak: &Weak<Shared>| Shared {
            start_bitrate: settings.bitrate.min(settings.max_bitrate),
            encoders: encoders(Arc::new(ToAudience(weak.clone()))),
            crowd: Mutex::new(Crowd::new(settings, account.clone())),
        };
        Self(Arc::new_cyclic(shared))
    }

    /// Attaches a viewer, which gets the encoded frames of a rendition that suits it, from a keyframe on.
    pub fn attach(&self, needs: Needs, viewer: Arc<dyn Viewer>) -> Attachment {
        let (id, first) = self.0.lock().attach(Instant::now(), needs, viewer, &*self.0.encoders);
        self.0.deliver(first.into_iter().collect());
        Attachment::new(Arc::downgrade(&self.0), id)
    }

    /// Sends a coded picture to the viewers of its rendition.
    pub fn coded(&self, coded: Coded) {
        self.0.coded(coded);
    }

    /// The highest bit rate of a rendition; that where one would start while there is none. Bits a second.
    pub fn bitrate(&self) -> u32 {
        self.0.lock().bitrate().unwrap_or(self.0.start_bitrate)
    }

    /// The renditions at this moment.
    pub fn renditions(&self) -> Vec<RenditionStats> {
        self.0.lock().stats()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Crowd<Arc<dyn Viewer>>> {
        self.crowd.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn coded(&self, coded: Coded) {
        let deliveries = self.lock().coded(Instant::now(), coded, &*self.encoders);
        self.deliver(deliveries);
    }

    /// Calls the viewers, without the lock. What other threads have for them meanwhile waits, and is delivered here, too, so that
    /// each viewer gets its frames in order.
    fn deliver(&self, mut deliveries: Vec<Delivery<Arc<dyn Viewer>>>) {
        while !deliveries.is_empty() {
            for Delivery { viewer, frame, .. } in &deliveries {
                viewer.frame(frame.clone());
            }
            self.lock().delivered(&mut deliveries);
        }
    }

    pub(super) fn request_keyframe(&self, id: ViewerId) {
        self.lock().request_keyframe(Instant::now(), id, &*self.encoders);
    }

    pub(super) fn set_bitrate(&self, id: ViewerId, bits_per_second: u32) {
        self.lock().set_bitrate(Instant::now(), id, bits_per_second, &*self.encoders);
    }

    pub(super) fn set_blocked(&self, id: ViewerId, blocked: bool) {
        self.lock().set_blocked(Instant::now(), id, blocked, &*self.encoders);
    }

    pub(super) fn detach(&self, id: ViewerId) {
        // It is dropped without the lock.
        let detached = self.lock().detach(Instant::now(), id, &*self.encoders);
        drop(detached);
    }
}

impl fmt::Debug for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audience").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
