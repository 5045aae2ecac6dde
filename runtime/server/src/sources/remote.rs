//! A source that is fetched in the background. It is fetched once: what is there stays until the server ends.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use anyhow::Context;
use framebox_media::clip::{self, Bounds};
use tempfile::TempPath;
use tokio::runtime::Handle;

use super::fetch::{Limits, fetch};

/// Where it is, once it is there. The task that fetches it gives up when nobody holds this any more.
pub(super) struct Remote {
    file: Arc<OnceLock<TempPath>>,
}

impl Remote {
    /// Begins to fetch.
    ///
    /// # Errors
    /// When there is no tokio runtime.
    pub(super) fn start(name: &str, url: &str, limits: Limits) -> anyhow::Result<Self> {
        let runtime = Handle::try_current().context("sources with an address need a running server")?;
        let file = Arc::new(OnceLock::new());
        runtime.spawn(keep_trying(name.to_owned(), url.to_owned(), limits, Arc::downgrade(&file)));
        Ok(Self { file })
    }

    /// The file.
    ///
    /// # Errors
    /// A text for the guest, which goes on after the source's name.
    pub(super) fn file(&self) -> Result<&TempPath, &'static str> {
        self.file.get().ok_or("is being fetched; try again later")
    }
}

/// Fetches until it succeeds, or nobody wants the file any more. Every outcome is told in the log.
async fn keep_trying(source: String, url: String, limits: Limits, place: Weak<OnceLock<TempPath>>) {
    let mut pause = limits.pause;
    while place.strong_count() > 0 {
        let begin = Instant::now();
        tracing::info!(source, url, "fetching a source");
        match fetch(&url, &limits).await {
            Ok((file, bytes)) => {
                tracing::info!(source, bytes, ms = begin.elapsed().as_millis(), "a source was fetched");
                warn_of(&source, &file).await;
                if let Some(place) = place.upgrade() {
                    let _ = place.set(file);
                }
                return;
            }
            Err(error) => {
                let seconds = pause.as_secs_f32();
                tracing::warn!(source, url, "a source was not fetched, the next attempt is in {seconds} s: {error:#}");
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
