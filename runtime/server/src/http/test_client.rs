//! Requests to a router, for tests.

use std::path::Path;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use framebox_auth::quota::Quota;
use framebox_auth::scope::Scope;
use framebox_auth::store::TokenStore;
use framebox_auth::token::{Hash, Token};
use serde_json::Value;
use tower::ServiceExt;

/// Creates a token whose text is its name.
pub fn token(folder: &Path, name: &str, scopes: &[Scope], quota: Quota) {
    let (name, hash) = (name.to_owned(), Hash::of(name));
    let token = Token { name, hash, scopes: scopes.to_vec(), made: 0, expires: None, quota };
    TokenStore::new(folder).change(|tokens| tokens.add(token)).unwrap();
}

/// A response.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// `null` when it is not JSON.
    pub json: Value,
}

/// Sends a request, `METHOD /path`.
pub async fn ask(
    router: &Router,
    what: &str,
    token: Option<&str>,
    headers: &[(&str, &str)],
    body: impl AsRef<[u8]>,
) -> Answer {
    let body = body.as_ref();
    let (method, path) = what.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if method == "PUT" && !headers.iter().any(|(name, _)| *name == "transfer-encoding") {
        request = request.header("content-length", body.len());
    }
    let response = router.clone().oneshot(request.body(Body::from(body.to_vec())).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, 1 << 20).await.unwrap();
    let json = serde_json::from_slice(&bytes).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Answer { status: parts.status.as_u16(), headers: parts.headers, text, json }
}

/// The status of the response to a request.
pub async fn status(router: &Router, what: &str, token: Option<&str>) -> u16 {
    ask(router, what, token, &[], "x").await.status
}
