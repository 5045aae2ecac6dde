//! `framebox handlers`: lists and manages the handlers of a running server and their versions.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Client, Server, printable};
use super::exit::{Code, CommandError};

/// The arguments of `framebox handlers`.
#[derive(Debug, Args)]
#[command(after_help = super::exit::HELP)]
pub struct Handlers {
    /// The subcommand.
    #[command(subcommand)]
    pub command: HandlersCommand,
}

/// The subcommands of `framebox handlers`.
#[derive(Debug, Subcommand)]
pub enum HandlersCommand {
    /// Lists the handlers.
    List {
        /// Server and token.
        #[command(flatten)]
        server: Server,
    },
    /// Lists the versions of a handler.
    Versions {
        /// Name of the handler.
        name: String,
        /// Server and token.
        #[command(flatten)]
        server: Server,
    },
    /// Activates a version.
    Promote {
        /// Name of the handler.
        name: String,
        /// Number of the version.
        version: u64,
        /// Uses the version as a canary, for this share of new sessions only (above 0 and below 1).
        #[arg(long, value_name = "SHARE")]
        canary: Option<f64>,
        /// Server and token.
        #[command(flatten)]
        server: Server,
    },
    /// Activates an older version again.
    Rollback {
        /// Name of the handler.
        name: String,
        /// Number of the version [default: the version before the active one]
        version: Option<u64>,
        /// Server and token.
        #[command(flatten)]
        server: Server,
    },
    /// Deletes a version, or a handler with all its versions.
    Delete {
        /// Name of the handler.
        name: String,
        /// Number of the version [default: the handler with all versions]
        version: Option<u64>,
        /// Waits for sessions that use the version to end, instead of refusing to delete it.
        #[arg(long)]
        drain: bool,
        /// Server and token.
        #[command(flatten)]
        server: Server,
    },
}

impl Handlers {
    /// Sends the requests and prints the response.
    ///
    /// # Errors
    /// The server cannot be reached, or it refuses a request.
    pub async fn run(self) -> Result<(), CommandError> {
        match self.command {
            HandlersCommand::List { server } => {
                let client = server.client()?;
                let response = client.send(client.request(Method::GET, &["handlers"])).await?;
                print(&server, &response, handler_lines);
            }
            HandlersCommand::Versions { name, server } => {
                let response = versions(&server.client()?, &name).await?;
                print(&server, &response, version_lines);
            }
            HandlersCommand::Promote { name, version, canary, server } => {
                let body = match canary {
                    Some(share) if share > 0.0 && share < 1.0 => {
                        json!({ "canary": { "version": version, "share": share } })
                    }
                    Some(_) => {
                        return Err(CommandError::new(Code::Usage, "--canary must be a share above 0 and below 1"));
                    }
                    None => json!({ "version": version }),
                };
                let response = promote(&server.client()?, &name, &body).await?;
                let state = if canary.is_some() { "is the canary" } else { "is active" };
                print(&server, &response, |_| vec![format!("{name}@{version} {state}")]);
            }
            HandlersCommand::Rollback { name, version, server } => {
                let client = server.client()?;
                let version = match version {
                    Some(version) => version,
                    None => previous(&versions(&client, &name).await?, &name)?,
                };
                let response = promote(&client, &name, &json!({ "version": version })).await?;
                print(&server, &response, |_| vec![format!("{name}@{version} is active")]);
            }
            HandlersCommand::Delete { name, version, drain, server } => {
                let client = server.client()?;
                let number = version.map(|version| version.to_string());
                let mut path = vec!["handlers", &name];
                path.extend(number.iter().flat_map(|number| ["versions", number.as_str()]));
                let mut request = client.request(Method::DELETE, &path);
                if drain {
                    request = request.query(&[("drain", "true")]);
                }
                let response = client.send(request).await?;
                let deleted = version.map_or(name.clone(), |version| format!("{name}@{version}"));
                print(&server, &response, |_| vec![format!("{deleted} is deleted")]);
            }
        }
        Ok(())
    }
}

async fn versions(client: &Client, name: &str) -> Result<Value, CommandError> {
    client.send(client.request(Method::GET, &["handlers", name, "versions"])).await
}

async fn promote(client: &Client, name: &str, body: &Value) -> Result<Value, CommandError> {
    client.send(client.request(Method::POST, &["handlers", name, "active"]).json(body)).await
}

/// Returns the latest version before the active one.
fn previous(versions: &Value, name: &str) -> Result<u64, CommandError> {
    let refused = |message: String| CommandError::new(Code::Refused, message);
    let active = versions["active"]
        .as_u64()
        .ok_or_else(|| refused(format!("{name} has no active version: give the number of a version")))?;
    let numbers = versions["versions"].as_array().into_iter().flatten();
    numbers
        .filter_map(|version| version["version"].as_u64())
        .filter(|version| *version < active)
        .max()
        .ok_or_else(|| refused(format!("{name} has no version before {active}, which is the active one")))
}

/// Prints the response as JSON, or as lines of text.
fn print(server: &Server, response: &Value, lines: impl FnOnce(&Value) -> Vec<String>) {
    if server.json {
        println!("{response}");
    } else {
        lines(response).iter().for_each(|line| println!("{line}"));
    }
}

fn handler_lines(response: &Value) -> Vec<String> {
    let text = |value: &Value| printable(value.as_str().unwrap_or("-"));
    let handlers = response["handlers"].as_array().into_iter().flatten();
    handlers
        .map(|handler| {
            let digest: String = text(&handler["digest"]).chars().take(19).collect();
            let (name, kind, title) = (text(&handler["name"]), text(&handler["kind"]), text(&handler["title"]));
            format!("{name:<24} {kind:<10} {digest:<20} {title}")
        })
        .collect()
}

fn version_lines(response: &Value) -> Vec<String> {
    let versions = response["versions"].as_array().into_iter().flatten();
    versions
        .map(|version| {
            let number = version["version"].as_u64().unwrap_or_default();
            let mark = if response["active"].as_u64() == Some(number) { '*' } else { ' ' };
            let digest: String = printable(version["digest"].as_str().unwrap_or("-")).chars().take(19).collect();
            let bytes = version["bytes"].as_u64().unwrap_or_default();
            let sessions = version["sessions"].as_u64().unwrap_or_default();
            format!("{mark}{number:<5} {digest:<20} {bytes:>10} bytes  {sessions} sessions")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rollback_selects_the_version_before_the_active_one() {
        let versions =
            |active: Value| json!({ "versions": [{"version": 1}, {"version": 4}, {"version": 3}], "active": active });
        assert_eq!(previous(&versions(4.into()), "x").unwrap(), 3);
        assert_eq!(previous(&versions(3.into()), "x").unwrap(), 1);
        assert_eq!(previous(&versions(1.into()), "x").unwrap_err().code, Code::Refused);
        assert_eq!(previous(&versions(Value::Null), "x").unwrap_err().code, Code::Refused);
        assert_eq!(previous(&json!("nonsense"), "x").unwrap_err().code, Code::Refused);
    }
}
