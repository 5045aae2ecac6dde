//! A successor takes over.

use std::time::Instant;

use super::Handler;
use crate::breaker::Breaker;
use crate::input::Inputs;
use crate::ladder::Rung;
use crate::steward::Steward;
use crate::successor::Relief;

impl Handler<'_> {
    /// Puts a started instance of another component in the place of the one that is there. What was held against that one
    /// is not held against its successor.
    pub(super) fn relieve(&mut self, relief: Relief) {
        let Relief { successor, instance, mut parameters, taken } = relief;
        let now = Instant::now();
        let size = successor.component.descriptor().size;
        let sequence = {
            let mut state = self.desk.lock();
            parameters.catch_up(&mut state.parameters);
            state.parameters = parameters;
            state.gate.open();
            state.gate.at_least(1);
            state.passing.forced = false;
            state.passing.sent_every = 1;
            state.next_sequence()
        };
        {
            let mut gathered = self.desk.gathered();
            gathered.instances += 1;
            gathered.rung = Rung::BOTTOM;
        }
        if let Some(place) = &self.setup.place {
            place.moved(now, &successor.component.digest().to_string());
        }
        self.steward = Steward::new(&successor.budgets, size.is_none());
        self.breaker = Breaker::new(successor.budgets.breaker);
        self.inputs = Inputs::new(size);
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
