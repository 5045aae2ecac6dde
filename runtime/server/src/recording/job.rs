//! The thread that writes.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use framebox_media::EncodedFrame;
use framebox_media::mp4::{Colour, Track};

use super::disk;
use super::file::OpenFile;
use super::limits::Limits;
use super::name::FileName;
use super::queue::{Next, Side};
use super::recorder::{Error, Shared, State};
use super::recordings::ActivePlace;

/// How often it looks after files, limits and keyframes.
const LOOK: Duration = Duration::from_secs(1);
/// How often what was written is told to reach the disk: what a power cut may lose.
const SYNC: Duration = Duration::from_secs(5);
/// How often surplus files are looked for.
const TIDY: Duration = Duration::from_secs(30);
/// A file without a keyframe to end at ends at this multiple of its limits.
const PATIENCE: u32 = 2;
/// Names that are tried for a file, a millisecond apart.
const MOST_NAMES: u32 = 100;

/// What the thread works on.
pub(super) struct Job {
    place: ActivePlace,
    shared: Arc<Shared>,
    files: [Option<OpenFile>; 2],
    /// Number of the pair that is being written.
    pair: u64,
    /// When the first file of the pair began.
    begin: Option<SystemTime>,
    /// The last pair of which each side had a file.
    begun: [Option<u64>; 2],
    /// What is in files that are complete, bytes.
    complete: u64,
    looked: Instant,
    synced: Instant,
    tidied: Instant,
}

impl Job {
    /// Makes the folder, and room in it.
    ///
    /// # Errors
    /// When nothing can be recorded.
    pub(super) fn new(place: ActivePlace, shared: Arc<Shared>) -> Result<Self, Error> {
        let now = Instant::now();
        disk::make_folder(&place.recordings().folder_of(place.place()))?;
        let job = Self {
            place,
            shared,
            files: [None, None],
            pair: 0,
            begin: None,
            begun: [None; 2],
            complete: 0,
            looked: now,
            synced: now,
            tidied: now,
        };
        job.make_room()?;
        Ok(job)
    }

    /// Records until the queue ends, or recording has to.
    pub(super) fn run(mut self) {
        let outcome = loop {
            match self.step() {
                Ok(true) => {}
                Ok(false) => break self.finish(),
                Err(error) => break Err(error),
            }
        };
        self.shared.release();
        self.shared.queue.end();
        if let Err(error) = outcome {
            self.give_up(&error);
        }
        self.shared.status().state = State::Ended;
    }

    /// Writes a frame, or looks after everything when it is time. False at the end.
    pub(super) fn step(&mut self) -> Result<bool, Error> {
        let next = self.shared.queue.next(self.looked + LOOK);
        let now = Instant::now();
        let goes_on = match next {
            Next::Frame(side, frame) => {
                self.frame(now, side, &frame)?;
                true
            }
            Next::Nothing => true,
            Next::Ended => false,
        };
        if now.saturating_duration_since(self.looked) >= LOOK {
            self.looked = now;
            self.look(now)?;
        }
        Ok(goes_on)
    }

    fn frame(&mut self, now: Instant, side: Side, frame: &EncodedFrame) -> Result<(), Error> {
        let limits = self.place.recordings().limits();
        let is_over = self.begun[side as usize] != Some(self.pair)
            || self.files[side as usize]
                .as_ref()
                .is_none_or(|file| frame.codec != file.codec() || exceeds(file, limits, 1));
        let colour = if side == Side::After { Colour::Bt601 } else { Colour::Unsaid };
        let track = if is_over { Track::of(frame, colour) } else { None };
        let Some(track) = track else {
            match &mut self.files[side as usize] {
                Some(file) if file.codec() == frame.codec => file.frame(now, frame)?,
                _ if frame.keyframe => {
                    let of = if side == Side::After { "the stream" } else { "the camera" };
                    let text = format!("the video of {of} cannot be recorded: its format is unusual");
                    self.shared.status().problem = Some(text);
                }
                _ => {}
            }
            return Ok(());
        };
        self.close(side)?;
        if self.begun[side as usize] == Some(self.pair) {
            self.next_pair();
        }
        self.make_room()?;
        let mut file = self.create(side, track)?;
        file.frame(now, frame)?;
        let mut status = self.shared.status();
        status.state = State::Recording;
        status.problem = None;
        status.begin.get_or_insert(file.name().begin);
        status.files += 1;
        drop(status);
        self.files[side as usize] = Some(file);
        self.report();
        Ok(())
    }

    /// Makes the next file of a side. Both sides of a pair have the same time in their names.
    fn create(&mut self, side: Side, track: Track) -> io::Result<OpenFile> {
        self.begun[side as usize] = Some(self.pair);
        let begin = *self.begin.get_or_insert_with(SystemTime::now);
        let mut outcome = Err(io::ErrorKind::AlreadyExists.into());
        for number in 0..MOST_NAMES {
            let begin = begin + Duration::from_millis(number.into());
            let name = FileName::new(begin, side == Side::Before);
            outcome = OpenFile::create(self.place.file(name), track.clone());
            match &outcome {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.begin = Some(begin),
                _ => break,
            }
        }
        outcome
    }

    /// Every side goes on in a new file from its next keyframe on.
    fn next_pair(&mut self) {
        self.pair += 1;
        self.begin = None;
    }

    fn close(&mut self, side: Side) -> io::Result<()> {
        if let Some(file) = self.files[side as usize].take() {
            self.complete += file.finish()?;
        }
        Ok(())
    }

    fn look(&mut self, now: Instant) -> Result<(), Error> {
        let limits = self.place.recordings().limits().clone();
        let mut is_full = false;
        for side in Side::ALL {
            let Some(file) = &mut self.files[side as usize] else { continue };
            file.flush(now, LOOK)?;
            is_full |= self.begun[side as usize] == Some(self.pair) && exceeds(file, &limits, 1);
            if exceeds(file, &limits, PATIENCE) {
                self.close(side)?;
            }
        }
        if is_full {
            self.next_pair();
        }
        if now.saturating_duration_since(self.synced) >= SYNC {
            self.synced = now;
            for file in self.files.iter_mut().flatten() {
                file.sync()?;
            }
        }
        if now.saturating_duration_since(self.tidied) >= TIDY {
            self.tidied = now;
            self.place.recordings().tidy(self.place.place())?;
        }
        self.check_space()?;
        for side in Side::ALL {
            let goes_on = self.files[side as usize].is_some() && self.begun[side as usize] == Some(self.pair);
            if !goes_on || self.shared.queue.is_broken(side) {
                self.shared.request_keyframe(side);
            }
        }
        self.report();
        Ok(())
    }

    /// Deletes what is too much. An error if that leaves too little space.
    fn make_room(&self) -> Result<(), Error> {
        self.place.recordings().tidy(self.place.place())?;
        self.check_space()
    }

    fn check_space(&self) -> Result<(), Error> {
        let recordings = self.place.recordings();
        if recordings.is_full()? {
            let free = recordings.limits().free_bytes >> 20;
            let text = format!(
                "less than {free} MiB are free on the disk: delete recordings, or lower recording.min_free_mib"
            );
            return Err(Error::Full(text));
        }
        Ok(())
    }

    fn report(&self) {
        let open = || self.files.iter().flatten();
        let mut status = self.shared.status();
        status.bytes = self.complete + open().map(OpenFile::bytes).sum::<u64>();
        if let Some(file) = open().next() {
            status.file = Some(file.name());
            status.duration = file.duration();
        }
    }

    fn finish(&mut self) -> Result<(), Error> {
        self.report();
        for side in Side::ALL {
            self.close(side)?;
        }
        self.report();
        Ok(())
    }

    fn give_up(&mut self, error: &Error) {
        tracing::warn!(place = ?self.place.place(), %error, "recording stopped");
        for file in &mut self.files {
            if let Some(file) = file.take() {
                match error {
                    // What is in memory still fits.
                    Error::Full(_) => drop(file.finish()),
                    _ => file.abandon(),
                }
            }
        }
        let text = match error {
            Error::Full(text) => format!("recording stopped: {text}"),
            _ => "recording stopped: the disk does not take more; the server's log says why".to_owned(),
        };
        self.shared.status().problem = Some(text);
    }
}

/// Whether a file is so many times as large or as long as one may be.
fn exceeds(file: &OpenFile, limits: &Limits, times: u32) -> bool {
    file.bytes() >= limits.file_bytes.saturating_mul(times.into())
        || file.duration() >= limits.file_time.saturating_mul(times)
}
