//! Messages both ways.

use framebox_rtc::{Direction, MAX_MESSAGE_BYTES};

use crate::pair::{Pair, Seen, frame};
use framebox_test_peer::{Event, Options};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_channel_carries_text_both_ways() {
    let mut pair = Pair::connect(Options::default(), Direction::SendReceive).await;
    pair.wait(|seen| *seen == Seen::ChannelOpen).await;
    pair.client.wait(|event| *event == Event::ChannelOpen).await;
    pair.client.send_message("handshake").await;
    pair.wait(|seen| *seen == Seen::Message("handshake".into())).await;
    let long = "ä".repeat(30_000);
    for text in ["{}", "", &long] {
        pair.peer.send_message(text.to_owned());
        pair.client.wait(|event| *event == Event::Message(text.to_owned())).await;
    }
    pair.peer.send_message("x".repeat(MAX_MESSAGE_BYTES + 1));
    assert_eq!(pair.peer.stats().messages_dropped, 1);
    pair.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_channel_messages_are_counted_and_dropped() {
    let mut pair = Pair::connect(Options { channel: false, ..Options::default() }, Direction::SendReceive).await;
    pair.peer.send_message("there is no channel".into());
    assert_eq!(pair.peer.stats().messages_dropped, 1);
    pair.client.send(&frame(true, 0, 100, 5), 5).await;
    pair.wait_for_frame(5).await;
    pair.peer.close().await;
}
