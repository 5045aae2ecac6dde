//! A successor takes over.

use std::time::Instant;

use super::Handler;
use crate::budget::breaker::Breaker;
use crate::budget::degradation::Level;
use crate::budget::tracker::BudgetTracker;
use crate::session::frame_copy::FrameCopy;
use crate::session::swap::PreparedSwap;

impl Handler<'_> {
    /// Puts a started instance of another component in the place of the one that is there. What was held against that one
    /// is not held against its successor.
    pub(super) fn swap(&mut self, swap: PreparedSwap) {
        let PreparedSwap { successor, instance, mut parameters, taken } = swap;
        let now = Instant::now();
        let size = successor.component.descriptor().size;
        let sequence = {
            let mut state = self.exchange.lock();
            parameters.catch_up(&mut state.parameters);
            state.parameters = parameters;
            state.gate.open();
            state.gate.at_least(1);
            state.passthrough.forced = false;
            state.passthrough.sent_every = 1;
            state.next_sequence()
        };
        {
            let mut recorder = self.exchange.recorder();
            recorder.instances += 1;
            recorder.level = Level::NONE;
        }
        if let Some(permit) = &self.setup.permit {
            permit.moved(now, &successor.component.digest().to_string());
        }
        self.tracker = BudgetTracker::new(&successor.budgets, size.is_none());
        self.breaker = Breaker::new(successor.budgets.breaker);
        self.copies = FrameCopy::new(size);
        self.closed = None;
        self.unproven = true;
        self.limits = successor.limits;
        self.component = successor.component;
        let before = self.instance.replace(instance);
        // Ending it may take as long as a call, which the next frame need not wait for.
        if let Err(refused) = taken.send((sequence, before)) {
            drop(refused);
        }
    }
}
