//! The handler thread: takes the latest picture, calls the component, encodes what it put.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use bytes::Bytes;
use framebox_media::{Decoder, Encoder};
use framebox_picture::{Picture, Size, sample::Sampler};
use framebox_sandbox::{Failure, Input, Instance, Kind, NamedValue, Output};

use crate::breaker::Breaker;
use crate::desk::{Desk, Fresh, Work};
use crate::gate::{Reason, Ticket};
use crate::parameters::Changes;
use crate::session::{Controls, Setup};
use crate::sink::{Frame, Notice, Severity, Sink};
use crate::stats::Record;

/// Serves the session until it ends; returns the reason.
pub(crate) fn run(desk: &Desk, setup: &Setup, controls: &Controls, sink: &Arc<dyn Sink>) -> String {
    let mut handler = Handler {
        desk,
        setup,
        controls,
        sink,
        instance: None,
        breaker: Breaker::default(),
        inputs: Inputs { pool: Vec::new(), sampler: Sampler::default(), size: setup.component.descriptor().size },
        encoder: None,
        encoded: Vec::new(),
        bitrate: 0,
    };
    if let Err(failure) = handler.start() {
        return handler.over(&failure, "the handler could not be started");
    }
    let reason = loop {
        let mut input = None;
        match desk.work(|decoder| input = handler.inputs.copy(decoder)) {
            Work::End => break "the session was ended".to_owned(),
            Work::Configure(changes) => handler.configure(changes),
            Work::Process(ticket, fresh) => {
                let ended = handler.process(ticket, fresh, input);
                desk.lock().gate.done(Instant::now(), true);
                desk.wake();
                if let Some(reason) = ended {
                    break reason;
                }
            }
        }
    };
    if let Some(instance) = handler.instance.take() {
        instance.close();
    }
    reason
}

struct Handler<'a> {
    desk: &'a Desk,
    setup: &'a Setup,
    controls: &'a Controls,
    sink: &'a Arc<dyn Sink>,
    instance: Option<Instance>,
    breaker: Breaker,
    inputs: Inputs,
    encoder: Option<Box<dyn Encoder>>,
    encoded: Vec<u8>,
    bitrate: u32,
}

impl Handler<'_> {
    /// Makes a fresh instance with the parameters that hold.
    fn start(&mut self) -> Result<(), Failure> {
        let parameters = self.desk.lock().parameters.all();
        self.desk.gathered().instances += 1;
        self.instance = Some(self.setup.component.start(framebox_sandbox::Setup {
            limits: self.setup.limits.clone(),
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
                let mut state = self.desk.lock();
                // A picture that waits, or the next one that comes, is the first to see the change.
                let sequence = state.gate.next_sequence();
                let applied = state.parameters.applied(changes, sequence);
                drop(state);
                self.sink.applied(applied);
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

    /// One picture. Some: the stream is over, for the reason given.
    fn process(&mut self, ticket: Ticket, fresh: Fresh, input: Option<Arc<Picture>>) -> Option<String> {
        let Some(picture) = input else {
            self.failed(&Failure::Refused("the picture could not be copied".into()));
            return None;
        };
        if self.breaker.is_resting(Instant::now()) {
            self.desk.gathered().skipped(Reason::Resting);
            return None;
        }
        if self.instance.is_none()
            && let Err(failure) = self.start()
        {
            self.failed(&failure);
            return None;
        }
        let instance = self.instance.as_mut()?;
        let pts_us = fresh.pts.as_micros() as i64;
        let input = Input { picture, pts_us, sequence: ticket.sequence, skipped: ticket.skipped };
        let call = instance.process(input, self.setup.limits.call);
        let memory = instance.memory();
        let output = match call.result {
            Ok(output) => output,
            Err(Failure::Finished(reason)) => return Some(reason),
            Err(failure) => {
                self.failed(&failure);
                return None;
            }
        };
        self.breaker.success();
        let begin = Instant::now();
        let frame = self.encode(&output, fresh);
        let now = Instant::now();
        if !output.values.is_empty() {
            self.sink.values(ticket.sequence, pts_us, &output.values);
        }
        let mut gathered = self.desk.gathered();
        gathered.memory = memory;
        gathered.processed(
            now,
            Record {
                rtp_timestamp: fresh.rtp_timestamp,
                completed: fresh.completed,
                decode: fresh.decode,
                wait: ticket.waited,
                handler: call.cost.time,
                encode: frame.is_some().then_some(now - begin),
                total: None,
                fuel: call.cost.fuel,
            },
        );
        drop(gathered);
        if let Some(frame) = frame {
            self.sink.frame(frame);
        }
        None
    }

    /// Encodes the picture that was put, if any is to be sent.
    fn encode(&mut self, output: &Output, fresh: Fresh) -> Option<Frame> {
        let picture = output.picture.as_ref().filter(|_| self.setup.component.kind() != Kind::Observer)?;
        let result = self.encode_picture(picture, fresh.pts);
        match result {
            Ok(keyframe) if !self.encoded.is_empty() => {
                let data = Bytes::copy_from_slice(&self.encoded);
                Some(Frame { data, rtp_timestamp: fresh.rtp_timestamp, keyframe })
            }
            Ok(_) => None,
            Err(error) => {
                self.encoder = None;
                self.notice(Severity::Warning, "encode", format!("the picture could not be encoded: {error}"), None);
                None
            }
        }
    }

    fn encode_picture(&mut self, picture: &Picture, pts: Duration) -> Result<bool, framebox_media::Error> {
        self.encoded.clear();
        let bitrate = self.controls.bitrate.load(Relaxed);
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            none => {
                self.bitrate = bitrate;
                let settings = framebox_media::encode::Settings { bitrate, ..self.setup.encode.clone() };
                none.insert(self.setup.codec.encoder(&settings)?)
            }
        };
        if bitrate != self.bitrate {
            encoder.set_bitrate(bitrate);
            self.bitrate = bitrate;
        }
        let keyframe = self.controls.keyframe.swap(false, Relaxed);
        Ok(encoder.encode(picture.planes(), pts, keyframe, &mut self.encoded)?.keyframe)
    }

    /// Counts a fault, tells the viewer, and sees to it that a fresh instance takes over where needed.
    fn failed(&mut self, failure: &Failure) {
        self.desk.gathered().failed(failure.code());
        self.notice(Severity::Warning, failure.code(), failure.to_string(), None);
        self.discard_after(failure);
    }

    fn discard_after(&mut self, failure: &Failure) {
        if !failure.kills_instance() {
            return;
        }
        self.instance = None;
        if let Some(rest) = self.breaker.fault(Instant::now()) {
            let message = format!("the handler keeps failing and rests for {} s", rest.as_secs_f32());
            self.notice(Severity::Warning, "resting", message, None);
        }
    }

    fn over(&self, failure: &Failure, what: &str) -> String {
        let message = format!("{what}: {failure}");
        self.notice(Severity::Error, failure.code(), message.clone(), None);
        message
    }

    fn notice(&self, severity: Severity, code: &'static str, message: String, request: Option<u64>) {
        self.sink.notice(Notice { severity, code, message, request });
    }
}

/// Pictures for the handler, copied out of the decoder into recycled memory.
struct Inputs {
    pool: Vec<Arc<Picture>>,
    sampler: Sampler,
    /// What the handler's descriptor asks for; none: as they come.
    size: Option<Size>,
}

impl Inputs {
    fn copy(&mut self, decoder: &dyn Decoder) -> Option<Arc<Picture>> {
        let planes = decoder.picture()?;
        // Whoever held a picture of an earlier call is done with it by now, save for one that a guest still shows.
        let free = self.pool.iter_mut().position(|picture| Arc::get_mut(picture).is_some());
        let mut picture = match free {
            Some(index) => self.pool.swap_remove(index),
            None => Arc::new(Picture::black(Size::new(2, 2)).ok()?),
        };
        let to = Arc::get_mut(&mut picture)?;
        match self.size {
            Some(size) if size != planes.size => self.sampler.scale(planes, size, to).ok()?,
            _ => to.copy_from(planes).ok()?,
        }
        if self.pool.len() < 4 {
            self.pool.push(picture.clone());
        }
        Some(picture)
    }
}
