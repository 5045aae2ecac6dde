//! Principal is let in: a decision without clock, file or network.

use std::sync::Arc;
use std::time::SystemTime;

use super::store::Tokens;
use super::quota::Quota;
use super::scope::{Access, Scope};

/// What is known of the tokens.
#[derive(Clone, Debug)]
pub enum TokenState {
    /// None was ever made.
    Never,
    /// These hold.
    Tokens(Arc<Tokens>),
    /// They cannot be read, so that nobody is let in by one.
    Unreadable,
}

/// Principal is let in without a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anonymous {
    /// This machine, as long as no token was ever made.
    Machine,
    /// Whoever comes, with these scopes.
    Anyone(Vec<Scope>),
    /// Nobody.
    Nobody,
}

/// Principal asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The token's name; none: anyone.
    pub token: Option<String>,
    /// What is allowed.
    pub scopes: Vec<Scope>,
    /// What may be uploaded.
    pub quota: Quota,
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizeError {
    /// There is no token, and it takes one.
    Missing,
    /// There is no such token (any more).
    Wrong,
    /// The token has expired.
    Expired,
    /// The token does not allow it.
    Insufficient(Access),
    /// The server is open to its own machine only, and the request came from elsewhere.
    Elsewhere,
    /// The tokens cannot be read.
    Unreadable,
}

/// A request as far as rights are concerned.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The token that it carries.
    pub token: Option<&'a str>,
    /// What it takes.
    pub access: Access,
    /// It names this machine as its target, and no proxy passed it on.
    pub is_direct: bool,
}

/// Decides.
///
/// # Errors
/// Why not.
pub fn authorize(known: &TokenState, open: &Anonymous, request: Request<'_>, now: SystemTime) -> Result<Principal, AuthorizeError> {
    let anyone = |scopes: &[Scope]| Principal { token: None, scopes: scopes.to_vec(), quota: Quota::default() };
    if request.access == Access::Nothing {
        return Ok(anyone(&[]));
    }
    match (request.token, known, open) {
        (Some(presented), TokenState::Tokens(tokens), _) => {
            let token = tokens.find(presented).ok_or(AuthorizeError::Wrong)?;
            if token.is_expired(now) {
                return Err(AuthorizeError::Expired);
            }
            if !request.access.is_met_by(&token.scopes) {
                return Err(AuthorizeError::Insufficient(request.access));
            }
            Ok(Principal { token: Some(token.name.clone()), scopes: token.scopes.clone(), quota: token.quota })
        }
        (Some(_), TokenState::Never, _) => Err(AuthorizeError::Wrong),
        (None, _, Anonymous::Anyone(scopes)) if request.access.is_met_by(scopes) => Ok(anyone(scopes)),
        (None, TokenState::Never, Anonymous::Machine) if request.is_direct => Ok(anyone(&[Scope::Admin])),
        (None, TokenState::Never, Anonymous::Machine) => Err(AuthorizeError::Elsewhere),
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

    fn decide(known: &TokenState, open: &Anonymous, token: Option<&str>, access: Access, at: u64) -> Result<Option<String>, AuthorizeError> {
        let request = Request { token, access, is_direct: true };
        authorize(known, open, request, UNIX_EPOCH + Duration::from_secs(at)).map(|who| principal.token)
    }

    #[test]
    fn tokens_let_in_by_scope_and_until_they_expire() {
        let named = |name: &str| Ok(Some(name.to_owned()));
        for (token, access, at, answer) in [
            (Some("fbx_viewer"), WATCH, 0, named("viewer")),
            (Some("fbx_viewer"), UPLOAD, 0, Err(AuthorizeError::Insufficient(UPLOAD))),
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
            for open in [Anonymous::Machine, Anonymous::Nobody] {
                assert_eq!(decide(&known(), &open, token, access, at), answer, "{token:?} for {access:?} at {at}");
            }
        }
    }

    #[test]
    fn without_tokens_only_this_machine_is_let_in() {
        assert_eq!(decide(&TokenState::Never, &Anonymous::Machine, None, UPLOAD, 0), Ok(None));
        assert_eq!(decide(&TokenState::Never, &Anonymous::Machine, Some("fbx_viewer"), WATCH, 0), Err(AuthorizeError::Wrong));
        assert_eq!(decide(&TokenState::Never, &Anonymous::Nobody, None, WATCH, 0), Err(AuthorizeError::Missing));
        let passed_on = Request { token: None, access: WATCH, is_direct: false };
        assert_eq!(authorize(&TokenState::Never, &Anonymous::Machine, passed_on, UNIX_EPOCH), Err(AuthorizeError::Elsewhere));
    }

    #[test]
    fn anyone_gets_what_was_given_to_anyone_and_a_token_is_still_judged() {
        let open = Anonymous::Anyone(vec![Scope::Watch]);
        for known in [TokenState::Never, known(), TokenState::Unreadable] {
            assert_eq!(decide(&known, &open, None, WATCH, 0), Ok(None));
        }
        assert_eq!(decide(&known(), &open, None, UPLOAD, 0), Err(AuthorizeError::Missing));
        assert_eq!(decide(&known(), &open, Some("fbx_no"), WATCH, 0), Err(AuthorizeError::Wrong));
        assert_eq!(decide(&known(), &open, Some("fbx_ci"), UPLOAD, 0), Ok(Some("ci".to_owned())));
    }

    #[test]
    fn tokens_that_cannot_be_read_let_nobody_in() {
        for open in [Anonymous::Machine, Anonymous::Nobody] {
            for token in [None, Some("fbx_root")] {
                assert_eq!(decide(&TokenState::Unreadable, &open, token, WATCH, 0), Err(AuthorizeError::Unreadable));
            }
        }
    }
}
