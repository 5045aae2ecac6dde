//! Requests that a page of another site sends: they change nothing, unless the operator named the page's origin.
//!
//! A browser sends requests of any page to this machine, and to servers that only it can reach. It says where they come from
//! in `Origin` (RFC 6454) and `Sec-Fetch-Site` (Fetch Metadata), which no page can change.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::host::{self, Names};
use super::problem::Problem;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Middleware: refuses changes that pages of other sites ask for.
pub async fn check(State(names): State<Arc<Names>>, request: Request, next: Next) -> Response {
    match decide(&names, request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(origin) => {
            let origin: String = origin.chars().take(100).collect();
            let detail = format!(
                "a page of {origin:?} may not change anything here; the operator can allow that with `server.origins`, or, if \
                 this is the server's own page behind a proxy, with `server.hosts`"
            );
            Problem::new(StatusCode::FORBIDDEN, detail).into_response()
        }
    }
}

/// Decides whether a request is allowed; returns where it comes from if it is not.
fn decide(names: &Names, method: &Method, headers: &HeaderMap) -> Result<(), String> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let (origin, other) = (origins.next(), origins.next());
    if other.is_some() {
        return Err("several origins".to_owned());
    }
    let mut sites = headers.get_all(&FETCH_SITE).iter();
    // `none`: a person entered the address.
    let is_own_site = sites.all(|site| site == "same-origin" || site == "none");
    let Some(origin) = origin else {
        return if is_own_site { Ok(()) } else { Err("another site".to_owned()) };
    };
    let origin = String::from_utf8_lossy(origin.as_bytes()).to_ascii_lowercase();
    let is_own = is_own_site && is_own_origin(names, &origin, headers);
    if is_own || names.origins.contains(&origin) { Ok(()) } else { Err(origin) }
}

/// Reports whether the page at `origin` comes from this server: it is the request's host, or a configured name over HTTPS.
fn is_own_origin(names: &Names, origin: &str, headers: &HeaderMap) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let default = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let without_default = |authority: &str| authority.strip_suffix(default).unwrap_or(authority).to_owned();
    let is_host = host::of(headers)
        .is_some_and(|host| without_default(&host.as_str().to_ascii_lowercase()) == without_default(authority));
    is_host || (scheme == "https" && names.is_host(&without_default(authority)))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn decided(method: &Method, pairs: &[(&str, &str)]) -> bool {
        let names = Names::new(&["video.example".to_owned()], &["https://friend.example".to_owned()]);
        let pair =
            |(name, value): &(&str, &str)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        let headers: HeaderMap = pairs.iter().map(pair).collect();
        decide(&names, method, &headers).is_ok()
    }

    #[test]
    fn pages_of_other_sites_change_nothing() {
        let host = ("host", "localhost:8080");
        for (pairs, is_allowed) in [
            (&[host][..], true),
            (&[host, ("origin", "http://localhost:8080")], true),
            (&[host, ("origin", "HTTP://LocalHost:8080"), ("sec-fetch-site", "same-origin")], true),
            (&[("host", "x.example"), ("origin", "https://x.example")], true),
            (&[("host", "x.example:443"), ("origin", "https://x.example")], true),
            (&[host, ("origin", "https://video.example"), ("sec-fetch-site", "same-origin")], true),
            (&[host, ("origin", "https://friend.example"), ("sec-fetch-site", "cross-site")], true),
            (&[host, ("sec-fetch-site", "none")], true),
            (&[host, ("origin", "http://video.example")], false),
            (&[host, ("origin", "http://localhost:3000"), ("sec-fetch-site", "same-site")], false),
            (&[host, ("origin", "http://localhost")], false),
            (&[host, ("origin", "https://evil.example")], false),
            (&[host, ("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")], false),
            (&[host, ("origin", "null")], false),
            (&[host, ("origin", "")], false),
            (&[host, ("origin", "file://localhost:8080")], false),
            (&[host, ("origin", "http://localhost:8080@evil.example")], false),
            (&[host, ("origin", "http://localhost:8080"), ("sec-fetch-site", "cross-site")], false),
            (&[host, ("origin", "http://localhost:8080"), ("origin", "https://evil.example")], false),
            (&[host, ("sec-fetch-site", "cross-site")], false),
            (&[host, ("sec-fetch-site", "same-site")], false),
            (&[host, ("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")], false),
            (&[host, ("sec-fetch-site", "nonsense")], false),
        ] {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                assert_eq!(decided(&method, pairs), is_allowed, "{method} {pairs:?}");
            }
            assert!(decided(&Method::GET, pairs), "reading is not a change: {pairs:?}");
        }
    }
}
