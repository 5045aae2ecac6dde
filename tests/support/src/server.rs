//! The `framebox` program on a free port of the loopback interface.

use std::process::Command;
use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::child::Child;
use crate::paths;
use crate::wait::{seconds, wait_until};

/// Loading compiles components, which takes its time on a busy machine.
const START: Duration = seconds(60);

/// A running server; dropped, it is killed.
pub struct Server {
    /// The process.
    pub child: Child,
    /// `http://address:port`
    pub base: String,
    http: reqwest::Client,
}

/// Answer of the server.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }

    /// A header's text; empty without it.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// The program with `arguments`, not started.
pub fn program<A: AsRef<std::ffi::OsStr>>(arguments: &[A]) -> Command {
    let mut command = Command::new(paths::program());
    command.args(arguments);
    command
}

impl Server {
    /// Starts one with `arguments` beside the addresses, and waits until it is ready.
    pub async fn start(arguments: &[&str]) -> Self {
        Self::start_as(program::<&str>(&[]), arguments).await
    }

    /// As [`Server::start`], with a command that ends in the program.
    pub async fn start_as(mut command: Command, arguments: &[&str]) -> Self {
        if !arguments.contains(&"--capacity-ms") {
            // What a busy machine has left must not decide which sessions a test gets.
            command.args(["--capacity-ms", "0"]);
        }
        Self::start_by_default(command, arguments).await
    }

    /// As [`Server::start_as`], with the admission that an operator has who says nothing of it.
    pub async fn start_by_default(mut command: Command, arguments: &[&str]) -> Self {
        command.args(["--bind", "127.0.0.1:0", "--media-address", "127.0.0.1"]);
        let mut child = Child::start("framebox", command.args(arguments));
        let base = child
            .find("says that it is ready", START, |line| {
                let rest = line.strip_prefix("Framebox is ready: open ")?;
                Some(rest.split_once(" in a browser")?.0.to_owned())
            })
            .await;
        Self { child, base, http: client() }
    }

    /// `GET path`
    pub async fn get(&self, path: &str) -> Answer {
        send(self.http.get(format!("{}{path}", self.base))).await
    }

    /// `DELETE path`
    pub async fn delete(&self, path: &str) -> Answer {
        send(self.http.delete(format!("{}{path}", self.base))).await
    }

    /// `POST path` with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.http.post(format!("{}{path}", self.base)).json(body)).await
    }

    /// `PUT path`
    pub async fn put(&self, path: &str, headers: &[(&str, &str)], body: impl Into<reqwest::Body>) -> Answer {
        self.try_put(path, headers, body).await.unwrap_or_else(|error| panic!("no answer: {error:?}"))
    }

    /// `PUT path`, which may end without an answer.
    pub async fn try_put(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> reqwest::Result<Answer> {
        let mut request = self.http.put(format!("{}{path}", self.base)).timeout(seconds(120)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        try_send(request).await
    }

    /// Sends a request that may end without an answer.
    pub async fn attempt(&self, method: &str, path: &str, body: Option<&Value>) -> reqwest::Result<Answer> {
        let request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.base));
        try_send(body.iter().fold(request, |request, body| request.json(body))).await
    }

    /// `PATCH path` with a JSON body.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        send(self.http.patch(format!("{}{path}", self.base)).json(body)).await
    }

    /// An answer that goes on, such as server-sent events; there is no limit to its time.
    pub async fn stream(&self, path: &str) -> reqwest::Response {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.get(format!("{}{path}", self.base)).send().await.unwrap()
    }

    /// Any other request.
    pub async fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<String>) -> Answer {
        let method = method.parse().unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.base)).body(body.into());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        send(request).await
    }

    /// Ids of the sessions, the oldest first.
    pub async fn sessions(&self) -> Vec<String> {
        let json = self.get("/sessions").await.json();
        let sessions = json["sessions"].as_array().unwrap_or_else(|| panic!("{json}"));
        sessions.iter().map(|session| session["id"].as_str().unwrap().to_owned()).collect()
    }

    /// `GET /sessions/{id}`; None when there is no such session.
    pub async fn session(&self, id: &str) -> Option<Value> {
        let answer = self.get(&format!("/sessions/{id}")).await;
        match answer.status {
            200 => Some(answer.json()),
            404 => None,
            _ => panic!("{answer:?}"),
        }
    }

    /// Nothing went wrong that an operator would have to look into.
    pub fn assert_quiet(&self) {
        let err = self.child.err();
        let loud: Vec<_> = err.iter().filter(|line| line.contains(" WARN ") || line.contains(" ERROR ")).collect();
        assert!(loud.is_empty(), "the server's log has {loud:#?}");
    }

    /// Waits until the session `id` is there and `is` true of it; returns it.
    pub async fn wait_for_session(&self, id: &str, what: &str, limit: Duration, is: impl Fn(&Value) -> bool) -> Value {
        wait_until(&format!("session {id}: {what}"), limit, async || match self.session(id).await {
            Some(session) if is(&session) => Ok(session),
            other => Err(format!("{other:?}")),
        })
        .await
    }

    /// Waits until the session `id` is gone.
    pub async fn wait_for_end(&self, id: &str, limit: Duration) {
        wait_until(&format!("session {id} ends"), limit, async || match self.session(id).await {
            None => Ok(()),
            Some(session) => Err(session.to_string()),
        })
        .await;
    }
}

/// Pictures of a session that came and whose outcome is not told yet. Of these there are at most two: one that waits, and
/// one that is being worked on.
pub fn unaccounted(session: &Value) -> u64 {
    let frames = &session["frames"];
    let of = |name: &str| frames[name].as_u64().unwrap_or_else(|| panic!("{session}"));
    let outcomes = of("processed") + sum(&frames["skipped"]) + sum(&frames["failed"]);
    of("received").checked_sub(outcomes).unwrap_or_else(|| panic!("more outcomes than pictures: {session}"))
}

/// The sum over the entries of an object, such as failures by code.
pub fn sum(counts: &Value) -> u64 {
    counts.as_object().map_or(0, |counts| counts.values().filter_map(Value::as_u64).sum())
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(seconds(30)).build().unwrap()
}

async fn send(request: reqwest::RequestBuilder) -> Answer {
    try_send(request).await.unwrap_or_else(|error| panic!("no answer: {error:?}"))
}

async fn try_send(request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
    let answer = request.send().await?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Ok(Answer { status, headers, text: answer.text().await? })
}
