//! An aiortc client that stays in its session until it is ended: `stay.py`.

use std::path::Path;

use serde_json::{Value, json};

use crate::child::Child;
use crate::python;
use crate::server::Server;

/// A client of one session.
pub struct Client {
    /// The process.
    pub child: Child,
}

impl Client {
    /// Starts a client of `handler`, with video both ways.
    pub fn start(python: &Path, server: &Server, id: &str, handler: &str) -> Self {
        Self::start_with(python, server, id, handler, "sendrecv", &json!({}))
    }

    /// Starts a client of `handler`, with the options of `stay.py`.
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

    /// Sends a message over the data channel: a string as it is, anything else as JSON.
    pub fn send(&mut self, message: &Value) {
        self.child.write(&message.as_str().map_or_else(|| message.to_string(), str::to_owned));
    }

    /// Waits for a message for which `find` returns something.
    pub async fn receive<T>(&mut self, what: &str, find: impl Fn(&Value) -> Option<T>) -> T {
        self.child
            .find(what, |line| {
                let event: Value = serde_json::from_str(line).ok()?;
                find(&event["message"])
            })
            .await
    }

    /// Waits for a message of `kind`.
    pub async fn receive_kind(&mut self, kind: &str) -> Value {
        self.receive(kind, |message| (message["type"] == kind).then(|| message.clone())).await
    }

    /// Waits until `wanted` pictures arrived; returns the size of the last one.
    pub async fn pictures(&mut self, wanted: u64) -> Value {
        self.child
            .find(&format!("{wanted} pictures"), |line| {
                let event: Value = serde_json::from_str(line).ok()?;
                (event["count"].as_u64()? >= wanted).then(|| event["size"].clone())
            })
            .await
    }

    /// Waits until two pictures in a row are `ticks` of the RTP clock apart, give or take the two that rounding costs.
    pub async fn step(&mut self, ticks: u64) {
        let what = format!("two pictures are {ticks} ticks apart");
        self.child
            .find(&what, |line| {
                let event: Value = serde_json::from_str(line).ok()?;
                (event["step"].as_u64()?.abs_diff(ticks) <= 2).then_some(())
            })
            .await;
    }

    /// Returns how many pictures arrived so far.
    pub fn count(&self) -> u64 {
        let counts = self.child.out().into_iter().filter_map(|line| {
            let event: Value = serde_json::from_str(&line).ok()?;
            event["count"].as_u64()
        });
        counts.max().unwrap_or(0)
    }

    /// Returns every message of `kind` that arrived so far.
    pub fn messages(&self, kind: &str) -> Vec<Value> {
        let messages = self.child.out().into_iter().filter_map(|line| {
            let mut event: Value = serde_json::from_str(&line).ok()?;
            (event["message"]["type"] == kind).then(|| event["message"].take())
        });
        messages.collect()
    }
}
