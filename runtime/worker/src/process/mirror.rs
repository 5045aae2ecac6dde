//! What the server knows of a session in a process without asking.

use std::collections::HashMap;

use bytes::Bytes;
use framebox_pipeline::Policy;
use framebox_pipeline::session::history::Row;
use framebox_pipeline::session::stats::Stats;
use framebox_pipeline::session::swap::SwapError;
use framebox_sandbox::Descriptor;
use serde_json::{Map, Value};
use tokio::sync::oneshot;

/// Questions that may wait for their answers at once.
const MOST_QUESTIONS: usize = 64;

/// The answer to a question.
pub(super) enum Answer {
    Stats(Box<Stats>),
    Frames(Vec<Row>, u64),
    Image(Bytes),
    Swapped(Result<(u64, Map<String, Value>), SwapError>),
}

/// What the server knows of a session in a process.
pub(super) struct Mirror {
    /// Of the version that runs.
    pub(super) descriptor: Descriptor,
    pub(super) parameters: Map<String, Value>,
    pub(super) policy: Policy,
    /// Of a version that is about to take over.
    pub(super) successor: Option<Descriptor>,
    pub(super) never_started: bool,
    /// Nothing comes from the process any more.
    pub(super) ended: bool,
    next: u64,
    questions: HashMap<u64, oneshot::Sender<Answer>>,
}

impl Mirror {
    pub(super) fn new(descriptor: Descriptor, parameters: Map<String, Value>, policy: Policy) -> Self {
        Self {
            descriptor,
            parameters,
            policy,
            successor: None,
            never_started: false,
            ended: false,
            next: 0,
            questions: HashMap::new(),
        }
    }

    /// Notes a question; returns its number and where the answer arrives. None when there are too many, or nobody answers.
    pub(super) fn ask(&mut self) -> Option<(u64, oneshot::Receiver<Answer>)> {
        self.questions.retain(|_, asked| !asked.is_closed());
        if self.ended || self.questions.len() >= MOST_QUESTIONS {
            return None;
        }
        let (sender, answer) = oneshot::channel();
        let number = self.next;
        self.next += 1;
        self.questions.insert(number, sender);
        Some((number, answer))
    }

    /// Whether somebody waits for the answer to a question.
    pub(super) fn awaits(&self, number: u64) -> bool {
        self.questions.contains_key(&number)
    }

    /// Passes an answer on.
    pub(super) fn answer(&mut self, number: u64, answer: Answer) {
        if let Some(asked) = self.questions.remove(&number) {
            // Who gave up waiting needs no answer.
            let _ = asked.send(answer);
        }
    }

    /// The session is over: nobody answers any more.
    pub(super) fn end(&mut self) {
        self.ended = true;
        self.questions.clear();
    }
}
