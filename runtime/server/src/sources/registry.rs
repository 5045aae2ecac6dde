//! Every source of the server, and who may open it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use framebox_ffmpeg::{Failure, Ffmpeg, Input, Options, Running};
use framebox_media::clip::{self, Bounds, Decoded};
use framebox_picture::Size;
use framebox_worker::sources::{GrantedFile, Grants};
use tempfile::{NamedTempFile, TempPath};

use super::fetch::Limits;
use super::open_permit::{MAX_DECODED, MAX_OPEN, OpenCount};
use super::remote::Remote;
use crate::config;

/// The clip that comes with the program.
const CLIP: &[u8] = include_bytes!("../../../media/clips/clip.mp4");
const CLIP_NAME: &str = "clip";
const CLIP_HANDLERS: [&str; 2] = ["play", "play-fps"];

/// Largest pictures of what ffmpeg decodes: larger ones are made smaller.
const DECODED: Size = Size::new(3840, 2160);
/// Longest time for its first picture.
const DECODING: Duration = Duration::from_secs(10);
const TOO_MANY: &str = "too many sources are open on this server; try again later";

/// Every source of the server. Clones share them.
#[derive(Clone)]
pub struct SourceRegistry {
    sources: BTreeMap<String, Arc<Entry>>,
    reading: Reading,
}

/// What all sources share.
#[derive(Clone)]
struct Reading {
    /// Reads what cannot be read here, or why it does not.
    ffmpeg: Result<Ffmpeg, Failure>,
    open: OpenCount,
    decoded: OpenCount,
}

struct Entry {
    location: Location,
    looped: bool,
    handlers: BTreeSet<String>,
}

enum Location {
    File(PathBuf),
    /// Deleted on drop.
    Temporary(TempPath),
    Remote(Remote),
}

impl SourceRegistry {
    /// Registers the built-in source and those of the configuration, which may replace it by its name. What cannot be read here is
    /// read by `ffmpeg`. Sources with an address are fetched in the background, which takes a tokio runtime.
    ///
    /// # Errors
    /// When temporary files cannot be written, or there is no runtime.
    pub fn new(
        sources: &BTreeMap<String, config::Source>,
        limits: &Limits,
        ffmpeg: Result<Ffmpeg, Failure>,
    ) -> anyhow::Result<Self> {
        let mut entries = BTreeMap::new();
        if !sources.contains_key(CLIP_NAME) {
            let mut file = NamedTempFile::new_in(&limits.folder).context("no temporary file can be created")?;
            file.write_all(CLIP).context("temporary files cannot be written")?;
            let handlers = CLIP_HANDLERS.map(str::to_owned).into();
            let location = Location::Temporary(file.into_temp_path());
            entries.insert(CLIP_NAME.to_owned(), Arc::new(Entry { location, looped: true, handlers }));
        }
        for (name, source) in sources {
            let location = match (&source.file, &source.url) {
                (Some(file), _) => Location::File(file.clone()),
                (None, Some(url)) => Location::Remote(Remote::start(name, url, limits.clone())?),
                (None, None) => continue,
            };
            if let Location::File(path) = &location {
                // Not fatal: the file may appear later, and other handlers do not need it.
                match clip::open(path, &Bounds::default()) {
                    Ok(clip) => tracing::info!(source = name, info = ?clip.info(), "a source is available"),
                    Err(error) if ffmpeg.is_ok() && error.is_of_content() => {
                        tracing::info!(source = name, path = %path.display(), %error, "a source is left to ffmpeg")
                    }
                    Err(error) => {
                        tracing::warn!(source = name, path = %path.display(), %error, "a source cannot be opened")
                    }
                }
            }
            let handlers = source.handlers.iter().cloned().collect();
            entries.insert(name.clone(), Arc::new(Entry { location, looped: source.looped, handlers }));
        }
        let reading = Reading { ffmpeg, open: OpenCount::default(), decoded: OpenCount::default() };
        Ok(Self { sources: entries, reading })
    }

    /// Returns the sources that `handler` may open.
    pub fn granted(&self, handler: &str) -> Arc<dyn Grants> {
        let granted = self.sources.iter().filter(|(_, entry)| entry.handlers.contains(handler));
        let sources = granted.map(|(name, entry)| (name.clone(), entry.clone())).collect();
        Arc::new(Granted { sources, reading: self.reading.clone() })
    }
}

/// The sources of one session.
struct Granted {
    sources: BTreeMap<String, Arc<Entry>>,
    reading: Reading,
}

impl Grants for Granted {
    fn open(&self, name: &str) -> Result<GrantedFile, String> {
        let permit = self.reading.open.acquire(MAX_OPEN).ok_or(TOO_MANY)?;
        let (file, looped) = self.file(name)?;
        Ok(GrantedFile { file, looped, permit: Box::new(permit) })
    }

    fn decode(&self, name: &str) -> Result<Decoded, String> {
        let ffmpeg = self.reading.ffmpeg.as_ref().map_err(Failure::to_string)?;
        let permits = (self.reading.open.acquire(MAX_OPEN), self.reading.decoded.acquire(MAX_DECODED));
        let (Some(open), Some(decoded)) = permits else { return Err(TOO_MANY.into()) };
        let (file, looped) = self.file(name)?;
        let options = Options::on_demand(DECODED.width, DECODED.height).looped(looped);
        let mut running = ffmpeg.start(&Input::Open(file.into()), &options).map_err(|error| error.to_string())?;
        running.wait(DECODING).map_err(|failure| failure.to_string())?;
        let Running { output, run } = running;
        Ok(Decoded { pipe: output, permit: Box::new((open, decoded, run)) })
    }
}

impl Granted {
    /// The file of a source, and whether it starts over at its end.
    fn file(&self, name: &str) -> Result<(File, bool), String> {
        let entry = self.sources.get(name).ok_or_else(|| self.unknown(name))?;
        let path: &Path = match &entry.location {
            Location::File(path) => path,
            Location::Temporary(path) => path,
            Location::Remote(remote) => remote.file().map_err(|why| format!("the source {name} {why}"))?,
        };
        let file = clip::file(path).map_err(|error| format!("the source {name} cannot be opened: {error}"))?;
        Ok((file, entry.looped))
    }

    fn unknown(&self, name: &str) -> String {
        let name: String = name.chars().take(64).collect();
        if self.sources.is_empty() {
            return format!("no source {name:?} was granted to this handler, nor any other");
        }
        let names = self.sources.keys().map(String::as_str).collect::<Vec<_>>();
        format!("no source {name:?} was granted to this handler; granted are: {}", names.join(", "))
    }
}
