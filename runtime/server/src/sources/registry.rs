//! Every source of the server, and who may open it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use framebox_media::clip::{self, Bounds};
use framebox_worker::sources::{GrantedFile, Grants};
use tempfile::{NamedTempFile, TempPath};

use super::fetch::Limits;
use super::open_permit::OpenCount;
use super::remote::Remote;
use crate::config;

/// The clip that comes with the program.
const CLIP: &[u8] = include_bytes!("../../../media/clips/clip.mp4");
const CLIP_NAME: &str = "clip";
const CLIP_HANDLERS: [&str; 2] = ["play", "play-fps"];

/// Every source of the server. Clones share them.
#[derive(Clone)]
pub struct SourceRegistry {
    sources: BTreeMap<String, Arc<Entry>>,
    open: OpenCount,
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
    /// Registers the built-in source and those of the configuration, which may replace it by its name. Sources with an
    /// address are fetched in the background, which takes a tokio runtime.
    ///
    /// # Errors
    /// When temporary files cannot be written, or there is no runtime.
    pub fn new(sources: &BTreeMap<String, config::Source>, limits: &Limits) -> anyhow::Result<Self> {
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
                    Err(error) => {
                        tracing::warn!(source = name, path = %path.display(), %error, "a source cannot be opened")
                    }
                }
            }
            let handlers = source.handlers.iter().cloned().collect();
            entries.insert(name.clone(), Arc::new(Entry { location, looped: source.looped, handlers }));
        }
        Ok(Self { sources: entries, open: OpenCount::default() })
    }

    /// Returns the sources that `handler` may open.
    pub fn granted(&self, handler: &str) -> Arc<dyn Grants> {
        let granted = self.sources.iter().filter(|(_, entry)| entry.handlers.contains(handler));
        let sources = granted.map(|(name, entry)| (name.clone(), entry.clone())).collect();
        Arc::new(Granted { sources, open: self.open.clone() })
    }
}

/// The sources of one session.
struct Granted {
    sources: BTreeMap<String, Arc<Entry>>,
    open: OpenCount,
}

impl Grants for Granted {
    fn open(&self, name: &str) -> Result<GrantedFile, String> {
        let entry = self.sources.get(name).ok_or_else(|| self.unknown(name))?;
        let permit = self.open.acquire().ok_or("too many sources are open on this server; try again later")?;
        let path: &Path = match &entry.location {
            Location::File(path) => path,
            Location::Temporary(path) => path,
            Location::Remote(remote) => remote.file().map_err(|why| format!("the source {name} {why}"))?,
        };
        let file = clip::file(path).map_err(|error| format!("the source {name} cannot be opened: {error}"))?;
        Ok(GrantedFile { file, looped: entry.looped, permit: Box::new(permit) })
    }
}

impl Granted {
    fn unknown(&self, name: &str) -> String {
        let name: String = name.chars().take(64).collect();
        if self.sources.is_empty() {
            return format!("no source {name:?} was granted to this handler, nor any other");
        }
        let names = self.sources.keys().map(String::as_str).collect::<Vec<_>>();
        format!("no source {name:?} was granted to this handler; granted are: {}", names.join(", "))
    }
}
