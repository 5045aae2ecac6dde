//! The server that runs, or one that is started to be tried.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use framebox_server::config::Config;
use reqwest::Method;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::client::{Client, Server};

/// Longest time for a server to start, which compiles the built-in handlers.
const START: Duration = Duration::from_secs(60);

/// Returns a client of the server that runs at the address of the configuration; `None` where none does.
pub async fn find(config: &Config) -> Option<Client> {
    let bind = config.server.bind;
    let ip = match bind.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    if bind.port() == 0 {
        return None;
    }
    let client = client(format!("http://{}", SocketAddr::new(ip, bind.port())), None).ok()?;
    client.send(client.request(Method::GET, &["healthz"])).await.ok()?;
    Some(client)
}

fn client(server: String, token: Option<String>) -> anyhow::Result<Client> {
    Ok(Server { server, token, json: true }.client()?)
}

/// A server that was started to be tried. Dropping it ends it.
pub struct Started {
    /// A client of it.
    pub client: Client,
    _child: Child,
}

impl Started {
    /// Starts this program as a server with `arguments`, on a port for HTTP that the system chooses.
    ///
    /// # Errors
    /// It does not start; its words are on standard error.
    pub async fn start(arguments: &[std::ffi::OsString]) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("this program has no file")?;
        let mut command = Command::new(program);
        command.arg("serve").args(arguments).args(["--bind", "127.0.0.1:0"]).env("RUST_LOG", "error");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("a server cannot be started")?;
        let out = child.stdout.take().ok_or_else(|| anyhow!("the server has no output"))?;
        let mut lines = BufReader::new(out).lines();
        let ready = async {
            while let Some(line) = lines.next_line().await? {
                let page =
                    line.strip_prefix("Framebox is ready: open ").and_then(|rest| rest.split_once(" in a browser"));
                if let Some((page, _)) = page {
                    return Ok(page.to_owned());
                }
            }
            bail!("the server did not start: see above")
        };
        let page = timeout(START, ready).await.context("the server did not start in time")??;
        let (base, token) = match page.split_once("/#access_token=") {
            Some((base, token)) => (base.to_owned(), Some(token.to_owned())),
            None => (page, None),
        };
        Ok(Self { client: client(base, token)?, _child: child })
    }
}
