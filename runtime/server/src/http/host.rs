//! The `Host` of requests (RFC 9112 §3.2): there is one, and on this machine it is one of the server's names.
//!
//! A page on a name that its owner points to 127.0.0.1 (DNS rebinding) has its own origin in common with this server; the
//! name gives it away. A literal address cannot be pointed elsewhere.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;

/// The address of this machine to which a client connected, in a request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct LocalAddress(pub SocketAddr);

/// The names and origins that belong to this server, from the configuration.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Names by which it is reached, in lower case, without a port.
    hosts: Vec<String>,
    /// Origins of other pages that may use it.
    pub(super) origins: Vec<String>,
}

impl Names {
    /// Takes over `server.hosts` and `server.origins`.
    pub fn new(hosts: &[String], origins: &[String]) -> Self {
        let lower = |texts: &[String]| texts.iter().map(|text| text.to_ascii_lowercase()).collect();
        Self { hosts: lower(hosts), origins: lower(origins) }
    }

    /// Reports whether `host`, without a port, is a configured name.
    pub(super) fn is_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|name| name.eq_ignore_ascii_case(host))
    }
}

/// Middleware: refuses requests for other hosts.
pub async fn check(State(names): State<Arc<Names>>, request: Request, next: Next) -> Response {
    let local = request.extensions().get::<LocalAddress>();
    let is_local = local.is_none_or(|local| local.0.ip().to_canonical().is_loopback());
    match decide(&names, request.version(), request.uri(), request.headers(), is_local) {
        Ok(()) => next.run(request).await,
        Err(error) => Problem::from(error).into_response(),
    }
}

/// Returns the only `Host` of a request.
pub(super) fn of(headers: &HeaderMap) -> Option<Authority> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (host, other) = (hosts.next()?, hosts.next());
    let host = host.to_str().ok()?.parse::<Authority>().ok()?;
    // A name before an `@` is no part of a host.
    (other.is_none() && !host.as_str().contains('@')).then_some(host)
}

#[derive(Debug, PartialEq, Eq)]
enum HostError {
    /// There is none, more than one, or something else.
    Wrong,
    /// The target of the request names another one.
    Differs,
    /// This server has no such name.
    Unknown(String),
}

fn decide(names: &Names, version: Version, uri: &Uri, headers: &HeaderMap, is_local: bool) -> Result<(), HostError> {
    if version < Version::HTTP_11 && !headers.contains_key(header::HOST) && uri.authority().is_none() {
        // Clients of HTTP/1.0 need not send one, and no browser is among them.
        return Ok(());
    }
    let host = of(headers).ok_or(HostError::Wrong)?;
    if uri.authority().is_some_and(|target| *target != host) {
        return Err(HostError::Differs);
    }
    let name = host.host();
    if !is_local || is_local_name(name) || names.is_host(name) {
        Ok(())
    } else {
        Err(HostError::Unknown(name.to_owned()))
    }
}

/// Reports whether `name` leads to this machine wherever it is looked up, or is an address.
fn is_local_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || name.ends_with(".localhost") || address.parse::<IpAddr>().is_ok()
}

impl From<HostError> for Problem {
    fn from(error: HostError) -> Self {
        let (status, detail) = match error {
            HostError::Wrong => (StatusCode::BAD_REQUEST, "a request needs exactly one valid `Host` header".to_owned()),
            HostError::Differs => {
                (StatusCode::BAD_REQUEST, "the target of the request and its `Host` name different hosts".to_owned())
            }
            HostError::Unknown(name) => {
                let name: String = name.chars().take(100).collect();
                let hint = "if it is, its operator adds the name to `server.hosts`";
                (StatusCode::MISDIRECTED_REQUEST, format!("this is not the server of {name:?}; {hint}"))
            }
        };
        Self::new(status, detail)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(hosts: &[&str]) -> HeaderMap {
        hosts.iter().map(|host| (header::HOST, HeaderValue::from_str(host).unwrap())).collect()
    }

    fn decided(hosts: &[&str], target: &str, is_local: bool) -> Result<(), HostError> {
        let names = Names::new(&["Video.example".to_owned()], &[]);
        decide(&names, Version::HTTP_11, &target.parse().unwrap(), &headers(hosts), is_local)
    }

    #[test]
    fn on_this_machine_only_its_own_names_are_answered() {
        for host in [
            "127.0.0.1:8080",
            "127.0.0.1",
            "localhost",
            "LOCALHOST:8080",
            "page.localhost:1",
            "[::1]:8080",
            "192.0.2.1",
            "video.example",
            "VIDEO.example:8443",
        ] {
            assert_eq!(decided(&[host], "/", true), Ok(()), "{host}");
        }
        for host in
            ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "xlocalhost"]
        {
            let name = host.split(':').next().unwrap().to_owned();
            assert_eq!(decided(&[host], "/", true), Err(HostError::Unknown(name)), "{host}");
            assert_eq!(decided(&[host], "/", false), Ok(()), "{host}: elsewhere the network decides who reaches it");
        }
    }

    #[test]
    fn there_is_one_host() {
        for hosts in
            [&[][..], &["localhost", "localhost"], &["localhost", "evil.example"], &[""], &["a b"], &["me@localhost"]]
        {
            for is_local in [true, false] {
                assert_eq!(decided(hosts, "/", is_local), Err(HostError::Wrong), "{hosts:?}");
            }
        }
        assert_eq!(decided(&["localhost:1"], "http://localhost:1/x", true), Ok(()));
        assert_eq!(decided(&["localhost:1"], "http://evil.example/x", true), Err(HostError::Differs));
        let old = decide(&Names::default(), Version::HTTP_10, &"/".parse().unwrap(), &headers(&[]), true);
        assert_eq!(old, Ok(()));
    }
}
