//! The one port that all connections share, for UDP and TCP.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use framebox_rtc::{Direction, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::pair::{LOCAL, Pair, Recorder, port, settings};
use framebox_test_peer::{Client, LIMIT, Options};

/// A check of somebody for the peer with this fragment, without integrity.
fn check(fragment: &str) -> Vec<u8> {
    let user = format!("{fragment}:x");
    let mut check = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    check.extend([0, 6, 0, user.len() as u8]);
    check.extend(user.as_bytes());
    check.resize(check.len().next_multiple_of(4), 0);
    check[3] = (check.len() - 20) as u8;
    check
}

/// The candidates of the first section; the library names each for a second component, too.
fn candidates<'a>(answer: &'a str, protocol: &'a str) -> Vec<&'a str> {
    let of_protocol = |line: &&str| line.starts_with("a=candidate") && line.contains(&format!(" 1 {protocol} "));
    let until_next = |line: &&str| !line.starts_with("m=application");
    answer.lines().take_while(until_next).filter(of_protocol).collect()
}

/// The answer with its candidates for TCP alone.
fn tcp_only(answer: &str) -> String {
    let kept = |line: &&str| !line.starts_with("a=candidate") || line.contains(" tcp ");
    answer.lines().filter(kept).map(|line| format!("{line}\r\n")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_share_a_port_and_do_not_hear_of_each_other() {
    let transport = framebox_rtc::transport(settings());
    let mut pairs = Vec::new();
    for _ in 0..3 {
        let port_of = std::cell::Cell::new(0);
        let change = |answer: String| {
            port_of.set(port(&answer));
            answer
        };
        let pair =
            Pair::connect_by(&*transport, Options::default(), Direction::SendReceive, |offer| offer, change).await;
        pairs.push((pair, port_of.get()));
    }
    let number = pairs[0].1;
    assert!(pairs.iter().all(|(_, port)| *port == number));
    for (pair, _) in &mut pairs {
        pair.round_trip().await;
    }
    let (first, _) = pairs.remove(0);
    first.peer.close().await;
    drop(first.peer);
    first.recorder.freed().await;
    for (pair, _) in &mut pairs {
        pair.round_trip().await;
    }
    // The port is closed with the transport and the last connection.
    drop(transport);
    for (pair, _) in pairs {
        pair.peer.close().await;
    }
    let closed = async { while UdpSocket::bind((LOCAL, number)).await.is_err() {} };
    timeout(LIMIT, closed).await.expect("the port is given back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_strangers_gets_nothing_and_stops_nobody() {
    let transport = framebox_rtc::transport(settings());
    let (_client, offer) = Client::offer(Options::default()).await;
    let waiting = transport.answer(&offer, Direction::SendReceive, Recorder::new().0).await.unwrap();
    let server = (LOCAL, port(&waiting.sdp));
    let stranger = UdpSocket::bind((LOCAL, 0)).await.unwrap();
    let flood = async |datagrams: usize| {
        for number in 0..datagrams {
            stranger.send_to(&check(&format!("unknown{number}")), server).await.unwrap();
            stranger.send_to(&[0x80; 1200], server).await.unwrap();
        }
    };
    flood(2000).await;
    let mut pair =
        Pair::connect_by(&*transport, Options::default(), Direction::SendReceive, |offer| offer, |answer| answer).await;
    tokio::join!(flood(2000), pair.round_trip());
    assert_eq!(stranger.try_recv(&mut [0; 2000]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    assert_eq!(waiting.peer.stats().checks_received, 0);
    pair.peer.close().await;
    waiting.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn media_goes_over_tcp_where_udp_does_not() {
    let transport = framebox_rtc::transport(settings());
    let options = Options { tcp: true, ..Options::default() };
    let change = |answer: String| {
        let streams = candidates(&answer, "tcp");
        assert!(!streams.is_empty() && streams.iter().all(|line| line.ends_with("tcptype passive")), "{answer}");
        assert!(streams.iter().all(|line| line.contains(&format!("127.0.0.1 {} ", port(&answer)))), "{answer}");
        tcp_only(&answer)
    };
    let mut pair = Pair::connect_by(&*transport, options, Direction::SendReceive, |offer| offer, change).await;
    for _ in 0..20 {
        pair.round_trip().await;
    }
    pair.client.send_message("over TCP").await;
    pair.wait(|seen| *seen == crate::pair::Seen::Message("over TCP".into())).await;
    pair.peer.close().await;
    drop(pair.peer);
    pair.recorder.freed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_of_strangers_are_closed() {
    let transport = framebox_rtc::transport(settings());
    let (_client, offer) = Client::offer(Options::default()).await;
    let answer = transport.answer(&offer, Direction::SendReceive, Recorder::new().0).await.unwrap();
    let server = SocketAddr::new(LOCAL, port(&answer.sdp));
    let unknown = check("unknown");
    let framed = [&(unknown.len() as u16).to_be_bytes()[..], &unknown].concat();
    for opening in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xff, 0xff], &[0, 1, 0x80], &framed] {
        let mut stream = TcpStream::connect(server).await.unwrap();
        stream.write_all(opening).await.unwrap();
        let read = timeout(LIMIT, stream.read(&mut [0; 100])).await.expect("the stream is closed");
        assert!(matches!(read, Ok(0) | Err(_)), "{opening:?}");
    }
    // Who says nothing holds no more than a few places, and those for a short time.
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(TcpStream::connect(server).await.unwrap());
    }
    let mut closed = 0;
    for stream in &mut silent {
        closed += usize::from(timeout(LIMIT, stream.read(&mut [0; 10])).await.expect("the stream is closed").is_ok());
    }
    assert!(closed > 0);
    answer.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_tcp_there_are_no_candidates_for_it() {
    let transport = framebox_rtc::transport(Settings { tcp: false, ..settings() });
    let (_client, offer) = Client::offer(Options::default()).await;
    let answer = transport.answer(&offer, Direction::SendReceive, Recorder::new().0).await.unwrap();
    assert!(candidates(&answer.sdp, "tcp").is_empty() && candidates(&answer.sdp, "udp").len() == 1);
    answer.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn public_addresses_are_named_with_the_port() {
    let public: Vec<IpAddr> = vec!["203.0.113.9".parse().unwrap(), "2001:db8::9".parse().unwrap()];
    let transport = framebox_rtc::transport(Settings { public_addresses: public, ..settings() });
    let (_client, offer) = Client::offer(Options::default()).await;
    let answer = transport.answer(&offer, Direction::SendReceive, Recorder::new().0).await.unwrap();
    let number = port(&answer.sdp);
    for protocol in ["udp", "tcp"] {
        for address in ["127.0.0.1", "203.0.113.9", "2001:db8::9"] {
            let named = |line: &&&str| line.contains(&format!(" {address} {number} typ host"));
            assert_eq!(candidates(&answer.sdp, protocol).iter().filter(named).count(), 1, "{protocol} {address}");
        }
    }
    answer.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ipv6_works_as_ipv4_does() {
    let local = IpAddr::V6(Ipv6Addr::LOCALHOST);
    if std::net::UdpSocket::bind((local, 0)).is_err() {
        println!("skipped: this machine has no IPv6");
        return;
    }
    let transport = framebox_rtc::transport(Settings { addresses: vec![local], ..settings() });
    for tcp in [false, true] {
        let options = Options { address: local, tcp, ..Options::default() };
        let change = |answer: String| if tcp { tcp_only(&answer) } else { answer };
        let mut pair = Pair::connect_by(&*transport, options, Direction::SendReceive, |offer| offer, change).await;
        pair.round_trip().await;
        pair.peer.close().await;
    }
}
