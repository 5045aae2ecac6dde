//! Streams: one input, one session, any number of viewers.
//!
//! | module | what it holds |
//! |---|---|
//! | `publishers` | those who publish leave and come back |
//! | `sources` | sources that are read for those who watch |
//! | `viewers` | those who watch: pictures, values, controls, an end |
//! | `recordings` | what is kept of streams: files and pictures |
//! | `access` | who may watch, change and end a stream |

mod access;
mod publishers;
mod recordings;
mod sources;
mod viewers;

use framebox_picture::Size;
use framebox_test_peer::{Client, Direction, Event, Options};
use framebox_test_support::scene;
use framebox_test_support::server::Server;
use framebox_test_support::wait::wait_until;
use serde_json::{Value, json};

/// Somebody who watches a stream.
struct Viewer {
    client: Client,
    secret: String,
}

impl Viewer {
    /// Watches the stream `name`.
    async fn start(server: &Server, name: &str, id: &str) -> Self {
        let (mut client, sdp) = Client::offer(Options { direction: Direction::Recvonly, ..Options::default() }).await;
        let body = json!({ "sdp": sdp, "type": "offer", "webrtc_id": id });
        let answer = server.post(&format!("/streams/{name}/offer"), &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        client.accept(answer.json()["sdp"].as_str().unwrap()).await;
        client.connected().await;
        Self { client, secret: answer.header("session-secret").to_owned() }
    }

    /// Waits for so many frames; the first one is a keyframe.
    async fn frames(&mut self, wanted: usize) {
        let mut seen = 0;
        while seen < wanted {
            if let Event::Frame(frame) = self.client.next().await {
                assert!(seen > 0 || frame.keyframe, "it begins with a keyframe");
                seen += 1;
            }
        }
    }

    /// Waits for so many more frames.
    async fn frames_follow(&mut self, wanted: usize) {
        for _ in 0..wanted {
            self.client.wait(|event| matches!(event, Event::Frame(_))).await;
        }
    }

    /// Waits for a message of this type.
    async fn message(&mut self, kind: &str) -> Value {
        let is = |event: &Event| matches!(event, Event::Message(text) if json_of(text)["type"] == kind);
        let Event::Message(text) = self.client.wait(is).await else { unreachable!() };
        json_of(&text)
    }
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// A browser's round trip: a client, and the frames that it sends over and over.
struct RoundTrip {
    client: Client,
    sent: u32,
    back: usize,
}

impl RoundTrip {
    async fn start(server: &Server, id: &str, query: &str) -> Self {
        let (mut client, sdp) = Client::offer(Options::default()).await;
        let body = json!({ "sdp": sdp, "type": "offer", "webrtc_id": id });
        let answer = server.post(&format!("/webrtc/offer?{query}"), &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        client.accept(answer.json()["sdp"].as_str().unwrap()).await;
        client.connected().await;
        Self { client, sent: 0, back: 0 }
    }

    /// Sends frames until so many more came back.
    async fn round_trips(&mut self, wanted: usize) {
        let reel = scene::frames(Size::new(320, 240), 30, 500_000);
        let wanted = self.back + wanted;
        wait_until("frames come back", async || {
            let frame = &reel[self.sent as usize % reel.len()];
            self.client.send(frame, self.sent.wrapping_mul(3000)).await;
            self.sent += 1;
            while let Some(event) = self.client.try_next() {
                self.back += usize::from(matches!(event, Event::Frame(_)));
            }
            if self.back >= wanted { Ok(()) } else { Err(format!("{} of {wanted}", self.back)) }
        })
        .await;
    }
}

/// Waits until the stream `name` is as `is` wants it; returns its report.
async fn wait_for(server: &Server, name: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    wait_until(what, async || {
        let report = server.get(&format!("/streams/{name}")).await.json();
        if is(&report) { Ok(report) } else { Err(report.to_string()) }
    })
    .await
}

/// Waits until there is no stream `name`.
async fn wait_for_end(server: &Server, name: &str) {
    wait_until("the stream is over", async || match server.get(&format!("/streams/{name}")).await {
        answer if answer.status == 404 => Ok(()),
        answer => Err(answer.text),
    })
    .await;
}
