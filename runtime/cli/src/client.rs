//! Requests to a running server.

use std::error::Error;
use std::time::Duration;

use clap::Args;
use reqwest::{Method, RequestBuilder, Response, Url};
use serde_json::Value;

use super::exit::{Code, Failure};

/// Time to reach the server.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest wait for a sign of life; compiling takes its time.
const SILENCE: Duration = Duration::from_secs(180);
/// Largest answer, bytes.
const LARGEST: usize = 16 << 20;

/// Which server, and as whom.
#[derive(Clone, Debug, Args)]
pub struct Server {
    /// Address of the server.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub server: String,
    /// A token of that server.
    #[arg(long, value_name = "TOKEN", env = "FRAMEBOX_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Prints the server's answer as JSON, and no progress.
    #[arg(long)]
    pub json: bool,
}

/// A client of that server.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
}

impl Server {
    /// A client of it.
    ///
    /// # Errors
    /// When the address is none.
    pub fn client(&self) -> Result<Client, Failure> {
        let wrong = |text: String| Failure::new(Code::Usage, text);
        let mut base: Url =
            self.server.parse().map_err(|error| wrong(format!("--server {:?} is no address: {error}", self.server)))?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(wrong(format!("--server {:?} must begin with http:// or https://", self.server)));
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        // A token does not follow to wherever a server points.
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .user_agent(concat!("framebox/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failure::new(Code::Failed, text(&error)))?;
        Ok(Client { http, base, token: self.token.clone().filter(|token| !token.is_empty()) })
    }
}

impl Client {
    /// A request of the path that has these segments.
    pub fn request(&self, method: Method, segments: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        let request = self.http.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends it; returns the JSON of an answer that says success.
    ///
    /// # Errors
    /// What the server said instead, or that it cannot be reached.
    pub async fn send(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let response = request.send().await.map_err(|error| self.lost(&error))?;
        let status = response.status();
        let bytes = self.body(response).await?;
        let json = serde_json::from_slice(&bytes).ok();
        match Code::of_status(status.as_u16()) {
            Code::Done if bytes.is_empty() => Ok(Value::Null),
            Code::Done => json.ok_or_else(|| {
                Failure::new(Code::Server, format!("the answer of {} is no JSON: is it a Framebox server?", self.base))
            }),
            code => {
                let detail = json.as_ref().and_then(|json| json["detail"].as_str());
                let detail = detail.map_or_else(|| status.to_string(), |detail| format!("{detail} ({status})"));
                Err(Failure::new(code, printable(&detail)))
            }
        }
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.lost(&error))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > LARGEST {
                return Err(Failure::new(Code::Server, format!("the answer of {} is too large", self.base)));
            }
        }
        Ok(bytes)
    }

    fn lost(&self, error: &reqwest::Error) -> Failure {
        let code = if error.is_builder() { Code::Usage } else { Code::Unreachable };
        Failure::new(code, format!("{} does not answer: {}", self.base, text(error)))
    }
}

/// What a server says, fit for a terminal.
pub fn printable(text: &str) -> String {
    text.chars().filter(|char| !char.is_control()).take(2000).collect()
}

/// The innermost cause says most.
fn text(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
