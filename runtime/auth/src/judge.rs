//! Who is let in: a decision without clock, file or network.

use std::sync::Arc;
use std::time::SystemTime;

use super::book::Book;
use super::quota::Quota;
use super::scope::{Need, Scope};

/// What is known of the tokens.
#[derive(Clone, Debug)]
pub enum Known {
    /// None was ever made.
    Never,
    /// These hold.
    Book(Arc<Book>),
    /// They cannot be read, so that nobody is let in by one.
    Unreadable,
}

/// Who is let in without a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Open {
    /// This machine, as long as no token was ever made.
    Machine,
    /// Whoever comes, with these scopes.
    Anyone(Vec<Scope>),
    /// Nobody.
    Nobody,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The token's name; none: anyone.
    pub token: Option<String>,
    /// What is allowed.
    pub scopes: Vec<Scope>,
    /// What may be uploaded.
    pub quota: Quota,
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// There is no token, and it takes one.
    Missing,
    /// There is no such token (any more).
    Wrong,
    /// The token has expired.
    Expired,
    /// The token does not allow it.
    Insufficient(Need),
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
    pub need: Need,
    /// It names this machine as its target, and no proxy passed it on.
    pub is_direct: bool,
}

/// Decides.
///
/// # Errors
/// Why not.
pub fn judge(known: &Known, open: &Open, request: Request<'_>, now: SystemTime) -> Result<Who, Denied> {
    let anyone = |scopes: &[Scope]| Who { token: None, scopes: scopes.to_vec(), quota: Quota::default() };
    if request.need == Need::Nothing {
        return Ok(anyone(&[]));
    }
    match (request.token, known, open) {
        (Some(presented), Known::Book(book), _) => {
            let token = book.find(presented).ok_or(Denied::Wrong)?;
            if token.is_expired(now) {
                return Err(Denied::Expired);
            }
            if !request.need.is_met_by(&token.scopes) {
                return Err(Denied::Insufficient(request.need));
            }
            Ok(Who { token: Some(token.name.clone()), scopes: token.scopes.clone(), quota: token.quota })
        }
        (Some(_), Known::Never, _) => Err(Denied::Wrong),
        (None, _, Open::Anyone(scopes)) if request.need.is_met_by(scopes) => Ok(anyone(scopes)),
        (None, Known::Never, Open::Machine) if request.is_direct => Ok(anyone(&[Scope::Admin])),
        (None, Known::Never, Open::Machine) => Err(Denied::Elsewhere),
        (_, Known::Unreadable, _) => Err(Denied::Unreadable),
        (None, ..) => Err(Denied::Missing),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::super::token::{Hash, Token};
    use super::*;

    const WATCH: Need = Need::Scope(Scope::Watch);
    const UPLOAD: Need = Need::Scope(Scope::Upload);

    fn known() -> Known {
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
        Known::Book(Arc::new(Book { tokens }))
    }

    fn decide(known: &Known, open: &Open, token: Option<&str>, need: Need, at: u64) -> Result<Option<String>, Denied> {
        let request = Request { token, need, is_direct: true };
        judge(known, open, request, UNIX_EPOCH + Duration::from_secs(at)).map(|who| who.token)
    }

    #[test]
    fn tokens_let_in_by_scope_and_until_they_expire() {
        let named = |name: &str| Ok(Some(name.to_owned()));
        for (token, need, at, answer) in [
            (Some("fbx_viewer"), WATCH, 0, named("viewer")),
            (Some("fbx_viewer"), UPLOAD, 0, Err(Denied::Insufficient(UPLOAD))),
            (Some("fbx_ci"), UPLOAD, 999, named("ci")),
            (Some("fbx_ci"), UPLOAD, 1000, Err(Denied::Expired)),
            (Some("fbx_ci"), Need::Token, 999, named("ci")),
            (Some("fbx_root"), UPLOAD, 5000, named("root")),
            (Some("fbx_"), WATCH, 0, Err(Denied::Wrong)),
            (Some(""), WATCH, 0, Err(Denied::Wrong)),
            (None, WATCH, 0, Err(Denied::Missing)),
            (None, Need::Token, 0, Err(Denied::Missing)),
            (None, Need::Nothing, 0, Ok(None)),
            (Some("wrong"), Need::Nothing, 0, Ok(None)),
        ] {
            for open in [Open::Machine, Open::Nobody] {
                assert_eq!(decide(&known(), &open, token, need, at), answer, "{token:?} for {need:?} at {at}");
            }
        }
    }

    #[test]
    fn without_tokens_only_this_machine_is_let_in() {
        assert_eq!(decide(&Known::Never, &Open::Machine, None, UPLOAD, 0), Ok(None));
        assert_eq!(decide(&Known::Never, &Open::Machine, Some("fbx_viewer"), WATCH, 0), Err(Denied::Wrong));
        assert_eq!(decide(&Known::Never, &Open::Nobody, None, WATCH, 0), Err(Denied::Missing));
        let passed_on = Request { token: None, need: WATCH, is_direct: false };
        assert_eq!(judge(&Known::Never, &Open::Machine, passed_on, UNIX_EPOCH), Err(Denied::Elsewhere));
    }

    #[test]
    fn anyone_gets_what_was_given_to_anyone_and_a_token_is_still_judged() {
        let open = Open::Anyone(vec![Scope::Watch]);
        for known in [Known::Never, known(), Known::Unreadable] {
            assert_eq!(decide(&known, &open, None, WATCH, 0), Ok(None));
        }
        assert_eq!(decide(&known(), &open, None, UPLOAD, 0), Err(Denied::Missing));
        assert_eq!(decide(&known(), &open, Some("fbx_no"), WATCH, 0), Err(Denied::Wrong));
        assert_eq!(decide(&known(), &open, Some("fbx_ci"), UPLOAD, 0), Ok(Some("ci".to_owned())));
    }

    #[test]
    fn tokens_that_cannot_be_read_let_nobody_in() {
        for open in [Open::Machine, Open::Nobody] {
            for token in [None, Some("fbx_root")] {
                assert_eq!(decide(&Known::Unreadable, &open, token, WATCH, 0), Err(Denied::Unreadable));
            }
        }
    }
}
