//! Authorization: a decision without clock, file or network.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use super::principal::PrincipalKey;
use super::quota::Quota;
use super::scope::{Access, Scope};
use super::store::Tokens;
use super::token::Hash;

/// The tokens that are valid.
#[derive(Clone, Debug)]
pub enum TokenState {
    /// These tokens; none when none was ever made.
    Tokens(Arc<Tokens>),
    /// The tokens cannot be read, so no token is accepted.
    Unreadable,
}

/// Who is accepted beside the holders of tokens. Where a request comes from is no part of it: behind a proxy, every
/// request comes from this machine.
#[derive(Clone, Debug)]
pub struct Others {
    /// Hash of the start-up secret, which allows everything.
    pub startup: Hash,
    /// Scopes of clients without a token; empty: they are refused.
    pub anyone: Vec<Scope>,
}

/// Who sent a request, and what is allowed to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The token's name; `None`: the operator, or anonymous.
    pub token: Option<String>,
    /// Whether it is whoever runs the server, and shows the start-up secret.
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
    #[error(
        "this needs a token: send it as `Authorization: Bearer fbx_…`; on the server's own machine, open the address that it \
         printed when it started"
    )]
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
}

/// Authorizes a request.
///
/// # Errors
/// Why it is refused.
pub fn authorize(
    tokens: &TokenState,
    others: &Others,
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
    match (request.token, tokens) {
        (Some(presented), _) if others.startup.is(&Hash::of(presented)) => {
            Ok(Principal { is_operator: true, ..anyone(&[Scope::Admin]) })
        }
        (Some(presented), TokenState::Tokens(tokens)) => {
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
        (None, _) if request.access.is_met_by(&others.anyone) => Ok(anyone(&others.anyone)),
        (_, TokenState::Unreadable) => Err(AuthorizeError::Unreadable),
        (None, _) => Err(AuthorizeError::Missing),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::super::token::Token;
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

    fn others(anyone: &[Scope]) -> Others {
        Others { startup: Hash::of("fbx_startup"), anyone: anyone.to_vec() }
    }

    fn decide(
        known: &TokenState,
        others: &Others,
        token: Option<&str>,
        access: Access,
        at: u64,
    ) -> Result<Option<String>, AuthorizeError> {
        let now = UNIX_EPOCH + Duration::from_secs(at);
        authorize(known, others, Request { token, access }, now).map(|principal| {
            let operator = principal.is_operator.then(|| "*operator".to_owned());
            principal.token.or(operator)
        })
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
            assert_eq!(decide(&known(), &others(&[]), token, access, at), answer, "{token:?} for {access:?} at {at}");
        }
    }

    #[test]
    fn the_start_up_secret_allows_everything_and_nothing_like_it_anything() {
        let secret = "fbx_startup";
        for known in [TokenState::Tokens(Arc::default()), known(), TokenState::Unreadable] {
            for access in [WATCH, UPLOAD, Access::Scope(Scope::Admin), Access::Token] {
                let answer = decide(&known, &others(&[]), Some(secret), access, 0);
                assert_eq!(answer, Ok(Some("*operator".to_owned())), "{access:?}");
                for wrong in [None, Some(""), Some("fbx_startu"), Some("fbx_startup "), Some("FBX_STARTUP")] {
                    assert!(decide(&known, &others(&[]), wrong, access, 0).is_err(), "{wrong:?} for {access:?}");
                }
            }
        }
    }

    #[test]
    fn anonymous_requests_get_the_configured_scopes_and_tokens_are_checked_all_the_same() {
        let open = others(&[Scope::Watch]);
        for known in [TokenState::Tokens(Arc::default()), known(), TokenState::Unreadable] {
            assert_eq!(decide(&known, &open, None, WATCH, 0), Ok(None));
        }
        assert_eq!(decide(&known(), &open, None, UPLOAD, 0), Err(AuthorizeError::Missing));
        assert_eq!(decide(&known(), &open, Some("fbx_no"), WATCH, 0), Err(AuthorizeError::Wrong));
        assert_eq!(decide(&known(), &open, Some("fbx_ci"), UPLOAD, 0), Ok(Some("ci".to_owned())));
    }

    #[test]
    fn unreadable_tokens_refuse_everyone_else() {
        for token in [None, Some("fbx_root")] {
            let answer = decide(&TokenState::Unreadable, &others(&[]), token, WATCH, 0);
            assert_eq!(answer, Err(AuthorizeError::Unreadable));
        }
    }
}
