//! The running version of a handler.

use std::sync::Arc;
use std::time::Instant;

use framebox_picture::{Picture, Size};
use framebox_sandbox::{Call, CallError, Component, Input, Instance, Kind, Limits, MemoryAccount, NamedValue};

use crate::budget::Budgets;
use crate::budget::breaker::Breaker;
use crate::budget::tracker::BudgetTracker;
use crate::schedule::gate::Ticket;
use crate::schedule::skip_reason::SkipReason;
use crate::session::cause::{self, Cause};
use crate::session::frame_copy::FrameCopy;
use crate::session::setup::Setup;

/// All that belongs to the running version. A swap replaces it whole, so that nothing is held against the next version.
pub(super) struct Version {
    pub(super) component: Component,
    limits: Limits,
    /// None after a failure that kills an instance, until the next call.
    pub(super) instance: Option<Instance>,
    /// The instance was called: its first call takes longer than later ones.
    pub(super) called: bool,
    pub(super) breaker: Breaker,
    pub(super) tracker: BudgetTracker,
    /// Scales pictures that were copied before the size that the handler gets changed.
    pub(super) copies: FrameCopy,
    /// Until when a generator is not called, and why; for the camera's frames the gate knows.
    pub(super) closed: Option<(Instant, SkipReason)>,
}

impl Version {
    /// A version without an instance.
    pub(super) fn new(component: Component, limits: Limits, budgets: &Budgets, account: &MemoryAccount) -> Self {
        let scalable = component.descriptor().size.is_none();
        Self {
            component,
            limits,
            instance: None,
            called: false,
            breaker: Breaker::new(budgets.breaker),
            tracker: BudgetTracker::new(budgets, scalable),
            copies: FrameCopy::new(account),
            closed: None,
        }
    }

    /// A version whose instance was started already.
    pub(super) fn started(
        component: Component,
        limits: Limits,
        budgets: &Budgets,
        account: &MemoryAccount,
        instance: Instance,
    ) -> Self {
        Self { instance: Some(instance), ..Self::new(component, limits, budgets, account) }
    }

    /// Starts an instance.
    pub(super) fn start(&mut self, parameters: Vec<NamedValue>, setup: &Setup) -> Result<(), CallError> {
        self.called = false;
        let Setup { log, sources, account, .. } = setup;
        let (log, sources, account) = (log.clone(), sources.clone(), account.clone());
        let setup = framebox_sandbox::Setup { limits: self.limits.clone(), parameters, log, sources, account };
        self.instance = Some(self.component.start(setup)?);
        Ok(())
    }

    /// Who caused `failure` of a call with a picture of size `input`.
    pub(super) fn cause(&self, failure: &CallError, input: Option<Size>) -> Cause {
        Cause::of(failure, self.kind(), &self.limits, input)
    }

    /// True for a picture that the handler can be expected to cope with.
    pub(super) fn is_usual(&self, size: Size) -> bool {
        cause::is_usual(size, self.kind(), &self.limits)
    }

    pub(super) fn kind(&self) -> Kind {
        self.component.kind()
    }

    /// Calls the instance with the camera's `picture`, or, for a generator, without. Also returns how much memory it has,
    /// bytes.
    pub(super) fn call(&mut self, ticket: &Ticket, picture: Option<Arc<Picture>>) -> Result<(Call, usize), CallError> {
        self.called = true;
        let pts_us = ticket.pts.as_micros() as i64;
        let budget = self.limits.call;
        let instance = self.instance.as_mut().ok_or_else(|| CallError::Refused("there is no instance".into()))?;
        let call = match picture {
            Some(picture) => {
                let input = Input { picture, pts_us, sequence: ticket.sequence, skipped: ticket.skipped };
                instance.process(input, budget)
            }
            None => instance.next(pts_us, budget),
        };
        Ok((call, instance.memory()))
    }

    /// Between two frames an instance that keeps more and more memory makes room for a fresh one, which is made when it is
    /// needed. It is told that it is over, as at the end of a session.
    pub(super) fn replace_leaking(&mut self) {
        if let Some(instance) = self.instance.take_if(|instance| instance.wants_replacement()) {
            tracing::debug!(memory = instance.memory(), "an instance is replaced before it has no memory left");
            instance.close();
        }
    }
}
