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
