//! The end of a connection, from either side, and what it frees.

use std::time::Duration;

use framebox_rtc::{Candidate, Direction, Error, State};
use tokio::time::timeout;

use crate::pair::{Pair, Recorder, Seen, frame, transport, wait};
use framebox_test_peer::{Client, Event, Options};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_vanishes_is_noticed() {
    let mut pair = Pair::connect(Options::default(), Direction::SendReceive).await;
    pair.client.vanish();
    let is_gone = |seen: &Seen| matches!(seen, Seen::State(State::Disconnected | State::Failed | State::Closed));
    assert_eq!(wait(&mut pair.seen, is_gone).await, Seen::State(State::Disconnected));
    wait(&mut pair.seen, |seen| matches!(seen, Seen::State(State::Failed | State::Closed))).await;
    pair.peer.close().await;
    drop(pair.peer);
    pair.recorder.freed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_closes_the_connection_is_not_waited_for() {
    let mut pair = Pair::connect(Options::default(), Direction::SendReceive).await;
    pair.client.close().await;
    let is_gone = |seen: &Seen| matches!(seen, Seen::State(State::Disconnected | State::Failed | State::Closed));
    let first = wait(&mut pair.seen, is_gone).await;
    assert_ne!(first, Seen::State(State::Disconnected), "only its silence was noticed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_tells_the_client_and_frees_everything() {
    let mut pair = Pair::connect(Options::default(), Direction::SendReceive).await;
    pair.client.send(&frame(true, 0, 100, 0), 0).await;
    pair.client.wait(|event| matches!(event, Event::Frame(_))).await;
    pair.peer.close().await;
    pair.wait(|seen| *seen == Seen::State(State::Closed)).await;
    pair.client.wait(|event| *event == Event::ChannelClosed).await;
    let candidate = Candidate {
        candidate: "candidate:1 1 udp 1 127.0.0.1 9 typ host".into(),
        sdp_mid: None,
        sdp_m_line_index: None,
    };
    assert!(matches!(pair.peer.add_candidate(candidate).await, Err(Error::Closed)));
    pair.peer.send_frame(frame(true, 0, 100, 0));
    pair.peer.send_message("late".into());
    drop(pair.peer);
    pair.recorder.freed().await;
    while let Ok(seen) = pair.seen.try_recv() {
        assert!(!matches!(seen, Seen::State(_)), "{seen:?} after the end");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_a_peer_frees_everything() {
    let pair = Pair::connect(Options::default(), Direction::SendReceive).await;
    drop(pair.peer);
    pair.recorder.freed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_dropped_half_way_frees_everything() {
    let (_client, offer) = Client::offer(Options::default()).await;
    for micros in [0, 100, 300, 1000, 2000, 3000, 5000, 10_000] {
        let (recorder, _seen) = Recorder::new();
        let transport = transport();
        let answer = transport.answer(&offer, Direction::SendReceive, recorder.clone());
        let _ = timeout(Duration::from_micros(micros), answer).await;
        recorder.freed().await;
    }
}
