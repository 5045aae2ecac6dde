//! Candidates and ports.

use std::net::UdpSocket;
use std::time::Duration;

use framebox_rtc::{Candidate, Direction, Error, Settings, State};
use tokio::time::{sleep, timeout};

use crate::pair::{LOCAL, Recorder, Seen, transport, wait};
use framebox_test_peer::{Client, LIMIT, Options};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn candidates_may_come_later_or_not_at_all() {
    for later in [true, false] {
        let (mut client, offer) = Client::offer(Options::default()).await;
        let of_candidates = |line: &&str| line.starts_with("a=candidate") || line.starts_with("a=end-of-candidates");
        let without: String =
            offer.lines().filter(|line| !of_candidates(line)).map(|line| format!("{line}\r\n")).collect();
        // Browsers hide their address behind a name.
        let hidden = without.replacen(
            "a=mid:0\r\n",
            "a=mid:0\r\na=candidate:9 1 udp 1 0d2fbd8e-0000-4000-8000-000000000000.local 5 typ host\r\n",
            1,
        );
        let (recorder, mut seen) = Recorder::new();
        let answer = transport().answer(&hidden, Direction::SendReceive, recorder).await.unwrap();
        client.accept(&answer.sdp).await;
        let add = |text: &str| {
            let candidate = text.strip_prefix("a=").unwrap_or(text).to_owned();
            answer.peer.add_candidate(Candidate { candidate, sdp_mid: Some("0".into()), sdp_m_line_index: Some(0) })
        };
        for candidate in offer.lines().filter(|line| later && line.starts_with("a=candidate")) {
            add(candidate).await.unwrap();
        }
        add("").await.unwrap();
        assert!(matches!(add("candidate:what").await, Err(Error::Candidate(_))));
        wait(&mut seen, |seen| *seen == Seen::State(State::Connected)).await;
        answer.peer.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_candidates_is_refused() {
    let (_client, offer) = Client::offer(Options::default()).await;
    let (recorder, _seen) = Recorder::new();
    let answer = transport().answer(&offer, Direction::SendReceive, recorder).await.unwrap();
    let mut refused = 0;
    for port in 5000..5100 {
        let candidate = format!("candidate:{port} 1 udp {port} 192.0.2.1 {port} typ host");
        let added = answer.peer.add_candidate(Candidate { candidate, sdp_mid: None, sdp_m_line_index: None }).await;
        refused += usize::from(added.is_err());
    }
    assert!(refused >= 68, "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ports_come_from_the_range_and_are_given_back() {
    let port = UdpSocket::bind((LOCAL, 0)).unwrap().local_addr().unwrap().port();
    let settings = Settings { addresses: vec![LOCAL], udp_ports: Some(port..=port), ..Settings::default() };
    let transport = framebox_rtc::transport(settings);
    let (_client, offer) = Client::offer(Options::default()).await;
    let answer = async || transport.answer(&offer, Direction::SendReceive, Recorder::new().0).await;
    for _ in 0..2 {
        let first = answer().await.unwrap();
        let candidates: Vec<&str> = first.sdp.lines().filter(|line| line.starts_with("a=candidate")).collect();
        assert!(
            !candidates.is_empty()
                && candidates.iter().all(|line| line.contains(&format!("127.0.0.1 {port} typ host")))
        );
        assert!(matches!(answer().await, Err(Error::NoPort)));
        first.peer.close().await;
        drop(first);
        // The socket is closed with the task that holds it.
        let closed = async {
            while UdpSocket::bind((LOCAL, port)).is_err() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(LIMIT, closed).await.expect("the port is given back");
    }
}
