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
use super::exit::{Code, CommandError};
use super::progress::{Line, bar};

/// Size of the chunks of an upload, bytes.
const CHUNK: usize = 64 * 1024;
/// Time between two updates of the progress line.
const UPDATE_INTERVAL: Duration = Duration::from_millis(200);
/// Largest file that is read, bytes. The server has a limit of its own.
const MAX_BYTES: u64 = 1 << 30;

/// The arguments of `framebox push`.
#[derive(Debug, Args)]
#[command(after_help = super::exit::HELP)]
pub struct Push {
    /// Component to upload (.wasm).
    pub file: PathBuf,
    /// Name of the handler; it is created if it does not exist.
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// Does not activate the version.
    #[arg(long)]
    pub no_activate: bool,
    /// Requests a limit for the version, as in `--limit call_ms=100`; can be repeated.
    #[arg(long = "limit", value_name = "KEY=N", value_parser = limit)]
    pub limits: Vec<(String, u64)>,
    /// Server and token.
    #[command(flatten)]
    pub server: Server,
}

/// Parses `KEY=N`.
fn limit(text: &str) -> Result<(String, u64), String> {
    let number = |(key, value): (&str, &str)| Some((key.to_owned(), value.parse().ok()?));
    text.split_once('=')
        .and_then(number)
        .ok_or_else(|| "expected a key of `[limits]` and a whole number, as in --limit call_ms=100".to_owned())
}

impl Push {
    /// Uploads the component and prints the new version.
    ///
    /// # Errors
    /// The file cannot be read, or the upload failed.
    pub async fn run(self) -> Result<(), CommandError> {
        let client = self.server.client()?;
        let bytes = Bytes::from(read(&self.file)?);
        let mut line = Line::new(!self.server.json);
        let result = upload(&client, &self, bytes, &mut line).await;
        line.clear();
        let response = result?;
        if self.server.json {
            println!("{response}");
        } else {
            println!("{}", summary(&self.name, &response));
        }
        Ok(())
    }
}

/// Reads a component.
pub(super) fn read(file: &std::path::Path) -> Result<Vec<u8>, CommandError> {
    let failed = |error: std::io::Error| {
        let code = if error.kind() == ErrorKind::NotFound { Code::Usage } else { Code::Failed };
        CommandError::new(code, format!("cannot read {}: {error}", file.display()))
    };
    let meta = std::fs::metadata(file).map_err(failed)?;
    if !meta.is_file() {
        let message = format!("{} is not a regular file: give the path of a component (.wasm)", file.display());
        return Err(CommandError::new(Code::Usage, message));
    }
    if meta.len() > MAX_BYTES {
        let message = format!("{} is too large to be a component: it has {} bytes", file.display(), meta.len());
        return Err(CommandError::new(Code::Usage, message));
    }
    std::fs::read(file).map_err(failed)
}

/// Uploads a component and shows the progress; returns the response of the server.
pub(super) async fn upload(client: &Client, push: &Push, bytes: Bytes, line: &mut Line) -> Result<Value, CommandError> {
    let (id, total, sent) = (upload_id()?, bytes.len() as u64, Arc::new(AtomicU64::new(0)));
    let mut request = client
        .request(Method::PUT, &["handlers", &push.name])
        .header(header::CONTENT_TYPE, "application/wasm")
        // Lets the server refuse a body that is too large before it is sent.
        .header(header::CONTENT_LENGTH, total)
        .header("upload-id", &id)
        .body(chunks(bytes, sent.clone()));
    request = request.query(&push.limits);
    if push.no_activate {
        request = request.query(&[("activate", "false")]);
    }
    let response = client.send(request);
    tokio::pin!(response);
    let mut updates = interval(UPDATE_INTERVAL);
    updates.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            response = &mut response => return response,
            _ = updates.tick(), if line.is_on() => {}
        }
        let done = sent.load(Relaxed);
        if done < total {
            line.show(bar(done, total));
            continue;
        }
        // Everything is sent; the server reports what it does with the component.
        let stage = client.send(client.request(Method::GET, &["uploads", &id]));
        tokio::select! {
            response = &mut response => return response,
            stage = stage => {
                let json = stage.unwrap_or_default();
                let stage = json["stage"].as_str().map_or_else(|| "waiting".to_owned(), printable);
                let place = json["place"].as_u64().map_or_else(String::new, |place| format!(", place {place}"));
                line.show(format!("{}  {stage}{place} …", bar(total, total)));
            }
        }
    }
}

/// Returns a body that sends the bytes in chunks and counts them.
fn chunks(bytes: Bytes, sent: Arc<AtomicU64>) -> Body {
    Body::wrap_stream(stream::unfold((bytes, sent), |(mut rest, sent)| async move {
        if rest.is_empty() {
            return None;
        }
        let chunk = rest.split_to(rest.len().min(CHUNK));
        sent.fetch_add(chunk.len() as u64, Relaxed);
        Some((Ok::<_, std::convert::Infallible>(chunk), (rest, sent)))
    }))
}

fn upload_id() -> Result<String, CommandError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| CommandError::new(Code::Failed, format!("cannot create a random upload id: {error}")))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Formats the response to an upload.
pub(super) fn summary(name: &str, response: &Value) -> String {
    let version = response["version"].as_u64().unwrap_or_default();
    let digest = printable(response["digest"].as_str().unwrap_or_default());
    let active = match response["active"].as_bool() {
        Some(true) => "active",
        _ => "not active; activate it with `framebox handlers promote`",
    };
    format!("{name}@{version} {digest}: {active}")
}
