//! What a session's threads share: where its frames come from, and the parameters that wait.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use framebox_media::Decoder;
use framebox_picture::{Format, Picture};

use crate::gate::{Arrival, Backlog, Gate, Reason, Skipped, Ticket};
use crate::pacer::{Due, Pacer};
use crate::parameters::{Changes, Parameters};
use crate::passing::Passing;
use crate::policy::{Policy, Skipping};
use crate::stats::Gathered;
use crate::successor::Relief;

/// Facts about a frame.
#[derive(Clone, Debug)]
pub(crate) struct Fresh {
    pub(crate) rtp_timestamp: u32,
    pub(crate) pts: Duration,
    pub(crate) completed: Instant,
    /// None for a frame that was not decoded.
    pub(crate) decode: Option<Duration>,
    /// A copy of the camera's picture. None where the decoder alone holds it, and for a generator.
    pub(crate) picture: Option<Arc<Picture>>,
}

/// Behind the lock.
pub(crate) struct State {
    /// None while the decode thread works with it (the lock is not held for as long as decoding takes), and in the session
    /// of a generator.
    pub(crate) decoder: Option<Box<dyn Decoder>>,
    /// Of the frames that wait, only a single one may be without a copy of its picture: the decoder holds that.
    pub(crate) gate: Gate<Fresh>,
    pub(crate) passing: Passing,
    /// Of a generator, once somebody watches.
    pub(crate) pacer: Option<Pacer>,
    pub(crate) parameters: Parameters,
    /// What is to take over before the next frame.
    pub(crate) relief: Option<Box<Relief>>,
    /// Frames lost from the backlog since somebody was told.
    pub(crate) lost: u64,
    pub(crate) ended: bool,
}

/// What the handler thread does next.
pub(crate) enum Work {
    Configure(Changes),
    /// A successor takes over.
    Relieve(Box<Relief>),
    /// The camera's picture.
    Process(Ticket<Fresh>),
    /// A generator's frame is due.
    Generate(Ticket<Fresh>),
    /// A frame without a result is to be shown as it came.
    Show(Skipped<Fresh>),
    /// The time that was asked for has come.
    Tick,
    End,
}

/// The lock, and the wake-ups for those who wait on it.
pub(crate) struct Desk {
    state: Mutex<State>,
    changed: Condvar,
    // A lock of its own, taken last and never held together with work: statistics can be read while a picture is being
    // decoded.
    gathered: Mutex<Gathered>,
}

impl State {
    /// Number of the first frame that the handler has not been called for.
    pub(crate) fn next_sequence(&self) -> u64 {
        match &self.pacer {
            Some(pacer) => pacer.next_index(),
            None => self.gate.next_sequence(),
        }
    }

    /// True while each picture is copied out of the decoder at once: it may be wanted after the next one is there.
    fn keeps_pictures(&self) -> bool {
        self.gate.policy() == Skipping::Never || self.passing.is_on()
    }
}

impl Desk {
    /// `decoder`: of the camera's pictures; a generator has none.
    pub(crate) fn new(
        decoder: Option<Box<dyn Decoder>>,
        parameters: Parameters,
        policy: Policy,
        backlog: Backlog,
    ) -> Self {
        let state = State {
            decoder,
            gate: Gate::new(policy.skipping, backlog),
            passing: Passing::new(policy.unprocessed),
            pacer: None,
            parameters,
            relief: None,
            lost: 0,
            ended: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new(), gathered: Mutex::new(Gathered::new(policy)) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn gathered(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The other thread should look again.
    pub(crate) fn wake(&self) {
        self.changed.notify_all();
    }

    /// Another policy holds from now on.
    pub(crate) fn set_policy(&self, policy: Policy) {
        let mut state = self.lock();
        let skipped = state.gate.set_policy(Instant::now(), policy.skipping);
        state.passing.chosen = policy.unprocessed;
        self.gathered().policy = policy;
        self.settle(&mut state, skipped);
        drop(state);
        self.wake();
    }

    /// No frame reaches the handler before `until`.
    pub(crate) fn close(&self, now: Instant, until: Instant, reason: Reason) {
        let mut state = self.lock();
        let skipped = state.gate.close(now, until, reason);
        self.settle(&mut state, skipped);
    }

    /// Waits until the handler has taken the picture that waits, for as long as the gate is patient.
    pub(crate) fn wait_for_handler(&self, completed: Instant) {
        let mut state = self.lock();
        while !state.ended {
            let patience = state.gate.patience(Instant::now(), completed);
            if patience.is_zero() {
                break;
            }
            state = self.changed.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The decoder, to be put back after its next picture, and whether that picture is to be copied. None once the
    /// session ended. A picture that only the decoder holds is lost.
    pub(crate) fn take_decoder(&self) -> Option<(Box<dyn Decoder>, bool)> {
        let mut state = self.lock();
        if state.ended {
            return None;
        }
        if state.gate.oldest().is_some_and(|(_, fresh)| fresh.picture.is_none()) {
            let skipped = state.gate.discard(Instant::now());
            self.settle(&mut state, skipped);
        }
        let keeps = state.keeps_pictures();
        state.decoder.take().map(|decoder| (decoder, keeps))
    }

    /// Puts the decoder back, with what came out of it.
    pub(crate) fn put_decoder(&self, decoder: Box<dyn Decoder>, now: Instant, fresh: Option<Fresh>) {
        let mut state = self.lock();
        if let (Some(fresh), Some(planes)) = (fresh, decoder.picture()) {
            let bytes = fresh.picture.as_ref().map_or(0, |picture| Format::I420.bytes(picture.size()));
            self.gathered().received(now, planes.size);
            let skipped = state.gate.offer(now, Arrival { pts: fresh.pts, bytes }, fresh);
            self.settle(&mut state, skipped);
        }
        state.decoder = Some(decoder);
        drop(state);
        self.wake();
    }

    /// Waits until there is work for the handler thread, at most until `wake`. A picture that is to be processed and that
    /// only the decoder holds is handed to `copy` while the lock is held, since the next one overwrites it.
    pub(crate) fn work(&self, wake: Option<Instant>, mut copy: impl FnMut(&dyn Decoder)) -> Work {
        let mut state = self.lock();
        loop {
            if state.ended {
                return Work::End;
            }
            if let Some(relief) = state.relief.take() {
                return Work::Relieve(relief);
            }
            if state.parameters.is_waiting() {
                return Work::Configure(state.parameters.take());
            }
            let now = Instant::now();
            // Before a frame is taken, so that those that come before it are shown before it.
            let expired = state.gate.expire(now);
            self.settle(&mut state, expired);
            let decoded = state.decoder.is_some();
            let next = state.gate.oldest().map(|(sequence, fresh)| (sequence, decoded || fresh.picture.is_some()));
            if let Some(frame) = state.passing.pop_before(next.map(|(sequence, _)| sequence)) {
                return Work::Show(frame);
            }
            if next.is_some_and(|(_, ready)| ready) {
                let (ticket, skipped) = state.gate.take(now);
                self.settle(&mut state, skipped);
                if let Some(ticket) = ticket {
                    self.gathered().taken();
                    if let (None, Some(decoder)) = (&ticket.what.picture, &state.decoder) {
                        copy(&**decoder);
                    }
                    self.wake();
                    return Work::Process(ticket);
                }
            }
            if wake.is_some_and(|wake| wake <= now) {
                return Work::Tick;
            }
            let mut until = wake.into_iter().chain(state.gate.opens_at(now)).min();
            match state.pacer.as_mut().map(|pacer| pacer.poll(now)) {
                None => {}
                Some(Due::In(wait)) => until = until.into_iter().chain(Some(now + wait)).min(),
                Some(Due::Frame(tick)) => {
                    let completed = now.checked_sub(tick.late).unwrap_or(now);
                    let rtp_timestamp = rtp_timestamp(tick.pts);
                    let what = Fresh { rtp_timestamp, pts: tick.pts, completed, decode: None, picture: None };
                    let (sequence, skipped) = (tick.index, tick.skipped);
                    return Work::Generate(Ticket { sequence, pts: tick.pts, skipped, waited: tick.late, what });
                }
            };
            state = match until {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let wait = until.saturating_duration_since(now);
                    self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Frames were skipped: they are counted, and shown where the policy says so.
    fn settle(&self, state: &mut State, skipped: Vec<Skipped<Fresh>>) {
        for frame in skipped {
            self.gathered().skipped(&frame);
            state.lost += u64::from(frame.reason == Reason::Backlog);
            state.passing.push(frame);
        }
    }
}

/// `pts` on the RTP clock of video, 90 kHz (RFC 3551 §5).
fn rtp_timestamp(pts: Duration) -> u32 {
    (pts.as_micros() * 9 / 100) as u32
}
