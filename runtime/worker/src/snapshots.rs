//! Snapshots of a session: one at a time, and the same one for all who ask within a moment.

use std::time::{Duration, Instant};

use bytes::Bytes;
use framebox_media::snapshot::Snapshot;
use tokio::sync::Mutex;

/// How long a snapshot is given to others who ask for the same one.
const FRESH: Duration = Duration::from_millis(100);

/// The last snapshot of a session. Whoever asks waits for the one that is being made: a session costs no more than one thread
/// for all who ask.
#[derive(Default)]
pub(crate) struct Snapshots(Mutex<Option<Kept>>);

struct Kept {
    snapshot: Snapshot,
    /// When it was begun.
    at: Instant,
    image: Bytes,
}

impl Snapshots {
    /// Returns a fresh snapshot; `make` makes one.
    pub(crate) async fn get(&self, snapshot: Snapshot, make: impl AsyncFnOnce() -> Option<Bytes>) -> Option<Bytes> {
        let mut kept = self.0.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| kept.snapshot == snapshot && kept.at.elapsed() < FRESH) {
            return Some(kept.image.clone());
        }
        let at = Instant::now();
        let image = make().await;
        *kept = image.clone().map(|image| Kept { snapshot, at, image });
        image
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    #[tokio::test]
    async fn those_who_ask_at_once_get_the_same_one() {
        let (snapshots, made) = (Snapshots::default(), AtomicU8::new(0));
        let make = async || {
            tokio::task::yield_now().await;
            Some(Bytes::from(vec![made.fetch_add(1, Ordering::Relaxed)]))
        };
        // The third one waits for two, and asks for what the first one did: that was another size, and is gone.
        let small = Snapshot { longest_side: Some(99), ..Snapshot::JPEG };
        let asked =
            [Snapshot::JPEG, Snapshot::JPEG, small, Snapshot::JPEG].map(|snapshot| snapshots.get(snapshot, make));
        let [first, second, third, fourth] = asked;
        let got = tokio::join!(first, second, third, fourth);
        let got = [got.0, got.1, got.2, got.3].map(|image| image.unwrap()[0]);
        assert!(got[2] != got[0] && got[3] != got[0], "{got:?}");
        assert!(made.load(Ordering::Relaxed) <= 4);
        assert!(snapshots.get(small, async || None).await.is_none_or(|image| image[0] == got[2]));
    }
}
