//! A source that is fetched in the background. It is fetched once: what is there stays until the server ends.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use anyhow::Context;
use framebox_media::clip::{self, Bounds};
use reqwest::Url;
use tempfile::TempPath;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::fetch::{Limits, fetch};

/// Where it is, once it is there. Fetching ends with it.
pub(super) struct Remote {
    file: Arc<OnceLock<TempPath>>,
    task: AbortHandle,
}

impl Remote {
    /// Begins to fetch.
    ///
    /// # Errors
    /// When there is no tokio runtime, or `url` is none.
    pub(super) fn start(name: &str, url: &str, limits: Limits) -> anyhow::Result<Self> {
        let runtime = Handle::try_current().context("sources with an address need a running server")?;
        let url: Url = url.parse().with_context(|| format!("the address of the source {name} is wrong"))?;
        let file = Arc::new(OnceLock::new());
        let task = runtime.spawn(keep_trying(name.to_owned(), url, limits, file.clone())).abort_handle();
        Ok(Self { file, task })
    }

    /// The file.
    ///
    /// # Errors
    /// A text for the guest, which goes on after the source's name.
    pub(super) fn file(&self) -> Result<&TempPath, &'static str> {
        self.file.get().ok_or("is being fetched; try again later")
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Fetches until it succeeds. Every outcome is told in the log.
async fn keep_trying(source: String, url: Url, limits: Limits, place: Arc<OnceLock<TempPath>>) {
    // What is before and after may be a secret.
    let address = format!("{}://{}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path());
    let mut pause = limits.pause;
    loop {
        let begin = Instant::now();
        tracing::info!(source, address, "fetching a source");
        match fetch(url.clone(), &limits).await {
            Ok((file, bytes)) => {
                tracing::info!(source, bytes, ms = begin.elapsed().as_millis(), "a source was fetched");
                warn_of(&source, &file).await;
                // Nobody else sets it.
                let _ = place.set(file);
                return;
            }
            Err(error) => {
                let seconds = pause.as_secs_f32();
                tracing::warn!(
                    source,
                    address,
                    "a source was not fetched, the next attempt is in {seconds} s: {error:#}"
                );
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(limits.longest_pause);
    }
}

/// Tells the log when what was fetched cannot be read. Handlers are told when they open it.
async fn warn_of(source: &str, file: &TempPath) {
    let path = file.to_path_buf();
    match tokio::task::spawn_blocking(move || clip::open(&path, &Bounds::default()).map(|clip| clip.info())).await {
        Ok(Ok(info)) => tracing::info!(source, ?info, "a source is there"),
        Ok(Err(error)) => tracing::warn!(source, %error, "a source cannot be opened"),
        Err(error) => tracing::warn!(source, %error, "a source cannot be opened"),
    }
}
