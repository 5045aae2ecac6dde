//! A client of a session that stays until it is ended: `stay.py`.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::child::Child;
use crate::python;
use crate::server::Server;
use crate::wait::seconds;

/// Longest wait for anything on a busy machine.
pub const LIMIT: Duration = seconds(40);

/// A client of a session.
pub struct Client {
    /// Its program.
    pub child: Child,
}

impl Client {
    /// One of `handler`, with video both ways.
    pub fn start(python: &Path, server: &Server, id: &str, handler: &str) -> Self {
        Self::start_with(python, server, id, handler, "sendrecv", &json!({}))
    }

    /// One of `handler`, with the options of `stay.py`.
    pub fn start_with(
        python: &Path,
        server: &Server,
        id: &str,
        handler: &str,
        direction: &str,
        options: &Value,
    ) -> Self {
        let arguments = [&server.base, id, handler, direction, &options.to_string()];
        Self { child: python::start(python, "stay.py", &arguments) }
    }

    /// Sends a message; text as it is, anything else as JSON.
    pub fn say(&mut self, message: &Value) {
        self.child.say(&message.as_str().map_or_else(|| message.to_string(), str::to_owned));
    }

    /// Waits for a message in which `find` finds something.
    pub async fn hear<T>(&mut self, what: &str, find: impl Fn(&Value) -> Option<T>) -> T {
        self.child
            .find(what, LIMIT, |line| {
                let event: Value = serde_json::from_str(line).ok()?;
                find(&event["message"])
            })
            .await
    }

    /// Waits for a message of `kind`.
    pub async fn hear_kind(&mut self, kind: &str) -> Value {
        self.hear(kind, |message| (message["type"] == kind).then(|| message.clone())).await
    }

    /// Waits until `wanted` pictures came; returns the size of the last.
    pub async fn pictures(&mut self, wanted: u64) -> Value {
        self.child
            .find(&format!("{wanted} pictures"), LIMIT, |line| {
                let event: Value = serde_json::from_str(line).ok()?;
                (event["count"].as_u64()? >= wanted).then(|| event["size"].clone())
            })
            .await
    }

    /// Pictures that came so far.
    pub fn count(&self) -> u64 {
        let counts = self.child.out().into_iter().filter_map(|line| {
            let event: Value = serde_json::from_str(&line).ok()?;
            event["count"].as_u64()
        });
        counts.max().unwrap_or(0)
    }

    /// Every message of `kind` that came so far.
    pub fn messages(&self, kind: &str) -> Vec<Value> {
        let messages = self.child.out().into_iter().filter_map(|line| {
            let mut event: Value = serde_json::from_str(&line).ok()?;
            (event["message"]["type"] == kind).then(|| event["message"].take())
        });
        messages.collect()
    }
}
