//! Events of the pipeline.

use std::time::Instant;

use framebox_pipeline::session::parameters::Applied;
use framebox_pipeline::{Notice, SessionEvents, Severity};
use framebox_sandbox::{Level, Log, OutputValue};

use super::Control;
use crate::protocol::{Batch, Message};
use crate::sessions::data_channel::TooLarge;
use crate::sessions::requests::Requester;

impl SessionEvents for Control {
    fn values(&self, sequence: u64, pts_us: i64, values: &[OutputValue]) {
        let batch = Batch::new(sequence, pts_us, values);
        self.outputs.put(&batch);
        self.listeners.values(&batch);
        if let Err(TooLarge(bytes)) = self.channel.send_values(Instant::now(), &batch) {
            let message = format!(
                "the values of a frame are {bytes} bytes, more than a data channel carries: read them at /sessions/{{id}}/outputs",
            );
            let (severity, code) = (Severity::Warning, "values-too-large");
            self.notice(Notice { severity, code, message, request: None });
        }
    }

    fn applied(&self, applied: Applied) {
        let mut answered = false;
        for number in &applied.requests {
            let requester = self.requests().take(*number);
            match requester {
                Some(Requester::Channel(request)) => {
                    self.send(&Message::applied(&applied, Some(request)));
                    answered = true;
                }
                Some(Requester::Listener(listener, request)) => {
                    if let Some(listener) = listener.upgrade() {
                        listener.message(&Message::applied(&applied, Some(request)).to_text());
                    }
                }
                // A request that was given up needs no answer.
                Some(Requester::Http(answer)) => drop(answer.send(Ok(applied.clone()))),
                None => {}
            }
        }
        self.listeners.tell(&Message::applied(&applied, None));
        // The page follows changes that came another way.
        if !answered {
            self.send(&Message::applied(&applied, None));
        }
    }

    fn notice(&self, mut notice: Notice) {
        if let Some(number) = notice.request {
            let requester = self.requests().take(number);
            match requester {
                Some(Requester::Channel(request)) => notice.request = Some(request),
                Some(Requester::Listener(listener, request)) => {
                    notice.request = Some(request);
                    if let Some(listener) = listener.upgrade() {
                        listener.message(&Message::notice(&notice).to_text());
                    }
                    return;
                }
                Some(Requester::Http(answer)) => return drop(answer.send(Err(notice))),
                None => return,
            }
        } else if notice.severity == Severity::Warning {
            // Every request is answered; what happens by itself is sent seldom.
            let admitted = self.notices().admit(Instant::now(), notice.code);
            match admitted {
                None => return,
                Some(0) => {}
                Some(more) => notice.message = format!("{} ({more} more like it)", notice.message),
            }
        }
        if notice.request.is_none() {
            self.listeners.tell(&Message::notice(&notice));
        }
        self.send(&Message::notice(&notice));
    }

    fn ended(&self, reason: &str) {
        self.watched.send_modify(|watched| watched.ended = Some(reason.to_owned()));
    }
}

impl Log for Control {
    fn line(&self, level: Level, message: &str) {
        let line = self.log.write(Instant::now(), level, message);
        tracing::debug!(target: "handler", level = line.level.as_str(), "{message}");
        self.listeners.line(&line);
        if self.watched.borrow().wanted.is_some_and(|wanted| wanted.log) {
            self.send(&Message::log(&line));
        }
    }
}
