//! One stream.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use framebox_media::Codec;
use framebox_pipeline::{Needs, Severity};
use framebox_sandbox::Kind;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::Notify;
use utoipa::ToSchema;

use super::error::Error;
use super::presence::{Presence, Wanted};
use super::publisher::Publisher;
use super::settings::{Audience, Change, Control, Input, Settings, Visitor};
use super::viewer::Viewer;
use crate::protocol::{Message, PolicyChange, SessionReport};
use crate::recording::Recorder;
use crate::sessions::ActiveSession;
use crate::sessions::owner::{Owner, Proof};

/// What a stream does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = StreamState)]
pub enum State {
    /// Nobody watches, and it starts with the first viewer.
    Idle,
    /// Its publisher, or the first picture of its source, is awaited.
    Waiting,
    /// It is live.
    Live,
    /// Its publisher or its source is gone for the moment; the last picture stands.
    Away,
    /// Its session failed, and is tried again.
    Failed,
    /// It is over.
    Ending,
}

/// A stream in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = StreamSummary)]
pub struct Summary {
    /// Its name.
    pub name: String,
    /// For people; may be empty.
    pub title: String,
    /// Name of its handler.
    pub handler: String,
    /// What its handler is: `transform`, `generator` or `observer`; null before it was looked at.
    #[schema(value_type = Option<String>)]
    pub kind: Option<Kind>,
    /// Where its frames come from: `session`, `publish`, `source` or `clock`.
    pub input: &'static str,
    /// What it does.
    pub state: State,
    /// How many watch it.
    pub viewers: usize,
    /// Whether it is being recorded.
    pub recorded: bool,
    /// Time since it was made, ms.
    pub age_ms: u64,
    /// Who may watch it.
    pub watch: Audience,
    /// Who may change its parameters.
    pub control: Control,
    /// Whether the caller owns it.
    pub own: bool,
    /// Whether the caller may change its parameters.
    pub may_control: bool,
}

/// A stream with its session. Members may be added.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Stream)]
pub struct Report {
    /// The stream.
    #[serde(flatten)]
    pub summary: Summary,
    /// Its session; null while none runs.
    pub session: Option<SessionReport>,
    /// What happened last, in words; null when there is nothing to say.
    pub message: Option<String>,
}

/// One stream.
pub struct Stream {
    /// Its name.
    pub name: String,
    /// Whom it belongs to.
    pub owner: Owner,
    /// When it was made.
    pub begin: Instant,
    state: Mutex<Inner>,
    /// Something changed: its task looks.
    changed: Notify,
}

struct Inner {
    settings: Settings,
    kind: Option<Kind>,
    presence: Presence,
    session: Option<Arc<ActiveSession>>,
    publisher: Option<Arc<Publisher>>,
    /// In the order in which they came.
    viewers: Vec<Arc<Viewer>>,
    message: Option<String>,
    /// The source or the publisher has delivered since the session began, and is not away.
    delivers: bool,
    is_ending: bool,
    /// What records it, or did last.
    recorder: Option<Arc<Recorder>>,
    /// It does.
    is_recorded: bool,
}

impl Stream {
    /// A stream of `owner` that nobody watches yet.
    pub(super) fn new(name: String, owner: Owner, settings: Settings, kind: Option<Kind>) -> Self {
        let begin = Instant::now();
        let away = matches!(settings.input, Input::Publish).then_some(settings.away);
        let inner = Inner {
            presence: Presence::new(begin, settings.start, settings.idle, away),
            kind,
            settings,
            session: None,
            publisher: None,
            viewers: Vec::new(),
            message: None,
            delivers: false,
            is_ending: false,
            recorder: None,
            is_recorded: false,
        };
        Self { name, owner, begin, state: Mutex::new(inner), changed: Notify::new() }
    }

    /// Whether a visitor may watch it.
    pub fn may_watch(&self, visitor: &Visitor) -> bool {
        self.is_owned_by(visitor)
            | match self.state().settings.watch {
                Audience::Anyone => true,
                Audience::Watch => visitor.may_watch,
                Audience::Owner => false,
            }
    }

    /// Whether it belongs to a visitor.
    pub fn is_owned_by(&self, visitor: &Visitor) -> bool {
        self.owner.admits(&visitor.requester, Proof::Secret)
    }

    /// Whether a visitor may publish into it.
    pub fn may_publish(&self, visitor: &Visitor) -> bool {
        let by_name = |key: &str| self.state().settings.publishers.iter().any(|name| name == key);
        self.is_owned_by(visitor) || visitor.may_publish || by_name(&visitor.requester.key.to_string())
    }

    /// Whether a visitor may change its parameters.
    pub fn may_control(&self, visitor: &Visitor) -> bool {
        self.is_owned_by(visitor) || self.state().settings.control == Control::Viewers && self.may_watch(visitor)
    }

    /// Whether a connection that watches it may change its parameters.
    pub(super) fn is_controlled_by(&self, viewer: &Owner) -> bool {
        self.state().settings.control == Control::Viewers || viewer.key() == self.owner.key() && !viewer.is_anonymous()
    }

    /// What it is made of.
    pub fn settings(&self) -> Settings {
        self.state().settings.clone()
    }

    /// What its handler is, once that is known.
    pub fn kind(&self) -> Option<Kind> {
        self.state().kind
    }

    /// Its session, while one runs.
    pub fn session(&self) -> Option<Arc<ActiveSession>> {
        self.state().session.clone()
    }

    /// Its line in a list.
    pub fn summary(&self, visitor: &Visitor) -> Summary {
        let (own, may_control) = (self.is_owned_by(visitor), self.may_control(visitor));
        let state = self.state();
        let settings = &state.settings;
        Summary {
            name: self.name.clone(),
            title: settings.title.clone(),
            handler: settings.handler.clone().unwrap_or_default(),
            kind: state.kind,
            input: settings.input.name(),
            state: state.what(Instant::now()),
            recorded: state.is_recorded,
            viewers: state.viewers.iter().filter(|viewer| viewer.was_connected()).count(),
            age_ms: u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX),
            watch: settings.watch,
            control: settings.control,
            own,
            may_control,
        }
    }

    /// The stream with its session.
    pub async fn report(&self, visitor: &Visitor) -> Report {
        let (summary, session) = (self.summary(visitor), self.session());
        let session = match session {
            Some(active) => active.report().await,
            None => None,
        };
        Report { summary, session, message: self.state().message.clone() }
    }

    /// What it does.
    pub fn what(&self) -> State {
        self.state().what(Instant::now())
    }

    /// Makes changes: those of parameters are applied between two frames.
    ///
    /// # Errors
    /// What is wrong; nothing is changed then.
    pub fn change(&self, change: &Change) -> Result<(), Error> {
        let active = self.session();
        if let Some(parameters) = &change.parameters {
            let wrong = match &active {
                Some(active) => active.control().ask(parameters).err(),
                None => None,
            };
            if let Some(wrong) = wrong.filter(|wrong| !wrong.is_empty()) {
                let texts: Vec<_> = wrong.iter().map(ToString::to_string).collect();
                return Err(Error::invalid(texts.join("; ")));
            }
        }
        {
            let mut state = self.state();
            state.settings.change(change)?;
            if let Some(parameters) = &change.parameters {
                state.settings.parameters.extend(parameters.clone());
            }
            let away = state.settings.away;
            state.presence.set_away(away);
        }
        if let Some(active) = active
            && (change.policy.is_some() || change.unprocessed.is_some())
        {
            active.control().set_policy(PolicyChange { policy: change.policy, unprocessed: change.unprocessed });
        }
        self.wake();
        Ok(())
    }

    /// Values that hold for its later sessions, too.
    pub fn keep(&self, parameters: Map<String, Value>) {
        self.state().settings.parameters.extend(parameters);
    }

    /// What records it, or did last.
    pub fn recorder(&self) -> Option<Arc<Recorder>> {
        self.state().recorder.clone()
    }

    /// It is recorded from now on: a recorder watches it, and counts as somebody who does. False if it is over.
    pub(super) fn record(&self, recorder: &Arc<Recorder>) -> bool {
        let before = {
            let mut state = self.state();
            if state.is_ending {
                return false;
            }
            state.is_recorded = true;
            state.count();
            state.recorder.replace(recorder.clone())
        };
        drop(before);
        if let Some(active) = self.session().filter(|active| active.control().watch().borrow().started) {
            self.show_recorder(&active);
        }
        self.wake();
        true
    }

    /// A recorder is over.
    pub(super) fn recorded(&self, recorder: &Arc<Recorder>) {
        {
            let mut state = self.state();
            if !state.recorder.as_ref().is_some_and(|current| Arc::ptr_eq(current, recorder)) {
                return;
            }
            state.is_recorded = false;
            state.count();
        }
        if let Some(active) = self.session() {
            active.connection().ingress().tap(None);
        }
        self.wake();
    }

    /// The recorder sees the session, and what its publisher sends, from now on.
    fn show_recorder(&self, active: &ActiveSession) {
        let recorder = {
            let state = self.state();
            state.recorder.clone().filter(|_| state.is_recorded)
        };
        let Some((recorder, session)) = recorder.zip(active.session()) else { return };
        let viewers = self.viewers();
        let needs = viewers.iter().filter_map(|viewer| viewer.needs()).chain(active.connection().needs());
        let mut codecs = needs.map(|needs| needs.codec).peekable();
        // One that is encoded already; where there are several or none, the one that more players know.
        let only_vp8 = codecs.peek().is_some() && codecs.all(|codec| codec == Codec::Vp8);
        let needs = Needs::of(if only_vp8 { Codec::Vp8 } else { Codec::H264 });
        recorder.attached(session.attach(needs, recorder.viewer()));
        if let Some(before) = recorder.before() {
            let ingress = active.connection().ingress();
            ingress.tap(Some(before));
            recorder.published_by(Some(ingress.clone()));
        }
    }

    /// A frame of the publisher came.
    pub(super) fn frame(&self) {
        self.state().delivers = true;
    }

    /// The source delivers, or is gone for the moment, for this reason.
    pub(super) fn source_delivers(&self, broken: Option<&str>) {
        let (was_told, is_told) = {
            let mut state = self.state();
            let was_told = state.message.clone();
            state.delivers = broken.is_none();
            state.message = broken.map(str::to_owned);
            (was_told, state.message.clone())
        };
        match (was_told, is_told) {
            (was_told, Some(reason)) if was_told.as_ref() != Some(&reason) => {
                self.notice("source-away", format!("{reason}; the last picture stands until it is back"));
            }
            (Some(_), None) => self.notice("source-back", "the source is back".to_owned()),
            _ => {}
        }
    }

    /// Tells those who watch.
    fn notice(&self, code: &'static str, message: String) {
        match self.session() {
            Some(active) => active.notice(Severity::Warning, code, message),
            None => {
                for viewer in self.viewers() {
                    viewer.notice(Severity::Warning, code, message.clone(), None);
                }
            }
        }
    }

    /// Takes a publisher whose offer is being answered.
    ///
    /// # Errors
    /// When somebody publishes already.
    pub(super) fn reserve_publisher(&self, publisher: &Arc<Publisher>) -> Result<Option<Arc<Publisher>>, Error> {
        let mut state = self.state();
        if state.is_ending {
            return Err(Error::Unknown(self.name.clone()));
        }
        let is_taken = state.publisher.as_ref().is_some_and(|publisher| {
            // One that nothing comes from gives way to one that comes anew.
            publisher.link.phase() != crate::protocol::Phase::Disconnected
        });
        if is_taken {
            return Err(Error::Publishing(self.name.clone()));
        }
        Ok(state.publisher.replace(publisher.clone()))
    }

    /// A publisher is gone.
    pub(super) fn remove_publisher(&self, publisher: &Arc<Publisher>, reason: &str) {
        let removed = {
            let mut state = self.state();
            let is_same = state.publisher.as_ref().is_some_and(|current| Arc::ptr_eq(current, publisher));
            let removed = is_same.then(|| state.publisher.take()).flatten();
            if removed.is_some() {
                state.presence.publisher(Instant::now(), false);
                state.delivers = false;
                state.message = Some(format!("the publisher left: {reason}"));
            }
            removed
        };
        if removed.is_some() {
            if self.session().is_some() {
                self.notice("publisher-away", "the publisher is away; the last picture stands for a while".to_owned());
            }
            self.wake();
        }
    }

    /// The state of the publisher's connection changed.
    pub(super) fn publisher_changed(&self, now: Instant) {
        let is_back = {
            let mut state = self.state();
            let publisher = state.publisher.as_ref().map(|publisher| publisher.is_live());
            let was_away = state.presence.is_awaited();
            match publisher {
                Some(true) => {
                    state.presence.publisher(now, true);
                    state.message = None;
                }
                // A connection that is interrupted may come back: it is gone when it is given up.
                Some(false) => state.delivers = false,
                None => {}
            }
            was_away && publisher == Some(true)
        };
        if is_back && self.session().is_some() {
            self.notice("publisher-back", "the publisher is back".to_owned());
        }
        self.wake();
    }

    /// The publisher.
    pub(super) fn publisher(&self) -> Option<Arc<Publisher>> {
        self.state().publisher.clone()
    }

    /// Adds a viewer whose offer is being answered.
    ///
    /// # Errors
    /// When it is over.
    pub(super) fn add_viewer(&self, viewer: &Arc<Viewer>) -> Result<(), Error> {
        let mut state = self.state();
        if state.is_ending {
            return Err(Error::Unknown(self.name.clone()));
        }
        state.viewers.push(viewer.clone());
        state.count();
        drop(state);
        self.wake();
        Ok(())
    }

    /// A viewer is gone.
    pub(super) fn remove_viewer(&self, viewer: &Arc<Viewer>) {
        let (heir, before) = {
            let mut state = self.state();
            let at = state.viewers.iter().position(|other| Arc::ptr_eq(other, viewer));
            let removed = at.map(|at| state.viewers.remove(at));
            state.count();
            let is_round_trip = matches!(state.settings.input, Input::Session(_));
            let heir = (viewer.reports() && !is_round_trip)
                .then(|| state.viewers.iter().find(|viewer| viewer.was_connected()).cloned())
                .flatten();
            (heir, removed)
        };
        if let Some(heir) = heir {
            heir.set_reports(true);
        }
        viewer.detach();
        drop(before);
        self.wake();
    }

    /// The viewers.
    pub(super) fn viewers(&self) -> Vec<Arc<Viewer>> {
        self.state().viewers.clone()
    }

    /// A viewer is connected: it sees the session, if there is one that has started.
    pub(super) fn viewer_connected(&self, viewer: &Viewer) {
        if let Some(active) = self.session().filter(|active| active.control().watch().borrow().started) {
            self.attach(&active, viewer);
        } else if let Some(message) = self.state().message.clone() {
            viewer.notice(Severity::Warning, "not-live", message, None);
        }
    }

    /// Every viewer, and the recorder, sees the session from now on.
    pub(super) fn attach_all(&self, active: &ActiveSession) {
        for viewer in self.viewers().iter().filter(|viewer| viewer.was_connected()) {
            self.attach(active, viewer);
        }
        self.show_recorder(active);
    }

    fn attach(&self, active: &ActiveSession, viewer: &Viewer) {
        let Some(session) = active.session() else { return };
        let is_first = {
            let state = self.state();
            let is_round_trip = matches!(state.settings.input, Input::Session(_));
            // The author of a round trip reports for themselves.
            !is_round_trip
                && !state
                    .viewers
                    .iter()
                    .any(|other| other.was_connected() && other.reports() && !std::ptr::eq(&**other, viewer))
        };
        viewer.attach(active, &session, is_first);
    }

    /// The session begins or is over.
    pub(super) fn set_session(&self, active: Option<Arc<ActiveSession>>, kind: Option<Kind>) {
        let before = {
            let mut state = self.state();
            state.kind = kind.or(state.kind);
            if active.is_some() {
                state.presence.started(Instant::now());
            }
            std::mem::replace(&mut state.session, active)
        };
        drop(before);
    }

    /// The session is over, for this reason if it was not asked to end.
    pub(super) fn session_ended(&self, failure: Option<String>) {
        let message = {
            let mut state = self.state();
            state.presence.ended(Instant::now(), failure.is_some());
            state.delivers = false;
            if failure.is_some() {
                state.message.clone_from(&failure);
            }
            failure
        };
        self.set_session(None, None);
        for viewer in self.viewers() {
            viewer.detach();
        }
        if let Some(recorder) = self.recorder() {
            recorder.attached(None);
            recorder.published_by(None);
        }
        if let Some(message) = message {
            self.notice("session-failed", format!("{message}; it is started again"));
        }
    }

    /// What its task is to do now, and when to look again.
    pub(super) fn wanted(&self, now: Instant) -> (Wanted, Option<Instant>) {
        let state = self.state();
        (state.presence.wanted(now), state.presence.deadline(now))
    }

    /// Whether it is over: its publisher stayed away, and it ends with it.
    pub(super) fn is_abandoned(&self, now: Instant) -> bool {
        let state = self.state();
        state.settings.ends_with_publisher
            && state.publisher.is_none()
            && state.presence.is_abandoned(now)
            && now.saturating_duration_since(self.begin) > state.settings.away
    }

    /// Waits for a change.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Its task is to look.
    pub(super) fn wake(&self) {
        self.changed.notify_one();
    }

    /// Asks it to end.
    pub fn stop(&self) {
        self.state().is_ending = true;
        self.wake();
    }

    /// Whether it was asked to end.
    pub(super) fn is_ending(&self) -> bool {
        self.state().is_ending
    }

    /// The last words to those who watch.
    pub(super) fn farewell(reason: &str) -> String {
        Message::EndStream { data: reason }.to_text()
    }

    fn state(&self) -> MutexGuard<'_, Inner> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Who watches has changed.
    fn count(&mut self) {
        let watching = self.viewers.len() + usize::from(self.is_recorded);
        self.presence.viewers(Instant::now(), watching);
    }

    fn what(&self, now: Instant) -> State {
        if self.is_ending {
            return State::Ending;
        }
        let Some(active) = &self.session else {
            return match self.presence.wanted(now) {
                Wanted::Later(_) => State::Failed,
                Wanted::Running => State::Waiting,
                Wanted::Stopped if matches!(self.settings.input, Input::Publish) => State::Waiting,
                Wanted::Stopped => State::Idle,
            };
        };
        match self.settings.input {
            Input::Session(_) | Input::Clock => State::Live,
            Input::Publish | Input::Source(_) if self.delivers => State::Live,
            Input::Publish if self.publisher.is_none() => State::Away,
            Input::Publish | Input::Source(_) if active.begin().elapsed() > super::run::FIRST_PICTURE => State::Away,
            Input::Publish | Input::Source(_) => State::Waiting,
        }
    }
}
