//! Video both ways.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use framebox_media::EncodedFrame;
use framebox_rtc::Direction;
use rtc::rtp_transceiver::RTCRtpTransceiverDirection as Offered;
use tokio::time::timeout;

use crate::pair::{Pair, Seen, frame};
use framebox_test_peer::{Event, Loss, Options};

/// Time between two keyframe requests of the transport.
const REQUEST_SPACING: Duration = Duration::from_millis(500);

/// What of a frame has to survive the way.
fn content(frame: &EncodedFrame) -> (u32, &[u8], bool) {
    (frame.rtp_timestamp, &frame.data, frame.keyframe)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_come_back_with_their_timestamps() {
    let mut pair = Pair::connect(Options::default(), Direction::SendReceive).await;
    for number in 0..60 {
        let timestamp = (u32::MAX - 20_000).wrapping_add(number as u32 * 3000);
        let sent = frame(number % 30 == 0, number, 400 + number * 211, timestamp);
        pair.client.send(&sent, timestamp).await;
        let event = pair.client.wait(|event| matches!(event, Event::Frame(_))).await;
        let Event::Frame(returned) = event else { unreachable!() };
        assert_eq!(content(&returned), content(&sent));
        let Seen::Frame(received) = pair.wait(|seen| matches!(seen, Seen::Frame(_))).await else { unreachable!() };
        assert_eq!(content(&received), content(&sent));
        pair.wait(|seen| *seen == Seen::Sent(timestamp)).await;
    }
    let stats = pair.peer.stats();
    assert_eq!((stats.frames_received, stats.frames_sent, stats.frames_dropped), (60, 60, 0));
    assert!(stats.packets_sent > 60 && stats.bytes_received > 390_000, "{stats:?}");
    pair.peer.close().await;
}

/// Without retransmissions no more than a handful of frames come back in a row: each way loses a packet of every fifth.
/// A machine that stands still for longer than frames wait for retransmissions loses some; then the count begins anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_packets_are_sent_again_both_ways() {
    const IN_A_ROW: usize = 150;
    const MAX_SENT: u32 = 5000;
    // All of them may come out of one gap at once, and have to find room in the queue that sends them back.
    const MAX_UNDER_WAY: usize = 4;
    let options = Options { loss: Loss { up: 20, down: 20 }, ..Options::default() };
    let mut pair = Pair::connect(options, Direction::SendReceive).await;
    let (mut under_way, mut keyframe_wanted) = (VecDeque::<EncodedFrame>::new(), true);
    let (mut sent, mut in_a_row) = (0, 0);
    while in_a_row < IN_A_ROW {
        while let Ok(seen) = pair.seen.try_recv() {
            keyframe_wanted |= seen == Seen::KeyframeWanted;
        }
        if under_way.len() < MAX_UNDER_WAY || keyframe_wanted {
            assert!(sent < MAX_SENT, "{in_a_row} frames in a row");
            let next = frame(keyframe_wanted, sent as usize, 3500, sent * 900);
            pair.client.send(&next, next.rtp_timestamp).await;
            under_way.push_back(next);
            (sent, keyframe_wanted) = (sent + 1, false);
            continue;
        }
        // That the last packets are lost shows only by those that follow.
        match timeout(Duration::from_secs(1), pair.client.next()).await {
            Ok(Event::Frame(returned)) => {
                let place = under_way.iter().position(|frame| frame.rtp_timestamp == returned.rtp_timestamp);
                let place = place.expect("frames come back in order, each once");
                assert_eq!(content(&returned), content(&under_way[place]));
                in_a_row = if place == 0 { in_a_row + 1 } else { 1 };
                under_way.drain(..=place);
            }
            Ok(Event::Lost | Event::KeyframeRequested) | Err(_) => keyframe_wanted = true,
            Ok(_) => {}
        }
    }
    pair.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keyframes_are_requested_at_the_start_and_on_demand() {
    let mut pair = Pair::connect(Options::default(), Direction::SendReceive).await;
    pair.client.send(&frame(true, 0, 100, 0), 0).await;
    pair.client.wait(|event| *event == Event::KeyframeRequested).await;
    let begin = Instant::now();
    for _ in 0..10 {
        pair.peer.request_keyframe();
        tokio::task::yield_now().await;
    }
    let folded = 1 + begin.elapsed().div_duration_f64(REQUEST_SPACING) as u64;
    pair.client.wait(|event| *event == Event::KeyframeRequested).await;
    let requested = pair.peer.stats().keyframes_requested;
    assert!((2..=1 + folded).contains(&requested), "{requested} requests");

    // The other way round: the viewer requests one.
    pair.client.send(&frame(true, 0, 100, 1), 1).await;
    pair.client.wait(|event| matches!(event, Event::Frame(frame) if frame.rtp_timestamp == 1)).await;
    while pair.seen.try_recv().is_ok() {}
    pair.client.request_keyframe().await;
    pair.wait(|seen| *seen == Seen::KeyframeWanted).await;
    pair.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_gets_nothing_before_a_keyframe() {
    let options = Options { direction: Offered::Recvonly, ..Options::default() };
    let mut pair = Pair::connect(options, Direction::SendOnly).await;
    pair.wait(|seen| *seen == Seen::KeyframeWanted).await;
    pair.peer.send_frame(frame(false, 1, 100, 1));
    pair.peer.send_frame(frame(true, 2, 5000, 2));
    pair.peer.send_frame(frame(false, 3, 100, 3));
    for expected in [2, 3] {
        let event = pair.client.wait(|event| matches!(event, Event::Frame(_))).await;
        assert!(matches!(&event, Event::Frame(frame) if frame.rtp_timestamp == expected), "{event:?}");
    }
    assert_eq!(pair.peer.stats().frames_dropped, 1);
    pair.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_gets_nothing_back_where_only_it_sends() {
    for direction in [Offered::Sendonly, Offered::Sendrecv] {
        let mut pair = Pair::connect(Options { direction, ..Options::default() }, Direction::ReceiveOnly).await;
        pair.client.send(&frame(true, 0, 3000, 77), 77).await;
        pair.wait_for_frame(77).await;
        pair.peer.send_frame(frame(true, 2, 100, 2));
        assert_eq!(pair.peer.stats().frames_sent, 0);
        pair.peer.close().await;
    }
}

/// Frames that wait are bounded even when there is no connection to take them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_before_the_connection_are_dropped() {
    let (_client, offer) = framebox_test_peer::Client::offer(Options::default()).await;
    let (recorder, _seen) = crate::pair::Recorder::new();
    let answer = crate::pair::transport().answer(&offer, Direction::SendReceive, recorder).await.unwrap();
    for number in 0..1000 {
        answer.peer.send_frame(frame(true, number, 1000, number as u32));
    }
    assert_eq!(answer.peer.stats().frames_dropped, 1000);
}
