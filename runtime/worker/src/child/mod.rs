//! The worker process: `framebox worker`. It confines itself before it reads anything, then runs one session.
//!
//! Its standard input is the socket to the server. It ends with the session, and when the server is gone: the
//! socket is closed then.

mod connection;
mod events;
mod permit;
mod session;
mod sources;

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use framebox_jail as jail;
use framebox_sandbox::{Engine, Guests, Settings};

use crate::protocol::{FromWorker, Incoming, ToWorker};
use connection::{Receiver, Sender};
use session::ChildSession;

/// Instances at once: the running one, and one that is about to take over.
const INSTANCES: u32 = 2;

/// Arguments of `framebox worker`.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Memory of the process, bytes.
    #[arg(long)]
    memory: u64,
    /// Linear memory of an instance, bytes.
    #[arg(long)]
    guest_memory: usize,
}

impl Options {
    /// Creates the arguments for a process with this much memory, and instances with this much linear memory, bytes.
    pub(crate) fn new(memory: u64, guest_memory: usize) -> Self {
        Self { memory, guest_memory }
    }

    /// Formats the arguments as a command line.
    pub(crate) fn arguments(&self) -> [String; 2] {
        [format!("--memory={}", self.memory), format!("--guest-memory={}", self.guest_memory)]
    }
}

/// Runs one session.
pub fn run(options: &Options) -> ExitCode {
    match serve(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("framebox worker: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    // Files in memory hold the first contents of a guest's memory.
    let limits = jail::Limits { memory: options.memory, descriptors: 64, file: options.guest_memory as u64 };
    let walls = jail::confine(&limits)?;
    let engine = Engine::new(&Settings {
        instances: INSTANCES,
        memory: options.guest_memory,
        tick: Duration::from_millis(1),
        guests: Guests::Here,
    })?;
    let sender = Sender::new(socket.try_clone()?);
    tell_of_panics(&sender);
    sender.message(&FromWorker::Ready { network: walls.network, files: walls.files });
    // Nobody reads the standard error from here on: it goes where the standard output goes, nowhere.
    forget_stderr()?;
    let mut receiver = Receiver::new(socket);
    let start = match receiver.next()? {
        Some(Incoming::Message(ToWorker::Start(start))) => start,
        Some(Incoming::Message(ToWorker::Probe { component, limits, account })) => {
            let code = receiver.file()?;
            let sources = session::probe(&engine, &sender, (&component, code), limits, account)?;
            while let Some(incoming) = receiver.next()? {
                if let Incoming::Message(ToWorker::Source { number, opened }) = incoming {
                    sources.take(number, opened, &mut receiver)?;
                }
            }
            return Ok(());
        }
        // The server has no use for it any more.
        _ => return Ok(()),
    };
    let code = receiver.file()?;
    let mut session = match ChildSession::start(&engine, &sender, *start, code) {
        Ok(session) => session,
        Err(error) => {
            sender.message(&FromWorker::Started(Err(error)));
            return Ok(());
        }
    };
    sender.message(&FromWorker::Started(Ok(())));
    while let Some(incoming) = receiver.next()? {
        match incoming {
            Incoming::Frame(frame) => session.push(frame),
            Incoming::Coded(_) => return Err("the server has sent a coded picture of a rendition".into()),
            Incoming::Image(..) => return Err("the server has sent a snapshot".into()),
            Incoming::Message(ToWorker::End) => session.end(),
            Incoming::Message(message) => session.take(message, &mut receiver)?,
        }
    }
    Ok(())
}

#[allow(unsafe_code)]
fn forget_stderr() -> io::Result<()> {
    // SAFETY: both descriptors are open, and nobody owns that of the standard error.
    match unsafe { libc::dup3(libc::STDOUT_FILENO, libc::STDERR_FILENO, 0) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// A panic ends one thread, and the session by its guards; the server's log gets the place.
fn tell_of_panics(sender: &Sender) {
    let sender = sender.clone();
    std::panic::set_hook(Box::new(move |panic| {
        let message = format!("a thread of the worker panicked: {panic}");
        sender.message(&FromWorker::Panicked(message));
    }));
}
