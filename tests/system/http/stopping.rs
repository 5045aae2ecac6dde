//! The end of the server: in bounded time whatever clients do, and at once at a second signal.

use std::process::Command;
use std::time::Instant;

use framebox_test_support::server::Server;
use framebox_test_support::wait::seconds;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::{connect, head};

/// Connections that would never end by themselves: half a head, a body that goes on, answers that nobody reads.
async fn hold(server: &Server) -> Vec<TcpStream> {
    let body = head(server, "PUT /handlers/mine") + "transfer-encoding: chunked\r\n\r\n4\r\n\0asm\r\n";
    let unread = "GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(500);
    let mut held = Vec::new();
    for text in ["", "GET /handlers HTTP/1.1\r\nho", &body, &unread] {
        let mut stream = connect(server).await;
        // What does not fit waits in vain, as does the server.
        let _ = tokio::time::timeout(seconds(1), stream.write_all(text.as_bytes())).await;
        held.push(stream);
    }
    held
}

fn signal(server: &Server, signals: &[&str]) {
    let kills: Vec<_> = signals.iter().map(|signal| format!("kill -{signal} {}", server.child.id())).collect();
    assert!(Command::new("sh").arg("-c").arg(kills.join("; ")).status().unwrap().success());
}

#[tokio::test]
async fn no_client_delays_the_end() {
    let mut server = Server::start(&[]).await;
    let mut held = hold(&server).await;
    let mut upload = held.remove(2);
    // An upload that goes on for ever, as fast as it must.
    let going = tokio::spawn(async move {
        while upload.write_all(b"1000\r\n").await.is_ok() && upload.write_all(&[0; 4096]).await.is_ok() {
            let _ = upload.write_all(b"\r\n").await;
            tokio::time::sleep(seconds(1) / 4).await;
        }
    });
    let begin = Instant::now();
    signal(&server, &["TERM"]);
    let status = server.child.ended().await;
    assert!(status.success(), "{status}");
    // Ten seconds on a machine that has time; without the limit it would be the deadlines of the body, or never.
    assert!(begin.elapsed() < seconds(60), "{:?}", begin.elapsed());
    drop(held);
    going.await.unwrap();
}

#[tokio::test]
async fn a_second_signal_ends_the_server_at_once() {
    let mut server = Server::start(&[]).await;
    let held = hold(&server).await;
    // Different ones: two of a kind may be delivered as one.
    signal(&server, &["INT", "TERM"]);
    let status = server.child.ended().await;
    assert_eq!(status.code(), Some(143), "{status}");
    drop(held);
}
