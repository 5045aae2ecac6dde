//! What a session's two threads share: the decoder with its latest picture, the gate, and the parameters that wait.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use framebox_media::Decoder;

use crate::gate::{Gate, Ticket};
use crate::parameters::{Changes, Parameters};
use crate::stats::Gathered;

/// Facts about the picture that the decoder holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fresh {
    pub(crate) rtp_timestamp: u32,
    pub(crate) pts: Duration,
    pub(crate) completed: Instant,
    pub(crate) decode: Duration,
}

/// Behind the lock.
pub(crate) struct State {
    /// None while the decode thread works with it: the lock is not held for as long as decoding takes.
    pub(crate) decoder: Option<Box<dyn Decoder>>,
    pub(crate) fresh: Option<Fresh>,
    pub(crate) gate: Gate,
    pub(crate) parameters: Parameters,
    pub(crate) ended: bool,
}

/// What the handler thread does next.
pub(crate) enum Work {
    Configure(Changes),
    Process(Ticket, Fresh),
    End,
}

/// The lock, and the wake-ups for those who wait on it.
pub(crate) struct Desk {
    state: Mutex<State>,
    changed: Condvar,
    // A lock of its own, never held together with work: statistics can be read while a picture is being decoded.
    gathered: Mutex<Gathered>,
}

impl Desk {
    pub(crate) fn new(decoder: Box<dyn Decoder>, parameters: Parameters) -> Self {
        let state = State { decoder: Some(decoder), fresh: None, gate: Gate::default(), parameters, ended: false };
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
                && let (Some(ticket), _) = gate.take(Instant::now())
            {
                copy(&**decoder);
                let fresh = *fresh;
                self.wake();
                return Work::Process(ticket, fresh);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
