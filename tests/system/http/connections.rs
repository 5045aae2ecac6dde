//! Clients that hold connections: others are answered all the same, and the descriptors last.

use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::Server;
use framebox_test_support::wait::{seconds, wait_until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{configured, connect, exchange, head, limited, rest};

/// Opens connections and sends `text` on each. They stay open as long as the server lets them.
async fn hold(server: &Server, count: usize, text: &str) -> Vec<TcpStream> {
    let mut held = Vec::new();
    for _ in 0..count {
        let mut stream = connect(server).await;
        // It may have been closed at once.
        let _ = stream.write_all(text.as_bytes()).await;
        held.push(stream);
    }
    held
}

#[tokio::test]
async fn connections_that_wait_silence_nobody() {
    let scratch = Scratch::new();
    let server = configured(&scratch, "[http]\nconnections = 60\nconnections_per_address = 50\n").await;
    let answered = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    for text in ["", "GET / HTTP/1.1\r\nhost: loc", "GET /healthz HTTP/1.1\r\n", answered] {
        let held = hold(&server, 300, text).await;
        for path in ["/healthz", "/", "/handlers"] {
            assert_eq!(server.get(path).await.status, 200, "{path} beside 300 connections that sent {text:?}");
        }
        drop(held);
    }
}

#[tokio::test]
async fn few_descriptors_last_for_uploads_while_strangers_hold_connections() {
    let server = Server::start_as(limited(128), &[]).await;
    let held = hold(&server, 400, "").await;
    let good = framebox_test_components::case("good");
    // It takes files, pipes and a child process.
    let answer = server.put("/handlers/mine", &[], good).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let open = std::fs::read_dir(format!("/proc/{}/fd", server.child.id())).unwrap().count();
    assert!(open < 100, "{open} of 128 descriptors are in use");
    drop(held);
}

#[tokio::test]
async fn at_the_cap_a_client_is_told_and_the_health_check_is_answered() {
    let scratch = Scratch::new();
    let server = configured(&scratch, "[http]\nconnections = 8\n").await;
    // Requests whose bodies are to come: none of them waits for a request.
    let begun = head(&server, "POST /webrtc/offer")
        + "content-type: application/json\r\nexpect: 100-continue\r\ncontent-length: 1000\r\n\r\n";
    let mut held = hold(&server, 8, &begun).await;
    for stream in &mut held {
        let mut go_on = [0; 25];
        stream.read_exact(&mut go_on).await.unwrap();
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n", "its body is waited for");
    }
    let answer = server.get("/handlers").await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.text.contains("as many connections as it allows"), "{answer:?}");
    assert_eq!((answer.header("retry-after"), answer.header("connection")), ("5", "close"));
    assert_eq!(server.get("/healthz").await.status, 200);
    assert_eq!(server.get("/readyz").await.status, 200);
    // Connections beyond the cap that send nothing do not keep others from being told.
    let beyond = hold(&server, 100, "").await;
    assert_eq!(server.get("/healthz").await.status, 200);
    // Bodies that do not come are given up, and then everything is as before.
    let refusal = rest(&mut held[0]).await;
    assert!(refusal.starts_with("HTTP/1.1 408") && refusal.contains("too slowly"), "{refusal}");
    drop(beyond);
    wait_until("requests are answered again", async || match server.get("/handlers").await.status {
        200 => Ok(()),
        status => Err(status.to_string()),
    })
    .await;
}

#[tokio::test]
async fn a_head_that_does_not_end_is_given_up() {
    let server = Server::start(&[]).await;
    let mut silent = connect(&server).await;
    let mut slow = connect(&server).await;
    let trickle = async {
        // Byte by byte: each is in time, the head is not.
        slow.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nx: ").await.unwrap();
        while slow.write_all(b"x").await.is_ok() {
            tokio::time::sleep(seconds(1)).await;
        }
    };
    let (said, ()) = tokio::join!(rest(&mut silent), trickle);
    assert_eq!(said, "");
    let large = format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "x".repeat(200_000));
    let answer = exchange(&server, &large).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_given_up() {
    let server = Server::start(&[]).await;
    let mut stream = connect(&server).await;
    let request = b"GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n";
    // Far more answers than the system holds for it; the write ends when the server has closed the connection.
    let flood = async { while stream.write_all(request).await.is_ok() {} };
    tokio::time::timeout(seconds(600), flood).await.expect("the server closes the connection");
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_slow_but_honest_upload_arrives() {
    let server = Server::start(&[]).await;
    let good = include_bytes!("../../../guest-examples/prebuilt/knobs.wasm");
    let mut stream = connect(&server).await;
    let head =
        head(&server, "PUT /handlers/mine") + &format!("connection: close\r\ncontent-length: {}\r\n\r\n", good.len());
    stream.write_all(head.as_bytes()).await.unwrap();
    // In twenty pieces: it takes longer than the head of a request may, and than a body may without a byte.
    for piece in good.chunks(good.len().div_ceil(20)) {
        stream.write_all(piece).await.unwrap();
        tokio::time::sleep(seconds(1)).await;
    }
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{} bytes: {answer}", good.len());
}
