//! What is sent to addresses that have not proved that they receive it.

use std::time::{Duration, Instant};

use framebox_rtc::{Direction, Settings, State};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::pair::{LOCAL, Recorder, Seen, at_port, port, transport, wait};
use framebox_test_peer::{Client, LIMIT, Options};

/// What may be sent for each byte and each datagram that was received.
const AMPLIFICATION: usize = 3;

/// Receives until nothing comes for a while; returns the number of datagrams and of bytes.
async fn received(socket: &UdpSocket) -> (usize, usize) {
    let mut buffer = [0; 2000];
    let (mut datagrams, mut bytes) = (0, 0);
    while let Ok(size) = timeout(Duration::from_secs(3), socket.recv(&mut buffer)).await {
        datagrams += 1;
        bytes += size.unwrap();
    }
    (datagrams, bytes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_source_gets_three_times_what_it_sent() {
    let (mut client, offer) = Client::offer(Options::default()).await;
    let (recorder, mut seen) = Recorder::new();
    let answer = transport().answer(&offer, Direction::SendReceive, recorder).await.unwrap();
    let server = port(&answer.sdp);
    // The client's first check is caught on its way.
    let way = UdpSocket::bind((LOCAL, 0)).await.unwrap();
    client.accept(&at_port(&answer.sdp, way.local_addr().unwrap().port())).await;
    let mut check = [0; 2000];
    let size = timeout(LIMIT, way.recv(&mut check)).await.unwrap().unwrap();
    let check = &check[..size];
    assert_eq!(check[..2], [0, 1], "a binding request");
    client.vanish();

    // It is sent with the address of somebody else as its source, who answers nothing.
    let bystander = UdpSocket::bind((LOCAL, 0)).await.unwrap();
    bystander.send_to(check, (LOCAL, server)).await.unwrap();
    let (datagrams, bytes) = received(&bystander).await;
    assert!((1..=AMPLIFICATION).contains(&datagrams), "{datagrams} datagrams for one");
    assert!(bytes <= AMPLIFICATION * size, "{bytes} bytes for {size}");

    // Who does not know the user name gets nothing at all.
    let stranger = UdpSocket::bind((LOCAL, 0)).await.unwrap();
    for size in [0, 1, 20, 100, 1200] {
        let mut rubbish = vec![0; size];
        rubbish.iter_mut().zip(check).take(24).for_each(|(to, from)| *to = *from);
        stranger.send_to(&rubbish, (LOCAL, server)).await.unwrap();
    }
    assert_eq!(received(&stranger).await, (0, 0));
    wait(&mut seen, |seen| *seen == Seen::State(State::Failed)).await;
    answer.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn candidates_of_an_offer_are_not_called_on() {
    let bystanders: Vec<_> = (0..20).map(|_| std::net::UdpSocket::bind((LOCAL, 0)).unwrap()).collect();
    // With servers the peer may be behind a firewall of ours, and is checked; it is on loopback, and is not.
    let with_servers =
        Settings { addresses: vec![LOCAL], ice_servers: vec!["stun:127.0.0.1:9".to_owned()], ..Settings::default() };
    for transport in [transport(), framebox_rtc::transport(with_servers)] {
        let (_client, offer) = Client::offer(Options::default()).await;
        let candidates: String = bystanders
            .iter()
            .enumerate()
            .map(|(at, socket)| {
                let port = socket.local_addr().unwrap().port();
                format!("a=candidate:{at} 1 udp {} 127.0.0.1 {port} typ host\r\n", 1000 + at)
            })
            .collect();
        let offer = offer.replacen("a=mid:0\r\n", &format!("a=mid:0\r\n{candidates}"), 1);
        let (recorder, mut seen) = Recorder::new();
        let begin = Instant::now();
        let answer = transport.answer(&offer, Direction::SendReceive, recorder).await.unwrap();
        wait(&mut seen, |seen| *seen == Seen::State(State::Failed)).await;
        assert!(begin.elapsed() > Duration::from_secs(3), "a client is given time");
        answer.peer.close().await;
    }
    for socket in &bystanders {
        socket.set_nonblocking(true).unwrap();
        assert!(socket.recv(&mut [0; 2000]).is_err(), "a bystander got something");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_behind_another_address_is_found_by_its_checks() {
    let (mut client, offer) = Client::offer(Options::default()).await;
    let (recorder, mut seen) = Recorder::new();
    let answer = transport().answer(&offer, Direction::SendReceive, recorder).await.unwrap();
    let server = port(&answer.sdp);
    // As behind a router that translates addresses: the server sees one that no candidate has.
    let (inside, outside) = (UdpSocket::bind((LOCAL, 0)).await.unwrap(), UdpSocket::bind((LOCAL, 0)).await.unwrap());
    client.accept(&at_port(&answer.sdp, inside.local_addr().unwrap().port())).await;
    outside.connect((LOCAL, server)).await.unwrap();
    let router = async {
        let (mut up, mut down, mut at) = ([0; 2000], [0; 2000], None);
        loop {
            tokio::select! {
                received = inside.recv_from(&mut up) => {
                    let (size, from) = received.unwrap();
                    at = Some(from);
                    let _ = outside.send(&up[..size]).await;
                }
                received = outside.recv(&mut down) => {
                    if let (Ok(size), Some(at)) = (received, at) {
                        inside.send_to(&down[..size], at).await.unwrap();
                    }
                }
            }
        }
    };
    tokio::select! {
        _ = wait(&mut seen, |seen| *seen == Seen::State(State::Connected)) => {}
        () = router => {}
    }
    answer.peer.close().await;
}
