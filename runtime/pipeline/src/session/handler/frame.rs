//! One frame: the call, and what comes of it.

use std::sync::Arc;
use std::time::Instant;

use framebox_picture::{Picture, Size};
use framebox_sandbox::{Call, CallError, Kind};

use super::Handler;
use crate::schedule::gate::{Skipped, Ticket};
use crate::schedule::skip_reason::SkipReason;
use crate::session::cause::Cause;
use crate::session::exchange::Finished;
use crate::session::frame::{Frame, FrameMetadata};
use crate::session::notice::Severity;
use crate::session::record::Record;
use crate::stream::Shown;

impl Handler<'_> {
    /// Processes a frame from the camera. Returns the reason if the stream is over.
    pub(super) fn process(&mut self, ticket: Ticket<Frame>) -> Option<String> {
        let begin = Instant::now();
        self.used.lap();
        let (ticket, frame) = ticket.split();
        // It was copied at this size, unless the size has changed since.
        let size = self.exchange.lock().version.size(frame.size);
        let picture = frame.picture.as_ref().and_then(|picture| self.version.copies.fit(picture, size));
        // What an unusual picture costs says nothing about the handler.
        let typical = self.version.called && self.version.is_usual(size);
        let ended = self.frame(&ticket, &frame.metadata, picture, frame.picture.as_ref());
        self.finish(begin, typical);
        ended.or_else(|| self.settle(Instant::now(), begin, typical))
    }

    /// A generator's frame is due. Returns the reason if the stream is over.
    pub(super) fn generate(&mut self, ticket: Ticket<FrameMetadata>) -> Option<String> {
        let begin = Instant::now();
        self.used.lap();
        let (ticket, metadata) = ticket.split();
        self.exchange.recorder().due(begin, &ticket, &metadata);
        let every = u64::from(self.version.tracker.level().every.max(1));
        let closed = self.version.closed.filter(|(until, _)| begin < *until).map(|(_, reason)| reason);
        if let Some(reason) = closed.or((!ticket.sequence.is_multiple_of(every)).then_some(SkipReason::OverBudget)) {
            self.exchange.recorder().left_out(&ticket, &metadata, reason);
            return None;
        }
        let typical = self.version.called;
        let ended = self.frame(&ticket, &metadata, None, None);
        self.finish(begin, typical);
        ended.or_else(|| self.settle(Instant::now(), begin, typical))
    }

    /// A frame that was skipped is shown as it came.
    pub(super) fn pass_through(&mut self, frame: Skipped<Frame>) {
        self.used.lap();
        self.show_unprocessed(frame.sequence, frame.what.native(), &frame.what.metadata);
        let cpu = self.used.lap();
        self.share(Instant::now(), cpu);
    }

    fn finish(&self, begun: Instant, typical: bool) {
        self.exchange.lock().finished = Some(Finished { begun, typical });
    }

    /// One call: with the camera's `picture`, or of a generator. `native` is shown when it fails. Returns the reason if the
    /// stream is over.
    fn frame(
        &mut self,
        ticket: &Ticket,
        metadata: &FrameMetadata,
        picture: Option<Arc<Picture>>,
        native: Option<&Arc<Picture>>,
    ) -> Option<String> {
        let mut record = Record::new(ticket, metadata);
        let input = picture.as_ref().map(|picture| picture.size());
        let (call, memory) = match self.call(ticket, picture) {
            Ok(called) => called,
            Err(failure) => {
                self.failed(&record, &failure, input);
                self.show_instead(ticket.sequence, native, metadata);
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
                self.failed(&record, &failure, input);
                self.show_instead(ticket.sequence, native, metadata);
                return None;
            }
        };
        self.version.breaker.success();
        if !output.values.is_empty() {
            let pts_us = metadata.pts.as_micros() as i64;
            self.connections.events.values(ticket.sequence, pts_us, &output.values);
        }
        let picture = output.picture.filter(|_| self.version.kind() != Kind::Observer);
        // Before the picture is shown: its rendition may be quicker than this thread.
        self.exchange.recorder().processed(Instant::now(), record, picture.is_some());
        if let Some(picture) = picture
            && !self.show(ticket.sequence, picture, metadata, true)
        {
            self.exchange.recorder().not_shown(ticket.sequence);
        }
        self.version.replace_leaking();
        None
    }

    /// Calls the instance, a fresh one where there is none.
    fn call(&mut self, ticket: &Ticket, picture: Option<Arc<Picture>>) -> Result<(Call, usize), CallError> {
        if picture.is_none() && self.version.kind() != Kind::Generator {
            let message = "the session has no memory left for the camera's picture".into();
            return Err(CallError::HostMemory { message, trapped: false });
        }
        if self.version.instance.is_none() {
            self.start()?;
        }
        self.version.call(ticket, picture)
    }

    /// A frame for which the handler failed is shown as it came, where the policy says so.
    fn show_instead(&mut self, sequence: u64, native: Option<&Arc<Picture>>, metadata: &FrameMetadata) {
        if self.exchange.lock().passes_through() {
            self.show_unprocessed(sequence, native, metadata);
        }
    }

    fn show_unprocessed(&mut self, sequence: u64, picture: Option<&Arc<Picture>>, metadata: &FrameMetadata) {
        if let Some(picture) = picture.filter(|_| self.version.kind() == Kind::Transform) {
            self.show(sequence, picture.clone(), metadata, false);
        }
    }

    fn show(&self, sequence: u64, picture: Arc<Picture>, metadata: &FrameMetadata, processed: bool) -> bool {
        let FrameMetadata { rtp_timestamp, pts, captured, .. } = *metadata;
        self.stream.show(&Shown { picture, sequence, pts, rtp_timestamp, captured, processed })
    }

    /// Counts a failure, gives notice of it, and sees to it that a fresh instance takes over where needed.
    fn failed(&mut self, record: &Record, failure: &CallError, input: Option<Size>) {
        let cause = self.version.cause(failure, input);
        self.exchange.recorder().failed(record, failure.code(), cause);
        self.notice(Severity::Warning, failure.code(), failure.to_string(), None);
        self.discard_after(failure, cause);
    }

    pub(super) fn discard_after(&mut self, failure: &CallError, cause: Cause) {
        if !failure.kills_instance() {
            return;
        }
        self.version.instance = None;
        if cause != Cause::Handler {
            return;
        }
        let now = Instant::now();
        if let Some(rest) = self.version.breaker.fault(now) {
            let message = format!("the handler keeps failing and rests for {} s", rest.as_secs_f32());
            self.notice(Severity::Warning, "resting", message, None);
            self.hold_off(now, Some((now + rest, SkipReason::Resting)));
        }
    }
}
