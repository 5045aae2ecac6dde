//! `framebox handlers`: what a running server has, and which version is active.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Client, Server, printable};
use super::exit::{Code, Failure};

/// `framebox handlers`
#[derive(Debug, Args)]
#[command(after_help = super::exit::HELP)]
pub struct Handlers {
    /// What to do.
    #[command(subcommand)]
    pub action: What,
}

/// What `framebox handlers` does.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Lists the handlers.
    List {
        /// The server.
        #[command(flatten)]
        server: Server,
    },
    /// Lists the versions of a handler.
    Versions {
        /// The handler.
        name: String,
        /// The server.
        #[command(flatten)]
        server: Server,
    },
    /// Makes a version the active one.
    Promote {
        /// The handler.
        name: String,
        /// Number of the version.
        version: u64,
        /// Only for this share of fresh sessions, above 0 and below 1; the others keep the active one.
        #[arg(long, value_name = "SHARE")]
        canary: Option<f64>,
        /// The server.
        #[command(flatten)]
        server: Server,
    },
    /// Makes an older version the active one again.
    Rollback {
        /// The handler.
        name: String,
        /// Number of the version; default: the one before the active one.
        version: Option<u64>,
        /// The server.
        #[command(flatten)]
        server: Server,
    },
    /// Deletes a version, or the handler with all of them.
    Delete {
        /// The handler.
        name: String,
        /// Number of the version; default: all.
        version: Option<u64>,
        /// Lets the sessions that use it end first, rather than being refused.
        #[arg(long)]
        drain: bool,
        /// The server.
        #[command(flatten)]
        server: Server,
    },
}

impl Handlers {
    /// Does it.
    ///
    /// # Errors
    /// Why it was not done.
    pub async fn run(self) -> Result<(), Failure> {
        match self.action {
            What::List { server } => {
                let client = server.client()?;
                let answer = client.send(client.request(Method::GET, &["handlers"])).await?;
                print(&server, &answer, handler_lines);
            }
            What::Versions { name, server } => {
                let answer = versions(&server.client()?, &name).await?;
                print(&server, &answer, version_lines);
            }
            What::Promote { name, version, canary, server } => {
                let body = match canary {
                    Some(share) if share > 0.0 && share < 1.0 => {
                        json!({ "canary": { "version": version, "share": share } })
                    }
                    Some(_) => return Err(Failure::new(Code::Usage, "--canary takes a share above 0 and below 1")),
                    None => json!({ "version": version }),
                };
                let answer = promote(&server.client()?, &name, &body).await?;
                let verb = if canary.is_some() { "is tried" } else { "is active" };
                print(&server, &answer, |_| vec![format!("{name}@{version} {verb}")]);
            }
            What::Rollback { name, version, server } => {
                let client = server.client()?;
                let version = match version {
                    Some(version) => version,
                    None => before(&versions(&client, &name).await?, &name)?,
                };
                let answer = promote(&client, &name, &json!({ "version": version })).await?;
                print(&server, &answer, |_| vec![format!("{name}@{version} is active")]);
            }
            What::Delete { name, version, drain, server } => {
                let client = server.client()?;
                let number = version.map(|version| version.to_string());
                let mut path = vec!["handlers", &name];
                path.extend(number.iter().flat_map(|number| ["versions", number.as_str()]));
                let mut request = client.request(Method::DELETE, &path);
                if drain {
                    request = request.query(&[("drain", "true")]);
                }
                let answer = client.send(request).await?;
                let what = version.map_or(name.clone(), |version| format!("{name}@{version}"));
                print(&server, &answer, |_| vec![format!("{what} is deleted")]);
            }
        }
        Ok(())
    }
}

async fn versions(client: &Client, name: &str) -> Result<Value, Failure> {
    client.send(client.request(Method::GET, &["handlers", name, "versions"])).await
}

async fn promote(client: &Client, name: &str, body: &Value) -> Result<Value, Failure> {
    client.send(client.request(Method::POST, &["handlers", name, "active"]).json(body)).await
}

/// The latest version before the active one.
fn before(versions: &Value, name: &str) -> Result<u64, Failure> {
    let none = |text: String| Failure::new(Code::Refused, text);
    let active = versions["active"].as_u64().ok_or_else(|| none(format!("no version of {name} is active")))?;
    let numbers = versions["versions"].as_array().into_iter().flatten();
    numbers
        .filter_map(|version| version["version"].as_u64())
        .filter(|version| *version < active)
        .max()
        .ok_or_else(|| none(format!("there is no version of {name} before {active}")))
}

/// One line of JSON, or what people read.
fn print(server: &Server, answer: &Value, lines: impl FnOnce(&Value) -> Vec<String>) {
    if server.json {
        println!("{answer}");
    } else {
        lines(answer).iter().for_each(|line| println!("{line}"));
    }
}

fn handler_lines(answer: &Value) -> Vec<String> {
    let text = |value: &Value| printable(value.as_str().unwrap_or("-"));
    let handlers = answer["handlers"].as_array().into_iter().flatten();
    handlers
        .map(|handler| {
            let digest: String = text(&handler["digest"]).chars().take(19).collect();
            let (name, kind, title) = (text(&handler["name"]), text(&handler["kind"]), text(&handler["title"]));
            format!("{name:<24} {kind:<10} {digest:<20} {title}")
        })
        .collect()
}

fn version_lines(answer: &Value) -> Vec<String> {
    let versions = answer["versions"].as_array().into_iter().flatten();
    versions
        .map(|version| {
            let number = version["version"].as_u64().unwrap_or_default();
            let mark = if answer["active"].as_u64() == Some(number) { '*' } else { ' ' };
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
    fn rolling_back_goes_to_the_version_before() {
        let versions =
            |active: Value| json!({ "versions": [{"version": 1}, {"version": 4}, {"version": 3}], "active": active });
        assert_eq!(before(&versions(4.into()), "x").unwrap(), 3);
        assert_eq!(before(&versions(3.into()), "x").unwrap(), 1);
        assert_eq!(before(&versions(1.into()), "x").unwrap_err().code, Code::Refused);
        assert_eq!(before(&versions(Value::Null), "x").unwrap_err().code, Code::Refused);
        assert_eq!(before(&json!("nonsense"), "x").unwrap_err().code, Code::Refused);
    }
}
