//! The task of a stream: starts its session when it is needed, feeds it, and ends it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use framebox_sandbox::Kind;
use tokio::sync::watch;
use tokio::time::sleep_until;

use super::presence::Wanted;
use super::registry::Context;
use super::settings::Input;
use super::source;
use super::stream::Stream;
use crate::sessions::control::Watched;
use crate::sessions::owner::{Proof, Requester};
use crate::sessions::{ActiveSession, offer};

/// How long the first picture of an input may take before it counts as away.
pub(super) const FIRST_PICTURE: Duration = Duration::from_secs(10);

/// A session that runs, as the task of its stream sees it.
struct Running {
    active: Arc<ActiveSession>,
    life: watch::Receiver<Watched>,
    /// The viewers see it.
    is_shown: bool,
    /// The publisher that feeds it.
    publisher: Option<Arc<super::publisher::Publisher>>,
    /// Feeds it from a source, until it is dropped.
    _source: Option<source::Feeding>,
}

/// Runs a stream until it is over; returns why.
pub(super) async fn run(stream: &Arc<Stream>, context: &Arc<Context>) -> String {
    if let Input::Session(id) = stream.settings().input {
        return round_trip(stream, context, &id).await;
    }
    let mut running: Option<Running> = None;
    loop {
        let now = Instant::now();
        if stream.is_ending() || stream.is_abandoned(now) {
            if let Some(running) = running {
                end(stream, running).await;
            }
            return match stream.is_ending() {
                true => "the stream was ended".to_owned(),
                false => "the publisher left".to_owned(),
            };
        }
        if let Some(ended) = running.as_ref().and_then(|running| running.life.borrow().ended.clone()) {
            running = None;
            stream.session_ended(Some(ended));
            continue;
        }
        let (wanted, deadline) = stream.wanted(now);
        match (wanted, running.take()) {
            (Wanted::Running, None) => match begin(stream, context).await {
                Ok(begun) => running = Some(begun),
                Err(error) => {
                    tracing::warn!(stream = stream.name, %error, "the session of a stream cannot begin");
                    stream.session_ended(Some(error.to_string()));
                }
            },
            (Wanted::Stopped, Some(unwanted)) => {
                end(stream, unwanted).await;
                continue;
            }
            (_, mut kept) => {
                if let Some(running) = &mut kept {
                    running.connect(stream);
                }
                running = kept;
            }
        }
        let life = async {
            match &mut running {
                // Its end is seen by what it says.
                Some(running) => drop(running.life.changed().await),
                None => std::future::pending().await,
            }
        };
        let timer = async {
            match deadline {
                Some(at) => sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stream.changed() => {}
            () = life => {}
            () = timer => {}
        }
    }
}

/// Begins a session.
async fn begin(stream: &Arc<Stream>, context: &Arc<Context>) -> Result<Running, offer::Error> {
    let settings = stream.settings();
    let options = offer::Options {
        handler: settings.handler.clone(),
        fps: settings.fps,
        skipping: settings.skipping,
        unprocessed: settings.unprocessed,
    };
    let id = context.random_id();
    let active = context.answerer.open(&id, (stream.owner.clone(), None), &options).await?;
    if let Some(session) = active.session() {
        // Those that the handler does not have (any more) are left out.
        for wrong in session.set_parameters(&settings.parameters, None) {
            tracing::warn!(stream = stream.name, %wrong, "a parameter of a stream is wrong: its parameters are not set");
        }
    }
    let kind = active.entry().component.kind();
    let life = active.control().watch();
    stream.set_session(Some(active.clone()), Some(kind));
    let source = match (&settings.input, kind) {
        (Input::Source(input), Kind::Transform | Kind::Observer) => {
            Some(source::Feeding::start(stream, &active, input, context))
        }
        _ => None,
    };
    let mut running = Running { active, life, is_shown: false, publisher: None, _source: source };
    running.connect(stream);
    Ok(running)
}

impl Running {
    /// Connects who has come since.
    fn connect(&mut self, stream: &Arc<Stream>) {
        if !self.is_shown && self.life.borrow_and_update().started {
            self.is_shown = true;
            stream.attach_all(&self.active);
        }
        let publisher = stream.publisher().filter(|publisher| publisher.is_live());
        if let Some(publisher) = publisher
            && !self.publisher.as_ref().is_some_and(|current| Arc::ptr_eq(current, &publisher))
        {
            if let Some(peer) = publisher.link.peer() {
                self.active.connection().publisher(&peer);
            }
            publisher.connect(self.active.connection().ingress());
            self.publisher = Some(publisher);
        }
    }
}

/// Ends a session, and waits until it has ended.
async fn end(stream: &Stream, running: Running) {
    let Running { active, mut life, .. } = running;
    active.stop();
    drop(active);
    let _ = life.wait_for(|watched| watched.ended.is_some()).await;
    stream.session_ended(None);
}

/// Shows a round trip, until it or the stream is over.
async fn round_trip(stream: &Arc<Stream>, context: &Arc<Context>, id: &str) -> String {
    let requester = Requester { key: stream.owner.key().clone(), is_admin: true, secret: None };
    let found = context.answerer.sessions.find(id, &requester, Proof::Secret);
    let Some(active) = found.and_then(|found| found.active()) else {
        return "the round trip that it shows is over".to_owned();
    };
    let mut life = active.control().watch();
    let kind = active.entry().component.kind();
    stream.set_session(Some(active.clone()), Some(kind));
    let mut is_shown = false;
    let reason = loop {
        if stream.is_ending() {
            break "its author stopped publishing".to_owned();
        }
        let watched = life.borrow_and_update().clone();
        if let Some(ended) = watched.ended {
            break ended;
        }
        if watched.started && !is_shown {
            is_shown = true;
            stream.attach_all(&active);
        }
        tokio::select! {
            () = stream.changed() => {}
            changed = life.changed() => if changed.is_err() { break "the round trip is over".to_owned() },
        }
    };
    stream.session_ended(None);
    reason
}
