//! The streams by name; who publishes and who watches.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use framebox_auth::PrincipalKey;
use framebox_ffmpeg::{Failure, Ffmpeg};
use framebox_rtc::{Answer, Direction, Fragment, Offered};
use framebox_sandbox::Kind;
use serde_json::{Map, Value};
use tokio_util::task::TaskTracker;

use super::counter_offers::{CounterOffer, CounterOffers};
use super::error::Error;
use super::link::{Link, Role};
use super::presence::Start;
use super::publisher::Publisher;
use super::settings::{Audience, Input, Settings, Visitor, check_name};
use super::stream::{State, Stream, Summary};
use super::viewer::Viewer;
use super::{record, run};
use crate::config;
use crate::recording::{self, Recorder, Recordings};
use crate::sessions::fair_share;
use crate::sessions::offer::{self, Answerer};
use crate::sessions::owner::{Owner, Proof, Requester};
use crate::sessions::restart::Relation;
use framebox_pipeline::Needs;

/// Most streams at once.
const MAX_STREAMS: usize = 256;
/// Most streams of one client; of the operator as many as there may be.
const MAX_STREAMS_OF_CLIENT: usize = 16;

/// What the tasks of streams need.
pub(super) struct Context {
    pub(super) answerer: Arc<Answerer>,
    /// Reads sources; or why there is none.
    pub(super) ffmpeg: Result<Ffmpeg, Failure>,
    /// Where recordings are kept; none if they are not.
    pub(super) recordings: Option<Arc<Recordings>>,
    /// What the task of each stream and each connection is spawned on.
    pub(super) tasks: TaskTracker,
    fallback: std::sync::atomic::AtomicU64,
}

impl Context {
    /// A new id that nobody guesses: 128 random bits.
    pub(super) fn random_id(&self) -> String {
        let mut bytes = [0; 16];
        if getrandom::fill(&mut bytes).is_err() {
            // The system has no random numbers: unique at least.
            let count = self.fallback.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            bytes[..8].copy_from_slice(&count.to_be_bytes());
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

/// The streams of this server.
pub struct Streams {
    context: Arc<Context>,
    /// Most viewers of all streams.
    most_viewers: usize,
    table: Arc<Mutex<Table>>,
}

#[derive(Default)]
struct Table {
    streams: BTreeMap<String, Arc<Stream>>,
    connections: HashMap<String, Connection>,
    offers: CounterOffers,
    closed: bool,
}

/// A connection of a stream.
#[derive(Clone)]
pub enum Connection {
    /// It publishes.
    Publisher(Arc<Publisher>),
    /// It watches.
    Viewer(Arc<Viewer>),
}

impl Connection {
    /// What both kinds have in common.
    pub fn link(&self) -> &Link {
        match self {
            Self::Publisher(publisher) => &publisher.link,
            Self::Viewer(viewer) => &viewer.link,
        }
    }
}

/// A connection whose offer was answered.
#[derive(Clone, Debug)]
pub struct Connected {
    /// Its id.
    pub id: String,
    /// Name of its stream.
    pub stream: String,
    /// The answer.
    pub sdp: String,
}

/// What a viewer sends.
enum Description<'a> {
    /// An offer.
    Offer(&'a str),
    /// The answer to an offer of this side.
    Answer(Offered, &'a str),
}

/// What a stream is made for.
#[derive(Clone, Debug)]
pub enum Target<'a> {
    /// The stream of this name.
    Stream(&'a str),
    /// A stream of its own, for as long as somebody publishes into it.
    Handler(&'a offer::Options),
}

impl Streams {
    /// The streams of the configuration, which begin at once or with their viewers; `most_viewers` watch all streams together.
    ///
    /// # Errors
    /// When a stream's input is wrong.
    pub fn new(
        answerer: Arc<Answerer>,
        ffmpeg: Result<Ffmpeg, Failure>,
        recordings: Option<Arc<Recordings>>,
        config: &BTreeMap<String, config::Stream>,
        most_viewers: usize,
    ) -> anyhow::Result<Self> {
        let (tasks, fallback) = (TaskTracker::new(), Default::default());
        let context = Context { answerer, ffmpeg, recordings, tasks, fallback };
        let streams = Self { context: Arc::new(context), most_viewers, table: Arc::default() };
        for (name, stream) in config {
            let (owner, _) = Owner::new(PrincipalKey::Operator)?;
            let stream = Stream::new(name.clone(), owner, stream.settings()?, None);
            streams.insert(stream).map_err(|error| anyhow::anyhow!("streams.{name}: {error}"))?;
        }
        Ok(streams)
    }

    /// Makes a stream; without a name it gets a random one.
    ///
    /// # Errors
    /// When the name is wrong or taken, the handler does not exist or does not fit the input, or there are too many.
    pub async fn create(&self, name: Option<&str>, owner: Owner, settings: Settings) -> Result<Arc<Stream>, Error> {
        let name = match name {
            Some(name) => name.to_owned(),
            None => self.context.random_id(),
        };
        check_name(&name)?;
        let kind = match &settings.input {
            Input::Session(_) => None,
            _ => Some(self.kind(settings.handler.as_deref()).await?),
        };
        match (&settings.input, kind) {
            (Input::Clock, Some(Kind::Transform | Kind::Observer)) => {
                return Err(Error::invalid("this handler works on pictures: `clock` is the input of generators"));
            }
            (Input::Publish, Some(Kind::Generator)) => {
                return Err(Error::invalid("this handler makes its own pictures: its input is `clock`"));
            }
            _ => {}
        }
        self.insert(Stream::new(name, owner, settings, kind))
    }

    async fn kind(&self, handler: Option<&str>) -> Result<Kind, Error> {
        let entry = self.context.answerer.catalog.open(handler).await.map_err(offer::Error::Handler)?;
        Ok(entry.component.kind())
    }

    fn insert(&self, stream: Stream) -> Result<Arc<Stream>, Error> {
        let stream = Arc::new(stream);
        {
            let mut table = self.table();
            if table.closed || table.streams.len() >= MAX_STREAMS {
                return Err(Error::Full(format!("there are {MAX_STREAMS} streams, which is the most: end one first")));
            }
            let key = stream.owner.key();
            let owned = table.streams.values().filter(|other| other.owner.key() == key).count();
            if *key != PrincipalKey::Operator && owned >= MAX_STREAMS_OF_CLIENT {
                let text = format!("you have {owned} streams, which is the most for one client: end one first");
                return Err(Error::Quota(text));
            }
            if table.streams.contains_key(&stream.name) {
                return Err(Error::Taken(stream.name.clone()));
            }
            table.streams.insert(stream.name.clone(), stream.clone());
        }
        tracing::info!(stream = stream.name, "a stream is there");
        let (context, table, task) = (self.context.clone(), self.table.clone(), stream.clone());
        self.context.tasks.spawn(async move {
            let _entry = StreamEntry { table, stream: task.clone() };
            let reason = run::run(&task, &context).await;
            tracing::info!(stream = task.name, reason, "a stream is over");
            task.stop();
            let stop = |link: &Link| link.stop(&reason);
            task.publisher().iter().for_each(|publisher| stop(&publisher.link));
            task.viewers().iter().for_each(|viewer| stop(&viewer.link));
            if let Some(recorder) = task.recorder() {
                recorder.stop().await;
            }
        });
        if stream.settings().record {
            self.context.tasks.spawn(record::always(self.context.clone(), stream.clone()));
        }
        Ok(stream)
    }

    /// Records a stream; `before`: also what its publisher sends.
    ///
    /// # Errors
    /// Why it cannot be.
    pub async fn record(&self, stream: &Arc<Stream>, before: bool) -> Result<Arc<Recorder>, recording::Error> {
        record::start(&self.context, stream, before).await
    }

    /// The recordings of streams; none if they are not kept.
    pub fn recordings(&self) -> Option<&Arc<Recordings>> {
        self.context.recordings.as_ref()
    }

    /// The stream `name`, if `visitor` may watch it.
    pub fn find(&self, name: &str, visitor: &Visitor) -> Result<Arc<Stream>, Error> {
        let stream = self.get(name);
        stream.filter(|stream| stream.may_watch(visitor)).ok_or_else(|| Error::Unknown(name.chars().take(64).collect()))
    }

    /// Whether whoever has the scope `watch` may watch the stream `name`.
    pub fn needs_token(&self, name: &str) -> bool {
        self.get(name).is_some_and(|stream| stream.settings().watch == Audience::Watch)
    }

    fn get(&self, name: &str) -> Option<Arc<Stream>> {
        self.table().streams.get(name).cloned()
    }

    /// The streams that `visitor` may watch and finds by their names, the oldest first.
    pub fn list(&self, visitor: &Visitor) -> Vec<Summary> {
        let mut streams: Vec<_> = self.table().streams.values().cloned().collect();
        streams.retain(|stream| stream.may_watch(visitor));
        streams.sort_by_key(|stream| stream.begin);
        streams.iter().map(|stream| stream.summary(visitor)).collect()
    }

    /// A publisher comes. Its connection gets a random id.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn publish(
        &self,
        target: Target<'_>,
        visitor: &Visitor,
        owner: Owner,
        offer: &str,
    ) -> Result<Connected, Error> {
        let stream = match target {
            Target::Stream(name) => {
                let unknown = || Error::Unknown(name.chars().take(64).collect());
                let stream = self.get(name).ok_or_else(unknown)?;
                if !stream.may_publish(visitor) {
                    return Err(match stream.may_watch(visitor) {
                        true => Error::Forbidden("you may watch this stream, but not publish into it"),
                        false => unknown(),
                    });
                }
                stream
            }
            Target::Handler(options) => {
                let mut settings = Settings::new(Input::Publish, options.handler.clone());
                (settings.skipping, settings.unprocessed) = (options.skipping, options.unprocessed);
                settings.ends_with_publisher = true;
                self.create(None, owner.clone(), settings).await?
            }
        };
        if !matches!(stream.settings().input, Input::Publish) {
            return Err(Error::invalid(format!(
                "the stream {:?} has an input of its own: nobody publishes into it",
                stream.name
            )));
        }
        let disconnect_timeout = self.context.answerer.disconnect_timeout;
        let (id, role) = (self.context.random_id(), Role::Publisher);
        let link = Link::new((id.clone(), &stream.name), owner, role, offer, disconnect_timeout);
        let publisher = Arc::new(Publisher::new(link, &stream));
        if let Some(before) = stream.reserve_publisher(&publisher)? {
            before.link.stop("another connection of the publisher took over");
        }
        let reserved = ReservedPublisher { stream: stream.clone(), publisher: Some(publisher.clone()) };
        let answer = self.context.answerer.transport.answer(offer, Direction::ReceiveOnly, publisher.clone()).await?;
        let Answer { sdp, peer, .. } = answer;
        publisher.link.answered(peer, &sdp);
        self.table().connections.insert(id.clone(), Connection::Publisher(publisher.clone()));
        reserved.keep();
        tracing::info!(stream = stream.name, connection = id, "a publisher was answered");
        let entry = ConnectionEntry { table: self.table.clone(), id: id.clone() };
        let of = stream.clone();
        self.context.tasks.spawn(async move {
            let _entry = entry;
            let reason = publisher.run(&of).await;
            tracing::info!(stream = of.name, connection = publisher.link.id, reason, "a publisher left");
            of.remove_publisher(&publisher, &reason);
            publisher.link.close(None).await;
        });
        Ok(Connected { id, stream: stream.name.clone(), sdp })
    }

    /// A viewer comes. `id`: the one that its client chose; `None` for a random one.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn watch(
        &self,
        name: &str,
        visitor: &Visitor,
        (id, owner): (Option<&str>, Owner),
        offer: &str,
    ) -> Result<Connected, Error> {
        let stream = self.watchable(name, visitor)?;
        let id = id.map_or_else(|| self.context.random_id(), str::to_owned);
        self.connect_viewer(stream, (id, owner), Description::Offer(offer)).await
    }

    /// The stream `name`, if there is something to be seen of it for `visitor`.
    fn watchable(&self, name: &str, visitor: &Visitor) -> Result<Arc<Stream>, Error> {
        let stream = self.find(name, visitor)?;
        if stream.kind() == Some(Kind::Observer) {
            let text = "this stream's handler only reports: it has no picture; read its outputs";
            return Err(Error::invalid(text));
        }
        let settings = stream.settings();
        let is_dark =
            matches!(settings.input, Input::Publish) && stream.what() == State::Waiting && stream.publisher().is_none();
        if is_dark && settings.start == Start::Server {
            return Err(Error::NotLive(stream.name.clone()));
        }
        Ok(stream)
    }

    async fn connect_viewer(
        &self,
        stream: Arc<Stream>,
        (id, owner): (String, Owner),
        description: Description<'_>,
    ) -> Result<Connected, Error> {
        let text = match description {
            Description::Offer(text) | Description::Answer(_, text) => text,
        };
        let disconnect_timeout = self.context.answerer.disconnect_timeout;
        let link = Link::new((id.clone(), &stream.name), owner, Role::Viewer, text, disconnect_timeout);
        let account = self.context.answerer.defaults.account();
        let viewer = Viewer::new(link, &stream, &account);
        {
            let mut table = self.table();
            if table.connections.contains_key(&id) {
                return Err(offer::Error::Exists.into());
            }
            if table.closed {
                return Err(Error::Full("this server is about to end".to_owned()));
            }
            table.make_room(viewer.link.owner.key(), self.most_viewers)?;
            table.connections.insert(id.clone(), Connection::Viewer(viewer.clone()));
        }
        let entry = ConnectionEntry { table: self.table.clone(), id: id.clone() };
        let joined = Joined { stream: stream.clone(), viewer: viewer.clone() };
        stream.add_viewer(&viewer)?;
        let transport = &self.context.answerer.transport;
        let answer = match description {
            Description::Offer(offer) => transport.answer(offer, Direction::SendOnly, viewer.clone()).await?,
            Description::Answer(offered, answer) => transport.accept(offered, answer, viewer.clone()).await?,
        };
        let Answer { sdp, peer, codec, max_pixels, max_unit_bytes } = answer;
        viewer.answered(peer, &sdp, Needs { codec, max_pixels, max_unit_bytes });
        let of = stream.clone();
        self.context.tasks.spawn(async move {
            let (_entry, joined) = (entry, joined);
            let reason = viewer.run().await;
            tracing::debug!(stream = of.name, connection = viewer.link.id, reason, "a viewer left");
            drop(joined);
            viewer.link.close(Some(Stream::farewell(&reason))).await;
        });
        Ok(Connected { id, stream: stream.name.clone(), sdp })
    }

    /// Makes an offer of this side to a viewer whose own one cannot be answered. [`Connected::sdp`] is the offer.
    ///
    /// # Errors
    /// As those of [`watch`](Self::watch).
    pub fn offer(&self, name: &str, visitor: &Visitor, owner: Owner) -> Result<Connected, Error> {
        let stream = self.watchable(name, visitor)?;
        let offered = self.context.answerer.transport.offer()?;
        let (id, sdp, since) = (self.context.random_id(), offered.sdp.clone(), Instant::now());
        let offer = CounterOffer { stream: stream.name.clone(), owner, offered, since };
        self.table().offers.keep(since, id.clone(), offer);
        Ok(Connected { id, stream: stream.name.clone(), sdp })
    }

    /// Whether `requester` was made an offer that holds, by the id of the connection that it may become.
    pub fn is_offered(&self, id: &str, requester: &Requester) -> bool {
        let table = self.table();
        table.offers.get(Instant::now(), id).is_some_and(|offer| offer.owner.admits(requester, Proof::Secret))
    }

    /// Takes an offer back.
    pub fn withdraw(&self, id: &str) {
        let offer = self.table().offers.take(Instant::now(), id);
        drop(offer);
    }

    /// Connects the viewer that answers an offer of this side.
    ///
    /// # Errors
    /// As those of [`watch`](Self::watch). An answer that cannot be read leaves the offer as it is.
    pub async fn accept(&self, id: &str, visitor: &Visitor, answer: &str) -> Result<Connected, Error> {
        let unknown = || Error::Unknown(id.chars().take(64).collect());
        if !self.is_offered(id, &visitor.requester) {
            return Err(unknown());
        }
        framebox_rtc::sdp::Offer::read(answer, Direction::SendOnly)?;
        let offer = self.table().offers.take(Instant::now(), id).ok_or_else(unknown)?;
        let stream = self.watchable(&offer.stream, visitor)?;
        self.connect_viewer(stream, (id.to_owned(), offer.owner), Description::Answer(offer.offered, answer)).await
    }

    /// A connection of a stream by its id, if `requester` may steer it.
    pub fn connection(&self, id: &str, requester: &Requester, proof: Proof) -> Option<Connection> {
        let connection = self.table().connections.get(id).cloned();
        connection.filter(|connection| {
            let link = connection.link();
            !link.is_stopped() && link.owner.admits(requester, proof)
        })
    }

    /// Answers a later offer of a connection's client: ICE is restarted, everything else goes on.
    ///
    /// # Errors
    /// As those of [`Answerer::restart`].
    pub async fn restart(&self, connection: &Connection, offer: &str) -> Result<String, Error> {
        let link = connection.link();
        let restarts = link.restarts().clone();
        if restarts.relation(offer) != Relation::Restart {
            return Err(offer::Error::Exists.into());
        }
        let guard = restarts.begin().ok_or(offer::Error::Restarting)?;
        let peer = link.peer().ok_or(offer::Error::Ending)?;
        let offer = offer.to_owned();
        // A client that no longer waits for the answer leaves nothing half done.
        let work = self.context.tasks.spawn(async move {
            let _guard = guard;
            let sdp = peer.renegotiate(&offer).await?;
            restarts.answered(&offer);
            Ok(sdp)
        });
        work.await.unwrap_or(Err(offer::Error::Ending.into()))
    }

    /// Restarts the ICE session `session` of a connection by a fragment of its client's; returns the one for the client.
    ///
    /// # Errors
    /// See [`Peer::restart_ice`](framebox_rtc::Peer::restart_ice).
    pub async fn restart_ice(
        &self,
        connection: &Connection,
        fragment: Fragment,
        session: String,
    ) -> Result<String, framebox_rtc::Error> {
        let peer = connection.link().peer().ok_or(framebox_rtc::Error::Closed)?;
        // A client that no longer waits for the answer leaves nothing half done.
        let work = self.context.tasks.spawn(async move { peer.restart_ice(&fragment, &session).await });
        work.await.unwrap_or(Err(framebox_rtc::Error::Closed))
    }

    /// Values of parameters that a stream's session would have now.
    pub fn parameters(stream: &Stream) -> Map<String, Value> {
        match stream.session().and_then(|active| active.session()) {
            Some(session) => session.parameters(),
            None => stream.settings().parameters,
        }
    }

    /// Ends every stream, and waits until all are over.
    pub async fn close(&self) {
        let streams: Vec<_> = {
            let mut table = self.table();
            table.closed = true;
            table.streams.values().cloned().collect()
        };
        streams.iter().for_each(|stream| stream.stop());
        self.context.tasks.close();
        self.context.tasks.wait().await;
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        lock(&self.table)
    }
}

fn lock(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Table {
    /// Makes room for a viewer of `newcomer`: where there are `most` already, the oldest of who has most leaves.
    fn make_room(&mut self, newcomer: &PrincipalKey, most: usize) -> Result<(), Error> {
        let mut viewers: Vec<_> = self
            .connections
            .values()
            .filter_map(|connection| match connection {
                // Those that were told to leave make room already.
                Connection::Viewer(viewer) if !viewer.link.is_stopped() => Some(&viewer.link),
                _ => None,
            })
            .collect();
        if viewers.len() < most {
            return Ok(());
        }
        viewers.sort_by_key(|link| link.begin);
        let clients: Vec<_> = viewers.iter().map(|link| link.owner.key()).collect();
        let at = fair_share::leaves(&clients, &newcomer).ok_or_else(|| {
            Error::Full(format!("{most} viewers watch the streams of this server, which is the most: try again later"))
        })?;
        viewers[at].stop("somebody else watches, and you have more viewers than anybody: open fewer");
        Ok(())
    }
}

/// Removes a stream from the table, however its task ends.
struct StreamEntry {
    table: Arc<Mutex<Table>>,
    stream: Arc<Stream>,
}

impl Drop for StreamEntry {
    fn drop(&mut self) {
        let removed = lock(&self.table).streams.remove(&self.stream.name);
        drop(removed);
    }
}

/// Removes a connection from the table.
struct ConnectionEntry {
    table: Arc<Mutex<Table>>,
    id: String,
}

impl Drop for ConnectionEntry {
    fn drop(&mut self) {
        let removed = lock(&self.table).connections.remove(&self.id);
        drop(removed);
    }
}

/// Takes a viewer out of its stream.
struct Joined {
    stream: Arc<Stream>,
    viewer: Arc<Viewer>,
}

impl Drop for Joined {
    fn drop(&mut self) {
        self.stream.remove_viewer(&self.viewer);
    }
}

/// The place of a publisher whose offer is not answered yet.
struct ReservedPublisher {
    stream: Arc<Stream>,
    publisher: Option<Arc<Publisher>>,
}

impl ReservedPublisher {
    fn keep(mut self) {
        self.publisher = None;
    }
}

impl Drop for ReservedPublisher {
    fn drop(&mut self) {
        if let Some(publisher) = self.publisher.take() {
            self.stream.remove_publisher(&publisher, "its offer was not answered");
            if self.stream.settings().ends_with_publisher {
                self.stream.stop();
            }
        }
    }
}
