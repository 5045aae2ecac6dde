//! A TURN server on the loopback interface: coturn, with credentials made of a shared secret.

use std::net::{TcpListener, UdpSocket};
use std::process::Command;

use crate::child::Child;
use crate::scratch::Scratch;

/// A running TURN server. Dropping it kills it.
pub struct TurnServer {
    /// The process.
    pub child: Child,
    /// Its port, UDP and TCP.
    pub port: u16,
    _folder: Scratch,
}

/// The secret that it shares with whoever makes credentials for it.
pub const SECRET: &str = "of the tests";

impl TurnServer {
    /// Starts one. Returns None where there is none, after reporting that.
    pub async fn start() -> Option<Self> {
        let Some(program) = crate::browser::in_path("turnserver") else {
            crate::lacking("no TURN server (coturn)");
            return None;
        };
        let folder = Scratch::new();
        let port = free_port();
        let mut command = Command::new(program);
        command.args([
            "-n",
            "--listening-ip=127.0.0.1",
            "--relay-ip=127.0.0.1",
            "--allow-loopback-peers",
            "--realm=test",
        ]);
        command.args(["--use-auth-secret", "--no-cli", "--no-tls", "--no-dtls", "--log-file=stdout", "--verbose"]);
        command.arg(format!("--static-auth-secret={SECRET}")).arg(format!("--listening-port={port}"));
        let file = |name: &str| folder.path().join(name).display().to_string();
        command.arg(format!("--pidfile={}", file("pid"))).arg(format!("--userdb={}", file("users")));
        let mut child = Child::start("turnserver", &mut command);
        child.find("listens", |line| line.contains("TCP listener opened on").then_some(())).await;
        Some(Self { child, port, _folder: folder })
    }
}

/// A port that is free for UDP and TCP.
fn free_port() -> u16 {
    let free = || {
        let udp = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        let port = udp.local_addr().unwrap().port();
        TcpListener::bind(("127.0.0.1", port)).is_ok().then_some(port)
    };
    std::iter::repeat_with(free).take(100).flatten().next().expect("a port is free")
}
