//! What the session produces, on its way to the server.

use std::sync::atomic::{AtomicBool, Ordering};

use framebox_pipeline::session::parameters::Applied;
use framebox_pipeline::stream::{Coded, Output};
use framebox_pipeline::{Notice, SessionEvents, Upstream};
use framebox_sandbox::{Json, Level, Log, OutputValue};
use serde::Serialize;

use super::connection::Sender;
use crate::protocol::FromWorker;

/// Passes everything on.
pub(super) struct Events {
    sender: Sender,
    never_started: AtomicBool,
}

impl Events {
    pub(super) fn new(sender: Sender) -> Self {
        Self { sender, never_started: AtomicBool::new(false) }
    }
}

/// [`FromWorker::Values`], borrowed.
#[derive(Serialize)]
enum Values<'a> {
    Values { sequence: u64, pts_us: i64, values: Vec<(&'a String, &'a Json)> },
}

impl SessionEvents for Events {
    fn values(&self, sequence: u64, pts_us: i64, values: &[OutputValue]) {
        let values = values.iter().map(|OutputValue { id, json }| (id, json)).collect();
        self.sender.message(&Values::Values { sequence, pts_us, values });
    }

    fn applied(&self, applied: Applied) {
        self.sender.message(&FromWorker::Applied(applied));
    }

    fn notice(&self, notice: Notice) {
        self.sender.message(&FromWorker::Notice(notice));
    }

    fn input_ended(&self, reason: Option<String>) {
        self.sender.message(&FromWorker::InputEnded(reason));
    }

    fn never_started(&self) {
        self.never_started.store(true, Ordering::Relaxed);
    }

    fn ended(&self, reason: &str) {
        let never_started = self.never_started.load(Ordering::Relaxed);
        self.sender.message(&FromWorker::Ended { reason: reason.to_owned(), never_started });
    }
}

impl Upstream for Events {
    fn request_keyframe(&self) {
        self.sender.message(&FromWorker::Keyframe);
    }
}

impl Log for Events {
    fn line(&self, level: Level, message: &str) {
        self.sender.message(&FromWorker::Log { level, message: message.to_owned() });
    }
}

impl Output for Events {
    fn coded(&self, coded: Coded) {
        self.sender.coded(&coded);
    }
}
