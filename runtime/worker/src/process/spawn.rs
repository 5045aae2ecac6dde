//! Starts processes.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::child::Options;
use crate::protocol::{FromWorker, Incoming, parse};

/// Longest time for a process to become ready.
const READY: Duration = Duration::from_secs(20);

/// How processes are started.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// The `framebox` program.
    pub(crate) path: PathBuf,
    /// What a process may use.
    pub(crate) options: Options,
}

/// A process that is confined and waits for a session. Dropping it ends it.
pub(crate) struct Process {
    pub(super) child: Child,
    pub(super) socket: UnixStream,
    pub(super) buffer: BytesMut,
}

impl Process {
    /// Returns the process unless it has ended.
    pub(crate) fn alive(mut self) -> Option<Self> {
        matches!(self.child.try_wait(), Ok(None)).then_some(self)
    }
}

impl Program {
    /// Starts a process, and waits until it is confined.
    ///
    /// # Errors
    /// When it does not start, or cannot be confined.
    pub(crate) async fn start(&self) -> io::Result<Process> {
        let (ours, theirs) = StdStream::pair()?;
        ours.set_nonblocking(true)?;
        let mut child = Command::new(&self.path)
            .arg("worker")
            .args(self.options.arguments())
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut socket = UnixStream::from_std(ours)?;
        let mut buffer = BytesMut::new();
        let ready = async {
            while socket.read_buf(&mut buffer).await? > 0 {
                match parse::<FromWorker>(&mut buffer).map_err(io::Error::other)? {
                    Some(Incoming::Message(FromWorker::Ready { network, files })) => return Ok((network, files)),
                    Some(_) => break,
                    None => {}
                }
            }
            Err(io::Error::other(last_words(&mut child).await))
        };
        let (network, files) = timeout(READY, ready).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        // Whatever it writes there from now on would only fill our log.
        drop(child.stderr.take());
        tracing::debug!(pid = child.id(), network, files, "a worker process is ready");
        Ok(Process { child, socket, buffer })
    }
}

/// What a process said before it ended.
async fn last_words(child: &mut Child) -> String {
    let mut words = String::new();
    if let Some(stderr) = child.stderr.take() {
        // Without them the text below has to do.
        let _ = stderr.take(4096).read_to_string(&mut words).await;
    }
    match words.trim() {
        "" => "the process ended before it was ready".to_owned(),
        words => words.to_owned(),
    }
}
