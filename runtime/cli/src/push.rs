//! `framebox push`: uploads a component.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use clap::Args;
use futures_util::stream;
use reqwest::{Body, Method, header};
use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval};

use super::client::{Client, Server, printable};
use super::exit::{Code, Failure};
use super::progress::{Line, bar};

/// Pieces in which a component is sent, bytes.
const PIECE: usize = 64 * 1024;
/// Time between two looks at how far it is.
const LOOK: Duration = Duration::from_millis(200);
/// Largest component that is read, bytes; the server has a bound of its own.
const LARGEST: u64 = 1 << 30;

/// `framebox push`
#[derive(Debug, Args)]
#[command(after_help = super::exit::HELP)]
pub struct Push {
    /// The component.
    pub file: PathBuf,
    /// The handler of which it becomes a version.
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// Uploads only; the active version stays as it is.
    #[arg(long)]
    pub no_activate: bool,
    /// A limit that belongs to the version, as in `--limit call_ms=100`; may be given several times.
    #[arg(long = "limit", value_name = "KEY=N", value_parser = limit)]
    pub limits: Vec<(String, u64)>,
    /// The server.
    #[command(flatten)]
    pub server: Server,
}

fn limit(text: &str) -> Result<(String, u64), String> {
    let number = |(key, value): (&str, &str)| Some((key.to_owned(), value.parse().ok()?));
    text.split_once('=')
        .and_then(number)
        .ok_or_else(|| "give a key of `[limits]` and a whole number, as in call_ms=100".to_owned())
}

impl Push {
    /// Does it.
    ///
    /// # Errors
    /// Why it was not done.
    pub async fn run(self) -> Result<(), Failure> {
        let client = self.server.client()?;
        let bytes = Bytes::from(read(&self.file)?);
        let mut line = Line::new(!self.server.json);
        let answer = upload(&client, &self, bytes, &mut line).await;
        line.clear();
        let answer = answer?;
        if self.server.json {
            println!("{answer}");
        } else {
            println!("{}", said(&self.name, &answer));
        }
        Ok(())
    }
}

pub(super) fn read(file: &std::path::Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| {
        let code = if error.kind() == ErrorKind::NotFound { Code::Usage } else { Code::Failed };
        Failure::new(code, format!("cannot read {}: {error}", file.display()))
    };
    let meta = std::fs::metadata(file).map_err(failed)?;
    if !meta.is_file() || meta.len() > LARGEST {
        return Err(Failure::new(Code::Usage, format!("{} is no file of a fit size", file.display())));
    }
    std::fs::read(file).map_err(failed)
}

pub(super) async fn upload(client: &Client, push: &Push, bytes: Bytes, line: &mut Line) -> Result<Value, Failure> {
    let (id, all, sent) = (upload_id()?, bytes.len() as u64, Arc::new(AtomicU64::new(0)));
    let mut request = client
        .request(Method::PUT, &["handlers", &push.name])
        .header(header::CONTENT_TYPE, "application/wasm")
        // Known beforehand, so that a server can refuse what is too large before it is sent.
        .header(header::CONTENT_LENGTH, all)
        .header("upload-id", &id)
        .body(pieces(bytes, sent.clone()));
    request = request.query(&push.limits);
    if push.no_activate {
        request = request.query(&[("activate", "false")]);
    }
    let answer = client.send(request);
    tokio::pin!(answer);
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            answer = &mut answer => return answer,
            _ = looks.tick(), if line.is_on() => {}
        }
        let done = sent.load(Relaxed);
        if done < all {
            line.show(bar(done, all));
            continue;
        }
        // Everything has left; what the server does with it, only it knows.
        let stage = client.send(client.request(Method::GET, &["uploads", &id]));
        tokio::select! {
            answer = &mut answer => return answer,
            stage = stage => {
                let stage = stage.ok().and_then(|json| json["stage"].as_str().map(printable));
                line.show(format!("{}  {} …", bar(all, all), stage.as_deref().unwrap_or("waiting")));
            }
        }
    }
}

/// The bytes piece by piece, counted as they leave.
fn pieces(bytes: Bytes, sent: Arc<AtomicU64>) -> Body {
    Body::wrap_stream(stream::unfold((bytes, sent), |(mut rest, sent)| async move {
        if rest.is_empty() {
            return None;
        }
        let piece = rest.split_to(rest.len().min(PIECE));
        sent.fetch_add(piece.len() as u64, Relaxed);
        Some((Ok::<_, std::convert::Infallible>(piece), (rest, sent)))
    }))
}

fn upload_id() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Failure::new(Code::Failed, error.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

pub(super) fn said(name: &str, answer: &Value) -> String {
    let version = answer["version"].as_u64().unwrap_or_default();
    let digest = printable(answer["digest"].as_str().unwrap_or_default());
    let active = match answer["active"].as_bool() {
        Some(true) => "active",
        _ => "not active; `framebox handlers promote` makes it so",
    };
    format!("{name}@{version} {digest}: {active}")
}
