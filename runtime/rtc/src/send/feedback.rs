//! Passes on what the viewer says.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tokio::sync::{Notify, watch};
use tokio::time::sleep_until;

use super::transmitter::Outlook;
use crate::ConnectionEvents;
use crate::receive::KeyframeThrottle;
use crate::stats::Counters;

/// Passes on what the viewer says until the connection is gone: its requests for keyframes, many as one, and what its path
/// carries.
pub async fn run(
    keyframe_requested: Arc<Notify>,
    mut outlook: watch::Receiver<Outlook>,
    events: Arc<dyn ConnectionEvents>,
    counters: Arc<Counters>,
) {
    let mut known = *outlook.borrow_and_update();
    counters.bitrate.store(known.bitrate.into(), Ordering::Relaxed);
    let mut throttle = KeyframeThrottle::default();
    loop {
        let wake = throttle.deadline();
        let timer = async {
            match wake {
                Some(at) => sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = outlook.changed() => {
                if changed.is_err() {
                    return;
                }
                let new = *outlook.borrow_and_update();
                counters.round_trip_ms.store(new.round_trip_ms.into(), Ordering::Relaxed);
                counters.loss_permille.store(new.loss_permille.into(), Ordering::Relaxed);
                if new.bitrate != known.bitrate {
                    counters.bitrate.store(new.bitrate.into(), Ordering::Relaxed);
                    events.bitrate(new.bitrate);
                }
                if new.blocked != known.blocked {
                    events.blocked(new.blocked);
                }
                if new.interruptions != known.interruptions {
                    throttle.request();
                }
                known = new;
            }
            () = keyframe_requested.notified() => throttle.request(),
            () = timer => {}
        }
        if throttle.due(Instant::now()) {
            events.keyframe_wanted();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorder::{Event, Recorder};

    #[tokio::test]
    async fn requests_are_folded_and_the_outlook_is_told() {
        let (events, counters, requested) =
            (Arc::<Recorder>::default(), Arc::<Counters>::default(), Arc::<Notify>::default());
        let (sender, receiver) = watch::channel(Outlook { bitrate: 1_000_000, ..Outlook::default() });
        requested.notify_one();
        let outlook =
            Outlook { bitrate: 750_000, blocked: true, interruptions: 1, round_trip_ms: 40, loss_permille: 20 };
        let change = async {
            while counters.read().bitrate != 750_000 {
                sender.send_replace(outlook);
                tokio::task::yield_now().await;
            }
            drop(sender);
        };
        tokio::join!(run(requested.clone(), receiver, events.clone(), counters.clone()), change);
        let happened = events.take();
        let told = |event: &Event| happened.iter().filter(|one| *one == event).count();
        assert_eq!(
            (told(&Event::Bitrate(750_000)), told(&Event::Blocked(true)), told(&Event::KeyframeWanted)),
            (1, 1, 1)
        );
        let stats = counters.read();
        assert_eq!((stats.bitrate, stats.round_trip_ms, stats.loss_permille), (750_000, 40, 20));
    }
}
