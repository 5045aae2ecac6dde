//! The feedback of the viewer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tokio::sync::mpsc;
use tokio::time::sleep_until;

use crate::ConnectionEvents;
use crate::bandwidth::Controller;
use crate::receive::KeyframeThrottle;
use crate::stats::Counters;

/// A message of the viewer about the stream that it gets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Feedback {
    /// The viewer needs a keyframe to go on (PLI, FIR).
    KeyframeRequest,
    /// Part of the packets that were lost since the last report, 0 to 1 (receiver report).
    Loss(f32),
}

/// Handles the feedback of the viewer until the connection is gone: requests a keyframe, many requests as one, and follows the
/// bit rate that the network carries.
pub async fn run(
    mut feedback: mpsc::Receiver<Feedback>,
    mut controller: Controller,
    events: Arc<dyn ConnectionEvents>,
    counters: Arc<Counters>,
) {
    counters.bitrate.store(controller.rate().into(), Ordering::Relaxed);
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
            feedback = feedback.recv() => match feedback {
                Some(Feedback::KeyframeRequest) => throttle.request(),
                Some(Feedback::Loss(loss)) => {
                    if let Some(rate) = controller.report(Instant::now(), loss) {
                        counters.bitrate.store(rate.into(), Ordering::Relaxed);
                        events.bitrate(rate);
                    }
                }
                None => return,
            },
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
    async fn requests_are_folded_and_loss_moves_the_bit_rate() {
        let (sender, feedback) = mpsc::channel(8);
        for message in [
            Feedback::KeyframeRequest,
            Feedback::KeyframeRequest,
            Feedback::Loss(0.05),
            Feedback::Loss(0.5),
            Feedback::KeyframeRequest,
        ] {
            sender.try_send(message).unwrap();
        }
        drop(sender);
        let (events, counters) = (Arc::<Recorder>::default(), Arc::<Counters>::default());
        run(feedback, Controller::new(1_000_000, 100_000, 2_000_000), events.clone(), counters.clone()).await;
        let happened = events.take();
        assert_eq!(happened[..2], [Event::KeyframeWanted, Event::Bitrate(750_000)]);
        assert!(happened[2..].len() <= 1, "{happened:?}");
        assert_eq!(counters.read().bitrate, 750_000);
    }
}
