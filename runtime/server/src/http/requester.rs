//! Extracts who asks for a session: the caller, with the session's secret if the request carries one.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::HeaderName;
use axum::http::request::Parts;
use framebox_auth::PrincipalKey;
use framebox_auth::scope::Scope;
use framebox_auth::token::Hash;
use serde::Deserialize;
use utoipa::IntoParams;

use super::auth_layer::Caller;
use crate::sessions::owner::Requester;

/// The header that carries the secret of an anonymous client's session: in the answer to its offer, and in later requests.
pub const SESSION_SECRET: HeaderName = HeaderName::from_static("session-secret");
/// Longest secret that is looked at, bytes.
const MAX_SECRET: usize = 256;

/// The header, for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "the extractor reads the header itself")]
pub struct SecretHeader {
    /// The secret of an anonymous client's session, which came with the answer to its offer
    #[param(rename = "Session-Secret", required = false)]
    secret: Option<String>,
}

/// The secret in the query of an event stream: an `EventSource` sends no headers of its own.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SecretQuery {
    /// In place of the header `Session-Secret`
    session_secret: Option<String>,
}

impl SecretQuery {
    /// Returns the requester with the secret of the query, unless the header had one.
    pub fn or(self, requester: Requester) -> Requester {
        let secret = requester.secret.or_else(|| self.session_secret.as_deref().and_then(hash));
        Requester { secret, ..requester }
    }
}

fn hash(secret: &str) -> Option<Hash> {
    (secret.len() <= MAX_SECRET).then(|| Hash::of(secret))
}

impl<S: Send + Sync> FromRequestParts<S> for Requester {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let secret = parts.headers.get(SESSION_SECRET).and_then(|value| hash(value.to_str().ok()?));
        // The authentication layer is in front of every route. Without it nobody would be anybody.
        let caller = parts.extensions.get::<Caller>();
        let key = caller.map_or_else(|| PrincipalKey::anonymous(None), Caller::key);
        let is_admin = caller.is_some_and(|caller| caller.has(Scope::Admin));
        Ok(Self { key, is_admin, secret })
    }
}
