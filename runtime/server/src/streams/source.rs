//! Keeps a source delivering to a stream's session.

use std::fs::File;
use std::sync::Arc;

use framebox_ffmpeg::{Event, Failure, Ffmpeg, Input, Options, Supervised};
use framebox_media::clip::{self, Bounds};
use framebox_pipeline::Feed;
use framebox_worker::RunningSession;

use super::registry::Context;
use super::stream::Stream;
use crate::config::SourceInput;
use crate::sessions::ActiveSession;

/// Feeds a session from a source until it is dropped.
pub(super) struct Feeding {
    _supervised: Option<Supervised>,
}

impl Feeding {
    /// Begins to feed the session of `stream`.
    pub(super) fn start(stream: &Arc<Stream>, active: &ActiveSession, source: &SourceInput, context: &Context) -> Self {
        let none = Self { _supervised: None };
        let Some(session) = active.session() else { return none };
        let input = match source.input() {
            Ok(input) => input,
            Err(error) => {
                stream.source_delivers(Some(&error.to_string()));
                return none;
            }
        };
        match &context.ffmpeg {
            Ok(ffmpeg) => {
                Self { _supervised: Some(supervise(stream, &session, ffmpeg.clone(), input, source, context)) }
            }
            Err(failure) => {
                read_here(stream, session, input, source.looped, failure);
                none
            }
        }
    }
}

fn supervise(
    stream: &Arc<Stream>,
    session: &Arc<RunningSession>,
    ffmpeg: Ffmpeg,
    input: Input,
    source: &SourceInput,
    context: &Context,
) -> Supervised {
    let (stream, session) = (Arc::downgrade(stream), Arc::downgrade(session));
    let largest = context.answerer.defaults.largest_input();
    let options = Options::live(largest.width, largest.height).looped(source.looped);
    Supervised::start(ffmpeg, input, options, move |event| {
        let (Some(stream), Some(session)) = (stream.upgrade(), session.upgrade()) else { return };
        match event {
            Event::Started(pipe) => {
                session.feed(Feed::Pipe(pipe));
                stream.source_delivers(None);
            }
            Event::Broke { failure, .. } => stream.source_delivers(Some(&failure.to_string())),
            Event::Ended => stream.source_delivers(Some("the source has come to its end")),
        }
    })
}

/// Without ffmpeg, a file that the program reads by itself is shown; of anything else is said what is missing.
fn read_here(stream: &Arc<Stream>, session: Arc<RunningSession>, input: Input, looped: bool, missing: &Failure) {
    let (stream, missing) = (stream.clone(), missing.to_string());
    let open = move || {
        let opened = match input {
            Input::File(path) => open(&path).map_err(|error| format!("the source cannot be read: {error}; {missing}")),
            _ => Err(missing),
        };
        match opened {
            Ok(file) => {
                session.feed(Feed::File { file, looped });
                stream.source_delivers(None);
            }
            Err(error) => stream.source_delivers(Some(&error)),
        }
    };
    // It ends by itself, and nobody waits for it.
    drop(tokio::task::spawn_blocking(open));
}

fn open(path: &std::path::Path) -> Result<File, clip::Error> {
    // What is wrong with it is found here, and said.
    clip::open(path, &Bounds::default())?;
    clip::file(path)
}
