//! Authorization: a decision without clock, file or network.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use super::principal::PrincipalKey;
use super::quota::Quota;
use super::scope::{Access, Scope};
use super::store::Tokens;

/// The tokens that are valid.
#[derive(Clone, Debug)]
pub enum TokenState {
    /// No token was ever made.
    Never,
    /// These tokens.
    Tokens(Arc<Tokens>),
    /// The tokens cannot be read, so no token is accepted.
    Unreadable,
}

/// Who is accepted without a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anonymous {
    /// Clients on this machine, as long as no token was ever made.
    Local,
    /// Anyone, with these scopes.
    Anyone(Vec<Scope>),
    /// Nobody.
    Nobody,
}

/// Who sent a request, and what is allowed to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The token's name; `None`: anonymous.
    pub token: Option<String>,
    /// Whether it is whoever runs the server, who needs no token.
    pub is_operator: bool,
    /// What the token allows.
    pub scopes: Vec<Scope>,
    /// Bounds on uploads.
    pub quota: Quota,
}

impl Principal {
    /// Returns the principal's key; `address`: where the request came from.
    pub fn key(&self, address: Option<IpAddr>) -> PrincipalKey {
        match &self.token {
            _ if self.is_operator => PrincipalKey::Operator,
            Some(name) => PrincipalKey::Token(name.clone()),
            None => PrincipalKey::anonymous(address),
        }
    }
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorizeError {
    /// It carries no token.
    #[error("this needs a token: send it as `Authorization: Bearer fbx_…`")]
    Missing,
    /// Its token does not exist.
    #[error("there is no such token, or it was revoked")]
    Wrong,
    /// Its token has expired.
    #[error("this token has expired: ask for another one")]
    Expired,
    /// Its token lacks this scope.
    #[error("this needs a token with the scope `{0}`")]
    Insufficient(Scope),
    /// The server accepts clients of its own machine only.
    #[error(
        "without tokens only clients on the server's own machine are accepted: create a token with `framebox token \
         new`, or start the server with --allow-anyone"
    )]
    Elsewhere,
    /// The tokens cannot be read.
    #[error("the server cannot read its tokens; its log says why")]
    Unreadable,
}

/// What authorization needs to know of a request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The token that it carries.
    pub token: Option<&'a str>,
    /// What its route requires.
    pub access: Access,
    /// Whether it names this machine as its target and no proxy forwarded it.
    pub is_direct: bool,
}

/// Authorizes a request.
///
/// # Errors
/// Why it is refused.
pub fn authorize(
    tokens: &TokenState,
    anonymous: &Anonymous,
    request: Request<'_>,
    now: SystemTime,
) -> Result<Principal, AuthorizeError> {
    let anyone = |scopes: &[Scope]| Principal {
        token: None,
        is_operator: false,
        scopes: scopes.to_vec(),
        quota: Quota::default(),
    };
    if request.access == Access::Nothing {
        return Ok(anyone(&[]));
    }
    match (request.token, tokens, anonymous) {
        (Some(presented), TokenState::Tokens(tokens), _) => {
            let token = tokens.find(presented).ok_or(AuthorizeError::Wrong)?;
            if token.is_expired(now) {
                return Err(AuthorizeError::Expired);
            }
            if let Some(scope) = request.access.missing(&token.scopes) {
                return Err(AuthorizeError::Insufficient(scope));
            }
            let (name, scopes) = (token.name.clone(), token.scopes.clone());
            Ok(Principal { token: Some(name), is_operator: false, scopes, quota: token.quota })
        }
        (Some(_), TokenState::Never, _) => Err(AuthorizeError::Wrong),
        (None, _, Anonymous::Anyone(scopes)) if request.access.is_met_by(scopes) => Ok(anyone(scopes)),
        (None, TokenState::Never, Anonymous::Local) if request.is_direct => {
            Ok(Principal { is_operator: true, ..anyone(&[Scope::Admin]) })
        }
        (None, TokenState::Never, Anonymous::Local) => Err(AuthorizeError::Elsewhere),
        (_, TokenState::Unreadable, _) => Err(AuthorizeError::Unreadable),
        (None, ..) => Err(AuthorizeError::Missing),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::super::token::{Hash, Token};
    use super::*;

    const WATCH: Access = Access::Scope(Scope::Watch);
    const UPLOAD: Access = Access::Scope(Scope::Upload);

    fn known() -> TokenState {
        let token = |name: &str, scopes: &[Scope], expires| Token {
            name: name.to_owned(),
            hash: Hash::of(&format!("fbx_{name}")),
            scopes: scopes.to_vec(),
            made: 0,
            expires,
            quota: Quota::default(),
        };
        let tokens = vec![
            token("viewer", &[Scope::Watch], None),
            token("ci", &[Scope::Upload], Some(1000)),
            token("root", &[Scope::Admin], None),
        ];
        TokenState::Tokens(Arc::new(Tokens { tokens }))
    }

    fn decide(
        known: &TokenState,
        open: &Anonymous,
        token: Option<&str>,
        access: Access,
        at: u64,
    ) -> Result<Option<String>, AuthorizeError> {
        let request = Request { token, access, is_direct: true };
        authorize(known, open, request, UNIX_EPOCH + Duration::from_secs(at)).map(|principal| principal.token)
    }

    #[test]
    fn a_token_is_accepted_for_its_scopes_until_it_expires() {
        let named = |name: &str| Ok(Some(name.to_owned()));
        for (token, access, at, answer) in [
            (Some("fbx_viewer"), WATCH, 0, named("viewer")),
            (Some("fbx_viewer"), UPLOAD, 0, Err(AuthorizeError::Insufficient(Scope::Upload))),
            (Some("fbx_ci"), UPLOAD, 999, named("ci")),
            (Some("fbx_ci"), UPLOAD, 1000, Err(AuthorizeError::Expired)),
            (Some("fbx_ci"), Access::Token, 999, named("ci")),
            (Some("fbx_root"), UPLOAD, 5000, named("root")),
            (Some("fbx_"), WATCH, 0, Err(AuthorizeError::Wrong)),
            (Some(""), WATCH, 0, Err(AuthorizeError::Wrong)),
            (None, WATCH, 0, Err(AuthorizeError::Missing)),
            (None, Access::Token, 0, Err(AuthorizeError::Missing)),
            (None, Access::Nothing, 0, Ok(None)),
            (Some("wrong"), Access::Nothing, 0, Ok(None)),
        ] {
            for open in [Anonymous::Local, Anonymous::Nobody] {
                assert_eq!(decide(&known(), &open, token, access, at), answer, "{token:?} for {access:?} at {at}");
            }
        }
    }

    #[test]
    fn without_tokens_only_this_machine_is_accepted() {
        assert_eq!(decide(&TokenState::Never, &Anonymous::Local, None, UPLOAD, 0), Ok(None));
        assert_eq!(
            decide(&TokenState::Never, &Anonymous::Local, Some("fbx_viewer"), WATCH, 0),
            Err(AuthorizeError::Wrong)
        );
        assert_eq!(decide(&TokenState::Never, &Anonymous::Nobody, None, WATCH, 0), Err(AuthorizeError::Missing));
        let passed_on = Request { token: None, access: WATCH, is_direct: false };
        assert_eq!(
            authorize(&TokenState::Never, &Anonymous::Local, passed_on, UNIX_EPOCH),
            Err(AuthorizeError::Elsewhere)
        );
    }

    #[test]
    fn anonymous_requests_get_the_configured_scopes_and_tokens_are_checked_all_the_same() {
        let open = Anonymous::Anyone(vec![Scope::Watch]);
        for known in [TokenState::Never, known(), TokenState::Unreadable] {
            assert_eq!(decide(&known, &open, None, WATCH, 0), Ok(None));
        }
        assert_eq!(decide(&known(), &open, None, UPLOAD, 0), Err(AuthorizeError::Missing));
        assert_eq!(decide(&known(), &open, Some("fbx_no"), WATCH, 0), Err(AuthorizeError::Wrong));
        assert_eq!(decide(&known(), &open, Some("fbx_ci"), UPLOAD, 0), Ok(Some("ci".to_owned())));
    }

    #[test]
    fn unreadable_tokens_refuse_everyone() {
        for open in [Anonymous::Local, Anonymous::Nobody] {
            for token in [None, Some("fbx_root")] {
                assert_eq!(decide(&TokenState::Unreadable, &open, token, WATCH, 0), Err(AuthorizeError::Unreadable));
            }
        }
    }
}
