//! A stream encoded once, on a thread of its own.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use super::encode::{Encode, Wishes};
use super::encoders::{Ask, Coded, Format, Output, RenditionId};
use super::keyframes::Keyframes;
use super::report::{Encoding, Report};
use super::settings::Settings;
use super::shown::Shown;
use crate::cpu;

/// Whoever waits for a keyframe gets the last picture once more when no other one comes in this time.
const STILL: Duration = Duration::from_millis(120);

/// What renditions tell, and whom.
#[derive(Clone)]
pub(super) struct Receivers {
    pub(super) report: Arc<dyn Report>,
    pub(super) output: Arc<dyn Output>,
}

/// A stream encoded once. Dropping it ends the thread without waiting for it.
pub(super) struct Rendition {
    id: RenditionId,
    shared: Arc<Shared>,
}

/// What a rendition's thread shares with those who give it pictures and orders.
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    ask: Ask,
    keyframes: Keyframes,
    /// The one picture that waits for the encoder.
    waiting: Option<Shown>,
    last: Option<Last>,
    /// No picture is taken any more; the one that waits is still encoded.
    ended: bool,
}

/// The last picture of a stream.
#[derive(Clone)]
pub(super) struct Last {
    pub(super) shown: Shown,
    /// When it was shown.
    pub(super) at: Instant,
}

impl Last {
    /// The picture at another moment.
    fn again(&self, now: Instant) -> Shown {
        let passed = now.saturating_duration_since(self.at);
        // 90 kHz (RFC 3551 §5).
        let ticks = (passed.as_micros() * 9 / 100) as u32;
        Shown {
            pts: self.shown.pts.saturating_add(passed),
            rtp_timestamp: self.shown.rtp_timestamp.wrapping_add(ticks),
            captured: now,
            ..self.shown.clone()
        }
    }
}

impl Rendition {
    /// Starts the thread, which begins with a keyframe: of `last`, if no other picture comes. The encoder is made when the
    /// first picture is there.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(
        id: RenditionId,
        settings: Settings,
        (format, ask): (Format, Ask),
        last: Option<Last>,
        receivers: Receivers,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let mut keyframes = Keyframes::default();
        keyframes.wish(Instant::now());
        let state = State { ask, keyframes, waiting: None, last, ended: false };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let worker = Worker { id, shared: shared.clone(), receivers };
        let encode = Encode::new(settings, format);
        let thread = Builder::new().name("encode".into()).spawn(move || worker.run(encode))?;
        Ok((Self { id, shared }, thread))
    }

    pub(super) fn id(&self) -> RenditionId {
        self.id
    }

    /// No viewer can be sent anything more at this moment.
    pub(super) fn is_blocked(&self) -> bool {
        self.shared.lock().ask.blocked
    }

    /// True while no picture waits for the encoder.
    pub(super) fn has_room(&self) -> bool {
        self.shared.lock().waiting.is_none()
    }

    /// Gives it a picture, to be called when there is [room](Self::has_room). Returns whether it takes it, at once.
    pub(super) fn show(&self, picture: &Shown) -> bool {
        let mut state = self.shared.lock();
        if state.ended || state.waiting.is_some() {
            return false;
        }
        state.waiting = Some(picture.clone());
        drop(state);
        self.shared.wake();
        true
    }

    /// Its viewers ask for something else. Returns whether it is no longer blocked.
    pub(super) fn change(&self, ask: Ask) -> bool {
        let mut state = self.shared.lock();
        let before = std::mem::replace(&mut state.ask, ask);
        drop(state);
        if (before.blocked, before.shared) != (ask.blocked, ask.shared) {
            // A keyframe may be due.
            self.shared.wake();
        }
        before.blocked && !ask.blocked
    }

    /// A viewer needs a keyframe.
    pub(super) fn request_keyframe(&self) {
        self.shared.lock().keyframes.wish(Instant::now());
        self.shared.wake();
    }

    /// Ends the thread, which encodes the picture that waits, if any, before.
    pub(super) fn end(&self) {
        self.shared.lock().ended = true;
        self.shared.wake();
    }
}

impl Drop for Rendition {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the rendition's thread.
    fn wake(&self) {
        self.changed.notify_all();
    }

    /// Waits for the next change, at most until `until`.
    fn wait<'a>(&self, state: MutexGuard<'a, State>, until: Option<Instant>) -> MutexGuard<'a, State> {
        match until {
            None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(until) => {
                let wait = until.saturating_duration_since(Instant::now());
                self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0
            }
        }
    }
}

impl State {
    /// The next picture, and what its viewers wish.
    fn take(&mut self, now: Instant) -> Option<Task> {
        let (picture, repeated) = match self.waiting.take() {
            Some(picture) => {
                self.last = Some(Last { shown: picture.clone(), at: now });
                (picture, false)
            }
            None => (self.last.as_ref().filter(|_| self.repeats_at().is_some_and(|at| at <= now))?.again(now), true),
        };
        let Ask { bitrate, max_pixels, shared, .. } = self.ask;
        let keyframe = self.keyframes.take(now, shared);
        Some(Task { picture, wishes: Wishes { bitrate, max_pixels, keyframe }, repeated })
    }

    /// When the last picture is encoded once more, for somebody who waits for a keyframe.
    fn repeats_at(&self) -> Option<Instant> {
        if self.ended || self.ask.blocked {
            return None;
        }
        let (last, wished) = (self.last.as_ref()?, self.keyframes.wished()?);
        let due = self.keyframes.due(self.ask.shared)?;
        Some(due.max(wished.max(last.at) + STILL))
    }
}

/// A picture to encode, with the wishes of the moment at which the encoder took it.
struct Task {
    picture: Shown,
    wishes: Wishes,
    /// It was encoded before.
    repeated: bool,
}

/// The rendition's thread.
struct Worker {
    id: RenditionId,
    shared: Arc<Shared>,
    receivers: Receivers,
}

impl Worker {
    fn run(self, mut encode: Encode) {
        cpu::lower_priority();
        let mut used = cpu::Meter::new();
        while let Some(task) = self.next() {
            if !task.repeated {
                self.receivers.report.room();
            }
            self.serve(&mut encode, &mut used, &task);
        }
    }

    /// Waits for the next picture. None when the rendition has ended.
    fn next(&self) -> Option<Task> {
        let mut state = self.shared.lock();
        loop {
            if let Some(task) = state.take(Instant::now()) {
                return Some(task);
            }
            if state.ended {
                return None;
            }
            let until = state.repeats_at();
            state = self.shared.wait(state, until);
        }
    }

    fn serve(&self, encode: &mut Encode, used: &mut cpu::Meter, task: &Task) {
        let Task { picture, wishes, repeated } = task;
        framebox_failpoint::panic("encode");
        used.lap();
        let begin = Instant::now();
        let coded = encode.picture(picture, *wishes).unwrap_or_else(|error| {
            self.receivers.report.failed(&error);
            None
        });
        {
            let mut state = self.shared.lock();
            match &coded {
                Some(coded) if coded.frame.keyframe => state.keyframes.made(Instant::now()),
                None if wishes.keyframe && !repeated => state.keyframes.wish(Instant::now()),
                _ => {}
            }
        }
        self.receivers.report.done(Encoding {
            sequence: picture.sequence,
            processed: picture.processed,
            sent: coded.is_some(),
            took: begin.elapsed(),
            cpu: used.lap(),
        });
        if let Some(coded) = coded {
            let (rendition, size, original, frame) = (self.id, coded.size, coded.original, coded.frame);
            self.receivers.output.coded(Coded { rendition, size, original, frame });
        }
    }
}

impl Drop for Worker {
    /// Also after a panic: whoever waits for room must not wait for ever.
    fn drop(&mut self) {
        let waiting = {
            let mut state = self.shared.lock();
            state.ended = true;
            (state.waiting.take(), state.last.take())
        };
        drop(waiting);
        if std::thread::panicking() {
            self.receivers.report.panicked();
        }
        self.receivers.report.room();
    }
}
