//! Sources, whose files the server opens.

use std::collections::HashMap;
use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use framebox_media::clip::Decoded;
use framebox_sandbox::{Source, Sources};

use super::connection::{Receiver, Sender};
use crate::protocol::FromWorker;
use crate::sources::{GrantedFile, Grants, read};

/// Longest time for the server to open a file, and to let ffmpeg decode one.
const OPENING: Duration = Duration::from_secs(5);
const DECODING: Duration = Duration::from_secs(20);

type Answer = Result<(File, bool), String>;

/// Asks the server for files. Clones share everything.
#[derive(Clone)]
pub(super) struct RemoteSources(Arc<Shared>);

struct Shared {
    sender: Sender,
    next: AtomicU64,
    waiting: Mutex<HashMap<u64, SyncSender<Answer>>>,
}

/// Tells the server that a source is not read any more.
struct Open {
    number: u64,
    sender: Sender,
}

impl RemoteSources {
    pub(super) fn new(sender: Sender) -> Self {
        Self(Arc::new(Shared { sender, next: AtomicU64::new(0), waiting: Mutex::default() }))
    }

    /// Takes the server's answer, and the file that travelled beside it.
    pub(super) fn take(
        &self,
        number: u64,
        opened: Result<bool, String>,
        receiver: &mut Receiver,
    ) -> std::io::Result<()> {
        let answer = match opened {
            Ok(looped) => Ok((receiver.file()?, looped)),
            Err(message) => Err(message),
        };
        if let Some(waiting) = self.0.waiting().remove(&number) {
            // Who gave up waiting needs no answer.
            let _ = waiting.try_send(answer);
        }
        Ok(())
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, HashMap<u64, SyncSender<Answer>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sources for RemoteSources {
    fn open(&self, name: &str) -> Result<Box<dyn Source>, String> {
        let grants: Arc<dyn Grants> = Arc::new(self.clone());
        read(name, &grants)
    }
}

impl Grants for RemoteSources {
    fn open(&self, name: &str) -> Result<GrantedFile, String> {
        let ((file, looped), open) = self.ask(name, false)?;
        Ok(GrantedFile { file, looped, permit: Box::new(open) })
    }

    fn decode(&self, name: &str) -> Result<Decoded, String> {
        let ((pipe, _), open) = self.ask(name, true)?;
        Ok(Decoded { pipe, permit: Box::new(open) })
    }
}

impl RemoteSources {
    /// Asks the server for a file, or for the pipe into which it is decoded.
    fn ask(&self, name: &str, decoded: bool) -> Result<((File, bool), Open), String> {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = sync_channel(1);
        self.0.waiting().insert(number, sender);
        self.0.sender.message(&FromWorker::OpenSource { number, name: name.to_owned(), decoded });
        let open = Open { number, sender: self.0.sender.clone() };
        let answer = answer.recv_timeout(if decoded { DECODING } else { OPENING });
        self.0.waiting().remove(&number);
        let answer = answer.map_err(|_| format!("the source {name} could not be opened in time"))??;
        Ok((answer, open))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.sender.message(&FromWorker::CloseSource { number: self.number });
    }
}
