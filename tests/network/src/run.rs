//! One scenario from start to end.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant, SystemTime};

use framebox_test_support::child::Child;
use tokio::signal::unix::{SignalKind, signal};

use crate::client::{Client, Taken};
use crate::figures::{Figure, Figures, Measurement};
use crate::namespace::{self, CLIENT, OTHER};
use crate::options::Options;
use crate::reference::Reference;
use crate::scenario::{Event, Scenario};
use crate::server;
use crate::wire::{Counts, Pump};

/// Longest wait for the first picture.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time after the measurement in which pictures may still arrive that left during it.
const TAIL: Duration = Duration::from_secs(1);
/// Time between two questions to the page.
const PAUSE: Duration = Duration::from_millis(500);

/// What came out of a scenario.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The figures that could be computed.
    pub figures: Figures,
    /// What was measured.
    pub measurement: Measurement,
    /// What happened, with its time (ms since 1970).
    pub events: Vec<(f64, String)>,
    /// What became of the packets: to the server, and to the client.
    pub counts: (Counts, Counts),
}

/// Why there is no outcome.
#[derive(Debug, PartialEq, Eq)]
pub enum Stop {
    /// The machine lacks something, in words.
    Lacking(String),
    /// A signal ended the run.
    Interrupted,
}

impl From<String> for Stop {
    fn from(lacking: String) -> Self {
        Self::Lacking(lacking)
    }
}

/// Runs a scenario.
///
/// # Errors
/// The machine lacks something, or the run was interrupted.
pub fn run(scenario: &Scenario, program: &Path, options: &Options) -> Result<Outcome, Stop> {
    let (other, device) = match &options.reference {
        Some(codec) => {
            let (reference, device) = Reference::start(codec)?;
            (Other::Chromium(reference, codec.clone()), device)
        }
        None => in_namespace("server", {
            let (program, arguments) = (PathBuf::from(program), options.server.clone());
            move || server::start(&program, &arguments).map(|(server, device)| (Other::Server(server), device))
        })?,
    };
    let (client, client_device) = sync_channel(1);
    let (begin, wire) = sync_channel(1);
    let (scenario, options) = (scenario.clone(), options.clone());
    let paths = (scenario.up.clone(), scenario.down.clone(), options.seed);
    let thread = std::thread::Builder::new().name("client".to_owned()).spawn(move || {
        // Received unless the calling thread has panicked.
        let _ = client.send(namespace::enter(CLIENT)?);
        observe(&scenario, &options, &wire, &other)
    });
    let thread = thread.map_err(|error| error.to_string())?;
    if let Ok(device_of_client) = client_device.recv() {
        let (up, down, seed) = paths;
        let pump = Pump::start(device, device_of_client, up, down, seed).map_err(|error| error.to_string())?;
        // The thread may have ended for want of something; its result says so.
        let _ = begin.send(Arc::new(pump));
    }
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Calls `make` on a thread of its own, which may go to another namespace.
fn in_namespace<T: Send + 'static>(
    name: &str,
    make: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(make).map_err(|error| error.to_string())?;
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Runs the client, on its thread.
fn observe(scenario: &Scenario, options: &Options, wire: &Receiver<Arc<Pump>>, other: &Other) -> Result<Outcome, Stop> {
    let wire = wire.recv().map_err(|error| error.to_string())?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = browse(scenario, options, &wire, other) => outcome,
            // What was started ends with its owners.
            () = interrupted() => Err(Stop::Interrupted),
        }
    })?;
    if let (Other::Server(server), true) = (other, options.verbose) {
        server.err().iter().for_each(|line| eprintln!("server: {line}"));
    }
    Ok(Outcome { counts: wire.counts(), ..outcome })
}

/// Starts the browser, runs the scenario in it, and ends it.
async fn browse(scenario: &Scenario, options: &Options, wire: &Pump, other: &Other) -> Result<Outcome, Stop> {
    let client = match other {
        Other::Server(_) => Client::of_server().await,
        Other::Chromium(..) => Client::start(&[]).await,
    };
    let client = client.ok_or_else(|| "no Chromium with chromedriver".to_owned())?;
    let mut observed = Observed { client, all: Taken::default() };
    let outcome = observed.scenario(scenario, options, other, wire).await;
    observed.client.close().await;
    Ok(outcome?)
}

/// Resolves when the program is told to end.
async fn interrupted() {
    let signals = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
    let [Ok(mut interrupt), Ok(mut terminate)] = signals else { return std::future::pending().await };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// What the client is connected to.
enum Other {
    Server(Child),
    /// With the codec that it prefers.
    Chromium(Reference, String),
}

struct Observed {
    client: Client,
    all: Taken,
}

impl Observed {
    async fn scenario(
        &mut self,
        scenario: &Scenario,
        options: &Options,
        other: &Other,
        wire: &Pump,
    ) -> Result<Outcome, String> {
        self.client.prepare(scenario.picture).await;
        let degradation = options.degradation.as_deref();
        match other {
            Other::Server(_) => {
                let handler = options.handler.as_deref().unwrap_or("flip");
                self.client.open(handler, degradation, options.codec.as_deref().or(scenario.codec)).await;
            }
            Other::Chromium(reference, codec) => self.client.call(reference, codec, degradation).await?,
        }
        let first = self.wait_for_picture().await;
        if first.is_some() {
            self.collect(Instant::now() + scenario.settling).await;
        }
        let before = (self.all.sent, self.all.session.clone());
        wire.start_schedule();
        let (start, begin) = (Instant::now(), now());
        let length = options.measured.unwrap_or(scenario.measured);
        let mut healed = scenario.healed.map(|healed| begin + healed.as_secs_f64() * 1000.0);
        if let Some((after, event)) = scenario.event {
            self.collect(start + after).await;
            happen(event, wire)?;
            // The page may have kept it waiting.
            healed = Some(now());
        }
        // Nothing to wait for where no picture ever came.
        let length = if first.is_some() { length } else { Duration::from_secs(1) };
        self.collect(start + length).await;
        let (end, given) = (now(), self.all.sent - before.0);
        self.collect(Instant::now() + TAIL).await;
        let measurement = Measurement {
            begin,
            end,
            healed,
            seen: std::mem::take(&mut self.all.seen),
            statistics: std::mem::take(&mut self.all.statistics),
            given,
            fps: scenario.picture.fps.into(),
        };
        let mut figures = measurement.figures();
        figures.extend(first.map(|first| (Figure::FirstPicture, first)));
        let lives = self.all.state.as_deref() == Some("live") && self.all.session == before.1;
        figures.insert(Figure::SameSession, lives.into());
        let events = std::mem::take(&mut self.all.events);
        Ok(Outcome { figures, measurement, events, counts: Default::default() })
    }

    /// Waits for a picture; returns when it came after the session's start, ms.
    async fn wait_for_picture(&mut self) -> Option<f64> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            self.take().await;
            let start = self.all.events.iter().find(|(_, what)| what == "start").map(|(at, _)| *at);
            let first = self.all.seen.iter().find(|seen| seen.number.is_some());
            if let (Some(start), Some(first)) = (start, first) {
                return Some(first.at - start);
            }
            if self.all.events.iter().any(|(_, what)| what.starts_with("failed") || what.starts_with("end")) {
                return None;
            }
            tokio::time::sleep(PAUSE).await;
        }
        None
    }

    /// Collects until a moment.
    async fn collect(&mut self, until: Instant) {
        while Instant::now() < until {
            tokio::time::sleep(PAUSE.min(until.saturating_duration_since(Instant::now()))).await;
            self.take().await;
        }
    }

    async fn take(&mut self) {
        let taken = self.client.take().await;
        self.all.seen.extend(taken.seen);
        self.all.statistics.extend(taken.statistics);
        self.all.events.extend(taken.events);
        (self.all.sent, self.all.session, self.all.state) = (taken.sent, taken.session, taken.state);
    }
}

/// Changes the client's place in the network. The calling thread is in the client's namespace.
fn happen(event: Event, wire: &Pump) -> Result<(), String> {
    match event {
        Event::OtherPort => wire.rebind(CLIENT, CLIENT),
        Event::OtherMapping => wire.rebind(CLIENT, OTHER),
        Event::OtherAddress => namespace::change(CLIENT, OTHER)?,
    }
    Ok(())
}

/// Milliseconds since 1970, as the page counts them.
fn now() -> f64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.as_secs_f64() * 1000.0
}
