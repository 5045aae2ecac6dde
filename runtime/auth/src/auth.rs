//! Tokens, meters and audit log of a running server.

use std::fs::DirBuilder;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::audit::Audit;
use super::authorize::{AuthorizeError, Others, Principal, Request, TokenState, authorize};
use super::meter::{ExceededError, Meters};
use super::principal::PrincipalKey;
use super::quota::Quotas;
use super::scope::Scope;
use super::store::{self, Stamp, TokenStore};
use super::token::Secret;

/// Time within which a change of the tokens takes effect.
const FRESH: Duration = Duration::from_millis(100);

/// Why a server cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The data directory cannot be created.
    #[error("the data directory {path} cannot be created: {error}")]
    Folder {
        /// The directory.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// The tokens cannot be read.
    #[error(transparent)]
    Tokens(#[from] store::Error),
    /// Other machines can reach the server, and nobody would be authorized.
    #[error(
        "other machines can reach {0}, and there are no tokens: create one with `framebox token new --data DIR --name NAME \
         --scope admin` and start with the same --data, or pass --allow-anyone"
    )]
    Unprotected(SocketAddr),
    /// There are no random bytes for the start-up secret.
    #[error("the operating system provides no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

/// Tokens, meters and audit log of a running server.
pub struct Auth {
    store: Option<TokenStore>,
    startup: Secret,
    others: Others,
    seen: Mutex<Seen>,
    quotas: Quotas,
    meters: Mutex<Meters>,
    /// Who changed what.
    pub audit: Audit,
}

/// The tokens as they were last read.
struct Seen {
    tokens: TokenState,
    stamp: Option<Stamp>,
    checked: Instant,
}

impl Auth {
    /// Opens the data directory `folder` for a server that listens on `bind`. `anyone`: scopes of anonymous clients.
    ///
    /// # Errors
    /// When other machines can reach `bind` and there is neither a token nor a scope for anyone, or the data directory
    /// cannot be used.
    pub fn open(folder: Option<&Path>, anyone: &[Scope], bind: SocketAddr) -> Result<Self, OpenError> {
        if let Some(folder) = folder {
            let failed = |error| OpenError::Folder { path: folder.display().to_string(), error };
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        }
        let store = folder.map(TokenStore::new);
        let stamp = store.as_ref().map(TokenStore::stamp).transpose()?.flatten();
        let tokens = store.as_ref().map(TokenStore::read).transpose()?.flatten().unwrap_or_default();
        let is_reachable = !bind.ip().to_canonical().is_loopback();
        if is_reachable && anyone.is_empty() && tokens.tokens.is_empty() {
            return Err(OpenError::Unprotected(bind));
        }
        let startup = Secret::random()?;
        let others = Others { startup: startup.hash(), anyone: anyone.to_vec() };
        let seen = Seen { tokens: TokenState::Tokens(Arc::new(tokens)), stamp, checked: Instant::now() };
        let (seen, audit) = (Mutex::new(seen), Audit::new(folder));
        let (quotas, meters) = (Quotas::default(), Mutex::default());
        Ok(Self { store, startup, others, seen, quotas, meters, audit })
    }

    /// The start-up secret: random, valid until the program ends, and allowed everything. It is for whoever started the server.
    pub fn startup_secret(&self) -> &Secret {
        &self.startup
    }

    /// Reports whether nobody but the holder of the start-up secret is allowed anything: there are no tokens, and no scopes
    /// for anyone.
    pub fn is_closed(&self) -> bool {
        let has_tokens = !matches!(&self.seen().tokens, TokenState::Tokens(tokens) if tokens.tokens.is_empty());
        self.others.anyone.is_empty() && !has_tokens
    }

    /// Sets the quotas of principals that have none of their own.
    pub fn with_quotas(self, quotas: Quotas) -> Self {
        Self { quotas, ..self }
    }

    /// Authorizes a request. The principal's quota is complete: its own, with the server's where it has none.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn authorize(&self, request: Request<'_>, now: SystemTime) -> Result<Principal, AuthorizeError> {
        let tokens = self.seen().tokens.clone();
        let principal = authorize(&tokens, &self.others, request, now)?;
        let quota = self.quotas.of(&principal.key(None), principal.quota);
        Ok(Principal { quota, ..principal })
    }

    /// Reports whether the file of tokens is to be checked for changes, at most every 100 ms.
    pub fn is_stale(&self, now: Instant) -> bool {
        self.store.is_some() && now.saturating_duration_since(self.seen().checked) >= FRESH
    }

    /// Reads the tokens if their file has changed. Blocks on the disk.
    pub fn refresh(&self) {
        let Some(store) = &self.store else { return };
        let before = {
            let mut seen = self.seen();
            seen.checked = Instant::now();
            (seen.stamp, matches!(seen.tokens, TokenState::Unreadable))
        };
        // The stamp is taken first: a change between the two is seen at the next check.
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
                tracing::info!(tokens = tokens.tokens.len(), "the tokens have changed");
                (seen.stamp, seen.tokens) = (stamp, TokenState::Tokens(Arc::new(tokens)));
            }
            Ok((stamp, None)) => {
                tracing::error!("the file of tokens is gone: no token is accepted");
                (seen.stamp, seen.tokens) = (stamp, TokenState::Tokens(Arc::default()));
            }
            Err(error) => {
                if !matches!(seen.tokens, TokenState::Unreadable) {
                    tracing::error!(%error, "the tokens cannot be read: no token is accepted");
                }
                seen.tokens = TokenState::Unreadable;
            }
        }
    }

    /// Counts an upload of `bytes` by the principal of `key`, as far as that is known before it comes.
    ///
    /// # Errors
    /// The bound that it would exceed, and the time to wait.
    pub fn admit_upload(
        &self,
        principal: &Principal,
        key: &PrincipalKey,
        bytes: u64,
        now: Instant,
    ) -> Result<(), ExceededError> {
        self.meters().admit_upload(key, principal.quota, bytes, now)
    }

    /// Records what an upload took: bytes that arrived, and the time that it was compiled.
    pub fn charge_upload(&self, key: &PrincipalKey, bytes: u64, compile: Duration, now: Instant) {
        self.meters().charge_upload(key, bytes, compile, now);
    }

    fn meters(&self) -> MutexGuard<'_, Meters> {
        self.meters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
