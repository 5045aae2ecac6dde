//! Connections whose path changes, or is gone for a while.

use std::sync::atomic::Ordering;
use std::time::Duration;

use framebox_rtc::{Answer, Direction, Settings, State};
use tokio::time::sleep;

use crate::nat::Nat;
use crate::pair::{Pair, Recorder, Seen, at_port, port, settings, wait};
use framebox_test_peer::{Client, Options};

/// A pair with a router between the two.
async fn through_nat(disconnect_timeout: Duration) -> (Pair, Nat) {
    let transport = framebox_rtc::transport(Settings { disconnect_timeout, ..settings() });
    let (client, offer) = Client::offer(Options::default()).await;
    let (recorder, seen) = Recorder::new();
    let Answer { sdp, peer, .. } = transport.answer(&offer, Direction::SendReceive, recorder.clone()).await.unwrap();
    let nat = Nat::new(port(&sdp)).await;
    let mut pair = Pair::new(client, peer, recorder, seen);
    pair.client.accept(&at_port(&sdp, nat.port)).await;
    pair.client.connected().await;
    pair.round_trip().await;
    (pair, nat)
}

/// Whether the connection came to its end.
fn is_over(pair: &mut Pair) -> bool {
    std::iter::from_fn(|| pair.seen.try_recv().ok())
        .any(|seen| matches!(seen, Seen::State(State::Failed | State::Closed)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn media_goes_to_where_the_peer_moved() {
    let (mut pair, nat) = through_nat(Duration::from_secs(30)).await;
    for _ in 0..2 {
        nat.rebind().await;
        pair.round_trip().await;
    }
    assert!(!is_over(&mut pair));
    pair.peer.close().await;
}

/// Browsers check a path that they take for well only every 2.5 s.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_moved_is_found_by_its_media_before_it_checks() {
    let (mut pair, nat) = through_nat(Duration::from_secs(30)).await;
    nat.lose_checks();
    for _ in 0..2 {
        nat.rebind().await;
        pair.round_trip().await;
    }
    assert!(!is_over(&mut pair));
    pair.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_outlives_an_outage_and_sends_nothing_but_checks_meanwhile() {
    let (mut pair, nat) = through_nat(Duration::from_secs(40)).await;
    pair.client.send_message("before").await;
    pair.wait(|seen| *seen == Seen::Message("before".into())).await;
    nat.block(true);
    pair.wait(|seen| *seen == Seen::State(State::Disconnected)).await;
    // What was on its way when the state changed comes before the checks that follow.
    nat.checks_arrived(4).await;
    nat.other_than_checks.store(0, Ordering::Relaxed);
    let frames = async {
        loop {
            pair.peer.send_frame(crate::pair::frame(true, 0, 5000, 1));
            pair.peer.send_message("nobody reads this now".into());
            sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        () = nat.checks_arrived(12) => {}
        () = frames => {}
    }
    assert_eq!(nat.other_than_checks.load(Ordering::Relaxed), 0, "datagrams besides checks");
    nat.block(false);
    pair.wait(|seen| *seen == Seen::State(State::Connected)).await;
    pair.round_trip().await;
    assert!(!is_over(&mut pair));
    pair.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_that_lasts_ends_the_connection() {
    let (mut pair, nat) = through_nat(Duration::from_secs(4)).await;
    nat.block(true);
    pair.wait(|seen| *seen == Seen::State(State::Disconnected)).await;
    pair.wait(|seen| *seen == Seen::State(State::Failed)).await;
    pair.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ice_restarts_on_the_same_connection() {
    let (mut pair, nat) = through_nat(Duration::from_secs(30)).await;
    pair.client.send_message("before").await;
    pair.wait(|seen| *seen == Seen::Message("before".into())).await;
    for _ in 0..2 {
        let offer = pair.client.restart().await;
        let answer = pair.peer.renegotiate(&offer).await.unwrap();
        nat.rebind().await;
        pair.client.accept(&at_port(&answer, nat.port)).await;
        pair.round_trip().await;
        pair.client.send_message("after").await;
        pair.wait(|seen| *seen == Seen::Message("after".into())).await;
    }
    assert!(!is_over(&mut pair));
    // An offer of somebody else is not one of this connection.
    let (_other, offer) = Client::offer(Options::default()).await;
    let error = pair.peer.renegotiate(&offer).await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
    pair.round_trip().await;
    pair.peer.close().await;
    assert!(pair.peer.renegotiate(&offer).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checks_that_arrived_are_counted() {
    let (mut client, offer) = Client::offer(Options::default()).await;
    let (recorder, mut seen) = Recorder::new();
    let answer = crate::pair::transport().answer(&offer, Direction::SendReceive, recorder).await.unwrap();
    assert_eq!(answer.peer.stats().checks_received, 0);
    client.accept(&answer.sdp).await;
    wait(&mut seen, |seen| *seen == Seen::State(State::Connected)).await;
    assert!(answer.peer.stats().checks_received > 0);
    answer.peer.close().await;
}
