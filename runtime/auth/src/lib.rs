//! Auth: tokens with scopes, who is let in, what may be uploaded, and the log of what was done.
//!
//! **Whatever is not known to be allowed is refused**: a route says what it needs where it is made, tokens that cannot be
//! read let nobody in, and a server on which tokens were once made does not become open again while it runs.
//!
//! | module | what it holds |
//! |---|---|
//! | [`scope`] | what a token may allow, what a route may access |
//! | [`token`] | a token's secret, and what is kept of it |
//! | [`tokens`] | the file of tokens, which `framebox token` changes while a server runs |
//! | [`authorize`] | the decision who is let in |
//! | [`quota`], [`usage`] | how much may be uploaded with a token, and what was |
//! | [`audit`] | who changed what |

pub mod audit;
pub mod store;
pub mod authorize;
pub mod usage;
pub mod quota;
pub mod scope;
pub mod token;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, bail};

use audit::Audit;
use store::{Stamp, TokenStore};
use authorize::{AuthorizeError, TokenState, Anonymous, Request, Principal};
use usage::Usage;
use quota::Rate;
use scope::Scope;
use std::sync::Arc;

/// Time within which a change of the tokens holds.
const FRESH: Duration = Duration::from_millis(100);
/// Uploads a minute of all that come without a token to a server that is open to anyone.
const ANYONE_UPLOADS: u32 = 30;

/// The rights of a running server.
pub struct Auth {
    store: Option<TokenStore>,
    open: Anonymous,
    seen: Mutex<Seen>,
    rates: Mutex<BTreeMap<String, Rate>>,
    /// What was uploaded with which token.
    pub usage: Usage,
    /// Principal changed what.
    pub audit: Audit,
}

/// The tokens as they were last seen.
struct Seen {
    known: TokenState,
    stamp: Option<Stamp>,
    looked: Instant,
}

impl Auth {
    /// Those of a server that listens on `bind`. `anyone`: what whoever comes without a token may do.
    ///
    /// # Errors
    /// When others than this machine can reach `bind` and neither is there a token nor was `anyone` given; when the data
    /// directory cannot be used.
    pub fn open(folder: Option<&Path>, anyone: &[Scope], bind: SocketAddr) -> anyhow::Result<Self> {
        if let Some(folder) = folder {
            let cannot = || format!("the data directory {} cannot be made", folder.display());
            std::fs::create_dir_all(folder).with_context(cannot)?;
        }
        let store = folder.map(TokenStore::new);
        let stamp = store.as_ref().map(TokenStore::stamp).transpose()?.flatten();
        let known = match store.as_ref().map(TokenStore::read).transpose()?.flatten() {
            Some(tokens) => TokenState::Tokens(Arc::new(tokens)),
            None => TokenState::Never,
        };
        let is_reachable = !bind.ip().to_canonical().is_loopback();
        let open = match anyone {
            [] if is_reachable => Anonymous::Nobody,
            [] => Anonymous::Machine,
            scopes => Anonymous::Anyone(scopes.to_vec()),
        };
        let has_tokens = matches!(&known, TokenState::Tokens(tokens) if !tokens.tokens.is_empty());
        if open == Anonymous::Nobody && !has_tokens {
            bail!(
                "others can reach {bind}, and there are no tokens: make one with `framebox token new --data DIR --name \
                 NAME --scope admin` and start with the same --data, or let anyone in with --allow-anyone"
            );
        }
        let usage = Usage::open(folder).context("the usage of uploads, rights.redb, cannot be opened")?;
        let seen = Mutex::new(Seen { known, stamp, looked: Instant::now() });
        Ok(Self { store, open, seen, rates: Mutex::default(), usage, audit: Audit::new(folder) })
    }

    /// Decides on a request.
    ///
    /// # Errors
    /// Why it is not let in.
    pub fn authorize(&self, request: Request<'_>, now: SystemTime) -> Result<Principal, AuthorizeError> {
        let known = self.seen().known.clone();
        authorize::authorize(&known, &self.open, request, now)
    }

    /// Takes over changed tokens. Reads a file, at most every 100 ms; false: there is no access to look.
    pub fn is_stale(&self, now: Instant) -> bool {
        self.store.is_some() && now.saturating_duration_since(self.seen().looked) >= FRESH
    }

    /// Takes over changed tokens; blocks on the disk.
    pub fn look(&self) {
        let Some(store) = &self.store else { return };
        let before = {
            let mut seen = self.seen();
            seen.looked = Instant::now();
            (seen.stamp, matches!(seen.known, TokenState::Unreadable))
        };
        // The stamp is taken first: a change between the two is seen at the next look.
        let stamp = store.stamp();
        if let Ok(stamp) = &stamp
            && (*stamp, false) == before
        {
            return;
        }
        let read = stamp.and_then(|stamp| Ok((stamp, store.read()?)));
        let mut seen = self.seen();
        match read {
            Ok((stamp, Some(tokens))) => {
                tracing::info!(tokens = tokens.tokens.len(), "the tokens were changed");
                (seen.stamp, seen.known) = (stamp, TokenState::Tokens(Arc::new(tokens)));
            }
            // Whoever removes the file does not thereby open the server.
            Ok((_, None)) if matches!(seen.known, TokenState::Never) => {}
            Ok((stamp, None)) => {
                tracing::error!("the file of tokens is gone: nobody is let in by a token");
                (seen.stamp, seen.known) = (stamp, TokenState::Tokens(Arc::default()));
            }
            Err(error) => {
                if !matches!(seen.known, TokenState::Unreadable) {
                    tracing::error!(%error, "the tokens cannot be read: nobody is let in by one");
                }
                seen.known = TokenState::Unreadable;
            }
        }
    }

    /// Counts an upload.
    ///
    /// # Errors
    /// There were too many within a minute; the time to wait.
    pub fn count_upload(&self, principal: &Principal, now: Instant) -> Result<(), Duration> {
        let most = match (&principal.token, &self.open) {
            (Some(_), _) => principal.quota.uploads_a_minute,
            (None, Anonymous::Anyone(_)) => Some(ANYONE_UPLOADS),
            (None, _) => None,
        };
        let Some(most) = most else { return Ok(()) };
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        rates.retain(|_, rate| !rate.is_idle(now));
        // No token has an empty name.
        rates.entry(principal.token.clone().unwrap_or_default()).or_default().count(most, now)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
