//! What a session's threads share: where its frames come from, and the parameters that wait.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use framebox_media::Decoder;

use crate::gate::{Gate, Ticket};
use crate::pacer::{Due, Pacer};
use crate::parameters::{Changes, Parameters};
use crate::stats::Gathered;

/// Facts about the picture that the decoder holds, or the frame that is due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fresh {
    pub(crate) rtp_timestamp: u32,
    pub(crate) pts: Duration,
    pub(crate) completed: Instant,
    /// None for a frame that was not decoded.
    pub(crate) decode: Option<Duration>,
}

/// Behind the lock.
pub(crate) struct State {
    /// None while the decode thread works with it (the lock is not held for as long as decoding takes), and in the session
    /// of a generator.
    pub(crate) decoder: Option<Box<dyn Decoder>>,
    pub(crate) fresh: Option<Fresh>,
    pub(crate) gate: Gate,
    /// Of a generator, once somebody watches.
    pub(crate) pacer: Option<Pacer>,
    pub(crate) parameters: Parameters,
    pub(crate) ended: bool,
}

/// What the handler thread does next.
pub(crate) enum Work {
    Configure(Changes),
    /// The camera's picture.
    Process(Ticket, Fresh),
    /// A generator's frame is due.
    Generate(Ticket, Fresh),
    End,
}

/// The lock, and the wake-ups for those who wait on it.
pub(crate) struct Desk {
    state: Mutex<State>,
    changed: Condvar,
    // A lock of its own, never held together with work: statistics can be read while a picture is being decoded.
    gathered: Mutex<Gathered>,
}

impl State {
    /// Number of the first frame that the handler has not been called for.
    pub(crate) fn next_sequence(&self) -> u64 {
        match &self.pacer {
            Some(pacer) => pacer.next_index(),
            // A picture that waits, or the next one that comes.
            None => self.gate.next_sequence() - u64::from(self.gate.is_waiting()),
        }
    }
}

impl Desk {
    /// `decoder`: of the camera's pictures; a generator has none.
    pub(crate) fn new(decoder: Option<Box<dyn Decoder>>, parameters: Parameters) -> Self {
        let state = State { decoder, fresh: None, gate: Gate::default(), pacer: None, parameters, ended: false };
        Self { state: Mutex::new(state), changed: Condvar::new(), gathered: Mutex::default() }
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

    /// The decoder, to be put back after its next picture. None once the session ended.
    pub(crate) fn take_decoder(&self) -> Option<Box<dyn Decoder>> {
        let mut state = self.lock();
        if state.ended { None } else { state.decoder.take() }
    }

    /// Waits until there is work for the handler thread. A picture that is to be processed is handed to `copy` while
    /// the lock is held, since the decoder overwrites it with the next one.
    pub(crate) fn work(&self, mut copy: impl FnMut(&dyn Decoder)) -> Work {
        let mut state = self.lock();
        loop {
            if state.ended {
                return Work::End;
            }
            if state.parameters.is_waiting() {
                return Work::Configure(state.parameters.take());
            }
            let State { decoder, fresh, gate, .. } = &mut *state;
            if let (Some(decoder), Some(fresh)) = (decoder, fresh)
                && let Some(ticket) = gate.take(Instant::now())
            {
                copy(&**decoder);
                let fresh = *fresh;
                self.wake();
                return Work::Process(ticket, fresh);
            }
            let now = Instant::now();
            let wait = match state.pacer.as_mut().map(|pacer| pacer.poll(now)) {
                None => None,
                Some(Due::In(wait)) => Some(wait),
                Some(Due::Frame(tick)) => {
                    let ticket = Ticket { sequence: tick.index, skipped: tick.skipped, waited: tick.late };
                    let rtp_timestamp = rtp_timestamp(tick.pts);
                    let completed = now.checked_sub(tick.late).unwrap_or(now);
                    return Work::Generate(ticket, Fresh { rtp_timestamp, pts: tick.pts, completed, decode: None });
                }
            };
            state = match wait {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(wait) => self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }
}

/// `pts` on the RTP clock of video, 90 kHz (RFC 3551 §5).
fn rtp_timestamp(pts: Duration) -> u32 {
    (pts.as_micros() * 9 / 100) as u32
}
