//! ICE that is restarted by fragments of descriptions (RFC 9725 section 4.3), while the connection goes on.

use framebox_rtc::{Answer, Direction, Error, Fragment, State};

use crate::nat::Nat;
use crate::pair::{Pair, Recorder, Seen, at_port, port, transport};
use framebox_test_peer::{Client, Options};

/// What of an offer goes into a fragment: what a client would write after `restartIce`.
fn fragment_of(offer: &str) -> String {
    let kept = ["a=ice-ufrag:", "a=ice-pwd:", "a=candidate:"];
    let mut seen = Vec::new();
    offer
        .lines()
        .filter(|line| kept.iter().any(|name| line.starts_with(name)))
        .filter(|line| {
            let is_new = !seen.contains(line);
            seen.push(*line);
            is_new
        })
        .map(|line| format!("{line}\r\n"))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fragment_restarts_ice_and_media_goes_on() {
    let (client, offer) = Client::offer(Options::default()).await;
    let (recorder, seen) = Recorder::new();
    let Answer { sdp, peer, .. } = transport().answer(&offer, Direction::SendReceive, recorder.clone()).await.unwrap();
    let nat = Nat::new(port(&sdp)).await;
    let mut pair = Pair::new(client, peer, recorder, seen);
    let answer = at_port(&sdp, nat.port);
    pair.client.accept(&answer).await;
    pair.client.connected().await;
    pair.round_trip().await;
    let first = pair.peer.ice_session();
    assert!(answer.contains(&format!("a=ice-ufrag:{}", first.local)), "{answer}");
    assert!(offer.contains(&format!("a=ice-ufrag:{}", first.remote)), "{offer}");
    for _ in 0..2 {
        let before = pair.peer.ice_session();
        let fragment = Fragment::read(&fragment_of(&pair.client.restart().await)).unwrap();
        let stale = pair.peer.restart_ice(&fragment, "another").await;
        assert!(matches!(stale, Err(Error::Stale)), "{stale:?}");
        assert_eq!(pair.peer.ice_session(), before, "the session that holds goes on");
        let answered = pair.peer.restart_ice(&fragment, &before.local).await.unwrap();
        let after = pair.peer.ice_session();
        assert!(before.local != after.local && before.remote != after.remote);
        let read = Fragment::read(&answered).unwrap();
        assert_eq!(read.credentials.map(|(ufrag, _)| ufrag), Some(after.local));
        assert_eq!(port(&answered), port(&sdp), "it names all candidates: {answered}");
        nat.rebind().await;
        pair.client.accept_fragment(&answer, &at_port(&answered, nat.port)).await;
        pair.round_trip().await;
    }
    let trickled = Fragment::read("a=end-of-candidates").unwrap();
    let session = pair.peer.ice_session().local;
    assert!(matches!(pair.peer.restart_ice(&trickled, &session).await, Err(Error::Fragment(_))));
    pair.round_trip().await;
    let ended = |seen: &Seen| matches!(seen, Seen::State(State::Failed | State::Closed));
    assert!(!std::iter::from_fn(|| pair.seen.try_recv().ok()).any(|seen| ended(&seen)));
    pair.peer.close().await;
    assert!(matches!(pair.peer.restart_ice(&trickled, &session).await, Err(Error::Closed)));
}
