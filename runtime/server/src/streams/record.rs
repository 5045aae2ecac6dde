//! Records streams, on demand or always.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::registry::Context;
use super::stream::Stream;
use crate::recording::{Error, Recorder};

/// Seconds before a recording that had to end begins anew where a stream is always recorded.
const AGAIN: u32 = 60;

/// Records a stream until the recorder is stopped, or the stream is over.
pub(super) async fn start(context: &Context, stream: &Arc<Stream>, before: bool) -> Result<Arc<Recorder>, Error> {
    let recordings = context.recordings.clone().ok_or(Error::Unavailable)?;
    let place = stream.owner.place(&stream.name).ok_or(Error::Unavailable)?;
    let account = context.answerer.defaults.account();
    let start = move || Recorder::start(&recordings, &place, before, &account);
    let started = tokio::task::spawn_blocking(start).await;
    let recorder = Arc::new(started.map_err(std::io::Error::other)??);
    if !stream.record(&recorder) {
        recorder.stop().await;
        return Err(Error::Over);
    }
    tracing::info!(stream = stream.name, before, "a stream is recorded");
    let (stream, watched) = (stream.clone(), recorder.clone());
    context.tasks.spawn(async move {
        watched.over().await;
        tracing::info!(stream = stream.name, problem = watched.status().problem, "a recording is over");
        stream.recorded(&watched);
    });
    Ok(recorder)
}

/// Records a stream always: also when a recording had to end, such as when the disk was full. Who stops it stops it for good.
pub(super) async fn always(context: Arc<Context>, stream: Arc<Stream>) {
    loop {
        match start(&context, &stream, false).await {
            Ok(recorder) => {
                recorder.over().await;
                if recorder.status().problem.is_none() {
                    return;
                }
            }
            Err(Error::Active | Error::Over) => return,
            Err(error) => tracing::warn!(stream = stream.name, %error, "a stream that is to be recorded is not"),
        }
        for _ in 0..AGAIN {
            if stream.is_ending() {
                return;
            }
            sleep(Duration::from_secs(1)).await;
        }
    }
}
