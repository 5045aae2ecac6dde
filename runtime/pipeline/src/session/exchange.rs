//! What the threads of a session share, and the wake-ups for those who wait for a change of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use framebox_picture::{Format, Picture, Size};

use crate::schedule::frame_clock::FrameClock;
use crate::schedule::gate::{Arrival, Backlog, Gate, Skipped};
use crate::schedule::policy::Policy;
use crate::schedule::skip_reason::SkipReason;
use crate::session::frame::Frame;
use crate::session::passthrough::Passthrough;
use crate::session::recorder::Recorder;
use crate::session::rtp_clock::Clock;
use crate::session::swap::PreparedSwap;
use crate::session::version_state::VersionState;

/// How often a wait looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(100);

/// Behind the lock, which is never held for longer than a decision takes.
pub(crate) struct State {
    /// The frames that wait, with their pictures.
    pub(crate) gate: Gate<Frame>,
    pub(crate) passthrough: Passthrough,
    /// Of a generator, once somebody watches.
    pub(crate) frame_clock: Option<FrameClock>,
    pub(crate) version: VersionState,
    /// What is to take over before the next frame.
    pub(crate) swap: Option<Box<PreparedSwap>>,
    /// The frame that the handler has finished, until there is room for the result of the next one.
    pub(crate) finished: Option<Finished>,
    /// Frames lost from the backlog since the last notice.
    pub(crate) lost: u64,
    pub(crate) ended: bool,
    /// Why it ended although nobody asked for that.
    pub(crate) failure: Option<&'static str>,
}

/// A frame that the handler has finished.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finished {
    /// When the handler took it.
    pub(crate) begun: Instant,
    /// Whether the call represents later calls.
    pub(crate) typical: bool,
}

/// What is to be done with a decoded picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arrived {
    /// Nothing: its frame was skipped at once.
    Refused,
    /// It is to be copied at `size` and offered as of `at`.
    Wanted { at: Instant, size: Size },
    /// Nothing: the session has ended.
    Ended,
}

/// The shared state of a session.
pub(crate) struct Exchange {
    state: Mutex<State>,
    changed: Condvar,
    // A lock of its own, taken last and never held together with work.
    recorder: Mutex<Recorder>,
    /// Of all pictures that come in, wherever they come from: their times go on when that changes.
    clock: Mutex<Clock>,
}

impl State {
    /// Number of the first frame that the handler has not been called for.
    pub(crate) fn next_sequence(&self) -> u64 {
        match &self.frame_clock {
            Some(clock) => clock.next_index(),
            None => self.gate.next_sequence(),
        }
    }

    /// The policy that holds.
    pub(crate) fn policy(&self) -> Policy {
        Policy { skipping: self.gate.policy(), unprocessed: self.passthrough.chosen }
    }

    /// True while frames without a result are shown.
    pub(crate) fn passes_through(&self) -> bool {
        self.passthrough.is_on(&self.version.level)
    }

    /// Another version runs, with nothing held against it. Returns the number of its first frame.
    pub(crate) fn replace_version(&mut self, version: VersionState) -> u64 {
        self.version = version;
        self.gate.open();
        self.gate.at_least(1);
        self.next_sequence()
    }

    /// Size at which the camera's pictures are copied: once, for whoever needs the most of it.
    fn copy_size(&self, native: Size) -> Size {
        if self.passes_through() { native } else { self.version.size(native) }
    }
}

impl Exchange {
    pub(crate) fn new(version: VersionState, policy: Policy, backlog: Backlog) -> Self {
        let state = State {
            gate: Gate::new(policy.skipping, backlog),
            passthrough: Passthrough::new(policy.unprocessed),
            frame_clock: None,
            version,
            swap: None,
            finished: None,
            lost: 0,
            ended: false,
            failure: None,
        };
        Self { state: Mutex::new(state), changed: Condvar::new(), recorder: Mutex::default(), clock: Mutex::default() }
    }

    pub(crate) fn clock(&self) -> MutexGuard<'_, Clock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn recorder(&self) -> MutexGuard<'_, Recorder> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the threads that wait for a change of the state.
    pub(crate) fn wake(&self) {
        self.changed.notify_all();
    }

    /// Wakes them for a change outside of the state. A thread that has just looked and is about to wait is not missed.
    pub(crate) fn wake_for_outside(&self) {
        drop(self.lock());
        self.wake();
    }

    /// Ends the session for a reason of its own.
    pub(crate) fn fail(&self, reason: &'static str) {
        let mut state = self.lock();
        state.failure.get_or_insert(reason);
        state.ended = true;
        drop(state);
        self.wake();
    }

    /// Waits for a change, at most until `until`.
    pub(crate) fn wait<'a>(&self, state: MutexGuard<'a, State>, until: Option<Instant>) -> MutexGuard<'a, State> {
        match until {
            None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(until) => {
                let wait = until.saturating_duration_since(Instant::now());
                self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0
            }
        }
    }

    /// Another policy holds from now on.
    pub(crate) fn set_policy(&self, policy: Policy) {
        let mut state = self.lock();
        let skipped = state.gate.set_policy(Instant::now(), policy.skipping);
        state.passthrough.chosen = policy.unprocessed;
        self.settle(&mut state, skipped);
        drop(state);
        self.wake();
    }

    /// No frame reaches the handler before `until`.
    pub(crate) fn close(&self, now: Instant, until: Instant, reason: SkipReason) {
        let mut state = self.lock();
        let skipped = state.gate.close(now, until, reason);
        self.settle(&mut state, skipped);
    }

    /// Waits for `time`. Returns false as soon as the session has ended, or `stop` says so.
    pub(crate) fn wait_unless(&self, stop: &AtomicBool, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut state = self.lock();
        loop {
            if state.ended || stop.load(Ordering::Relaxed) {
                return false;
            }
            let now = Instant::now();
            if now >= until {
                return true;
            }
            // Nobody wakes it when it is to stop.
            state = self.wait(state, Some(until.min(now + LOOK)));
        }
    }

    /// Puts a frame, which came at `since`, before the gate. `copy` makes its picture at a size, unless the frame is refused at
    /// once. Returns false when the session has ended.
    pub(crate) fn present(
        &self,
        frame: Frame,
        since: Instant,
        copy: impl FnOnce(Size) -> Option<Arc<Picture>>,
    ) -> bool {
        match self.arrive(&frame, since) {
            Arrived::Refused => true,
            Arrived::Wanted { at, size } => {
                self.offer(at, Frame { picture: copy(size), ..frame });
                true
            }
            Arrived::Ended => false,
        }
    }

    /// A frame, which came at `since`, was decoded. Waits until the handler has taken the frame before it, for as long as the gate is
    /// patient; then decides whether its picture is to be copied.
    fn arrive(&self, frame: &Frame, since: Instant) -> Arrived {
        let mut state = self.lock();
        loop {
            if state.ended {
                return Arrived::Ended;
            }
            let now = Instant::now();
            let patience = state.gate.patience(now, since);
            if patience.is_zero() {
                break;
            }
            state = self.wait(state, Some(now + patience));
        }
        let at = Instant::now();
        if state.gate.refuses(at, frame.metadata.pts).is_some() && !state.passes_through() {
            self.admit(&mut state, at, frame.clone());
            return Arrived::Refused;
        }
        Arrived::Wanted { at, size: state.copy_size(frame.size) }
    }

    /// Puts a frame, whose picture was copied as of `at`, before the gate.
    fn offer(&self, at: Instant, frame: Frame) {
        let mut state = self.lock();
        self.admit(&mut state, at, frame);
        drop(state);
        self.wake();
    }

    fn admit(&self, state: &mut State, at: Instant, frame: Frame) {
        let bytes = frame.picture.as_ref().map_or(0, |picture| Format::I420.bytes(picture.size()));
        self.recorder().received(at, frame.size);
        let skipped = state.gate.offer(at, Arrival { pts: frame.metadata.pts, bytes }, frame);
        self.settle(state, skipped);
    }

    /// Frames were skipped: they are counted, and shown where the policy says so.
    pub(crate) fn settle(&self, state: &mut State, skipped: Vec<Skipped<Frame>>) {
        for frame in skipped {
            self.recorder().skipped(&frame);
            state.lost += u64::from(frame.reason == SkipReason::Backlog);
            state.passthrough.push(&state.version.level, frame);
        }
    }
}
