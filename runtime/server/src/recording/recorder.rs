//! Records one stream.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::{Duration, SystemTime};

use framebox_media::EncodedFrame;
use framebox_picture::MemoryAccount;
use framebox_pipeline::{Attachment, Upstream, Viewer};
use serde::Serialize;
use tokio::sync::watch;
use utoipa::ToSchema;

use super::job::Job;
use super::name::FileName;
use super::place::Place;
use super::queue::{Queue, Side};
use super::recordings::{ActivePlace, Recordings};

/// Why a stream is not recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It is already.
    #[error("this stream is being recorded already")]
    Active,
    /// There is no folder for recordings.
    #[error("this server keeps no recordings: its operator sets server.data, or recording.folder, for that")]
    Unavailable,
    /// The stream is over.
    #[error("this stream is over")]
    Over,
    /// Too little space is left.
    #[error("{0}")]
    Full(String),
    /// The folder cannot be used, or the system gives no thread.
    #[error("recording cannot begin: {0}")]
    Io(#[from] io::Error),
}

/// What a recorder does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = RecordingState)]
pub enum State {
    /// It waits for the first picture.
    #[default]
    Waiting,
    /// It records.
    Recording,
    /// It is over: it was stopped, or had to.
    Ended,
}

/// What became of a recording so far.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// What it does.
    pub state: State,
    /// When its first file began.
    pub begin: Option<SystemTime>,
    /// The file that is being written, or was last.
    pub file: Option<FileName>,
    /// Time in that file.
    pub duration: Duration,
    /// Files so far.
    pub files: u64,
    /// Bytes in all of them.
    pub bytes: u64,
    /// Frames that were left out because the disk was too slow.
    pub dropped: u64,
    /// What is wrong, in words.
    pub problem: Option<String>,
}

/// Records one stream until it is stopped or dropped.
pub struct Recorder {
    shared: Arc<Shared>,
    has_before: bool,
    over: watch::Receiver<bool>,
}

/// What the recorder shares with its thread and its viewers.
pub(super) struct Shared {
    pub(super) queue: Queue,
    status: Mutex<Status>,
    attachment: Mutex<Option<Attachment>>,
    upstream: Mutex<Option<Arc<dyn Upstream>>>,
}

impl Recorder {
    /// Records the stream whose recordings are in `place`; `before`: also what its camera sends, into a second file. Nothing is written
    /// before its first keyframe comes. What waits is charged to `account`. Blocks.
    ///
    /// # Errors
    /// Why it cannot be.
    pub fn start(
        recordings: &Arc<Recordings>,
        place: &Place,
        before: bool,
        account: &MemoryAccount,
    ) -> Result<Self, Error> {
        let place = ActivePlace::new(recordings, place).ok_or(Error::Active)?;
        let shared = Arc::new(Shared::new(account));
        let job = Job::new(place, shared.clone())?;
        let (ended, over) = watch::channel(false);
        // It ends with the queue, which ends with the recorder.
        Builder::new().name("record".into()).spawn(move || {
            job.run();
            ended.send_replace(true);
        })?;
        Ok(Self { shared, has_before: before, over })
    }

    /// What is to be attached to a rendition of the stream's session.
    pub fn viewer(&self) -> Arc<dyn Viewer> {
        Arc::new(Input { side: Side::After, shared: self.shared.clone() })
    }

    /// What is to be shown the frames of the stream's camera; none if they are not recorded.
    pub fn before(&self) -> Option<Arc<dyn Viewer>> {
        let input = || Arc::new(Input { side: Side::Before, shared: self.shared.clone() }) as Arc<dyn Viewer>;
        self.has_before.then(input)
    }

    /// Its [viewer](Self::viewer) is attached: it is asked for keyframes, and detached when the recording ends. None: the session is
    /// over.
    pub fn attached(&self, attachment: Option<Attachment>) {
        let attachment = attachment.filter(|_| !*self.over.borrow());
        // The one before is detached without the lock.
        let before = std::mem::replace(&mut *lock(&self.shared.attachment), attachment);
        drop(before);
    }

    /// Who is asked for a keyframe of the camera.
    pub fn published_by(&self, upstream: Option<Arc<dyn Upstream>>) {
        self.shared.set_upstream(upstream.filter(|_| !*self.over.borrow()));
        self.shared.request_keyframe(Side::Before);
    }

    /// What became of it so far.
    pub fn status(&self) -> Status {
        Status { dropped: self.shared.queue.dropped(), ..self.shared.status().clone() }
    }

    /// Ends it, and waits until its files are complete.
    pub async fn stop(&self) {
        self.end();
        self.over().await;
    }

    /// Waits until it is over: it was stopped, or had to end.
    pub async fn over(&self) {
        let mut over = self.over.clone();
        // An error: the thread panicked, and is over.
        let _ = over.wait_for(|over| *over).await;
    }

    fn end(&self) {
        self.shared.release();
        self.shared.queue.end();
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    pub(super) fn new(account: &MemoryAccount) -> Self {
        Self {
            queue: Queue::new(account),
            status: Mutex::default(),
            attachment: Mutex::default(),
            upstream: Mutex::default(),
        }
    }

    pub(super) fn status(&self) -> MutexGuard<'_, Status> {
        lock(&self.status)
    }

    pub(super) fn set_upstream(&self, upstream: Option<Arc<dyn Upstream>>) {
        let before = std::mem::replace(&mut *lock(&self.upstream), upstream);
        drop(before);
    }

    /// Asks whoever makes the frames of a side for a keyframe.
    pub(super) fn request_keyframe(&self, side: Side) {
        match side {
            Side::After => {
                if let Some(attachment) = &*lock(&self.attachment) {
                    attachment.request_keyframe();
                }
            }
            Side::Before => {
                let upstream = lock(&self.upstream).clone();
                if let Some(upstream) = upstream {
                    upstream.request_keyframe();
                }
            }
        }
    }

    /// Nothing is to be recorded any more.
    pub(super) fn release(&self) {
        let (attachment, upstream) = (lock(&self.attachment).take(), lock(&self.upstream).take());
        drop((attachment, upstream));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the frames of one side.
struct Input {
    side: Side,
    shared: Arc<Shared>,
}

impl Viewer for Input {
    fn frame(&self, frame: EncodedFrame) {
        self.shared.queue.push(self.side, frame);
    }
}
