//! Offers that name other machines: the server sends them nothing, whatever is offered.

use std::net::{Ipv4Addr, UdpSocket};

use framebox_test_support::server::Server;
use framebox_test_support::wait::seconds;
use serde_json::json;

const CHROMIUM: &str = include_str!("../../offers/chromium.sdp");

/// The most that one offer may make the server send before anybody has answered a check, in bytes and in datagrams.
const AMPLIFICATION: usize = 3;

/// Sockets of bystanders, on as many addresses.
fn bystanders() -> Vec<UdpSocket> {
    let bind = |at: u8| UdpSocket::bind((Ipv4Addr::new(127, 0, 1, at), 0)).unwrap();
    let sockets: Vec<_> = (1..=32).map(bind).collect();
    sockets.iter().for_each(|socket| socket.set_nonblocking(true).unwrap());
    sockets
}

/// Counts the datagrams that arrived at sockets, and their bytes.
fn arrived(sockets: &[UdpSocket]) -> (usize, usize) {
    let mut buffer = [0; 2000];
    let received =
        sockets.iter().flat_map(|socket| std::iter::from_fn(|| socket.recv(&mut buffer).ok()).collect::<Vec<_>>());
    received.fold((0, 0), |(datagrams, bytes), size| (datagrams + 1, bytes + size))
}

/// An offer with a candidate for each socket.
fn offer(sockets: &[UdpSocket], extra: &str) -> String {
    let candidates: String = sockets
        .iter()
        .enumerate()
        .map(|(at, socket)| {
            let address = socket.local_addr().unwrap();
            let (ip, port, priority) = (address.ip(), address.port(), 2_122_252_543 - at);
            format!("a=candidate:{at} 1 udp {priority} {ip} {port} typ host\r\n")
        })
        .collect();
    let lines: String = CHROMIUM.lines().map(|line| format!("{line}\r\n")).collect();
    lines.replacen("a=mid:0\r\n", &format!("a=mid:0\r\n{candidates}"), 1).replacen(
        "t=0 0\r\n",
        &format!("t=0 0\r\n{extra}"),
        1,
    )
}

#[tokio::test]
async fn an_offer_does_not_make_the_server_send_to_others() {
    let server = Server::start(&[]).await;
    for (id, extra) in [("usual", ""), ("lite", "a=ice-lite\r\n")] {
        let sockets = bystanders();
        let offer = offer(&sockets, extra);
        let body = json!({ "type": "offer", "webrtc_id": id, "sdp": offer });
        assert_eq!(server.post("/webrtc/offer", &body).await.status, 200);
        // Candidates that come later are no different, however many there are.
        let mut refused = 0;
        for (at, socket) in sockets.iter().cycle().take(64).enumerate() {
            let address = socket.local_addr().unwrap();
            let text = format!("candidate:{at} 1 udp 1 {} {} typ host", address.ip(), address.port());
            let body = json!({ "type": "ice-candidate", "webrtc_id": id, "candidate": { "candidate": text } });
            refused += usize::from(server.post("/webrtc/offer", &body).await.status != 200);
        }
        eprintln!("{id}: {refused} candidates were refused");
        server.wait_for_end(id).await;
        tokio::time::sleep(seconds(1)).await;
        let (datagrams, bytes) = arrived(&sockets);
        eprintln!("{id}: {datagrams} datagrams of {bytes} bytes for an offer of {} bytes", offer.len());
        assert!(datagrams <= AMPLIFICATION * offer.len().div_ceil(1200), "{datagrams} datagrams");
        assert!(bytes <= AMPLIFICATION * offer.len(), "{bytes} bytes for {}", offer.len());
        assert_eq!(datagrams, 0, "to loopback, nothing at all");
    }
}
