//! Requests to a running server.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use clap::Args;
use framebox_auth::startup;
use reqwest::{ClientBuilder, Method, RequestBuilder, Response, Url};
use serde_json::Value;

use super::exit::{Code, CommandError};

/// Time limit of connecting to the server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait between two reads. The response to an upload only begins after compilation.
const READ_TIMEOUT: Duration = Duration::from_secs(180);
/// Largest response, bytes.
const MAX_RESPONSE: usize = 16 << 20;

/// The arguments of commands that use a running server.
#[derive(Clone, Debug, Args)]
pub struct Server {
    /// Address of the server.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub server: String,
    /// Access token of the server [default: the start-up secret of a server of the same user on this machine]
    #[arg(long, value_name = "TOKEN", env = "FRAMEBOX_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Prints the response of the server as JSON, and no progress.
    #[arg(long)]
    pub json: bool,
}

/// A client of a server.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
    /// Whether the token is a start-up secret.
    is_startup: bool,
}

impl Server {
    /// Creates a client.
    ///
    /// # Errors
    /// The address is invalid.
    pub fn client(&self) -> Result<Client, CommandError> {
        let invalid = |message: String| CommandError::new(Code::Usage, message);
        let mut base: Url = self.server.parse().map_err(|error| {
            invalid(format!("--server {:?} is not a URL like http://127.0.0.1:8080: {error}", self.server))
        })?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(invalid(format!("--server {:?} must start with http:// or https://", self.server)));
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let mut token = self.token.clone().filter(|token| !token.is_empty());
        let mut http = reqwest::Client::builder();
        let local = if token.is_none() { local_secret(&base) } else { None };
        let is_startup = local.is_some();
        if let Some((address, secret)) = local {
            http = direct(http, &base, address);
            token = Some(secret);
        }
        // Redirects are not followed, so that the token is not sent to another server.
        let http = http
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .user_agent(concat!("framebox/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| {
                CommandError::new(Code::Failed, format!("cannot create an HTTP client: {}", innermost(&error)))
            })?;
        Ok(Client { http, base, token, is_startup })
    }
}

/// Finds the start-up secret of a server of this user at the address that `base` names, and that address.
fn local_secret(base: &Url) -> Option<(SocketAddr, String)> {
    if base.scheme() != "http" {
        return None;
    }
    let (host, port) = (base.host_str()?, base.port_or_known_default()?);
    let addresses = match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_) if host == "localhost" => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        Err(_) => return None,
    };
    let mut addresses = addresses.into_iter().map(|address| SocketAddr::new(address, port));
    addresses.find_map(|address| Some((address, startup::find(address)?)))
}

/// Sends requests to `address` itself: a proxy must not see the secret, nor another server to which the name leads, too.
fn direct(http: ClientBuilder, base: &Url, address: SocketAddr) -> ClientBuilder {
    let http = http.no_proxy();
    match base.domain() {
        Some(name) => http.resolve(name, address),
        None => http,
    }
}

impl Client {
    /// Returns the address of the page; with the start-up secret, if that is used, after the `#`, which browsers do not send. A
    /// token is not shown: it may be valid for long.
    pub fn page(&self, handler: &str) -> String {
        let mut url = self.base.clone();
        url.query_pairs_mut().append_pair("handler", handler);
        if let Some(secret) = self.token.as_deref().filter(|_| self.is_startup) {
            url.set_fragment(Some(&format!("access_token={secret}")));
        }
        url.into()
    }

    /// Creates a request with the segments of its path.
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

    /// Sends a request; returns the JSON of a successful response.
    ///
    /// # Errors
    /// The server cannot be reached, or it responds with an error.
    pub async fn send(&self, request: RequestBuilder) -> Result<Value, CommandError> {
        let response = request.send().await.map_err(|error| self.no_response(&error))?;
        let status = response.status();
        let bytes = self.body(response).await?;
        let json = serde_json::from_slice(&bytes).ok();
        match Code::of_status(status.as_u16()) {
            Code::Success if bytes.is_empty() => Ok(Value::Null),
            Code::Success => json.ok_or_else(|| {
                let text = "is not JSON: check that --server is the address of a Framebox server";
                CommandError::new(Code::Server, format!("the response of {} {text}", self.base))
            }),
            code => {
                let detail = json.as_ref().and_then(|json| json["detail"].as_str());
                let detail = detail.map_or_else(|| status.to_string(), |detail| format!("{detail} ({status})"));
                Err(CommandError::new(code, printable(&detail)))
            }
        }
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, CommandError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.no_response(&error))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_RESPONSE {
                return Err(CommandError::new(Code::Server, format!("the response of {} is too large", self.base)));
            }
        }
        Ok(bytes)
    }

    fn no_response(&self, error: &reqwest::Error) -> CommandError {
        let code = if error.is_builder() { Code::Usage } else { Code::Unreachable };
        let cause = innermost(error);
        let hint = "check that the server is running and that --server is its address";
        CommandError::new(code, format!("no response from {}: {cause}: {hint}", self.base))
    }
}

/// Makes a text from the server safe for a terminal.
pub fn printable(text: &str) -> String {
    text.chars().filter(|char| !char.is_control()).take(2000).collect()
}

/// Returns the innermost cause, which is the most specific.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
