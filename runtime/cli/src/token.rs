//! `framebox token`: creates, lists and revokes the access tokens in a data directory.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::{Args, Subcommand};
use serde_json::json;

use super::exit::{Code, CommandError};
use framebox_auth::audit::{Action, Audit, Entry, Outcome};
use framebox_auth::quota::Quota;
use framebox_auth::scope::Scope;
use framebox_auth::store::{Error, TokenStore};
use framebox_auth::token::{Secret, Token, seconds};
use framebox_server::config::Config;

/// The arguments of `framebox token`.
#[derive(Debug, Args)]
pub struct Tokens {
    /// The subcommand.
    #[command(subcommand)]
    pub command: TokenCommand,
    /// Data directory of the server.
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Configuration file of the server, which names the data directory.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// The subcommands of `framebox token`. A running server applies changes at once.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Creates a token and prints it once.
    New(New),
    /// Lists the names of tokens with their scopes and expiry.
    List {
        /// Prints the list as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Revokes a token.
    Revoke {
        /// Name of the token.
        name: String,
    },
}

/// The arguments of `framebox token new`.
#[derive(Debug, Args)]
pub struct New {
    /// Name of the token, which the audit log shows.
    #[arg(long)]
    pub name: String,
    /// Scopes that the token allows, separated by commas: upload, promote, watch, publish, admin.
    #[arg(long, required = true, value_delimiter = ',')]
    pub scope: Vec<Scope>,
    /// Time until the token expires, such as 90s, 12h or 30d [default: never]
    #[arg(long, value_parser = humantime::parse_duration)]
    pub expires: Option<Duration>,
    /// Maximum number of handlers uploaded with the token [default: the server's, see `quotas.token`]
    #[arg(long, value_name = "N")]
    pub quota_handlers: Option<u32>,
    /// Maximum disk that all versions uploaded with the token take, compiled code included, MiB [default: the server's]
    #[arg(long, value_name = "N")]
    pub quota_mib: Option<u32>,
    /// Maximum number of uploads per minute [default: the server's]
    #[arg(long, value_name = "N")]
    pub uploads_a_minute: Option<u32>,
    /// Maximum number of sessions at once [default: the server's]
    #[arg(long, value_name = "N")]
    pub quota_sessions: Option<u32>,
    /// Maximum size of uploads per hour, MiB [default: the server's]
    #[arg(long, value_name = "N")]
    pub upload_mib_an_hour: Option<u32>,
    /// Maximum time that uploads are compiled per hour, seconds [default: the server's]
    #[arg(long, value_name = "N")]
    pub compile_s_an_hour: Option<u32>,
}

impl Tokens {
    /// Changes or lists the tokens.
    ///
    /// # Errors
    /// There is no data directory, or the tokens cannot be read or changed.
    pub fn run(self) -> Result<(), CommandError> {
        let folder = match (self.data, self.config) {
            (Some(data), _) => Some(data),
            (None, Some(file)) => {
                let config =
                    Config::read(&file).map_err(|error| CommandError::new(Code::Failed, format!("{error:#}")))?;
                config.server.data
            }
            (None, None) => None,
        };
        let folder = folder.ok_or_else(|| {
            let message =
                "tokens are stored in the data directory of the server: give --data DIR, or --config FILE that sets `data`";
            CommandError::new(Code::Usage, message)
        })?;
        let (store, audit) = (TokenStore::new(&folder), Audit::new(Some(&folder)));
        let now = SystemTime::now();
        match self.command {
            TokenCommand::New(new) => {
                let name = new.name.clone();
                let secret = create(&store, new, now)?;
                audit.write(&entry(Action::TokenMade, name), now);
                println!("{}", secret.reveal());
                eprintln!("Store this token safely: it is not shown again.");
            }
            TokenCommand::List { json } => list(&store, json, now)?,
            TokenCommand::Revoke { name } => {
                store.change(|tokens| tokens.revoke(&name)).map_err(store_error)?;
                audit.write(&entry(Action::TokenRevoked, name), now);
            }
        }
        Ok(())
    }
}

/// Adds a token to the store; returns its secret.
fn create(store: &TokenStore, new: New, now: SystemTime) -> Result<Secret, CommandError> {
    let secret = Secret::random().map_err(|error| store_error(error.into()))?;
    let expires = new.expires.map(|lifetime| seconds(now).saturating_add(lifetime.as_secs()));
    let mut scopes = new.scope;
    scopes.sort_unstable();
    scopes.dedup();
    let quota = Quota {
        sessions: new.quota_sessions,
        handlers: new.quota_handlers,
        mib: new.quota_mib,
        uploads_a_minute: new.uploads_a_minute,
        upload_mib_an_hour: new.upload_mib_an_hour,
        compile_s_an_hour: new.compile_s_an_hour,
    };
    let token = Token { name: new.name, hash: secret.hash(), scopes, made: seconds(now), expires, quota };
    store.change(|tokens| tokens.add(token)).map_err(store_error)?;
    Ok(secret)
}

/// Prints the tokens.
fn list(store: &TokenStore, as_json: bool, now: SystemTime) -> Result<(), CommandError> {
    let stored = store.read().map_err(store_error)?.unwrap_or_default();
    if as_json {
        let tokens: Vec<_> = stored.tokens.iter().map(|token| json(token, now)).collect();
        println!("{}", json!({ "tokens": tokens }));
        return Ok(());
    }
    for token in &stored.tokens {
        let scopes = token.scopes.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let expires = match token.expires {
            Some(_) if token.is_expired(now) => "expired".to_owned(),
            Some(at) => format!("expires {}", date(at)),
            None => "never expires".to_owned(),
        };
        println!("{:<24} {scopes:<28} {expires}", token.name);
    }
    Ok(())
}

/// Returns what is known of a token, without its secret.
fn json(token: &Token, now: SystemTime) -> serde_json::Value {
    json!({
        "name": token.name,
        "scopes": token.scopes,
        "made": date(token.made),
        "expires": token.expires.map(date),
        "expired": token.is_expired(now),
        "quota": token.quota,
    })
}

/// Formats seconds since 1970.
fn date(at: u64) -> String {
    // The end of the year 9999, the last that the format can express.
    let latest = 253_402_300_799;
    humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + Duration::from_secs(at.min(latest))).to_string()
}

/// Creates an entry of the audit log.
fn entry(action: Action, name: String) -> Entry {
    Entry {
        principal: "command line".to_owned(),
        address: None,
        action,
        name,
        version: None,
        digest: None,
        outcome: Outcome::Done,
        status: None,
    }
}

/// Converts an error of the token store.
fn store_error(error: Error) -> CommandError {
    let code = match error {
        Error::Name | Error::Nothing | Error::Taken(_) | Error::Unknown(_) => Code::Usage,
        _ => Code::Failed,
    };
    CommandError::new(code, error.to_string())
}
