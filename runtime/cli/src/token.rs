//! `framebox token`: tokens of a data directory.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::{Args, Subcommand};
use serde_json::json;

use super::exit::{Code, Failure};
use framebox_auth::audit::{Action, Audit, Entry, Outcome};
use framebox_auth::quota::Quota;
use framebox_auth::scope::Scope;
use framebox_auth::store::{Error, TokenStore};
use framebox_auth::token::{Secret, Token, seconds};
use framebox_server::config::Config;

/// `framebox token`
#[derive(Debug, Args)]
pub struct Tokens {
    /// What to do.
    #[command(subcommand)]
    pub action: What,
    /// The server's data directory.
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The server's configuration file, which names its data directory.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What `framebox token` does. A running server takes changes over at once.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Makes a token and prints it: it is shown this once.
    New(New),
    /// Lists tokens; of none is the text known.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Makes a token worthless.
    Revoke {
        /// Its name.
        name: String,
    },
}

/// `framebox token new`
#[derive(Debug, Args)]
pub struct New {
    /// How people call it.
    #[arg(long)]
    pub name: String,
    /// What it allows: upload, promote, watch, admin; several with commas, or given several times.
    #[arg(long, required = true, value_delimiter = ',')]
    pub scope: Vec<Scope>,
    /// How long it is worth something: 90s, 12h, 30d; default: for ever.
    #[arg(long, value_parser = humantime::parse_duration)]
    pub expires: Option<Duration>,
    /// Most handlers that are brought with it.
    #[arg(long, value_name = "N")]
    pub quota_handlers: Option<u32>,
    /// Most that all versions brought with it take together, MiB.
    #[arg(long, value_name = "N")]
    pub quota_mib: Option<u32>,
    /// Most uploads within any minute.
    #[arg(long, value_name = "N")]
    pub uploads_a_minute: Option<u32>,
}

impl Tokens {
    /// Does it.
    ///
    /// # Errors
    /// What cannot be done.
    pub fn run(self) -> Result<(), Failure> {
        let folder = match (self.data, self.config) {
            (Some(data), _) => Some(data),
            (None, Some(file)) => {
                let config = Config::read(&file).map_err(|error| Failure::new(Code::Failed, format!("{error:#}")))?;
                config.server.data
            }
            (None, None) => None,
        };
        let folder = folder.ok_or_else(|| {
            let text =
                "tokens are kept in the server's data directory: give --data DIR, or --config FILE that names it";
            Failure::new(Code::Usage, text)
        })?;
        let (store, audit) = (TokenStore::new(&folder), Audit::new(Some(&folder)));
        let now = SystemTime::now();
        match self.action {
            What::New(new) => {
                let name = new.name.clone();
                let secret = make(&store, new, now)?;
                audit.write(&entry(Action::TokenMade, name), now);
                println!("{}", secret.reveal());
                eprintln!("This is the only time that it is shown.");
            }
            What::List { json } => list(&store, json, now)?,
            What::Revoke { name } => {
                store.change(|tokens| tokens.revoke(&name)).map_err(refused)?;
                audit.write(&entry(Action::TokenRevoked, name), now);
            }
        }
        Ok(())
    }
}

fn make(store: &TokenStore, new: New, now: SystemTime) -> Result<Secret, Failure> {
    let secret = Secret::random().map_err(|error| refused(error.into()))?;
    let expires = new.expires.map(|lasting| seconds(now).saturating_add(lasting.as_secs()));
    let mut scopes = new.scope;
    scopes.sort_unstable();
    scopes.dedup();
    let quota = Quota { handlers: new.quota_handlers, mib: new.quota_mib, uploads_a_minute: new.uploads_a_minute };
    let token = Token { name: new.name, hash: secret.hash(), scopes, made: seconds(now), expires, quota };
    store.change(|tokens| tokens.add(token)).map_err(refused)?;
    Ok(secret)
}

fn list(store: &TokenStore, as_json: bool, now: SystemTime) -> Result<(), Failure> {
    let stored = store.read().map_err(refused)?.unwrap_or_default();
    if as_json {
        let tokens: Vec<_> = stored.tokens.iter().map(|token| json(token, now)).collect();
        println!("{}", json!({ "tokens": tokens }));
        return Ok(());
    }
    for token in &stored.tokens {
        let scopes = token.scopes.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let expires = match token.expires {
            Some(_) if token.is_expired(now) => "expired".to_owned(),
            Some(at) => format!("until {}", date(at)),
            None => "for ever".to_owned(),
        };
        println!("{:<24} {scopes:<28} {expires}", token.name);
    }
    Ok(())
}

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

fn date(at: u64) -> String {
    let latest = 253_402_300_799; // the end of the year 9999, after which there is no such text
    humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + Duration::from_secs(at.min(latest))).to_string()
}

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

fn refused(error: Error) -> Failure {
    let code = match error {
        Error::Name | Error::Nothing | Error::Taken(_) | Error::Unknown(_) => Code::Usage,
        _ => Code::Failed,
    };
    Failure::new(code, error.to_string())
}
