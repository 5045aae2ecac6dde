//! The handler thread: takes the frame whose turn it is, or waits for a generator's next frame to be due; calls the
//! component; encodes what it put.

mod swap;

use std::sync::Arc;
use std::time::{Duration, Instant};

use framebox_media::EncodedFrame;
use framebox_picture::Picture;
use framebox_sandbox::{Call, CallError, Component, Input, Instance, Kind, Limits, NamedValue};

use crate::budget::breaker::Breaker;
use crate::budget::degradation::{Change, Step};
use crate::budget::tracker::{BudgetTracker, Spent};
use crate::cpu;
use crate::schedule::gate::{SkipReason, Skipped, Ticket};
use crate::session::connections::{Connections, Notice, Severity};
use crate::session::exchange::{Exchange, FrameMetadata, Work};
use crate::session::frame_copy::FrameCopy;
use crate::session::parameters::Changes;
use crate::session::stats::Record;
use crate::session::{Controls, Setup};
use crate::stream::encode::Outlet;

/// How often a person is told of frames that were lost from the backlog.
const TELL: Duration = Duration::from_secs(5);

/// Serves the session until it ends; returns the reason.
pub(crate) fn run(exchange: &Exchange, setup: &Setup, controls: &Controls, connections: &Connections) -> String {
    cpu::lower_priority();
    let size = setup.component.descriptor().size;
    let mut handler = Handler {
        exchange,
        setup,
        connections,
        component: setup.component.clone(),
        limits: setup.limits.clone(),
        instance: None,
        unproven: true,
        breaker: Breaker::new(setup.budgets.breaker),
        tracker: BudgetTracker::new(&setup.budgets, size.is_none()),
        closed: None,
        told: None,
        used: cpu::Meter::new(),
        copies: FrameCopy::new(size),
        outlet: Outlet::new(setup, controls),
    };
    if let Err(failure) = handler.start() {
        exchange.recorder().never_started = true;
        return handler.over(&failure, "the handler could not be started");
    }
    let reason = loop {
        let mut input = None;
        let copies = &mut handler.copies;
        let look = handler.tracker.next_look(Instant::now());
        let work = exchange.work(look, |decoder| {
            input = decoder.picture().and_then(|planes| copies.copy(planes));
        });
        handler.tell_losses();
        let ended = match work {
            Work::End => break "the session was ended".to_owned(),
            Work::Tick => handler.look_at_ladder(Instant::now()),
            Work::Swap(swap) => {
                handler.swap(*swap);
                None
            }
            Work::Configure(changes) => {
                handler.configure(changes);
                None
            }
            Work::Show(frame) => {
                handler.show(frame);
                None
            }
            Work::Process(ticket) => handler.process(ticket, input),
            Work::Generate(ticket) => handler.generate(ticket),
        };
        if let Some(reason) = ended {
            break reason;
        }
    };
    if let Some(instance) = handler.instance.take() {
        instance.close();
    }
    reason
}

struct Handler<'a> {
    exchange: &'a Exchange,
    setup: &'a Setup,
    connections: &'a Connections,
    /// The one of the setup, or its successor.
    component: Component,
    limits: Limits,
    instance: Option<Instance>,
    /// The instance was not called yet: its first call takes longer than those to come.
    unproven: bool,
    breaker: Breaker,
    tracker: BudgetTracker,
    /// Until when a generator is not called, and why; for the camera's frames the gate knows.
    closed: Option<(Instant, SkipReason)>,
    told: Option<Instant>,
    used: cpu::Meter,
    copies: FrameCopy,
    outlet: Outlet<'a>,
}

impl Handler<'_> {
    /// Makes a fresh instance with the parameters that hold.
    fn start(&mut self) -> Result<(), CallError> {
        let parameters = self.exchange.lock().parameters.all();
        self.exchange.recorder().instances += 1;
        self.unproven = true;
        self.instance = Some(self.component.start(framebox_sandbox::Setup {
            limits: self.limits.clone(),
            parameters,
            log: self.setup.log.clone(),
            sources: self.setup.sources.clone(),
        })?);
        Ok(())
    }

    fn configure(&mut self, changes: Changes) {
        let result = match &mut self.instance {
            Some(instance) => instance.configure(&changes.values),
            // A fresh instance is given everything at its start.
            None => Ok(()),
        };
        match result {
            Ok(()) => {
                let mut state = self.exchange.lock();
                let sequence = state.next_sequence();
                let applied = state.parameters.applied(changes, sequence);
                drop(state);
                self.connections.events.applied(applied);
            }
            Err(failure) => {
                let ids: Vec<_> = changes.values.iter().map(|NamedValue { id, .. }| id.as_str()).collect();
                let message = format!("the handler did not take {}: {failure}", ids.join(", "));
                if changes.requests.is_empty() {
                    self.notice(Severity::Warning, failure.code(), message.clone(), None);
                }
                for request in changes.requests {
                    self.notice(Severity::Warning, failure.code(), message.clone(), Some(request));
                }
                self.discard_after(&failure);
            }
        }
    }

    /// The camera's frame. `copied`: its picture, where it had to be copied out of the decoder. Some: the stream is over.
    fn process(&mut self, mut ticket: Ticket<FrameMetadata>, copied: Option<Arc<Picture>>) -> Option<String> {
        let begin = Instant::now();
        self.used.lap();
        // What goes out when there is no result.
        let native = ticket.what.picture.take();
        let picture = match &native {
            Some(kept) => self.copies.fit(kept),
            None => copied,
        };
        let typical = !self.unproven;
        let native = native.or_else(|| picture.clone());
        let ended = self.frame(&ticket, picture, native.as_deref());
        let now = Instant::now();
        self.exchange.lock().gate.done(now, typical);
        self.exchange.wake();
        ended.or_else(|| self.settle(now, begin, typical))
    }

    /// A generator's frame is due. Some: the stream is over.
    fn generate(&mut self, ticket: Ticket<FrameMetadata>) -> Option<String> {
        let begin = Instant::now();
        self.used.lap();
        self.exchange.recorder().due(begin, &ticket);
        let every = u64::from(self.tracker.level().every.max(1));
        let closed = self.closed.filter(|(until, _)| begin < *until).map(|(_, reason)| reason);
        if let Some(reason) = closed.or((!ticket.sequence.is_multiple_of(every)).then_some(SkipReason::OverBudget)) {
            let Ticket { sequence, pts, waited, what, .. } = ticket;
            self.exchange.recorder().left_out(&Skipped { sequence, pts, waited, reason, what });
            return None;
        }
        let typical = !self.unproven;
        let ended = self.frame(&ticket, None, None);
        if let Some(frame_clock) = &mut self.exchange.lock().frame_clock {
            frame_clock.done(begin.elapsed());
        }
        ended.or_else(|| self.settle(Instant::now(), begin, typical))
    }

    /// One call: with the camera's `picture`, or of a generator. `native` is shown when it fails. Some: the stream is over,
    /// for the reason given.
    fn frame(
        &mut self,
        ticket: &Ticket<FrameMetadata>,
        picture: Option<Arc<Picture>>,
        native: Option<&Picture>,
    ) -> Option<String> {
        let fresh = &ticket.what;
        let mut record = Record::of(ticket);
        let called = self.call(ticket, picture);
        let (call, memory) = match called {
            Ok(called) => called,
            Err(failure) => {
                self.failed(&record, &failure);
                self.show_instead(native, fresh);
                return None;
            }
        };
        (record.handler, record.fuel) = (call.cost.time, call.cost.fuel);
        self.exchange.recorder().memory = memory;
        let output = match call.result {
            Ok(output) => output,
            Err(CallError::Finished(reason)) => {
                self.exchange.recorder().finished(&record);
                return Some(reason);
            }
            Err(failure) => {
                self.failed(&record, &failure);
                self.show_instead(native, fresh);
                return None;
            }
        };
        self.breaker.success();
        let begin = Instant::now();
        let shows = self.component.kind() != Kind::Observer;
        let picture = output.picture.as_ref().filter(|_| shows);
        let encoded = picture.map_or(Ok(None), |picture| self.outlet.result(picture, fresh));
        let frame = self.encoded(encoded);
        let now = Instant::now();
        record.encode = frame.is_some().then_some(now - begin);
        if !output.values.is_empty() {
            self.connections.events.values(ticket.sequence, fresh.pts.as_micros() as i64, &output.values);
        }
        self.exchange.recorder().processed(now, record);
        if let Some(frame) = frame {
            self.connections.viewer.frame(frame);
        }
        self.replace_leaking();
        None
    }

    /// Calls the instance, a fresh one where there is none. Also tells how much memory it has, bytes.
    fn call(
        &mut self,
        ticket: &Ticket<FrameMetadata>,
        picture: Option<Arc<Picture>>,
    ) -> Result<(Call, usize), CallError> {
        let generates = self.component.kind() == Kind::Generator;
        if picture.is_none() && !generates {
            return Err(CallError::Refused("the picture could not be copied".into()));
        }
        if self.instance.is_none() {
            self.start()?;
        }
        self.unproven = false;
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

    /// A call is over: what it used is booked, and held against what the session may use. Some: the session is over.
    fn settle(&mut self, now: Instant, begin: Instant, typical: bool) -> Option<String> {
        let cpu = self.used.lap();
        let fuel = self.exchange.recorder().last_fuel();
        let shut = self.tracker.called(now, Spent { wall: now - begin, cpu, fuel }, typical);
        self.hold_off(now, shut);
        self.share(now, cpu);
        self.look_at_ladder(now)
    }

    /// Tells the node what was used, and makes do with what it leaves.
    fn share(&mut self, now: Instant, cpu: Duration) {
        if let Some(permit) = &self.setup.permit {
            let level = permit.report(now, cpu);
            let shut = self.tracker.shared(now, cpu, level);
            self.hold_off(now, shut);
        }
    }

    fn hold_off(&mut self, now: Instant, shut: Option<(Instant, SkipReason)>) {
        let Some((until, reason)) = shut else { return };
        if self.closed.is_none_or(|(end, _)| end < until) {
            self.closed = shut;
        }
        self.exchange.close(now, until, reason);
    }

    /// Some: the session is over, for the reason given.
    fn look_at_ladder(&mut self, now: Instant) -> Option<String> {
        let state = self.exchange.lock();
        let interval = match &state.frame_clock {
            Some(frame_clock) => frame_clock.interval(),
            None => state.gate.usual_interval(),
        };
        drop(state);
        let Change { level, text, .. } = self.tracker.tick(now, interval)?;
        let mut state = self.exchange.lock();
        state.gate.at_least(level.every);
        state.passthrough.forced = level.rests();
        state.passthrough.sent_every = level.sent_every;
        drop(state);
        self.copies.sides_percent = level.sides_percent;
        self.exchange.recorder().level = level;
        let ends = level.step == Some(Step::End);
        let severity = if ends { Severity::Error } else { Severity::Warning };
        self.notice(severity, if ends { "over-budget" } else { "ladder" }, text.clone(), None);
        let rest = self.tracker.resting_until().map(|until| (until, SkipReason::OverBudget));
        self.hold_off(now, rest);
        ends.then_some(text)
    }

    /// A frame that was skipped is shown as it came.
    fn show(&mut self, frame: Skipped<FrameMetadata>) {
        self.used.lap();
        self.show_unprocessed(frame.what.picture.as_deref(), &frame.what);
        let cpu = self.used.lap();
        self.share(Instant::now(), cpu);
    }

    /// A frame for which the handler failed is shown as it came, where the policy says so.
    fn show_instead(&mut self, native: Option<&Picture>, fresh: &FrameMetadata) {
        if self.exchange.lock().passthrough.is_on() {
            self.show_unprocessed(native, fresh);
        }
    }

    fn show_unprocessed(&mut self, picture: Option<&Picture>, fresh: &FrameMetadata) {
        let Some(picture) = picture.filter(|_| self.component.kind() == Kind::Transform) else { return };
        let encoded = self.outlet.unprocessed(picture, fresh);
        if let Some(frame) = self.encoded(encoded) {
            self.exchange.recorder().passed(Instant::now());
            self.connections.viewer.frame(frame);
        }
    }

    fn encoded(&self, frame: Result<Option<EncodedFrame>, framebox_media::Error>) -> Option<EncodedFrame> {
        frame.unwrap_or_else(|error| {
            self.notice(Severity::Warning, "encode", format!("the picture could not be encoded: {error}"), None);
            None
        })
    }

    /// Counts a fault, tells the viewer, and sees to it that a fresh instance takes over where needed.
    fn failed(&mut self, record: &Record, failure: &CallError) {
        self.exchange.recorder().failed(record, failure.code());
        self.notice(Severity::Warning, failure.code(), failure.to_string(), None);
        self.discard_after(failure);
    }

    fn discard_after(&mut self, failure: &CallError) {
        if !failure.kills_instance() {
            return;
        }
        self.instance = None;
        let now = Instant::now();
        if let Some(rest) = self.breaker.fault(now) {
            let message = format!("the handler keeps failing and rests for {} s", rest.as_secs_f32());
            self.notice(Severity::Warning, "resting", message, None);
            self.hold_off(now, Some((now + rest, SkipReason::Resting)));
        }
    }

    /// Between two frames a guest that keeps more and more memory makes room for a fresh instance, which is made when it
    /// is needed. It is told that it is over, as at the end of a session.
    fn replace_leaking(&mut self) {
        if let Some(instance) = self.instance.take_if(|instance| instance.wants_replacement()) {
            tracing::debug!(memory = instance.memory(), "an instance is replaced before it has no memory left");
            instance.close();
        }
    }

    fn tell_losses(&mut self) {
        let now = Instant::now();
        if self.told.is_some_and(|told| now.saturating_duration_since(told) < TELL) {
            return;
        }
        let lost = std::mem::take(&mut self.exchange.lock().lost);
        if lost > 0 {
            self.told = Some(now);
            let message = format!("the handler does not keep up: {lost} frames were left out of those that waited");
            self.notice(Severity::Warning, "backlog", message, None);
        }
    }

    fn over(&self, failure: &CallError, what: &str) -> String {
        let message = format!("{what}: {failure}");
        self.notice(Severity::Error, failure.code(), message.clone(), None);
        message
    }

    fn notice(&self, severity: Severity, code: &'static str, message: String, request: Option<u64>) {
        self.connections.events.notice(Notice { severity, code, message, request });
    }
}
