//! A rendition that is encoded elsewhere: its frames are passed on to any number of viewers, their wishes back as one.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use framebox_media::EncodedFrame;

use super::attachment::{Attachment, Audience};
use super::bitrate;
use super::settings::Settings;
use super::viewer::Viewer;
use super::viewers::{ViewerId, Viewers};

/// What the viewers of a relay ask of the rendition that is encoded elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Somebody views it.
    pub viewed: bool,
    /// The bit rate, bits a second.
    pub bitrate: u32,
    /// No viewer can be sent anything more at this moment.
    pub blocked: bool,
    /// The next frame is to be a keyframe.
    pub keyframe: bool,
}

/// Passes frames on, and wishes back.
pub struct Relay {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    viewers: Mutex<Viewers>,
    /// Told of every wish. Returns at once.
    wish: Box<dyn Fn(Wish) + Send + Sync>,
}

impl Relay {
    /// A relay without viewers. `wish` is told what they ask for; it returns at once.
    pub fn new(settings: Settings, wish: impl Fn(Wish) + Send + Sync + 'static) -> Self {
        Self { shared: Arc::new(Shared { settings, viewers: Mutex::default(), wish: Box::new(wish) }) }
    }

    /// Attaches a viewer, which gets the encoded frames from the next one on. A keyframe is asked for.
    pub fn attach(&self, viewer: Arc<dyn Viewer>) -> Attachment {
        let id = self.shared.lock().attach(viewer);
        self.shared.tell(true);
        let shared: Arc<dyn Audience> = self.shared.clone();
        Attachment::new(Arc::downgrade(&shared), id)
    }

    /// Passes a frame on to every viewer.
    pub fn frame(&self, frame: &EncodedFrame) {
        let viewers = self.shared.lock().list();
        for entry in viewers.iter() {
            entry.viewer.frame(frame.clone());
        }
    }

    /// The bit rate that is asked for, bits a second.
    pub fn bitrate(&self) -> u32 {
        self.shared.wish(false).bitrate
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Viewers> {
        self.viewers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wish(&self, keyframe: bool) -> Wish {
        let viewers = self.lock();
        let encode = &self.settings.encode;
        let bitrate = bitrate::decide(encode.bitrate, encode.max_bitrate, viewers.bitrates());
        Wish { viewed: !viewers.list().is_empty(), bitrate, blocked: viewers.is_blocked(), keyframe }
    }

    fn tell(&self, keyframe: bool) {
        (self.wish)(self.wish(keyframe));
    }
}

impl Audience for Shared {
    fn request_keyframe(&self) {
        self.tell(true);
    }

    fn set_bitrate(&self, id: ViewerId, bits_per_second: u32) {
        self.lock().set_bitrate(id, bits_per_second);
        self.tell(false);
    }

    fn set_blocked(&self, id: ViewerId, blocked: bool) {
        self.lock().set_blocked(id, blocked);
        self.tell(false);
    }

    fn detach(&self, id: ViewerId) {
        let detached = self.lock().detach(id);
        drop(detached);
        self.tell(false);
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use bytes::Bytes;
    use framebox_media::{Codec, encode};

    use super::*;

    #[derive(Default)]
    struct Seen(Mutex<Vec<u32>>);

    impl Viewer for Seen {
        fn frame(&self, frame: EncodedFrame) {
            self.0.lock().unwrap().push(frame.rtp_timestamp);
        }
    }

    #[test]
    fn frames_reach_every_viewer_and_their_wishes_come_back_as_one() {
        let encode = encode::Settings { bitrate: 1500, max_bitrate: 2500, ..encode::Settings::default() };
        let wishes = Arc::<Mutex<Vec<Wish>>>::default();
        let told = wishes.clone();
        let relay = Relay::new(Settings { codec: Codec::H264, encode, max_pixels: None }, move |wish| {
            told.lock().unwrap().push(wish)
        });
        let frame = |rtp_timestamp| EncodedFrame {
            codec: Codec::H264,
            data: Bytes::from_static(b"x"),
            keyframe: false,
            rtp_timestamp,
            captured: Instant::now(),
        };
        relay.frame(&frame(0));
        let (one, other) = (Arc::<Seen>::default(), Arc::<Seen>::default());
        let first = relay.attach(one.clone());
        relay.frame(&frame(1));
        let second = relay.attach(other.clone());
        relay.frame(&frame(2));
        second.set_bitrate(900);
        first.set_bitrate(9000);
        first.request_keyframe();
        drop(second);
        relay.frame(&frame(3));
        drop(first);
        assert_eq!((&*one.0.lock().unwrap(), &*other.0.lock().unwrap()), (&vec![1, 2, 3], &vec![2]));
        let expected = [
            (true, 1500, true),
            (true, 1500, true),
            (true, 900, false),
            (true, 900, false),
            (true, 900, true),
            (true, 2500, false),
            (false, 1500, false),
        ];
        let expected = expected.map(|(viewed, bitrate, keyframe)| Wish { viewed, bitrate, blocked: false, keyframe });
        assert_eq!(*wishes.lock().unwrap(), expected);
        assert_eq!(relay.bitrate(), 1500);
    }
}
