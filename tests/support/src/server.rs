//! The `framebox` program on a free port of the loopback interface.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::child::Child;
use crate::paths;
use crate::wait::{LIMIT, wait_until};

/// The start-up secrets of the servers that were started, by their address.
static SECRETS: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

/// Returns the start-up secret of the server at `base`, for a client that is a process of its own.
pub fn secret_of(base: &str) -> Option<String> {
    SECRETS.lock().unwrap_or_else(PoisonError::into_inner).get(base).cloned()
}

/// A running server. Dropping it kills it.
pub struct Server {
    /// The process.
    pub child: Child,
    /// `http://address:port`
    pub base: String,
    /// The address of the page as the server printed it, with the start-up secret unless there are tokens.
    pub page: String,
    /// The start-up secret in that address. It goes with every request that has no `authorization` of its own.
    pub secret: Option<String>,
    http: reqwest::Client,
}

/// A response of the server.
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
    /// Returns the body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }

    /// Returns a header, or an empty string.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Returns a command of the program with `arguments`.
pub fn program<A: AsRef<std::ffi::OsStr>>(arguments: &[A]) -> Command {
    let mut command = Command::new(paths::program());
    command.args(arguments);
    command
}

impl Server {
    /// Starts a server on free ports with `arguments`, and waits until it is ready.
    pub async fn start(arguments: &[&str]) -> Self {
        Self::start_as(program::<&str>(&[]), arguments).await
    }

    /// As [`Server::start`], with a command that ends in the program.
    pub async fn start_as(mut command: Command, arguments: &[&str]) -> Self {
        if !arguments.contains(&"--capacity-ms") {
            // Sessions are not refused because the machine is busy with other tests.
            command.args(["--capacity-ms", "0"]);
        }
        Self::start_by_default(command, arguments).await
    }

    /// As [`Server::start_as`], with the default admission.
    pub async fn start_by_default(mut command: Command, arguments: &[&str]) -> Self {
        command.args(["--bind", "127.0.0.1:0", "--media-address", "127.0.0.1"]);
        let mut child = Child::start("framebox", command.args(arguments));
        let page = child
            .find("says that it is ready", |line| {
                let rest = line.strip_prefix("Framebox is ready: open ")?;
                Some(rest.split_once(" in a browser")?.0.to_owned())
            })
            .await;
        let (base, secret) = match page.split_once("/#access_token=") {
            Some((base, secret)) => (base.to_owned(), Some(secret.to_owned())),
            None => (page.clone(), None),
        };
        if let Some(secret) = &secret {
            SECRETS.lock().unwrap_or_else(PoisonError::into_inner).insert(base.clone(), secret.clone());
        }
        Self { child, base, page, secret, http: client() }
    }

    /// Starts a request, with the start-up secret if there is one.
    fn start_request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        self.secret.iter().fold(request, |request, secret| request.bearer_auth(secret))
    }

    /// Returns the address of the page with a handler chosen.
    pub fn page_of(&self, handler: &str) -> String {
        let secret = self.secret.as_ref().map_or_else(String::new, |secret| format!("#access_token={secret}"));
        format!("{}/?handler={handler}{secret}", self.base)
    }

    /// `GET path`
    pub async fn get(&self, path: &str) -> Answer {
        send(self.start_request(reqwest::Method::GET, path)).await
    }

    /// `DELETE path`
    pub async fn delete(&self, path: &str) -> Answer {
        send(self.start_request(reqwest::Method::DELETE, path)).await
    }

    /// `POST path` with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.start_request(reqwest::Method::POST, path).json(body)).await
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
        try_send(with_headers(self.start_request(reqwest::Method::PUT, path).body(body), headers)).await
    }

    /// Sends a request that may end without an answer.
    pub async fn attempt(&self, method: &str, path: &str, body: Option<&Value>) -> reqwest::Result<Answer> {
        let request = self.start_request(method.parse().unwrap(), path);
        try_send(body.iter().fold(request, |request, body| request.json(body))).await
    }

    /// `PATCH path` with a JSON body.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        send(self.start_request(reqwest::Method::PATCH, path).json(body)).await
    }

    /// `GET path` for a response that goes on, such as server-sent events; it has no timeout.
    pub async fn stream(&self, path: &str) -> reqwest::Response {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.get(format!("{}{path}", self.base));
        self.secret.iter().fold(request, |request, secret| request.bearer_auth(secret)).send().await.unwrap()
    }

    /// Sends any other request. An empty `authorization` sends none.
    pub async fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<String>) -> Answer {
        send(with_headers(self.start_request(method.parse().unwrap(), path).body(body.into()), headers)).await
    }

    /// `GET path` with headers, for a body that is no text. Returns status, headers and body.
    pub async fn bytes(&self, path: &str, headers: &[(&str, &str)]) -> (u16, HeaderMap, Vec<u8>) {
        let request = with_headers(self.start_request(reqwest::Method::GET, path), headers);
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        (status, headers, response.bytes().await.unwrap().to_vec())
    }

    /// Returns the ids of the sessions, the oldest first.
    pub async fn sessions(&self) -> Vec<String> {
        let json = self.get("/sessions").await.json();
        let sessions = json["sessions"].as_array().unwrap_or_else(|| panic!("{json}"));
        sessions.iter().map(|session| session["id"].as_str().unwrap().to_owned()).collect()
    }

    /// `GET /sessions/{id}`; returns None when there is no such session. One whose pipeline is gone already is a problem.
    pub async fn session(&self, id: &str) -> Option<Value> {
        let answer = self.get(&format!("/sessions/{id}")).await;
        match answer.status {
            200 | 410 => Some(answer.json()),
            404 => None,
            _ => panic!("{answer:?}"),
        }
    }

    /// Asserts that the log has no warnings and no errors.
    pub fn assert_quiet(&self) {
        let err = self.child.err();
        let loud: Vec<_> = err.iter().filter(|line| line.contains(" WARN ") || line.contains(" ERROR ")).collect();
        assert!(loud.is_empty(), "the server's log has {loud:#?}");
    }

    /// Waits until the session `id` exists and `is` returns true for it; returns it.
    pub async fn wait_for_session(&self, id: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        wait_until(&format!("session {id}: {what}"), async || match self.session(id).await {
            Some(session) if is(&session) => Ok(session),
            other => Err(format!("{other:?}")),
        })
        .await
    }

    /// Waits until the session `id` is gone, and with it everything that it held: its slot, its version, its log's last line.
    pub async fn wait_for_end(&self, id: &str) {
        wait_until(&format!("session {id} ends"), async || match self.session(id).await {
            None => Ok(()),
            Some(session) => Err(session.to_string()),
        })
        .await;
    }
}

/// Returns how many received pictures of a session have no outcome yet: at most two, one that waits and one that is being
/// processed.
pub fn unaccounted(session: &Value) -> u64 {
    let frames = &session["frames"];
    let of = |name: &str| frames[name].as_u64().unwrap_or_else(|| panic!("{session}"));
    let outcomes = of("processed") + sum(&frames["skipped"]) + sum(&frames["failed"]);
    of("received").checked_sub(outcomes).unwrap_or_else(|| panic!("more outcomes than pictures: {session}"))
}

/// Returns the sum of the values of an object, such as failures by code.
pub fn sum(counts: &Value) -> u64 {
    counts.as_object().map_or(0, |counts| counts.values().filter_map(Value::as_u64).sum())
}

/// Adds headers. An `authorization` among them replaces the start-up secret; an empty one removes it.
fn with_headers(request: reqwest::RequestBuilder, headers: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let (client, request) = request.build_split();
    let mut request = request.unwrap();
    for (name, value) in headers {
        let name: reqwest::header::HeaderName = name.parse().unwrap();
        if name == reqwest::header::AUTHORIZATION {
            request.headers_mut().remove(&name);
        }
        if name != reqwest::header::AUTHORIZATION || !value.is_empty() {
            request.headers_mut().append(name, value.parse().unwrap());
        }
    }
    reqwest::RequestBuilder::from_parts(client, request)
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(LIMIT).build().unwrap()
}

async fn send(request: reqwest::RequestBuilder) -> Answer {
    try_send(request).await.unwrap_or_else(|error| panic!("no answer: {error:?}"))
}

async fn try_send(request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
    let answer = request.send().await?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Ok(Answer { status, headers, text: answer.text().await? })
}
