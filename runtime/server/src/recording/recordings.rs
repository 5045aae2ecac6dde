//! The files of all streams: listing, reading, deleting.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use framebox_media::mp4;

use super::disk;
use super::limits::Limits;
use super::name::FileName;
use super::place::Place;
use super::retention::{self, Kept};

/// How often files that are too old are looked for.
const SWEEP: Duration = Duration::from_secs(600);
/// Files of a stream that are listed, the newest first.
const MOST_LISTED: usize = 2000;

/// The recordings of this server, in a folder with one for each stream. All methods but [`Recordings::tend`] block.
#[derive(Debug)]
pub struct Recordings {
    folder: PathBuf,
    limits: Limits,
    active: Mutex<Active>,
}

/// What is being recorded.
#[derive(Debug, Default)]
struct Active {
    places: BTreeSet<Place>,
    files: BTreeSet<(Place, FileName)>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Its name.
    pub name: FileName,
    /// Time from the first picture to the last; none if it cannot be read.
    pub duration: Option<Duration>,
    /// Its size at this moment, bytes.
    pub bytes: u64,
    /// It is being written.
    pub active: bool,
}

/// A file that is read.
#[derive(Debug)]
pub struct Opened {
    /// The file.
    pub file: File,
    /// Its size at this moment, bytes.
    pub bytes: u64,
    /// It is being written.
    pub active: bool,
}

impl Recordings {
    /// The recordings in `folder`, which is made when absent. What a server that was killed left is repaired: it may end in a part
    /// of a fragment.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn new(folder: PathBuf, limits: Limits) -> io::Result<Self> {
        disk::make_folder(&folder)?;
        let recordings = Self { folder, limits, active: Mutex::default() };
        for place in recordings.places()? {
            recordings.repair(&place);
        }
        recordings.sweep();
        Ok(recordings)
    }

    /// Lists the files of a stream, the newest first.
    ///
    /// # Errors
    /// What the system says.
    pub fn list(&self, place: &Place) -> io::Result<Vec<Recording>> {
        let mut files = self.files(place)?;
        files.reverse();
        files.truncate(MOST_LISTED);
        let folder = place.path(&self.folder);
        let listed = files.into_iter().map(|(name, kept)| Recording {
            name,
            duration: duration(&folder.join(name.to_string())),
            bytes: kept.bytes,
            active: kept.active,
        });
        Ok(listed.collect())
    }

    /// Opens a file for reading; none if there is none.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(&self, place: &Place, name: FileName) -> io::Result<Option<Opened>> {
        let active = self.is_active(place, name);
        let Some(file) = disk::open(&self.path(place, name), false)? else { return Ok(None) };
        let bytes = file.metadata()?.len();
        Ok(Some(Opened { file, bytes, active }))
    }

    /// Deletes a file. False if there is none.
    ///
    /// # Errors
    /// [`io::ErrorKind::ResourceBusy`] while it is being written; otherwise what the system says.
    pub fn delete(&self, place: &Place, name: FileName) -> io::Result<bool> {
        if self.is_active(place, name) {
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        let deleted = disk::delete(&self.path(place, name));
        // Only an empty folder goes.
        let _ = fs::remove_dir(place.path(&self.folder));
        deleted
    }

    /// Deletes what is too old or too much, from time to time. For the server to wait on.
    pub async fn tend(self: &Arc<Self>) -> std::convert::Infallible {
        loop {
            tokio::time::sleep(SWEEP).await;
            let recordings = self.clone();
            // It fails only by a panic, which is in the log.
            let _ = tokio::task::spawn_blocking(move || recordings.sweep()).await;
        }
    }

    /// The limits.
    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The folder of a stream's recordings.
    pub(super) fn folder_of(&self, place: &Place) -> PathBuf {
        place.path(&self.folder)
    }

    /// Whether less is free than is to be left.
    pub(super) fn is_full(&self) -> io::Result<bool> {
        Ok(disk::free(&self.folder)? < self.limits.free_bytes)
    }

    /// Deletes what is too old or too much of what counts together with the recordings in `place`.
    pub(super) fn tidy(&self, place: &Place) -> io::Result<()> {
        let mut files = Vec::new();
        for place in self.places()?.into_iter().filter(|other| other.counts_with(place)) {
            files.extend(self.files(&place)?.into_iter().map(|(name, kept)| (place.clone(), name, kept)));
        }
        let kept: Vec<Kept> = files.iter().map(|(_, _, kept)| *kept).collect();
        for at in retention::surplus(&kept, SystemTime::now(), &self.limits) {
            let (place, name, _) = &files[at];
            if self.delete(place, *name)? {
                tracing::info!(recording = %self.path(place, *name).display(), "a recording was deleted: it was the oldest");
            }
        }
        Ok(())
    }

    fn sweep(&self) {
        let tidied = self.places().and_then(|places| {
            let mut done: Vec<Place> = Vec::new();
            for place in places {
                if !done.iter().any(|done| done.counts_with(&place)) {
                    self.tidy(&place)?;
                    done.push(place);
                }
            }
            Ok(())
        });
        if let Err(error) = tidied {
            tracing::warn!(folder = %self.folder.display(), %error, "old recordings could not be deleted");
        }
    }

    /// Cuts off what was not written completely. Only the newest files can have that: one was written at a time.
    fn repair(&self, place: &Place) {
        let Ok(files) = self.files(place) else { return };
        let mut newest = BTreeMap::new();
        for (name, _) in files {
            newest.insert(name.before, name);
        }
        for name in newest.into_values() {
            let path = self.path(place, name);
            let repaired = disk::open(&path, true).and_then(|file| match file {
                Some(file) => cut(file, &path),
                None => Ok(()),
            });
            if let Err(error) = repaired {
                tracing::warn!(recording = %path.display(), %error, "a recording could not be looked at");
            }
        }
    }

    /// The folders that there are.
    fn places(&self) -> io::Result<Vec<Place>> {
        let mut places = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir()
                && let Some(place) = entry.file_name().to_str().and_then(Place::of_folder)
            {
                places.push(place);
            }
        }
        Ok(places)
    }

    /// The files of a stream, the oldest first.
    fn files(&self, place: &Place) -> io::Result<Vec<(FileName, Kept)>> {
        let entries = match fs::read_dir(place.path(&self.folder)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry?;
            let Some(name) = entry.file_name().to_str().and_then(FileName::parse) else { continue };
            // It may have been deleted meanwhile.
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_file() {
                let end = metadata.modified().unwrap_or(name.begin);
                let active = self.is_active(place, name);
                files.push((name, Kept { begin: name.begin, end, bytes: metadata.len(), active }));
            }
        }
        files.sort_by_key(|(name, _)| *name);
        Ok(files)
    }

    fn path(&self, place: &Place, name: FileName) -> PathBuf {
        place.path(&self.folder).join(name.to_string())
    }

    fn is_active(&self, place: &Place, name: FileName) -> bool {
        self.active().files.contains(&(place.clone(), name))
    }

    fn active(&self) -> MutexGuard<'_, Active> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Cuts off what was not written completely; deletes a file without even a description.
fn cut(mut file: File, path: &Path) -> io::Result<()> {
    let (length, whole) = (file.metadata()?.len(), mp4::whole_length(&mut file)?);
    if whole == 0 {
        tracing::warn!(recording = %path.display(), "a recording without pictures was deleted");
        disk::delete(path)?;
    } else if whole < length {
        tracing::warn!(recording = %path.display(), "a recording that was not finished was repaired: its end is missing");
        file.set_len(whole)?;
    }
    Ok(())
}

fn duration(path: &Path) -> Option<Duration> {
    let file = disk::open(path, false).ok()??;
    let mut head = Vec::new();
    file.take(mp4::HEAD as u64).read_to_end(&mut head).ok()?;
    mp4::duration(&head)
}

/// A stream that is being recorded: once at a time.
#[derive(Debug)]
pub(super) struct ActivePlace {
    recordings: Arc<Recordings>,
    place: Place,
}

impl ActivePlace {
    /// None if it is being recorded already.
    pub(super) fn new(recordings: &Arc<Recordings>, place: &Place) -> Option<Self> {
        let is_new = recordings.active().places.insert(place.clone());
        is_new.then(|| Self { recordings: recordings.clone(), place: place.clone() })
    }

    pub(super) fn recordings(&self) -> &Arc<Recordings> {
        &self.recordings
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// A file that is about to be written.
    pub(super) fn file(&self, name: FileName) -> ActiveFile {
        self.recordings.active().files.insert((self.place.clone(), name));
        ActiveFile { recordings: self.recordings.clone(), place: self.place.clone(), name }
    }
}

impl Drop for ActivePlace {
    fn drop(&mut self) {
        self.recordings.active().places.remove(&self.place);
    }
}

/// A file that is being written: it is not deleted.
#[derive(Debug)]
pub(super) struct ActiveFile {
    recordings: Arc<Recordings>,
    place: Place,
    name: FileName,
}

impl ActiveFile {
    pub(super) fn name(&self) -> FileName {
        self.name
    }

    pub(super) fn path(&self) -> PathBuf {
        self.recordings.path(&self.place, self.name)
    }
}

impl Drop for ActiveFile {
    fn drop(&mut self) {
        self.recordings.active().files.remove(&(self.place.clone(), self.name));
    }
}
