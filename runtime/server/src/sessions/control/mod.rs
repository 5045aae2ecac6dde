//! What a client and a session say to each other beside pictures: parameters, policy, values, notices, log.
//!
//! | module | what it holds |
//! |---|---|
//! | `client` | messages from the client |
//! | `events` | events of the pipeline |
//! | `listeners` | [`Listener`]: who follows a session beside its own client |
//! | `watched` | [`Watched`]: what the owner of a session watches |

mod client;
mod events;
mod listeners;
mod watched;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use framebox_pipeline::session::parameters::ParameterError;
use framebox_pipeline::{Notice, Policy, Severity};
use framebox_rtc::State;
use framebox_sandbox::MemoryAccount;
use serde_json::{Map, Value};
use tokio::sync::{oneshot, watch};

use super::data_channel::DataChannel;
use super::ends::Ends;
use super::handler_log::HandlerLog;
use super::lifecycle::Lifecycle;
use super::outputs::Outputs;
use super::requests::{Outcome, PendingRequests, Requester};
use super::throttle::Throttle;
use crate::protocol::{Message, PolicyChange};
pub use listeners::{Listener, Listeners};
pub use watched::Watched;

/// Controls a session, and passes on what it says.
pub struct Control {
    ends: Arc<Ends>,
    channel: DataChannel,
    watched: watch::Sender<Watched>,
    requests: Mutex<PendingRequests>,
    notices: Mutex<Throttle>,
    outputs: Outputs,
    log: Arc<HandlerLog>,
    listeners: Listeners,
}

impl Control {
    /// Creates the control of the session between these ends. What waits in it is charged to `account`; `life` says when it is over.
    pub(super) fn new(ends: Arc<Ends>, account: &MemoryAccount, life: Lifecycle) -> Self {
        let begin = Instant::now();
        Self {
            channel: DataChannel::new(ends.clone(), account),
            ends,
            watched: watch::Sender::new(Watched::new(life)),
            requests: Mutex::default(),
            notices: Mutex::default(),
            outputs: Outputs::default(),
            log: Arc::new(HandlerLog::new(begin, account)),
            listeners: Listeners::default(),
        }
    }

    /// Returns the handler's log.
    pub fn log(&self) -> &Arc<HandlerLog> {
        &self.log
    }

    /// Returns what the handler puts beside its pictures.
    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// Sends a message that is put together.
    pub(super) fn send_text(&self, text: String) {
        self.channel.send_text(text);
    }

    /// The pipeline runs.
    pub(super) fn started(&self) {
        self.watched.send_modify(|watched| watched.started = true);
    }

    /// Watches the session.
    pub fn watch(&self) -> watch::Receiver<Watched> {
        self.watched.subscribe()
    }

    /// Returns who follows the session beside its own client.
    pub fn listeners(&self) -> &Listeners {
        &self.listeners
    }

    /// Sends a message to the session's client and to everybody who follows the session.
    pub fn tell(&self, message: &Message<'_>) {
        self.listeners.tell(message);
        self.send(message);
    }

    /// Sends a message as soon as the data channel is open.
    pub fn send(&self, message: &Message<'_>) {
        self.channel.send(message);
    }

    /// Asks for parameters. The outcome arrives once the change was tried between two frames; never when the session ends
    /// before.
    ///
    /// # Errors
    /// Those that are wrong; nothing is changed then.
    pub fn ask(&self, parameters: &Map<String, Value>) -> Result<oneshot::Receiver<Outcome>, Vec<ParameterError>> {
        let (sender, outcome) = oneshot::channel();
        let Some(session) = self.ends.session() else { return Ok(outcome) };
        let number = self.requests().expect(Requester::Http(sender));
        let wrong = session.set_parameters(parameters, Some(number));
        if wrong.is_empty() {
            return Ok(outcome);
        }
        self.requests().take(number);
        Err(wrong)
    }

    /// As [`ask`](Self::ask), for somebody who follows the session: the outcome is sent to them with their number.
    ///
    /// # Errors
    /// Those that are wrong; nothing is changed then.
    pub fn ask_for(
        &self,
        listener: Weak<dyn Listener>,
        parameters: &Map<String, Value>,
        request: Option<u64>,
    ) -> Result<(), Vec<ParameterError>> {
        let Some(session) = self.ends.session() else { return Ok(()) };
        let number = request.map(|request| self.requests().expect(Requester::Listener(listener, request)));
        let wrong = session.set_parameters(parameters, number);
        if wrong.is_empty() {
            return Ok(());
        }
        if let Some(number) = number {
            self.requests().take(number);
        }
        Err(wrong)
    }

    /// Changes the policy; the client receives the policy that holds.
    pub fn set_policy(&self, change: PolicyChange) {
        self.change_policy(change, None);
    }

    /// The peer's state changed.
    pub(super) fn peer_state(&self, state: State) {
        self.watched.send_modify(|watched| watched.life.peer(Instant::now(), state));
    }

    fn change_policy(&self, PolicyChange { policy, unprocessed }: PolicyChange, request: Option<u64>) {
        let Some(session) = self.ends.session() else { return };
        let before = session.policy();
        let policy = Policy {
            skipping: policy.unwrap_or(before.skipping),
            unprocessed: unprocessed.unwrap_or(before.unprocessed),
        };
        session.set_policy(policy);
        self.listeners.tell(&Message::policy(policy, None));
        self.send(&Message::policy(policy, request));
    }

    fn set_parameters(&self, parameters: &Map<String, Value>, request: Option<u64>) {
        let Some(session) = self.ends.session() else { return };
        let number = request.map(|request| self.requests().expect(Requester::Channel(request)));
        for wrong in session.set_parameters(parameters, number) {
            if let Some(number) = number {
                self.requests().take(number);
            }
            let (severity, code, message) = (Severity::Error, "parameter", wrong.to_string());
            self.send(&Message::notice(&Notice { severity, code, message, request }));
        }
    }

    fn requests(&self) -> MutexGuard<'_, PendingRequests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn notices(&self) -> MutexGuard<'_, Throttle> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
