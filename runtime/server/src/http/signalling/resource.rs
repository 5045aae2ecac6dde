//! What WHIP and WHEP have in common (RFC 9725 section 4): session descriptions in and out, and the resource of a connection, by which
//! ICE goes on and the connection is ended.
//!
//! The address of a connection is random. That of an anonymous client has a secret in it: whoever knows it may steer the connection, from
//! wherever; that of a token is its token's.

use std::sync::Arc;
use std::time::SystemTime;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use framebox_auth::token::{Hash, Secret};
use framebox_rtc::sdp::fragment;
use framebox_rtc::{self as rtc, Candidate, Fragment};

use super::entity_tag::{Condition, entity_tag};
use crate::app::App;
use crate::http::auth_layer::Caller;
use crate::http::link::link_headers;
use crate::http::problem::Problem;
use crate::http::visitor::refused;
use crate::sessions::owner::{Owner, Proof, Requester};
use crate::streams::{Connected, Connection, Error, Role, Visitor};

/// Media type of session descriptions (RFC 8866 section 8.1).
pub const SDP: &str = "application/sdp";
/// Says which bodies an address takes by `POST` (Linked Data Platform section 7.1).
const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");
/// Says which bodies an address takes by `PATCH` (RFC 5789 section 3.1).
pub const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");
/// Longest part of an address that is looked at, bytes.
const MAX_ADDRESS: usize = 256;
/// Restarts that other ones may overtake before one is given up.
const MAX_OVERTAKEN: usize = 4;

/// A body, as the framework gives it.
pub type Body = Result<Bytes, BytesRejection>;

/// One of the two protocols.
#[derive(Clone, Copy, Debug)]
pub struct Protocol {
    /// Where its resources are.
    pub path: &'static str,
    /// What its connections are to streams.
    pub role: Role,
}

/// WHIP (RFC 9725).
pub const WHIP: Protocol = Protocol { path: "/whip", role: Role::Publisher };
/// WHEP (draft-ietf-wish-whep).
pub const WHEP: Protocol = Protocol { path: "/whep", role: Role::Viewer };

/// Middleware: says in the answer to `OPTIONS` which bodies an address of the two protocols takes.
pub async fn describe_options(request: axum::extract::Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_of = |protocol: Protocol| {
        path.strip_prefix(protocol.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let (is_options, is_ours) = (request.method() == Method::OPTIONS, is_of(WHIP) || is_of(WHEP));
    let is_session = path.split('/').nth(2) == Some("sessions") && path.split('/').count() == 4;
    let mut response = next.run(request).await;
    if is_options && is_ours && response.status().is_success() {
        let headers = response.headers_mut();
        match is_session {
            true => headers.insert(ACCEPT_PATCH, HeaderValue::from_static(fragment::MEDIA_TYPE)),
            false => headers.insert(ACCEPT_POST, HeaderValue::from_static(SDP)),
        };
    }
    response
}

/// Reads the description that a request carries.
///
/// # Errors
/// 415 when it is something else; the framework's when it is too large or does not arrive.
pub fn description(headers: &HeaderMap, body: Body) -> Result<String, Problem> {
    if !is_of_type(headers, SDP) {
        let text = "the body must be a session description: send it as `Content-Type: application/sdp`";
        let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text);
        return Err(problem.header(ACCEPT_POST, HeaderValue::from_static(SDP)));
    }
    text(body)
}

fn text(body: Body) -> Result<String, Problem> {
    let body = body.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    let not_text = |_| Problem::new(StatusCode::BAD_REQUEST, "the body is not UTF-8");
    String::from_utf8(body.into()).map_err(not_text)
}

fn is_of_type(headers: &HeaderMap, expected: &str) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case(expected))
}

/// The owner of a new connection, with the secret that belongs into its address.
///
/// # Errors
/// 500 when the system has no random bytes.
pub fn owner(caller: &Caller) -> Result<(Owner, Option<Secret>), Problem> {
    Owner::new(caller.key()).map_err(|error| {
        tracing::error!(%error, "no secret can be made");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the server failed; its log says why")
    })
}

/// The answer with a description of this side: where the connection is found, which ICE session it has, and which STUN and TURN servers
/// its client may use.
pub fn described(
    app: &App,
    caller: &Caller,
    protocol: Protocol,
    status: StatusCode,
    connected: Connected,
    secret: Option<&Secret>,
) -> Response {
    let Connected { id, sdp, .. } = connected;
    let path = secret.map(|secret| format!(".{}", secret.reveal())).unwrap_or_default();
    let location = format!("{}/sessions/{id}{path}", protocol.path);
    let mut response =
        (status, link_headers(&app.ice_servers.of_client(SystemTime::now(), &caller.key()))).into_response();
    let ufrag = sdp.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(SDP));
    headers.insert(ACCEPT_PATCH, HeaderValue::from_static(fragment::MEDIA_TYPE));
    for (name, value) in [(header::LOCATION, location), (header::ETAG, entity_tag(ufrag.trim()))] {
        if let Ok(mut value) = HeaderValue::try_from(value) {
            value.set_sensitive(secret.is_some());
            headers.insert(name, value);
        }
    }
    if secret.is_some() {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    *response.body_mut() = sdp.into();
    response
}

/// An answer without content, to a request that is well.
pub fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// Reads the last part of a connection's address: its id, and who asks for it.
fn read_address<'a>(address: &'a str, requester: &Requester) -> Option<(&'a str, Requester)> {
    let address = Some(address).filter(|address| address.len() <= MAX_ADDRESS)?;
    let (id, secret) = match address.split_once('.') {
        Some((id, secret)) => (id, Some(Hash::of(secret))),
        None => (address, None),
    };
    Some((id, Requester { secret: secret.or(requester.secret), ..requester.clone() }))
}

/// Finds a connection by the last part of its address.
///
/// # Errors
/// 404 when there is none, or when it is somebody else's.
fn find(app: &App, protocol: Protocol, visitor: &Visitor, address: &str) -> Result<Connection, Problem> {
    let (id, requester) = read_address(address, &visitor.requester).ok_or_else(unknown)?;
    let connection = app.streams.connection(id, &requester, Proof::Secret);
    connection.filter(|connection| connection.link().role == protocol.role).ok_or_else(unknown)
}

fn unknown() -> Problem {
    Problem::not_found("there is no such connection, or it is over: set up another one")
}

/// `GET` of a connection: it has no representation (RFC 9725 section 4.1).
///
/// # Errors
/// See [`find`].
pub fn exists(app: &App, protocol: Protocol, visitor: &Visitor, address: &str) -> Result<Response, Problem> {
    if is_offered(app, protocol, visitor, address).is_none() {
        find(app, protocol, visitor, address)?;
    }
    Ok(no_content())
}

/// The id of a connection that its client may still make of an offer of this side, with who asks for it.
fn is_offered(app: &App, protocol: Protocol, visitor: &Visitor, address: &str) -> Option<(String, Requester)> {
    let (id, requester) = read_address(address, &visitor.requester)?;
    let is_there = protocol.role == Role::Viewer && app.streams.is_offered(id, &requester);
    is_there.then(|| (id.to_owned(), requester))
}

/// `DELETE` of a connection. Entity tags do not matter (RFC 9725 section 4.3.1).
///
/// # Errors
/// See [`find`].
pub fn end(app: &App, protocol: Protocol, visitor: &Visitor, address: &str) -> Result<Response, Problem> {
    if let Some((id, _)) = is_offered(app, protocol, visitor, address) {
        app.streams.withdraw(&id);
    } else {
        find(app, protocol, visitor, address)?.link().stop(match protocol.role {
            Role::Publisher => "the publisher ended it",
            Role::Viewer => "the viewer left",
        });
    }
    Ok(StatusCode::OK.into_response())
}

/// `PATCH` of a connection: candidates, a restart of ICE, or the answer to an offer of this side.
///
/// # Errors
/// What is wrong with it; the connection goes on as it is.
pub async fn patch(
    app: &App,
    protocol: Protocol,
    visitor: &Visitor,
    address: &str,
    (headers, body): (&HeaderMap, Body),
) -> Result<Response, Problem> {
    if let Some((id, requester)) = is_offered(app, protocol, visitor, address) {
        return accept(app, (&id, &Visitor { requester, ..visitor.clone() }), headers, body).await;
    }
    let connection = find(app, protocol, visitor, address)?;
    if !is_of_type(headers, fragment::MEDIA_TYPE) {
        return Err(not_a_fragment());
    }
    let invalid = |error: rtc::Error| Problem::new(StatusCode::BAD_REQUEST, error.to_string());
    let fragment = Fragment::read(&text(body)?).map_err(invalid)?;
    let peer = connection.link().peer().ok_or_else(unknown)?;
    let condition = Condition::of(headers);
    if condition == Condition::None {
        let text = "say which ICE session this is for: send `If-Match` with the `ETag` of the last response, or `*` for a restart";
        return Err(Problem::new(StatusCode::PRECONDITION_REQUIRED, text));
    }
    for _ in 0..MAX_OVERTAKEN {
        let session = peer.ice_session();
        if !condition.is_met_by(&session.local) {
            return Err(stale());
        }
        let is_restart = fragment.credentials.as_ref().is_some_and(|(ufrag, _)| *ufrag != session.remote);
        if !is_restart {
            return trickle(&*peer, &fragment).await;
        }
        match app.streams.restart_ice(&connection, fragment.clone(), session.local).await {
            Ok(answer) => return Ok(restarted(answer)),
            Err(rtc::Error::Stale) => {}
            Err(rtc::Error::Closed) => return Err(unknown()),
            Err(error @ (rtc::Error::Fragment(_) | rtc::Error::Candidate(_))) => return Err(invalid(error)),
            Err(error) => {
                tracing::warn!(%error, "ICE cannot be restarted");
                let text = "ICE cannot be restarted this way: the connection goes on as it is";
                return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, text));
            }
        }
    }
    Err(stale())
}

/// Adds candidates. Those that are not used, or one too many, are passed over (RFC 9725 section 4.3.2).
async fn trickle(peer: &dyn rtc::Peer, fragment: &Fragment) -> Result<Response, Problem> {
    for candidate in &fragment.candidates {
        let (candidate, sdp_mid) = (candidate.clone(), fragment.mid.clone());
        match peer.add_candidate(Candidate { candidate, sdp_mid, sdp_m_line_index: None }).await {
            Err(rtc::Error::Closed) => return Err(unknown()),
            Err(error) => tracing::debug!(%error, "a candidate is passed over"),
            Ok(()) => {}
        }
    }
    Ok(no_content())
}

fn restarted(answer: String) -> Response {
    let ufrag = answer.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")).unwrap_or_default();
    let tag = HeaderValue::try_from(entity_tag(ufrag.trim()));
    let mut response = ([(header::CONTENT_TYPE, fragment::MEDIA_TYPE)], answer).into_response();
    if let Ok(tag) = tag {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// Takes the answer to an offer of this side.
async fn accept(
    app: &App,
    (id, visitor): (&str, &Visitor),
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let answer = description(headers, body)?;
    match app.streams.accept(id, visitor, &answer).await {
        Ok(_) => Ok(no_content()),
        Err(error) => Err(refused_offer(error)),
    }
}

/// The answer to a description that is refused: that it lacks what is needed is not that it is malformed.
pub fn refused_offer(error: Error) -> Problem {
    if is_unsuitable(&error) {
        return Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string());
    }
    refused(error)
}

/// Reports whether a description is well formed, but has no video that can be exchanged.
pub fn is_unsuitable(error: &Error) -> bool {
    use crate::sessions::offer::Error::Peer;
    matches!(error, Error::Offer(Peer(rtc::Error::NoVideo(_) | rtc::Error::NoCodec(_))))
}

fn not_a_fragment() -> Problem {
    let text = "the body must be a fragment of a session description: send it as `Content-Type: application/trickle-ice-sdpfrag`";
    let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text);
    problem.header(ACCEPT_PATCH, HeaderValue::from_static(fragment::MEDIA_TYPE))
}

fn stale() -> Problem {
    let text = "this is for another ICE session than the one that holds: ICE was restarted meanwhile";
    Problem::new(StatusCode::PRECONDITION_FAILED, text)
}

/// What each of the routes needs.
pub type Shared = Arc<super::rate_limit::RateLimit>;
