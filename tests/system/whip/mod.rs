//! WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep-03): a test for each MUST and SHOULD of a server, named after its section.
//!
//! | module | what it holds |
//! |---|---|
//! | [`ingest`] | RFC 9725 |
//! | [`egress`] | draft-ietf-wish-whep-03 |
//! | [`encoders`] | FFmpeg and GStreamer publish |
//! | [`browsers`] | pages publish and watch, with clients of others |

mod browsers;
mod egress;
mod encoders;
mod ingest;

use std::pin::pin;
use std::time::Duration;

use framebox_media::EncodedFrame;
use framebox_picture::Size;
use framebox_test_peer::{Client, Direction, Event, Options};
use framebox_test_support::scene;
use framebox_test_support::server::{Answer, Server};
use serde_json::{Value, json};
use tokio::time::sleep;

/// An encoder's offer: ICE and DTLS for the session, audio and video, no candidates.
const OBS: &str = include_str!("../../offers/obs.sdp");
const SDP: (&str, &str) = ("content-type", "application/sdp");
const FRAGMENT: (&str, &str) = ("content-type", "application/trickle-ice-sdpfrag");

async fn post(server: &Server, path: &str, sdp: &str) -> Answer {
    server.request("POST", path, &[SDP], sdp).await
}

/// Makes a stream that somebody may publish into.
async fn make_stream(server: &Server, name: &str) {
    make(server, &[], &json!({ "name": name, "input": "publish", "handler": "invert" })).await;
}

/// Makes a stream that has its own pictures.
async fn make_pictures(server: &Server, name: &str) {
    make(server, &[], &json!({ "name": name, "input": "clock", "handler": "plasma" })).await;
}

async fn make(server: &Server, headers: &[(&str, &str)], stream: &Value) {
    let headers: Vec<_> = headers.iter().copied().chain([("content-type", "application/json")]).collect();
    let made = server.request("POST", "/streams", &headers, stream.to_string()).await;
    assert_eq!(made.status, 201, "{made:?}");
}

/// Asserts that there is nothing in a response.
fn assert_empty(answer: &Answer) {
    assert!(answer.text.is_empty() && matches!(answer.header("content-length"), "" | "0"), "{answer:?}");
}

/// Asserts that a response is a problem (RFC 9457) with this status and these words.
fn assert_problem(answer: &Answer, status: u16, words: &str) {
    assert_eq!((answer.status, answer.header("content-type")), (status, "application/problem+json"), "{answer:?}");
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(words), "{detail}: {words}");
}

/// The media sections of a description.
fn sections(sdp: &str) -> Vec<&str> {
    sdp.split("m=").skip(1).collect()
}

/// What of an offer goes into a fragment (RFC 8840 section 9).
fn fragment_of(offer: &str, names: &[&str]) -> String {
    let first = offer.split("m=").nth(1).unwrap();
    let (line, section) = first.split_once('\n').unwrap();
    let kept = section.lines().filter(|line| names.iter().any(|name| line.starts_with(name)));
    let kept: String = kept.map(|line| format!("{line}\r\n")).collect();
    format!("m={}\r\n{kept}", line.trim())
}

/// Credentials of an offer and its candidates.
const ICE: &[&str] = &["a=mid:", "a=ice-ufrag:", "a=ice-pwd:", "a=candidate:"];

/// A client of one of the two protocols.
pub(crate) struct Connected {
    client: Client,
    /// Where its connection is found.
    pub(crate) location: String,
    /// Its ICE session.
    tag: String,
    /// What it offered.
    pub(crate) offer: String,
    /// What the server answered.
    answer: String,
    reel: Vec<EncodedFrame>,
    sent: u32,
}

impl Connected {
    /// Publishes at `path`.
    pub(crate) async fn publish(server: &Server, path: &str) -> Self {
        Self::connect(server, path, Direction::Sendonly, false).await
    }

    /// Watches at `path`.
    async fn watch(server: &Server, path: &str) -> Self {
        Self::connect(server, path, Direction::Recvonly, false).await
    }

    /// Connects. With a data channel the client is told when its connection is closed.
    async fn connect(server: &Server, path: &str, direction: Direction, channel: bool) -> Self {
        let (mut client, offer) = Client::offer(Options { direction, channel, ..Options::default() }).await;
        let answer = post(server, path, &offer).await;
        assert_eq!((answer.status, answer.header("content-type")), (201, "application/sdp"), "{answer:?}");
        let (location, tag) = (answer.header("location").to_owned(), answer.header("etag").to_owned());
        client.accept(&answer.text).await;
        client.connected().await;
        let reel = scene::frames(Size::new(320, 240), 30, 500_000);
        Self { client, location, tag, offer, answer: answer.text, reel, sent: 0 }
    }

    /// Sends frames for as long as `work` takes.
    pub(crate) async fn sending<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            let frame = &self.reel[self.sent as usize % self.reel.len()];
            self.client.send(frame, self.sent.wrapping_mul(3000)).await;
            self.sent += 1;
            tokio::select! {
                done = &mut work => return done,
                () = sleep(Duration::from_millis(33)) => {}
            }
        }
    }

    /// Waits for so many more frames.
    async fn frames(&mut self, wanted: usize) {
        for _ in 0..wanted {
            self.client.wait(|event| matches!(event, Event::Frame(_))).await;
        }
    }

    /// `PATCH` of its connection, for this ICE session.
    async fn patch(&self, server: &Server, fragment: &str, session: &str) -> Answer {
        server.request("PATCH", &self.location, &[FRAGMENT, ("if-match", session)], fragment).await
    }

    /// Restarts ICE, as clients do it.
    async fn restart(&mut self, server: &Server) -> Answer {
        let fragment = fragment_of(&self.client.restart().await, ICE);
        let answer = self.patch(server, &fragment, "*").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        self.client.accept_fragment(&self.answer, &answer.text).await;
        self.tag = answer.header("etag").to_owned();
        answer
    }
}
