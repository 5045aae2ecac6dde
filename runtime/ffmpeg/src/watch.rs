//! The thread that has the child.
//!
//! It starts the child, answers its connections, reads what it says, gives it time of the processor as time goes by, and ends
//! it: when it is told to, when nobody reads its output any more, and when nothing comes out although somebody would read it.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use framebox_jail::connect::Listener;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Resource, Rlimit, pidfd_open, prlimit};
use sendfd::RecvWithFd;

use crate::arguments::{arguments, deinterlaces};
use crate::child::{self, CPU, Kind, PREFIX};
use crate::network::Connections;
use crate::redact::Redact;
use crate::words;
use crate::{Failure, Ffmpeg, Input, Options, Outcome, Output};

/// How often it looks after the child.
const TICK: Duration = Duration::from_millis(500);
/// Cores that a child may use in the long run.
const CORES: u64 = 4;
/// What is kept of what the child says, bytes: the last of it.
const WORDS: usize = 8 << 10;

/// One run.
pub(crate) struct Watch {
    ffmpeg: Ffmpeg,
    input: Input,
    options: Options,
    output: PipeWriter,
    /// Hangs up when the run is to end.
    stop: PipeReader,
}

/// A child that runs.
struct Running {
    child: Child,
    /// Readable when it has ended.
    ended: OwnedFd,
    errors: PipeReader,
    /// Over which it sends the listener of its connections.
    control: Option<UnixStream>,
    listener: Option<Listener>,
    /// The last of what it said, and bytes of all of it.
    words: Vec<u8>,
    said: u64,
}

impl Watch {
    pub(crate) fn new(ffmpeg: Ffmpeg, input: Input, options: Options, output: PipeWriter, stop: PipeReader) -> Self {
        Self { ffmpeg, input, options, output, stop }
    }

    /// Runs until the end.
    pub(crate) fn run(self) -> Outcome {
        let outcome = self.follow();
        if let Outcome::Failed(Failure::Jail(error)) = &outcome {
            tracing::error!(error, "ffmpeg cannot be run");
        }
        outcome
    }

    fn follow(self) -> Outcome {
        let (connections, redact) = match &self.input {
            Input::Network(network) => (Some(Connections::new(network)), Redact::of(network.url())),
            _ => (None, Redact::default()),
        };
        let mut running = match self.spawn() {
            Ok(running) => running,
            Err(failure) => return Outcome::Failed(failure),
        };
        let end = self.watch(&mut running, connections.as_ref());
        // It may have ended already.
        let _ = running.child.kill();
        let status = running.child.wait();
        running.read_words();
        let refused = connections.is_some_and(|connections| connections.refused());
        match (end, status) {
            (Ok(End::Stopped), _) => Outcome::Stopped,
            (Ok(End::Interlaced), _) => Outcome::Failed(Failure::Interlaced),
            (Ok(End::Silent), _) if refused => Outcome::Failed(Failure::Refused),
            (Ok(End::Silent), _) => Outcome::Failed(Failure::Silent(self.options.silence)),
            (Ok(End::Exited), Ok(status)) => outcome(status, &running.words, refused, &redact),
            (Err(error), _) | (_, Err(error)) => Outcome::Failed(Failure::Jail(error.to_string())),
        }
    }

    fn spawn(&self) -> Result<Running, Failure> {
        let not_found = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Failure::NotFound(String::new()),
            kind => Failure::Unreadable(kind.to_string()),
        };
        let (input, stdin, device, control) = match &self.input {
            Input::File(path) => (Kind::File, Stdio::from(open(path).map_err(not_found)?), None, None),
            Input::Open(file) => (Kind::File, Stdio::from(file.try_clone().map_err(not_found)?), None, None),
            Input::Network(_) => {
                let (ours, theirs) = UnixStream::pair().map_err(failed)?;
                (Kind::Network, Stdio::from(OwnedFd::from(theirs)), None, Some(ours))
            }
            Input::Device(path) => (Kind::Device, Stdio::null(), Some(path.clone()), None),
            Input::Test(_) => (Kind::Nothing, Stdio::null(), None, None),
        };
        let command = [self.ffmpeg.path.clone().into()].into_iter().chain(arguments(&self.input, &self.options));
        let options = child::Options {
            parent: std::process::id(),
            input,
            device,
            memory: self.ffmpeg.memory,
            command: command.collect(),
        };
        let (errors, stderr) = io::pipe().map_err(failed)?;
        let child = Command::new(&self.ffmpeg.program)
            .args(options.arguments())
            .env_clear()
            .current_dir("/")
            .stdin(stdin)
            .stdout(self.output.try_clone().map_err(failed)?)
            .stderr(stderr)
            .spawn()
            .map_err(failed)?;
        let pid = Pid::from_child(&child);
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(ended) => Ok(Running { child, ended, errors, control, listener: None, words: Vec::new(), said: 0 }),
            Err(error) => {
                let mut child = child;
                let _ = child.kill().and_then(|()| child.wait());
                Err(failed(error.into()))
            }
        }
    }

    fn watch(&self, running: &mut Running, connections: Option<&Connections>) -> io::Result<End> {
        let (begin, mut tick) = (Instant::now(), Instant::now() + TICK);
        let mut silence = Silence::new(begin);
        let tolerates = matches!(self.options.output, Output::H264) || deinterlaces(&self.input, &self.options);
        loop {
            let left = Timespec::try_from(tick.saturating_duration_since(Instant::now())).map_err(io::Error::other)?;
            let network = running.listener.as_ref().map(AsFd::as_fd).or(running.control.as_ref().map(AsFd::as_fd));
            let mut all = vec![
                PollFd::new(&self.stop, PollFlags::IN),
                // Tells when there is no reader any more.
                PollFd::new(&self.output, PollFlags::empty()),
                PollFd::new(&running.ended, PollFlags::IN),
                PollFd::new(&running.errors, PollFlags::IN),
            ];
            all.extend(network.as_ref().map(|network| PollFd::new(network, PollFlags::IN)));
            match poll(&mut all, Some(&left)) {
                Err(rustix::io::Errno::INTR) => continue,
                polled => polled?,
            };
            let is = |at: usize, flags: PollFlags| all.get(at).is_some_and(|one| one.revents().intersects(flags));
            let (stopped, unread) = (is(0, PollFlags::IN | PollFlags::HUP), is(1, PollFlags::ERR));
            let (ended, says) = (is(2, PollFlags::IN), is(3, PollFlags::IN | PollFlags::HUP));
            let (connects, hung_up) = (is(4, PollFlags::IN), is(4, PollFlags::HUP | PollFlags::ERR));
            drop(all);
            if stopped || unread {
                return Ok(End::Stopped);
            }
            if ended {
                return Ok(End::Exited);
            }
            if says && !running.read_some_words()? {
                // It says nothing any more, and is about to end.
                let _ = poll(&mut [PollFd::new(&running.ended, PollFlags::IN)], Some(&left));
            }
            if says && !tolerates && words::are_of_interlaced(&String::from_utf8_lossy(&running.words)) {
                return Ok(End::Interlaced);
            }
            match (&running.listener, connections) {
                (Some(listener), Some(connections)) if connects => connections.answer(listener)?,
                (None, Some(_)) if connects => running.listener = receive(running.control.take())?,
                _ if hung_up => (running.listener, running.control) = (None, None),
                _ => {}
            }
            let now = Instant::now();
            if now >= tick {
                tick = now + TICK;
                running.give_time(now - begin);
                let waiting = rustix::io::ioctl_fionread(&self.output).unwrap_or(0);
                if silence.lasts(now, running.written(), waiting) >= self.options.silence {
                    return Ok(End::Silent);
                }
            }
        }
    }
}

/// Why a child is not watched any more.
#[derive(Debug)]
enum End {
    Stopped,
    Exited,
    Silent,
    Interlaced,
}

impl Running {
    /// Lets the child use more time of the processor. Its own limit ends it should this process not come to it.
    fn give_time(&self, runs: Duration) {
        let current = Some(CPU + runs.as_secs() * CORES);
        // Who has ended needs none.
        let _ = prlimit(Some(Pid::from_child(&self.child)), Resource::Cpu, Rlimit { current, maximum: None });
    }

    /// Bytes that the child has put out so far (proc(5)); none where the system does not count them.
    fn written(&self) -> Option<u64> {
        let counts = std::fs::read_to_string(format!("/proc/{}/io", self.child.id())).ok()?;
        let written = counts.lines().find_map(|line| line.strip_prefix("wchar:")?.trim().parse::<u64>().ok())?;
        // What it says is no output.
        Some(written.saturating_sub(self.said))
    }

    /// Reads what the child says, as far as it is there. Returns false at the end.
    fn read_some_words(&mut self) -> io::Result<bool> {
        let mut bytes = [0; 4096];
        let read = self.errors.read(&mut bytes)?;
        self.words.extend_from_slice(&bytes[..read]);
        self.said += read as u64;
        let superfluous = self.words.len().saturating_sub(WORDS);
        self.words.drain(..superfluous);
        Ok(read > 0)
    }

    /// Reads the last words of a child that has ended.
    fn read_words(&mut self) {
        while self.read_some_words().unwrap_or(false) {}
    }
}

/// For how long nothing comes out, although there is room. A plain struct: time comes in as an argument.
struct Silence {
    since: Instant,
    written: Option<u64>,
}

impl Silence {
    fn new(now: Instant) -> Self {
        Self { since: now, written: None }
    }

    /// `written`: bytes so far; `waiting`: bytes that nobody has read yet.
    fn lasts(&mut self, now: Instant, written: Option<u64>, waiting: u64) -> Duration {
        // Where the system does not count what was written, nothing can be said. What the child said and was not read yet
        // counts for a moment.
        if waiting > 0 || written.is_none() || written > self.written {
            (self.since, self.written) = (now, written.max(self.written));
        }
        now.saturating_duration_since(self.since)
    }
}

/// Opens a file, and nothing that would wait or has no end.
fn open(path: &std::path::Path) -> io::Result<File> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    File::open(path)
}

fn failed(error: io::Error) -> Failure {
    Failure::Jail(error.to_string())
}

/// Takes the listener that the child has sent. None when it has ended.
#[allow(unsafe_code)]
fn receive(control: Option<UnixStream>) -> io::Result<Option<Listener>> {
    let Some(control) = control else { return Ok(None) };
    let mut files = [-1];
    let (_, count) = control.recv_with_fd(&mut [0], &mut files)?;
    // SAFETY: the kernel has just opened it for this process, and nobody else knows it.
    Ok((count == 1).then(|| Listener::from(unsafe { OwnedFd::from_raw_fd(files[0]) })))
}

/// What the end of a child means.
fn outcome(status: ExitStatus, words: &[u8], refused: bool, redact: &Redact) -> Outcome {
    let words = String::from_utf8_lossy(words);
    if let Some(jail) = words.lines().find_map(|line| line.strip_prefix(PREFIX)) {
        return Outcome::Failed(Failure::Jail(jail.to_owned()));
    }
    let words = words::problems(&words);
    if status.success() {
        return if words.contains(Failure::NOTHING) { Outcome::Failed(Failure::Empty) } else { Outcome::Ended };
    }
    let clean = redact.clean(&words);
    tracing::debug!(%status, words = clean, "ffmpeg failed");
    Outcome::Failed(match status.signal() {
        _ if refused => Failure::Refused,
        Some(libc::SIGXCPU) => Failure::Time,
        // The allocator's way to say that there is no more memory.
        Some(libc::SIGABRT | libc::SIGSEGV | libc::SIGBUS) if words.contains("alloc") => Failure::Memory,
        Some(signal) => Failure::Unreadable(format!("it was ended by signal {signal}")),
        None => Failure::from_words(&words, &clean),
    })
}
