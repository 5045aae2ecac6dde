//! The task that reads what a process says and writes what it is told.

use std::any::Any;
use std::collections::HashMap;
use std::io::{self, IoSlice};
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use framebox_media::clip::Decoded;
use framebox_pipeline::stream::Audience;
use framebox_pipeline::{Connections, Notice, Permit, Severity};
use framebox_sandbox::{CallError, Log, MemoryAccount};
use sendfd::SendWithFd;
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::process::Child;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::checks::{self, Flood};
use super::mirror::Answer;
use super::remote::Shared;
use super::spawn::Process;
use crate::protocol::{FromWorker, Incoming, Outgoing, ToWorker, parse};
use crate::sources::{GrantedFile, Grants};

/// Files that are being opened for a process at once, and sources that it holds open.
const MOST_OPENING: usize = 16;
const MOST_OPEN: usize = 64;
/// Longest time for a process to be gone after it was killed.
const REAPING: Duration = Duration::from_secs(5);

/// What the session of a process is connected to.
pub(super) struct Served {
    pub(super) shared: Arc<Shared>,
    /// The viewers; none of a probe.
    pub(super) audience: Option<Audience>,
    pub(super) connections: Connections,
    pub(super) log: Arc<dyn Log>,
    pub(super) grants: Arc<dyn Grants>,
    pub(super) permit: Option<Arc<dyn Permit>>,
    /// What is held here for the session is charged to it.
    pub(super) account: MemoryAccount,
    /// Of a probe: receives the failure, if any.
    pub(super) probed: Option<oneshot::Sender<Option<CallError>>>,
    /// Is told whether the pipeline runs.
    pub(super) started: Option<oneshot::Sender<Result<(), String>>>,
    /// Longest time for the session to end once it was asked to.
    pub(super) longest: Duration,
}

/// Why a process is not served any more.
enum End {
    /// The session is over, for this reason.
    Over(String),
    /// The process is gone.
    Gone,
    /// It said what no worker says, or too much.
    Misbehaved(String),
    /// It does not read, or does not end.
    Stuck,
}

/// Serves a process until its session is over, then ends it.
pub(super) async fn serve(process: Process, messages: mpsc::Receiver<Outgoing>, mut served: Served) {
    let Process { mut child, socket, buffer } = process;
    let pid = child.id();
    let shared = served.shared.clone();
    let longest = served.longest;
    let ending = async {
        shared.ending.notified().await;
        sleep(longest).await;
    };
    let end = tokio::select! {
        end = read(&socket, buffer, &mut served) => end,
        () = write(&socket, messages, &shared) => End::Gone,
        () = shared.stuck.notified() => End::Stuck,
        () = ending => End::Stuck,
    };
    drop(socket);
    let reason = match end {
        End::Over(reason) => {
            reap(&mut child).await;
            reason
        }
        End::Gone => {
            let status = timeout(REAPING, child.wait()).await;
            let how = match &status {
                Ok(Ok(status)) => exit(*status),
                _ => "it could not be reached any more".to_owned(),
            };
            reap(&mut child).await;
            tracing::warn!(pid, how, "a worker process ended before its session");
            format!("the worker process of this session failed: {how}; connect again")
        }
        End::Misbehaved(how) => {
            reap(&mut child).await;
            tracing::error!(pid, how, "a worker process misbehaved and was ended");
            "the worker process of this session misbehaved and was ended; connect again".to_owned()
        }
        End::Stuck => {
            reap(&mut child).await;
            tracing::warn!(pid, "a worker process did not answer and was ended");
            "the worker process of this session did not answer any more and was ended; connect again".to_owned()
        }
    };
    shared.mirror().end();
    if let Some(started) = served.started.take() {
        // Who started it tells the viewer.
        let _ = started.send(Err(reason));
    } else {
        served.connections.events.ended(&reason);
    }
}

async fn reap(child: &mut Child) {
    // Its memory is free when this is over.
    if timeout(REAPING, child.kill()).await.is_err() {
        tracing::warn!(pid = child.id(), "a worker process is not gone yet");
    }
}

/// Says how a process ended.
fn exit(status: ExitStatus) -> String {
    match status.signal() {
        Some(signal) if signal == rustix::process::Signal::SYS.as_raw() => {
            "it made a system call that is forbidden to it".to_owned()
        }
        Some(signal) if signal == rustix::process::Signal::ABORT.as_raw() => {
            "it was out of memory, or aborted".to_owned()
        }
        Some(signal) => format!("it was ended by signal {signal}"),
        None => format!("it ended with {status}"),
    }
}

async fn read(socket: &UnixStream, mut buffer: BytesMut, served: &mut Served) -> End {
    let mut flood = Flood::new(Instant::now());
    let mut opening = JoinSet::new();
    let mut open: HashMap<u64, Box<dyn Any + Send>> = HashMap::new();
    loop {
        let mut taken = 0;
        loop {
            let before = buffer.len();
            match parse::<FromWorker>(&mut buffer) {
                Ok(Some(incoming)) => {
                    let now = Instant::now();
                    let bytes = match &incoming {
                        // It was asked for.
                        Incoming::Image(number, _) if served.shared.mirror().awaits(*number) => 0,
                        _ => before - buffer.len(),
                    };
                    if !flood.admit(now, bytes) {
                        return End::Misbehaved("it says too much".into());
                    }
                    match incoming {
                        Incoming::Coded(coded) => {
                            if let Some(audience) = &served.audience {
                                audience.coded(coded);
                            }
                        }
                        Incoming::Frame(_) => return End::Misbehaved("it sends a frame for no rendition".into()),
                        Incoming::Image(number, file) => {
                            served.shared.mirror().answer(number, Answer::Image(file));
                        }
                        Incoming::Message(FromWorker::OpenSource { number, name, decoded }) => {
                            if opening.len() >= MOST_OPENING || open.len() >= MOST_OPEN {
                                return End::Misbehaved("it opens too many sources".into());
                            }
                            let grants = served.grants.clone();
                            opening.spawn_blocking(move || (number, open_source(&*grants, &name, decoded)));
                        }
                        Incoming::Message(FromWorker::CloseSource { number }) => drop(open.remove(&number)),
                        Incoming::Message(message) => {
                            if let Some(end) = served.take(message, now) {
                                return end;
                            }
                        }
                    }
                }
                Ok(None) => break,
                Err(what) => return End::Misbehaved(what),
            }
            taken += 1;
            if taken % 64 == 0 {
                tokio::task::yield_now().await;
            }
        }
        tokio::select! {
            received = receive(socket, &mut buffer) => match received {
                Ok(0) | Err(_) => return End::Gone,
                Ok(_) => {}
            },
            Some(Ok((number, opened))) = opening.join_next(), if !opening.is_empty() => {
                served.shared.send(match opened {
                    Ok(GrantedFile { file, looped, permit }) => {
                        open.insert(number, permit);
                        Outgoing::message(&ToWorker::Source { number, opened: Ok(looped) }, vec![file])
                    }
                    Err(message) => Outgoing::message(&ToWorker::Source { number, opened: Err(message) }, Vec::new()),
                });
            }
        }
    }
}

fn open_source(grants: &dyn Grants, name: &str, decoded: bool) -> Result<GrantedFile, String> {
    if !decoded {
        return grants.open(name);
    }
    let Decoded { pipe, permit } = grants.decode(name)?;
    Ok(GrantedFile { file: pipe, looped: false, permit })
}

async fn receive(socket: &UnixStream, buffer: &mut BytesMut) -> io::Result<usize> {
    loop {
        socket.readable().await?;
        // Room for a few frames; a longer message reserves its own.
        buffer.reserve(32 << 10);
        match socket.try_read_buf(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            read => return read,
        }
    }
}

impl Served {
    /// Does what a message says. Returns why the process is not served any more, if so.
    fn take(&mut self, message: FromWorker, now: Instant) -> Option<End> {
        let events = &self.connections.events;
        match message {
            FromWorker::Started(outcome) => {
                let failed = outcome.is_err();
                if let Some(started) = self.started.take() {
                    // Who gave up waiting ends the session.
                    let _ = started.send(outcome.map_err(checks::text));
                }
                return failed.then(|| End::Over("the session could not be started".into()));
            }
            FromWorker::Values { sequence, pts_us, values } => {
                let values = {
                    let mirror = self.shared.mirror();
                    checks::values(values, &mirror.descriptor, &self.account)
                };
                if !values.is_empty() {
                    events.values(sequence, pts_us, &values);
                }
            }
            FromWorker::Applied(mut applied) => {
                {
                    let mut mirror = self.shared.mirror();
                    applied.parameters = checks::parameters(applied.parameters, &mirror.descriptor);
                    mirror.parameters.clone_from(&applied.parameters);
                }
                events.applied(applied);
            }
            FromWorker::Notice(notice) => events.notice(checks::notice(notice)),
            FromWorker::Refused { wrong, request } => {
                for wrong in wrong {
                    let message = checks::text(wrong.to_string());
                    events.notice(Notice { severity: Severity::Error, code: "parameter", message, request });
                }
            }
            FromWorker::Log { level, message } => self.log.line(level, &checks::text(message)),
            FromWorker::Keyframe => self.connections.upstream.request_keyframe(),
            FromWorker::Used { us, bytes } => {
                if let Some(permit) = &self.permit {
                    permit.report_memory(now, bytes);
                    let share = permit.report(now, Duration::from_micros(us));
                    self.shared.tell(&ToWorker::Share(share));
                }
            }
            FromWorker::Swapped { number, outcome } => {
                let mut mirror = self.shared.mirror();
                let successor = mirror.successor.take();
                if let (Ok((_, parameters)), Some(descriptor)) = (&outcome, successor) {
                    mirror.parameters = checks::parameters(parameters.clone(), &descriptor);
                    mirror.descriptor = descriptor;
                }
                mirror.answer(number, Answer::Swapped(outcome));
            }
            FromWorker::Stats { number, stats } => self.shared.mirror().answer(number, Answer::Stats(stats)),
            FromWorker::Frames { number, rows, cursor } => {
                self.shared.mirror().answer(number, Answer::Frames(rows, cursor));
            }
            FromWorker::InputEnded(reason) => events.input_ended(reason.map(checks::text)),
            FromWorker::Panicked(place) => tracing::error!("{}", checks::text(place)),
            FromWorker::Ended { reason, never_started } => {
                self.shared.mirror().never_started = never_started;
                return Some(End::Over(checks::text(reason)));
            }
            FromWorker::Probed(failure) => {
                if let Some(probed) = self.probed.take() {
                    // Who gave up waiting needs no outcome.
                    let _ = probed.send(failure);
                }
                return Some(End::Over("the probe is over".into()));
            }
            FromWorker::Ready { .. } => return Some(End::Misbehaved("it is ready twice".into())),
            // Handled by the caller.
            FromWorker::OpenSource { .. } | FromWorker::CloseSource { .. } => {}
        }
        None
    }
}

/// Writes messages until the process does not read any more.
async fn write(socket: &UnixStream, mut messages: mpsc::Receiver<Outgoing>, shared: &Shared) {
    while let Some(message) = messages.recv().await {
        let written = send(socket, &message).await;
        if !message.data.is_empty() {
            shared.frames.fetch_sub(1, Ordering::Relaxed);
        }
        if written.is_err() {
            return;
        }
    }
    // All handles are gone; the reader sees the end.
    std::future::pending().await
}

async fn send(socket: &UnixStream, message: &Outgoing) -> io::Result<()> {
    let Outgoing { head, data, files } = message;
    let mut head = &head[..];
    if !files.is_empty() {
        let files: Vec<_> = files.iter().map(AsRawFd::as_raw_fd).collect();
        let written = socket.async_io(Interest::WRITABLE, || socket.send_with_fd(head, &files)).await?;
        head = head.get(written..).unwrap_or_default();
    }
    let mut slices = [IoSlice::new(head), IoSlice::new(data)];
    let mut slices = &mut slices[..];
    loop {
        // Empty slices at the front go away.
        IoSlice::advance_slices(&mut slices, 0);
        if slices.is_empty() {
            return Ok(());
        }
        socket.writable().await?;
        match socket.try_write_vectored(slices) {
            Ok(written) => IoSlice::advance_slices(&mut slices, written),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}
