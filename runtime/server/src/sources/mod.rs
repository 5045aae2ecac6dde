//! Videos and pictures that the operator grants to handlers by name.
//!
//! **A handler sees names and pictures, never a path or an address.** What goes wrong with a file is told to the handler in
//! words about its content; what goes wrong in fetching one is only told to the log.
//!
//! | module | what it holds |
//! |---|---|
//! | `fetch` | a file from an address, within bounds |
//! | `remote` | a source that is fetched in the background, again and again until it is there |
//! | `opened` | a source as a guest reads it |

mod fetch;
mod opened;
mod remote;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use framebox_media::clip::{self, Bounds, Looping};
use framebox_sandbox::Sources;
use tempfile::{NamedTempFile, TempPath};

use crate::config;
use opened::Opened;
use remote::Remote;

pub use fetch::Limits;

/// The clip that comes with the program.
const CLIP: &[u8] = include_bytes!("../../../media/clips/clip.mp4");
const CLIP_NAME: &str = "clip";
const CLIP_HANDLERS: [&str; 2] = ["play", "play-fps"];

/// Sources that all handlers together may hold open; each may keep some tens of megabytes.
const MOST_OPEN: usize = 128;

/// Every source of the server.
pub struct Library {
    sources: BTreeMap<String, Arc<Entry>>,
    open: Arc<AtomicUsize>,
}

struct Entry {
    place: Place,
    looped: bool,
    handlers: BTreeSet<String>,
}

enum Place {
    File(PathBuf),
    /// Gone with the server.
    Temporary(TempPath),
    Remote(Remote),
}

impl Library {
    /// The built-in source and those of the configuration, which replace it when they have its name. Those with an address
    /// begin to be fetched where a tokio runtime is there to do it.
    ///
    /// # Errors
    /// When there is no place for temporary files.
    pub fn new(sources: &BTreeMap<String, config::Source>, limits: &Limits) -> anyhow::Result<Self> {
        let mut entries = BTreeMap::new();
        if !sources.contains_key(CLIP_NAME) {
            let mut file = NamedTempFile::new_in(&limits.folder).context("there is no place for temporary files")?;
            file.write_all(CLIP).context("temporary files cannot be written")?;
            let handlers = CLIP_HANDLERS.map(str::to_owned).into();
            let place = Place::Temporary(file.into_temp_path());
            entries.insert(CLIP_NAME.to_owned(), Arc::new(Entry { place, looped: true, handlers }));
        }
        for (name, source) in sources {
            let place = match (&source.file, &source.url) {
                (Some(file), _) => Place::File(file.clone()),
                (None, Some(url)) => Place::Remote(Remote::start(name, url, limits.clone())?),
                (None, None) => continue,
            };
            if let Place::File(path) = &place {
                // Not fatal: it may come later, and other handlers do not need it.
                match clip::open(path, &Bounds::default()) {
                    Ok(clip) => tracing::info!(source = name, info = ?clip.info(), "a source is there"),
                    Err(error) => {
                        tracing::warn!(source = name, path = %path.display(), %error, "a source cannot be opened")
                    }
                }
            }
            let handlers = source.handlers.iter().cloned().collect();
            entries.insert(name.clone(), Arc::new(Entry { place, looped: source.looped, handlers }));
        }
        Ok(Self { sources: entries, open: Arc::default() })
    }

    /// What is granted to a handler.
    pub fn granted(&self, handler: &str) -> Arc<dyn Sources> {
        let granted = self.sources.iter().filter(|(_, entry)| entry.handlers.contains(handler));
        let sources = granted.map(|(name, entry)| (name.clone(), entry.clone())).collect();
        Arc::new(Granted { sources, open: self.open.clone() })
    }
}

/// The sources of one session.
struct Granted {
    sources: BTreeMap<String, Arc<Entry>>,
    open: Arc<AtomicUsize>,
}

impl Sources for Granted {
    fn open(&self, name: &str) -> Result<Box<dyn framebox_sandbox::Source>, String> {
        let entry = self.sources.get(name).ok_or_else(|| self.unknown(name))?;
        let place = Held::take(&self.open).ok_or("too many sources are open on this server; try again later")?;
        let bounds = Bounds::default();
        let clip = match &entry.place {
            Place::File(path) => clip::open(path, &bounds),
            Place::Temporary(path) => clip::open(path, &bounds),
            Place::Remote(remote) => {
                clip::open(remote.file().map_err(|why| format!("the source {name} {why}"))?, &bounds)
            }
        };
        let clip = clip.map_err(|error| format!("the source {name} cannot be opened: {error}"))?;
        let clip = if entry.looped { Box::new(Looping::new(clip)) } else { clip };
        Ok(Box::new(Opened::new(name, clip, place)))
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

/// One of the places for opened sources, given back when it is dropped.
struct Held(Arc<AtomicUsize>);

impl Held {
    fn take(open: &Arc<AtomicUsize>) -> Option<Self> {
        let more = |open: usize| (open < MOST_OPEN).then_some(open + 1);
        open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Self(open.clone()))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
