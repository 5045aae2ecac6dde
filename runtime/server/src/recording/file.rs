//! One file that is being written.

use std::fs::File;
use std::io;
use std::time::{Duration, Instant};

use framebox_media::mp4::{Track, Writer};
use framebox_media::{Codec, EncodedFrame};

use super::disk;
use super::name::FileName;
use super::recordings::ActiveFile;

/// A file that is being written. Every fragment goes to the system at once.
pub(super) struct OpenFile {
    writer: Writer<File>,
    active: ActiveFile,
    /// When its last frame came.
    last: Instant,
    /// What was written when it was last told to reach the disk, bytes.
    synced: u64,
}

impl OpenFile {
    /// Makes the file that `active` stands for.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn create(active: ActiveFile, track: Track) -> io::Result<Self> {
        let path = active.path();
        let file = disk::create(&path)?;
        let writer = Writer::new(file, track, active.name().begin).inspect_err(|_| {
            // An empty file is of use to nobody.
            let _ = disk::delete(&path);
        })?;
        Ok(Self { writer, active, last: Instant::now(), synced: 0 })
    }

    /// Adds a frame that came at `now`.
    pub(super) fn frame(&mut self, now: Instant, frame: &EncodedFrame) -> io::Result<()> {
        self.last = now;
        self.writer.frame(frame)
    }

    /// Writes what is known if no frame has come for `idle`.
    pub(super) fn flush(&mut self, now: Instant, idle: Duration) -> io::Result<()> {
        if now.saturating_duration_since(self.last) >= idle { self.writer.flush() } else { Ok(()) }
    }

    /// Waits until what was written is on the disk.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if self.synced == self.writer.written() {
            return Ok(());
        }
        self.synced = self.writer.written();
        self.writer.get_ref().sync_data()
    }

    /// Writes the rest, and waits until all is on the disk. Returns its size, bytes.
    ///
    /// # Errors
    /// What the system says; what was written as a whole is kept.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        let finished = self.writer.finish().and_then(|()| self.writer.get_ref().sync_all());
        match finished {
            Ok(()) => Ok(self.writer.written()),
            Err(error) => {
                self.abandon();
                Err(error)
            }
        }
    }

    /// Gives it up after an error: keeps what was written as a whole, deletes a file without pictures.
    pub(super) fn abandon(self) {
        let Self { writer, active, .. } = self;
        let outcome = if writer.is_empty() {
            disk::delete(&active.path()).map(|_| ())
        } else {
            writer.get_ref().set_len(writer.written())
        };
        if let Err(error) = outcome {
            tracing::warn!(file = %active.path().display(), %error, "a recording ends in a part of a fragment");
        }
    }

    pub(super) fn name(&self) -> FileName {
        self.active.name()
    }

    pub(super) fn codec(&self) -> Codec {
        self.writer.codec()
    }

    /// Size that it will have as far as it is known, bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.writer.bytes()
    }

    pub(super) fn duration(&self) -> Duration {
        self.writer.duration()
    }
}
