//! Middleware: authentication and authorization of every route.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use framebox_auth::authorize::{self, AuthorizeError, Principal};
use framebox_auth::scope::Access;
use framebox_auth::{Auth, PrincipalKey, scope::Scope};
use framebox_catalog::Actor;

use super::problem::Problem;

/// Longest token, bytes.
const LONGEST_TOKEN: usize = 256;

/// Who may use a route.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What it requires.
    pub access: Access,
    /// Whether the token may be in the query, as `access_token`: an `EventSource` sends no headers of its own.
    pub is_stream: bool,
}

/// Who sent a request. Handlers of routes find it in the request's extensions.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who they are and what is allowed to them.
    pub principal: Principal,
    /// Address that the request came from.
    pub address: Option<String>,
}

impl Caller {
    /// Reports whether the caller has a scope.
    pub fn has(&self, scope: Scope) -> bool {
        scope.is_in(&self.principal.scopes)
    }

    /// The key under which sessions and uploads belong to the caller.
    pub fn key(&self) -> PrincipalKey {
        self.principal.key(self.address.as_deref().and_then(|address| address.parse().ok()))
    }

    /// The caller as the catalog names it in its events.
    pub fn actor(&self) -> Actor {
        let (principal, address) = (self.principal.token.clone(), self.address.clone());
        Actor { principal, address, key: Some(self.key().to_string()) }
    }
}

/// The middleware's state.
#[derive(Clone)]
pub struct AuthLayer {
    auth: Arc<Auth>,
}

impl AuthLayer {
    /// Creates a layer that asks `auth`.
    pub fn new(auth: Arc<Auth>) -> Self {
        Self { auth }
    }
}

/// Passes an authorized request on, with its [`Caller`].
pub async fn authorize(State((layer, rule)): State<(AuthLayer, Rule)>, mut request: Request, next: Next) -> Response {
    let auth = layer.auth;
    if auth.is_stale(Instant::now()) {
        let auth = auth.clone();
        // It fails only by a panic, and then the tokens stay as they were.
        let _ = tokio::task::spawn_blocking(move || auth.refresh()).await;
    }
    match check(&auth, rule, &request) {
        Ok(principal) => {
            let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|from| from.0.ip().to_string());
            request.extensions_mut().insert(Caller { principal, address });
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

fn check(auth: &Auth, rule: Rule, request: &Request) -> Result<Principal, Problem> {
    let access = rule.access;
    let asked = if access == Access::Nothing {
        authorize::Request { token: None, access }
    } else {
        let in_header = header_token(request.headers())?;
        let in_query = if rule.is_stream { query_token(request.uri()) } else { None };
        if in_header.is_some() && in_query.is_some() {
            let twice = "the token is given twice: give it in the header or as `access_token`";
            return Err(Problem::new(StatusCode::BAD_REQUEST, twice));
        }
        authorize::Request { token: in_header.or(in_query), access }
    };
    auth.authorize(asked, SystemTime::now()).map_err(Problem::from)
}

fn header_token(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "there is more than one `Authorization` header: send one"));
    }
    let parts = value.to_str().ok().and_then(|text| text.split_once(' '));
    match parts {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && token.len() <= LONGEST_TOKEN => {
            Ok(Some(token.trim()))
        }
        _ => Err(AuthorizeError::Wrong.into()),
    }
}

fn query_token(uri: &Uri) -> Option<&str> {
    let pairs = uri.query().unwrap_or_default().split('&');
    // A token has no character that a query would escape.
    let value = pairs.filter_map(|pair| pair.strip_prefix("access_token=")).next()?;
    (value.len() <= LONGEST_TOKEN).then_some(value)
}

/// The challenge to a client that is not authorized (RFC 6750 §3).
impl From<AuthorizeError> for Problem {
    fn from(error: AuthorizeError) -> Self {
        let (status, challenge) = match error {
            AuthorizeError::Unreadable => {
                return Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string());
            }
            AuthorizeError::Wrong => (StatusCode::UNAUTHORIZED, ", error=\"invalid_token\"".to_owned()),
            AuthorizeError::Expired => {
                (StatusCode::UNAUTHORIZED, ", error=\"invalid_token\", error_description=\"expired\"".to_owned())
            }
            AuthorizeError::Insufficient(scope) => {
                (StatusCode::FORBIDDEN, format!(", error=\"insufficient_scope\", scope=\"{scope}\""))
            }
            _ => (StatusCode::UNAUTHORIZED, String::new()),
        };
        let challenge = HeaderValue::try_from(format!("Bearer realm=\"framebox\"{challenge}"));
        let challenge = challenge.unwrap_or(HeaderValue::from_static("Bearer"));
        Self::new(status, error.to_string()).header(header::WWW_AUTHENTICATE, challenge)
    }
}
