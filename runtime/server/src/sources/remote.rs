//! A source that is fetched in the background, once: the file stays until the server ends.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use anyhow::Context;
use framebox_media::clip::{self, Bounds};
use reqwest::Url;
use tempfile::TempPath;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::fetch::{Limits, fetch};

/// A source at an address. Dropping it stops the fetching.
pub(super) struct Remote {
    file: Arc<OnceLock<TempPath>>,
    task: AbortHandle,
}

impl Remote {
    /// Starts to fetch.
    ///
    /// # Errors
    /// When there is no tokio runtime, or `url` is not a URL.
    pub(super) fn start(name: &str, url: &str, limits: Limits) -> anyhow::Result<Self> {
        let runtime = Handle::try_current().context("sources with an address need a running server")?;
        let url: Url = url.parse().with_context(|| format!("the address of the source {name} is wrong"))?;
        let file = Arc::new(OnceLock::new());
        let task = runtime.spawn(keep_trying(name.to_owned(), url, limits, file.clone())).abort_handle();
        Ok(Self { file, task })
    }

    /// Returns the file.
    ///
    /// # Errors
    /// A text for the guest, to follow the source's name.
    pub(super) fn file(&self) -> Result<&TempPath, &'static str> {
        self.file.get().ok_or("is being fetched; try again later")
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Fetches until it succeeds. Logs every outcome.
async fn keep_trying(source: String, url: Url, limits: Limits, fetched: Arc<OnceLock<TempPath>>) {
    // User information and query may be secret.
    let address = format!("{}://{}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path());
    let mut pause = limits.pause;
    loop {
        let begin = Instant::now();
        tracing::info!(source, address, "fetching a source");
        match fetch(url.clone(), &limits).await {
            Ok((file, bytes)) => {
                tracing::info!(source, bytes, ms = begin.elapsed().as_millis(), "a source was fetched");
                log_content(&source, &file).await;
                // Nothing else sets it.
                let _ = fetched.set(file);
                return;
            }
            Err(error) => {
                let seconds = pause.as_secs_f32();
                tracing::warn!(
                    source,
                    address,
                    "fetching a source failed, the next attempt is in {seconds} s: {error:#}"
                );
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(limits.longest_pause);
    }
}

/// Logs whether the fetched file can be read. Handlers get the error when they open it.
async fn log_content(source: &str, file: &TempPath) {
    let path = file.to_path_buf();
    match tokio::task::spawn_blocking(move || clip::open(&path, &Bounds::default()).map(|clip| clip.info())).await {
        Ok(Ok(info)) => tracing::info!(source, ?info, "a source is available"),
        Ok(Err(error)) => tracing::warn!(source, %error, "a source cannot be read without ffmpeg"),
        Err(error) => tracing::warn!(source, %error, "a source cannot be opened"),
    }
}
