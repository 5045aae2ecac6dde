//! The session of a worker process.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::thread::Builder;

use framebox_media::EncodedFrame;
use framebox_media::snapshot::Snapshot;
use framebox_picture::Size;
use framebox_pipeline::session::swap::{Swap, SwapError};
use framebox_pipeline::{Connections, Feed, Permit, Session, Setup};
use framebox_sandbox::{CallError, Component, Engine, Limits, MemoryAccount, NoLog, Parts};

use super::connection::{Receiver, Sender};
use super::events::Events;
use super::permit::ReportedPermit;
use super::sources::RemoteSources;
use crate::protocol::{FromWorker, MAX_IMAGE, Start, ToWorker, from_nanos};

/// The session, and how it is steered.
pub(super) struct ChildSession {
    engine: Engine,
    session: Arc<Session>,
    sender: Sender,
    permit: ReportedPermit,
    sources: RemoteSources,
    /// Held by the thread that makes a snapshot.
    drawing: Arc<()>,
}

impl ChildSession {
    /// Starts the pipeline.
    ///
    /// # Errors
    /// What went wrong, for the log.
    pub(super) fn start(engine: &Engine, sender: &Sender, start: Start, code: File) -> Result<Self, String> {
        let Start { component, fps, largest_input, limits, encoding, policy, budgets, account, metered } = start;
        let permit = ReportedPermit::new(sender.clone());
        let sources = RemoteSources::new(sender.clone());
        let events = Arc::new(Events::new(sender.clone()));
        let setup = Setup {
            component: load(engine, &component, code)?,
            fps,
            largest_input: Size::new(largest_input.0, largest_input.1),
            limits,
            encoding,
            log: events.clone(),
            sources: Arc::new(sources.clone()),
            account: MemoryAccount::new(account),
            policy,
            budgets,
            permit: metered.then(|| Box::new(permit.clone()) as Box<dyn Permit>),
        };
        let connections = Connections { upstream: events.clone(), events: events.clone() };
        let session = Session::start_for(setup, connections, events).map_err(|error| error.to_string())?;
        let (engine, session, sender) = (engine.clone(), Arc::new(session), sender.clone());
        Ok(Self { engine, session, sender, permit, sources, drawing: Arc::default() })
    }

    pub(super) fn push(&self, frame: EncodedFrame) {
        self.session.push(frame);
    }

    pub(super) fn end(&self) {
        self.session.end();
    }

    /// Does what a message asks for.
    pub(super) fn take(&mut self, message: ToWorker, receiver: &mut Receiver) -> io::Result<()> {
        match message {
            ToWorker::Begin => self.session.begin(),
            ToWorker::Parameters { asked, request } => {
                let wrong = self.session.set_parameters(&asked, request);
                if !wrong.is_empty() {
                    self.sender.message(&FromWorker::Refused { wrong, request });
                }
            }
            ToWorker::Policy(policy) => self.session.set_policy(policy),
            ToWorker::Rendition { id, order } => self.session.stream().order(id, order),
            ToWorker::Sent { rtp_timestamp, at } => self.session.sent(rtp_timestamp, from_nanos(at)),
            ToWorker::Share(share) => self.permit.set_share(share),
            ToWorker::Swap { number, component, limits, budgets } => {
                let code = receiver.file()?;
                self.swap(number, move |engine| {
                    let component = load(engine, &component, code);
                    let component = component.map_err(|error| SwapError::Start(CallError::Refused(error)))?;
                    Ok(Swap { component, limits, budgets })
                })?;
            }
            ToWorker::Stats { number } => {
                self.sender.message(&FromWorker::Stats { number, stats: Box::new(self.session.stats()) });
            }
            ToWorker::Frames { number, cursor } => {
                let (rows, cursor) = self.session.frames(cursor);
                self.sender.message(&FromWorker::Frames { number, rows, cursor });
            }
            ToWorker::Snapshot { number, snapshot } => self.snapshot(number, snapshot)?,
            ToWorker::Source { number, opened } => self.sources.take(number, opened, receiver)?,
            ToWorker::Feed { is_pipe, looped } => {
                let file = receiver.file()?;
                self.session.feed(if is_pipe { Feed::Pipe(file) } else { Feed::File { file, looped } });
            }
            ToWorker::Start(_) | ToWorker::Probe { .. } | ToWorker::End => {}
        }
        Ok(())
    }

    /// One at a time: the server asks for the next one when it has this one.
    fn snapshot(&self, number: u64, snapshot: Snapshot) -> io::Result<()> {
        if Arc::strong_count(&self.drawing) > 1 {
            self.sender.image(number, Vec::new());
            return Ok(());
        }
        let (session, sender, drawing) = (self.session.clone(), self.sender.clone(), self.drawing.clone());
        Builder::new().name("snapshot".into()).spawn(move || {
            let image = session.snapshot(&snapshot).filter(|image| image.len() <= MAX_IMAGE);
            drop(drawing);
            sender.image(number, image.unwrap_or_default());
        })?;
        Ok(())
    }

    /// Starting a version may take as long as a call: the thread that reads goes on.
    fn swap(
        &self,
        number: u64,
        load: impl FnOnce(&Engine) -> Result<Swap, SwapError> + Send + 'static,
    ) -> io::Result<()> {
        let (engine, session, sender) = (self.engine.clone(), self.session.clone(), self.sender.clone());
        // It ends with the swap, or with the process.
        Builder::new().name("swap".into()).spawn(move || {
            let outcome = load(&engine).and_then(|swap| session.swap(swap));
            let outcome = outcome.map(|sequence| (sequence, session.parameters()));
            sender.message(&FromWorker::Swapped { number, outcome });
        })?;
        Ok(())
    }
}

/// Runs a handler on pictures of this process's own, on a thread: the one that reads answers for its sources goes on.
///
/// # Errors
/// When the handler cannot be loaded, or there is no thread.
pub(super) fn probe(
    engine: &Engine,
    sender: &Sender,
    (description, code): (&str, File),
    limits: Limits,
    account: usize,
) -> Result<RemoteSources, String> {
    let component = load(engine, description, code)?;
    let sources = RemoteSources::new(sender.clone());
    let setup = framebox_sandbox::Setup {
        limits,
        parameters: Vec::new(),
        log: Arc::new(NoLog),
        sources: Arc::new(sources.clone()),
        account: MemoryAccount::new(account),
    };
    let sender = sender.clone();
    // The process ends with it.
    let probe = move || sender.message(&FromWorker::Probed(component.probe(setup).err()));
    Builder::new().name("probe".into()).spawn(probe).map_err(|error| error.to_string())?;
    Ok(sources)
}

#[allow(unsafe_code)]
fn load(engine: &Engine, description: &str, code: File) -> Result<Component, String> {
    let parts = Parts::from_description(description, code).map_err(|error| error.to_string())?;
    // SAFETY: the server made them with `Component::parts`, and nobody else writes to this socket.
    unsafe { engine.load_parts(parts) }.map_err(|error| error.to_string())
}
