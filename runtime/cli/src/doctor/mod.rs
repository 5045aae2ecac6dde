//! `framebox doctor`: tries what a session needs, and says what to do about what does not work.
//!
//! | module | what it tries |
//! |---|---|
//! | `machine` | data directory, ports, codecs, isolation |
//! | `addresses` | public addresses |
//! | `ice_server` | STUN and TURN servers |
//! | `session` | a whole session with a server |
//! | `server` | the server that runs, or one that is started for it |
//! | `report` | what was found |

mod addresses;
mod ice_server;
mod machine;
mod report;
mod server;
mod session;

use std::net::IpAddr;
use std::time::SystemTime;

use clap::Args;
use framebox_auth::PrincipalKey;
use framebox_server::config::Config;
use framebox_server::config::ice_url::{IceUrl, split_login};
use framebox_server::ice_servers::IceServers;
use tokio::task::spawn_blocking;

use crate::exit::{Code, CommandError};
use crate::serve::Serve;
use report::Report;

/// The arguments of `framebox doctor`: those with which the server is run.
#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    serve: Serve,
}

/// A STUN or TURN server of the configuration.
struct IceServer {
    url: String,
    login: Option<(String, String)>,
}

impl Doctor {
    /// Tries everything, and prints what is found.
    ///
    /// # Errors
    /// Something does not work.
    pub async fn run(self) -> Result<(), CommandError> {
        let mut report = Report::default();
        let file = self.serve.config.clone();
        let arguments = self.serve.arguments();
        let config = match self.serve.config() {
            Ok(config) => config,
            Err(error) => {
                report.broken("configuration", format!("{error:#}"));
                return finish(&report);
            }
        };
        report.ok("configuration", file.map_or("the defaults".to_owned(), |file| file.display().to_string()));
        let running = server::find(&config).await;
        machine::data_directory(&mut report, &config, running.is_some());
        machine::ports(&mut report, &config, running.is_some());
        machine::codecs(&mut report);
        machine::isolation(&mut report, &config).await;
        let seen = try_ice_servers(&mut report, &config).await;
        public_addresses(&mut report, &config, &seen);
        let tried = match running {
            Some(client) => session::run(&client, &config.webrtc.addresses).await.map(|()| "with the server that runs"),
            None => match server::Started::start(&arguments).await {
                Ok(started) => session::run(&started.client, &config.webrtc.addresses)
                    .await
                    .map(|()| "with a server that was started for it"),
                Err(error) => Err(error),
            },
        };
        match tried {
            Ok(how) => report.ok("session", format!("video arrives, {how}")),
            Err(error) => report.broken("session", format!("{error:#}")),
        }
        finish(&report)
    }
}

fn finish(report: &Report) -> Result<(), CommandError> {
    match report.broken_count() {
        0 => Ok(()),
        1 => Err(CommandError::new(Code::Failed, "one thing does not work: see above")),
        n => Err(CommandError::new(Code::Failed, format!("{n} things do not work: see above"))),
    }
}

/// Tries every STUN and TURN server; returns the addresses at which they see this machine.
async fn try_ice_servers(report: &mut Report, config: &Config) -> Vec<IpAddr> {
    let own = config.webrtc.ice_servers.iter().map(|url| match split_login(url) {
        Some((url, user, password)) => IceServer { url, login: Some((user.to_owned(), password.to_owned())) },
        None => IceServer { url: url.clone(), login: None },
    });
    let clients = IceServers::new(&config.webrtc).of_client(SystemTime::now(), &PrincipalKey::Operator);
    let clients = clients.into_iter().flat_map(|server| {
        let login = server.username.zip(server.credential);
        server.urls.into_iter().map(move |url| IceServer { url, login: login.clone() })
    });
    let servers: Vec<_> = own.chain(clients).collect();
    if servers.is_empty() {
        report.advice(
            "STUN and TURN",
            "none configured: clients whose firewall lets only HTTPS through cannot connect \
             (webrtc.client_ice_servers)",
        );
    }
    let mut seen = Vec::new();
    for IceServer { url, login } in servers {
        let name = url.clone();
        let tried = spawn_blocking(move || {
            let url = IceUrl::parse(&url).map_err(anyhow::Error::msg)?;
            let login = login.as_ref().map(|(user, password)| (user.as_str(), password.as_str()));
            ice_server::try_server(&url, login)
        });
        match tried.await.map_err(anyhow::Error::from).flatten() {
            Ok(found) => {
                let address = found.seen.map_or_else(String::new, |seen| format!(", and sees this machine at {seen}"));
                let relay = found.relayed.map_or_else(String::new, |relayed| format!(", relays at {relayed}"));
                report.ok(&name, format!("it answers{relay}{address}"));
                seen.extend(found.seen);
            }
            Err(error) => report.broken(&name, format!("{error:#}")),
        }
    }
    seen
}

fn public_addresses(report: &mut Report, config: &Config, seen: &[IpAddr]) {
    let interfaces = rtc::shared::ifaces::ifaces().unwrap_or_default();
    let local: Vec<IpAddr> = interfaces.iter().filter_map(|interface| Some(interface.addr?.ip())).collect();
    for public in &config.webrtc.public_addresses {
        let (outcome, words) = addresses::judge(*public, &local, seen);
        report.add(outcome, &format!("public address {public}"), words);
    }
    if config.webrtc.public_addresses.is_empty()
        && let Some(words) = addresses::missing(&local, seen)
    {
        report.advice("public address", words);
    }
}
