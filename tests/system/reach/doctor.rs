//! `framebox doctor`: what works, what does not, and what to do.

use std::net::UdpSocket;

use framebox_test_support::child::Child;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::program;
use framebox_test_support::turn::{SECRET, TurnServer};

/// Runs the doctor; returns whether everything works, and what it says.
async fn examine(folder: &Scratch, configuration: &str) -> (bool, String) {
    let file = folder.write("framebox.toml", configuration);
    let mut command = program(&["doctor", "--media-address", "127.0.0.1", "--bind", "127.0.0.1:0", "--config"]);
    let mut child = Child::start("doctor", command.arg(file));
    let status = child.ended().await;
    assert!([Some(0), Some(1)].contains(&status.code()), "{status}: {:?}", child.err());
    (status.success(), child.out().join("\n"))
}

/// Returns the line that begins with an outcome and names `what`.
fn line<'a>(said: &'a str, outcome: &str, what: &str) -> &'a str {
    let mut lines = said.lines();
    let found = lines.find(|line| line.starts_with(outcome) && line.contains(what));
    found.unwrap_or_else(|| panic!("no line {outcome} {what}:\n{said}"))
}

#[tokio::test]
async fn a_machine_that_is_well_passes() {
    let folder = Scratch::new();
    let (well, said) = examine(&folder, "[server]\ndata = \"data\"\ncapacity_ms = 0").await;
    assert!(well, "{said}");
    for what in
        ["configuration", "data directory", "HTTP", "media port", "codecs: H.264", "isolation", "session: video"]
    {
        line(&said, "ok", what);
    }
    line(&said, "advice", "STUN and TURN");
}

#[tokio::test]
async fn what_does_not_work_is_named_with_a_remedy() {
    let folder = Scratch::new();
    let (well, said) = examine(&folder, "[webrtc]\nports = 1").await;
    assert!(!well && line(&said, "BROKEN", "configuration").contains("unknown field"), "{said}");

    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (well, said) = examine(&folder, &format!("[webrtc]\nport = {port}\n[server]\ndata = \"/proc/nothing\"")).await;
    assert!(!well && line(&said, "BROKEN", &format!("UDP 127.0.0.1:{port}")).contains("--media-port"), "{said}");
    line(&said, "BROKEN", "data directory");
    line(&said, "BROKEN", "session");
}

#[tokio::test]
async fn turn_servers_are_tried_with_the_credentials_of_clients() {
    let Some(turn) = TurnServer::start().await else { return };
    let folder = Scratch::new();
    let url = format!("turn:127.0.0.1:{}", turn.port);
    let configuration = |secret: &str| {
        format!(
            "[server]\ncapacity_ms = 0\n[webrtc]\npublic_addresses = [\"127.0.0.1\", \"203.0.113.7\"]\n\
             ice_servers = [\"stun:127.0.0.1:{}\"]\n\
             [[webrtc.client_ice_servers]]\nurls = [\"{url}\", \"{url}?transport=tcp\"]\nsecret = \"{secret}\"",
            turn.port
        )
    };
    let (_, said) = examine(&folder, &configuration(SECRET)).await;
    for what in [format!("{url}: it answers, relays at"), format!("{url}?transport=tcp: it answers, relays at")] {
        line(&said, "ok", &what);
    }
    assert!(line(&said, "ok", "stun:").contains("sees this machine at 127.0.0.1"), "{said}");
    line(&said, "ok", "public address 127.0.0.1");
    assert!(line(&said, "BROKEN", "public address 203.0.113.7").contains("127.0.0.1"), "{said}");

    let (well, said) = examine(&folder, &configuration("wrong")).await;
    assert!(!well && line(&said, "BROKEN", &url).contains("secret"), "{said}");
}
