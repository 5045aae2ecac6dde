//! The whole interface of a handler through live sessions: parameters by each way, additional outputs, the log, and what
//! FastRTC's clients are told.
//!
//! | module | what it holds |
//! |---|---|
//! | `parameters` | each kind, good and wrong, over the channel, PATCH and FastRTC's input hook |
//! | `outputs` | server-sent events, a slow reader, and handlers that put too much |
//! | `log` | what a handler says, during its session and after |
//! | `policies` | which frames are skipped, what became of each, and what a machine refuses |
//! | `modes` | generators, observers and transforms side by side |

#![allow(clippy::unwrap_used)]

mod log;
mod modes;
mod outputs;
mod parameters;
mod policies;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use support::child::Child;
use support::python;
use support::server::Server;
use support::wait::seconds;

/// Longest wait for anything on a busy machine.
const LIMIT: Duration = seconds(40);

/// A client of a session.
struct Client {
    child: Child,
}

impl Client {
    /// One of `handler`, with video both ways.
    fn start(python: &Path, server: &Server, id: &str, handler: &str) -> Self {
        Self::start_with(python, server, id, handler, "sendrecv", &json!({}))
    }

    fn start_with(python: &Path, server: &Server, id: &str, handler: &str, direction: &str, options: &Value) -> Self {
        let arguments = [&server.base, id, handler, direction, &options.to_string()];
        Self { child: python::start(python, "stay.py", &arguments) }
    }

    /// Sends a message; text as it is, anything else as JSON.
    fn say(&mut self, message: &Value) {
        self.child.say(&message.as_str().map_or_else(|| message.to_string(), str::to_owned));
    }

    /// Waits for a message in which `find` finds something.
    async fn hear<T>(&mut self, what: &str, find: impl Fn(&Value) -> Option<T>) -> T {
        self.child
            .find(what, LIMIT, |line| {
                let event: Value = serde_json::from_str(line).ok()?;
                find(&event["message"])
            })
            .await
    }

    /// Waits for a message of `kind`.
    async fn hear_kind(&mut self, kind: &str) -> Value {
        self.hear(kind, |message| (message["type"] == kind).then(|| message.clone())).await
    }

    /// Waits until `wanted` pictures came; returns the size of the last.
    async fn pictures(&mut self, wanted: u64) -> Value {
        self.child
            .find(&format!("{wanted} pictures"), LIMIT, |line| {
                let event: Value = serde_json::from_str(line).ok()?;
                (event["count"].as_u64()? >= wanted).then(|| event["size"].clone())
            })
            .await
    }

    /// Pictures that came so far.
    fn count(&self) -> u64 {
        let counts = self.child.out().into_iter().filter_map(|line| {
            let event: Value = serde_json::from_str(&line).ok()?;
            event["count"].as_u64()
        });
        counts.max().unwrap_or(0)
    }

    /// Every message of `kind` that came so far.
    fn messages(&self, kind: &str) -> Vec<Value> {
        let messages = self.child.out().into_iter().filter_map(|line| {
            let mut event: Value = serde_json::from_str(&line).ok()?;
            (event["message"]["type"] == kind).then(|| event["message"].take())
        });
        messages.collect()
    }
}

/// A session that processes pictures.
async fn live(server: &Server, id: &str) -> Value {
    let works = |session: &Value| session["frames"]["processed"].as_u64() > Some(5);
    server.wait_for_session(id, "processes pictures", LIMIT, works).await
}
