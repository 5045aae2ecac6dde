//! One attempt to fetch a file from an address.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use reqwest::Url;
use reqwest::redirect::Policy;
use tempfile::{NamedTempFile, TempPath};
use tokio::io::AsyncWriteExt;

/// Bounds on fetching.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Folder of temporary files.
    pub folder: PathBuf,
    /// Largest file, bytes.
    pub bytes: u64,
    /// Longest time for the whole file.
    pub time: Duration,
    /// Longest time without a byte.
    pub silence: Duration,
    /// Most redirects.
    pub redirects: usize,
    /// Time until the attempt after the first failure; doubles up to [`Limits::longest_pause`].
    pub pause: Duration,
    /// Longest time between attempts.
    pub longest_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            folder: std::env::temp_dir(),
            bytes: 512 << 20,
            time: Duration::from_secs(15 * 60),
            silence: Duration::from_secs(20),
            redirects: 5,
            pause: Duration::from_secs(2),
            longest_pause: Duration::from_secs(5 * 60),
        }
    }
}

/// Fetches `url` into a temporary file, which is deleted when the path is dropped.
///
/// # Errors
/// A text for the log.
pub(super) async fn fetch(url: Url, limits: &Limits) -> anyhow::Result<(TempPath, u64)> {
    let client = reqwest::Client::builder()
        .redirect(Policy::limited(limits.redirects))
        .connect_timeout(limits.silence)
        .read_timeout(limits.silence)
        .timeout(limits.time)
        .user_agent(concat!("framebox/", env!("CARGO_PKG_VERSION")))
        .build()
        .context("the HTTP client cannot be set up")?;
    let mut response = client.get(url).send().await.map_err(reqwest::Error::without_url).context("no answer")?;
    let status = response.status();
    ensure!(status == reqwest::StatusCode::OK, "the answer is {status}");
    let max = limits.bytes;
    if response.content_length().is_some_and(|length| length > max) {
        bail!("it is larger than the {max} bytes that are allowed");
    }
    let (file, path) = NamedTempFile::new_in(&limits.folder).context("no temporary file can be created")?.into_parts();
    let mut file = tokio::fs::File::from_std(file);
    let mut length = 0;
    while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url).context("it broke off")? {
        length += chunk.len() as u64;
        ensure!(length <= max, "it is larger than the {max} bytes that are allowed");
        file.write_all(&chunk).await.context("the temporary file cannot be written")?;
    }
    file.flush().await.context("the temporary file cannot be written")?;
    Ok((path, length))
}
