//! The videos and pictures that a handler may read. The server opens their files; they are read where the handler runs.

use std::any::Any;
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use framebox_media::clip::{self, Bounds, Clip, Decoded, Looping, Piped};
use framebox_sandbox::{Source, SourceFrame, SourceInfo, Sources};

/// The files that were granted to a handler, by name.
pub trait Grants: Send + Sync {
    /// Opens the file of the source `name`.
    ///
    /// # Errors
    /// A text for the guest if no such source was granted, or it cannot be opened.
    fn open(&self, name: &str) -> Result<GrantedFile, String>;

    /// Lets ffmpeg decode that file, from its beginning, because it cannot be read here.
    ///
    /// # Errors
    /// A text for the guest: why not.
    fn decode(&self, name: &str) -> Result<Decoded, String>;
}

/// An open file of a source.
pub struct GrantedFile {
    /// The file, open for reading.
    pub file: File,
    /// It starts over at its end. When it is [decoded](Grants::decode), too.
    pub looped: bool,
    /// Is kept for as long as the source is open.
    pub permit: Box<dyn Any + Send>,
}

/// Grants nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoGrants;

impl Grants for NoGrants {
    fn open(&self, name: &str) -> Result<GrantedFile, String> {
        Err(format!("no source {name:?} was granted to this handler"))
    }

    fn decode(&self, name: &str) -> Result<Decoded, String> {
        Err(format!("no source {name:?} was granted to this handler"))
    }
}

/// Returns sources that are read in the process that opens them.
pub fn local(grants: Arc<dyn Grants>) -> Arc<dyn Sources> {
    Arc::new(Local(grants))
}

struct Local(Arc<dyn Grants>);

impl Sources for Local {
    fn open(&self, name: &str) -> Result<Box<dyn Source>, String> {
        read(name, &self.0)
    }
}

/// Reads a granted file as a source; by ffmpeg where it cannot be read here.
///
/// # Errors
/// A text for the guest if the file is no video or picture.
pub(crate) fn read(name: &str, grants: &Arc<dyn Grants>) -> Result<Box<dyn Source>, String> {
    let GrantedFile { file, looped, mut permit } = grants.open(name)?;
    let bounds = Bounds::default();
    let clip = match clip::read(file, &bounds) {
        Ok(clip) if looped => Box::new(Looping::new(clip)),
        Ok(clip) => clip,
        Err(error) if error.is_of_content() => {
            // The file is not read here.
            permit = Box::new(());
            let (of, grants) = (name.to_owned(), grants.clone());
            let decode = Box::new(move || grants.decode(&of));
            match Piped::open(decode, &bounds) {
                Ok(clip) => Box::new(clip) as Box<dyn Clip>,
                Err(other) => return Err(format!("the source {name} cannot be opened: {error}; {other}")),
            }
        }
        Err(error) => return Err(format!("the source {name} cannot be opened: {error}")),
    };
    Ok(Box::new(Opened { name: name.to_owned(), clip, _permit: permit }))
}

/// An opened source, as a guest reads it.
struct Opened {
    name: String,
    clip: Box<dyn Clip>,
    _permit: Box<dyn Any + Send>,
}

impl Source for Opened {
    fn info(&self) -> SourceInfo {
        let info = self.clip.info();
        SourceInfo { size: info.size, fps: info.fps, duration_us: info.duration.map(micros), live: false }
    }

    fn memory(&self) -> usize {
        self.clip.memory()
    }

    fn next(&mut self) -> Result<Option<SourceFrame>, String> {
        let frame = self.clip.next().map_err(|error| format!("the source {} cannot be read: {error}", self.name))?;
        Ok(frame.map(|frame| SourceFrame { picture: frame.picture, pts_us: micros(frame.pts) }))
    }

    fn seek(&mut self, pts_us: i64) -> Result<(), String> {
        let to =
            u64::try_from(pts_us).map_err(|_| "a source begins at 0; give a time that is not negative".to_owned())?;
        // A guest's time in µs stands for the picture whose time was rounded down to it.
        let to = Duration::from_micros(to).saturating_add(Duration::from_nanos(u64::from(to > 0) * 999));
        self.clip.seek(to).map_err(|error| format!("the source {} cannot go there: {error}", self.name))
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
