//! Stands before every route: lets in whoever may use it, holds uploads to their quota, notes what was changed.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, RawPathParams, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::problem::Problem;
use framebox_auth::Auth;
use framebox_auth::audit::{Action, Entry};
use framebox_auth::authorize::{self, AuthorizeError, Principal};
use framebox_auth::usage::{ReserveError, Reservation};
use framebox_auth::scope::{Access, Scope};

/// Largest answer to a change that is looked into, bytes.
const LARGEST_ANSWER: usize = 4 << 20;
/// Longest token, bytes.
const LONGEST_TOKEN: usize = 256;

/// What holds for a route.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What it takes.
    pub access: Access,
    /// What it changes.
    pub action: Option<Action>,
    /// It may be read with the token in the query, as `access_token`: an `EventSource` sends no headers of its own.
    pub is_stream: bool,
}

/// The auth_layer.
#[derive(Clone)]
pub struct AuthLayer {
    auth: Arc<Auth>,
    has_handler: Arc<dyn Fn(&str) -> bool + Send + Sync>,
}

impl AuthLayer {
    /// One that goes by `auth`. `has_handler`: whether there is a handler of that name.
    pub fn new(auth: Arc<Auth>, has_handler: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self { auth, has_handler: Arc::new(has_handler) }
    }
}

/// Where a change comes from and what it is about.
struct Change {
    action: Action,
    who: Principal,
    from: Option<String>,
    name: String,
    version: Option<u64>,
}

/// The layer.
pub async fn pass(
    State((auth_layer, rule)): State<(AuthLayer, Rule)>,
    parameters: RawPathParams,
    mut request: Request,
    next: Next,
) -> Response {
    let auth = auth_layer.auth.clone();
    if auth.is_stale(Instant::now()) {
        let auth = auth.clone();
        // It cannot fail but by a panic, and then the tokens stay as they were.
        let _ = tokio::task::spawn_blocking(move || auth.look()).await;
    }
    let who = match judge(&auth, rule, &request) {
        Ok(who) => who,
        Err(problem) => return problem.into_response(),
    };
    let Some(action) = rule.action else {
        return next.run(request).await;
    };
    let parameter = |key: &str| parameters.iter().find(|(name, _)| *name == key).map(|(_, value)| value.to_owned());
    let from = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|from| from.0.ip().to_string());
    let version = parameter("version").and_then(|version| version.parse().ok());
    let change = Change { action, who, from, name: parameter("name").unwrap_or_default(), version };
    let place = match admit(&auth_layer, &change, &mut request).await {
        Ok(place) => place,
        Err(problem) => {
            let response = problem.into_response();
            // Tries that come too often would push out the history.
            if response.status() != StatusCode::TOO_MANY_REQUESTS {
                note(auth, change, None, response.status()).await;
            }
            return response;
        }
    };
    // What was begun is finished and noted, also when the client does not wait for it.
    let work = tokio::spawn(async move {
        let (response, body) = opened(next.run(request).await).await;
        note(auth, change, body, response.status()).await;
        drop(place);
        response
    });
    work.await.unwrap_or_else(|_| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the server failed; its log says why").into_response()
    })
}

fn judge(auth: &Auth, rule: Rule, request: &Request) -> Result<Principal, Problem> {
    if rule.access == Access::Nothing {
        return auth
            .authorize(authorize::Request { token: None, access: rule.access, is_direct: true }, SystemTime::now())
            .map_err(denied);
    }
    let in_header = header_token(request.headers())?;
    let in_query = if rule.is_stream { query_token(request.uri()) } else { None };
    if in_header.is_some() && in_query.is_some() {
        let twice = "the token was given twice: give it in the header or as `access_token`";
        return Err(Problem::new(StatusCode::BAD_REQUEST, twice));
    }
    let token = in_header.or(in_query.as_deref());
    let asked = authorize::Request { token, access: rule.access, is_direct: is_direct(request) };
    auth.authorize(asked, SystemTime::now()).map_err(denied)
}

fn header_token(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let parts = value.to_str().ok().and_then(|text| text.split_once(' '));
    match parts {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && token.len() <= LONGEST_TOKEN => {
            Ok(Some(token.trim()))
        }
        _ => Err(denied(AuthorizeError::Wrong)),
    }
}

fn query_token(uri: &Uri) -> Option<String> {
    let pairs = uri.query().unwrap_or_default().split('&');
    let value = pairs.filter_map(|pair| pair.strip_prefix("access_token=")).next()?;
    // A token has no character that a query would escape.
    (value.len() <= LONGEST_TOKEN).then(|| value.to_owned())
}

/// True if the request names this machine as its target and no proxy passed it on. Otherwise it may come from a page on
/// a name that was pointed here, or from the other side of a proxy, though its address is this machine's.
fn is_direct(request: &Request) -> bool {
    let headers = request.headers();
    let passed_on = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];
    if passed_on.iter().any(|name| headers.contains_key(*name)) {
        return false;
    }
    let Some(host) = headers.get(header::HOST) else { return true };
    let Some(host) = host.to_str().ok().and_then(|host| host.parse::<axum::http::uri::Authority>().ok()) else {
        return false;
    };
    let host = host.host().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.to_ascii_lowercase().ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

/// What somebody who is not let in is told (RFC 6750 §3).
fn denied(why: AuthorizeError) -> Problem {
    let (status, challenge, detail) = match why {
        AuthorizeError::Missing => (
            StatusCode::UNAUTHORIZED,
            String::new(),
            "this takes a token: send it as `Authorization: Bearer fbx_…`".to_owned(),
        ),
        AuthorizeError::Elsewhere => (
            StatusCode::UNAUTHORIZED,
            String::new(),
            "without tokens this server is open to its own machine only: make one with `framebox token new`, or let \
             anyone in with --allow-anyone"
                .to_owned(),
        ),
        AuthorizeError::Wrong => (
            StatusCode::UNAUTHORIZED,
            ", error=\"invalid_token\"".to_owned(),
            "there is no such token, or it was revoked".to_owned(),
        ),
        AuthorizeError::Expired => (
            StatusCode::UNAUTHORIZED,
            ", error=\"invalid_token\", error_description=\"expired\"".to_owned(),
            "this token has expired: ask for another one".to_owned(),
        ),
        AuthorizeError::Insufficient(access) => {
            let scope = match access {
                Access::Scope(scope) => scope.name(),
                Access::Token | Access::Nothing => "watch",
            };
            (
                StatusCode::FORBIDDEN,
                format!(", error=\"insufficient_scope\", scope=\"{scope}\""),
                format!("this takes a token with the scope `{scope}`"),
            )
        }
        AuthorizeError::Unreadable => {
            let detail = "the server cannot read its tokens; its log says why";
            return Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail);
        }
    };
    let challenge = HeaderValue::try_from(format!("Bearer realm=\"framebox\"{challenge}"));
    let challenge = challenge.unwrap_or(HeaderValue::from_static("Bearer"));
    Problem::new(status, detail).header(header::WWW_AUTHENTICATE, challenge)
}

/// Whether a change may be begun: an upload within its rate and quota, and no further than its scopes go.
async fn admit(auth_layer: &AuthLayer, change: &Change, request: &mut Request) -> Result<Option<Reservation>, Problem> {
    if change.action != Action::Upload {
        return Ok(None);
    }
    auth_layer.auth.count_upload(&change.who, Instant::now()).map_err(too_often)?;
    if !Scope::Promote.is_in(&change.who.scopes) {
        only_upload(request, (auth_layer.has_handler)(&change.name))?;
    }
    let (Some(token), quota) = (change.who.token.clone(), change.who.quota) else { return Ok(None) };
    if quota.handlers.is_none() && quota.mib.is_none() {
        return Ok(None);
    }
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let Some(bytes) = length else {
        let detail = "a token with a quota uploads bodies whose length is known: send `Content-Length`";
        return Err(Problem::new(StatusCode::LENGTH_REQUIRED, detail));
    };
    let (auth, name) = (auth_layer.auth.clone(), change.name.clone());
    let place = tokio::task::spawn_blocking(move || auth.usage.reserve(&token, &quota, &name, bytes)).await;
    match place {
        Ok(Ok(place)) => Ok(Some(place)),
        // 507 as RFC 4331 §6 has it for quotas; what is deleted makes room again.
        Ok(Err(ReserveError::Exceeded(exceeded))) => {
            Err(Problem::new(StatusCode::INSUFFICIENT_STORAGE, exceeded.to_string()))
        }
        Ok(Err(error)) => Err(internal(&error.to_string())),
        Err(error) => Err(internal(&error.to_string())),
    }
}

/// Without the scope `promote` an upload leaves the active version of a handler as it is.
fn only_upload(request: &mut Request, has_handler: bool) -> Result<(), Problem> {
    let query = request.uri().query().unwrap_or_default();
    let given: Vec<_> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    let wish = given.iter().filter_map(|pair| pair.strip_prefix("activate=")).next_back();
    if !has_handler || wish == Some("false") {
        return Ok(());
    }
    if wish.is_some() {
        return Err(denied(AuthorizeError::Insufficient(Access::Scope(Scope::Promote))));
    }
    let query = given.into_iter().chain(["activate=false"]).collect::<Vec<_>>().join("&");
    let mut parts = request.uri().clone().into_parts();
    let path = format!("{}?{query}", request.uri().path());
    parts.path_and_query = Some(path.parse().map_err(|_| internal("a query could not be extended"))?);
    *request.uri_mut() = Uri::from_parts(parts).map_err(|_| internal("a query could not be extended"))?;
    Ok(())
}

fn too_often(wait: Duration) -> Problem {
    let seconds = wait.as_secs() + 1;
    let detail = format!("there were too many uploads within a minute: try again in {seconds} s");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(seconds)
}

fn internal(error: &str) -> Problem {
    tracing::error!(error, "auth cannot be looked up");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the server failed; its log says why")
}

/// An answer and the JSON in it.
async fn opened(response: Response) -> (Response, Option<Value>) {
    let (parts, body) = response.into_parts();
    match to_bytes(body, LARGEST_ANSWER).await {
        Ok(bytes) => {
            let json = serde_json::from_slice(&bytes).ok();
            (Response::from_parts(parts, Body::from(bytes)), json)
        }
        Err(error) => (internal(&error.to_string()).into_response(), None),
    }
}

/// Notes in ledger and audit log what came of a change.
async fn note(auth: Arc<Auth>, change: Change, answer: Option<Value>, status: StatusCode) {
    let answer = answer.unwrap_or_default();
    let number = |key: &str| answer[key].as_u64();
    let version = change.version.or(number("version")).or(number("active"));
    let action = match (change.action, number("previous"), version) {
        (Action::Promote, Some(previous), Some(version)) if version < previous => Action::Rollback,
        (action, ..) => action,
    };
    let entry = Entry {
        who: change.who.token.clone().unwrap_or_else(|| "anyone".to_owned()),
        from: change.from,
        what: action,
        name: change.name.clone(),
        version,
        digest: answer["digest"].as_str().map(str::to_owned),
        outcome: match status {
            status if status.is_success() => "done",
            status if status.is_client_error() || status == StatusCode::INSUFFICIENT_STORAGE => "refused",
            _ => "failed",
        },
        status: Some(status.as_u16()),
    };
    let bytes = number("bytes").unwrap_or_default();
    let work = tokio::task::spawn_blocking(move || {
        let brought = match (action, status, &change.who.token, version) {
            // 200 is for bytes that were there already.
            (Action::Upload, StatusCode::CREATED, Some(token), Some(version)) => {
                auth.usage.add(token, &change.name, version, bytes)
            }
            (Action::Delete, status, ..) if status.is_success() => auth.usage.remove(&change.name, change.version),
            _ => Ok(()),
        };
        if let Err(error) = brought {
            tracing::error!(%error, "the ledger of uploads cannot be written");
        }
        auth.audit.write(&entry, SystemTime::now());
    });
    if let Err(error) = work.await {
        tracing::error!(%error, "a change could not be noted");
    }
}
