//! A client of the HTTP API with a token or without one, at an address of its own.

use std::net::{IpAddr, Ipv4Addr};

use framebox_test_support::server::Server;
use framebox_test_support::wait::LIMIT;
use serde_json::{Value, json};

/// An offer as Chromium sends it; nobody connects.
const OFFER: &str = include_str!("../../offers/chromium.sdp");

/// Sends requests as one principal.
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    /// Sent as `Session-Secret`.
    pub secret: Option<String>,
}

/// What the server said.
#[derive(Debug)]
pub struct Said {
    pub status: u16,
    pub text: String,
    /// `null` when it is not JSON.
    pub json: Value,
    pub retry_after: Option<u64>,
    /// The header `Session-Secret`.
    pub secret: Option<String>,
}

impl Client {
    /// Creates a client with a token.
    pub fn with_token(server: &Server, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..Self::anonymous(server, 1) }
    }

    /// Creates a client without a token at 127.0.0.`host`.
    pub fn anonymous(server: &Server, host: u8) -> Self {
        let address = IpAddr::V4(Ipv4Addr::new(127, 0, 0, host));
        let http = reqwest::Client::builder().no_proxy().timeout(LIMIT).local_address(address).build().unwrap();
        Self { http, base: server.base.clone(), token: None, secret: None }
    }

    /// Sends a request, `METHOD /path`.
    pub async fn ask(&self, what: &str, body: Option<&Value>) -> Said {
        let (method, path) = what.split_once(' ').unwrap();
        let request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.base));
        self.send(body.iter().fold(request, |request, body| request.json(body))).await
    }

    /// Uploads a component as `name`, with an `Upload-Id` if one is given.
    pub async fn put(&self, name: &str, id: Option<&str>, component: Vec<u8>) -> Said {
        let request = self.http.put(format!("{}/handlers/{name}", self.base)).body(component);
        self.send(id.iter().fold(request, |request, id| request.header("upload-id", *id))).await
    }

    /// Sends an offer for the session `id`; keeps the secret that comes with the answer.
    pub async fn offer(&mut self, id: &str) -> Said {
        let sdp: String = OFFER.lines().map(|line| format!("{line}\r\n")).collect();
        let said = self.ask("POST /webrtc/offer", Some(&json!({ "type": "offer", "webrtc_id": id, "sdp": sdp }))).await;
        self.secret = said.secret.clone().or(self.secret.take());
        said
    }

    /// Returns the ids of the sessions that are listed.
    pub async fn sessions(&self) -> Vec<String> {
        let said = self.ask("GET /sessions", None).await;
        let sessions = said.json["sessions"].as_array().unwrap_or_else(|| panic!("{said:?}"));
        sessions.iter().map(|session| session["id"].as_str().unwrap().to_owned()).collect()
    }

    async fn send(&self, mut request: reqwest::RequestBuilder) -> Said {
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(secret) = &self.secret {
            request = request.header("session-secret", secret);
        }
        let answer = request.send().await.unwrap_or_else(|error| panic!("no answer: {error:?}"));
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (status, secret) = (answer.status().as_u16(), header("session-secret"));
        let retry_after = header("retry-after").map(|wait| wait.parse().unwrap());
        // A stream of events does not end.
        let is_stream = header("content-type").is_some_and(|kind| kind == "text/event-stream");
        let text = if is_stream { String::new() } else { answer.text().await.unwrap() };
        let json = serde_json::from_str(&text).unwrap_or_default();
        Said { status, text, json, retry_after, secret }
    }
}
