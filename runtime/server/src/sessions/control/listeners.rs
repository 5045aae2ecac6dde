//! Who follows a session beside its own client: the viewers of its stream.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::protocol::{Batch, LogLine, Message};

/// Follows a session. Every method returns at once, and holds a bounded amount of what it is given.
pub trait Listener: Send + Sync {
    /// A message for everybody, or the answer to a request of this one.
    fn message(&self, text: &str);
    /// The values of a frame.
    fn values(&self, batch: &Batch);
    /// A line of the handler's log.
    fn line(&self, line: &LogLine);
}

/// Those who follow a session. None of them is kept alive.
#[derive(Default)]
pub struct Listeners(Mutex<Vec<Weak<dyn Listener>>>);

impl Listeners {
    /// Adds one, which is told of what happens from now on.
    pub fn add(&self, listener: Weak<dyn Listener>) {
        let mut listeners = self.lock();
        listeners.retain(|listener| listener.strong_count() > 0);
        listeners.push(listener);
    }

    /// Removes one.
    pub fn remove(&self, listener: &Weak<dyn Listener>) {
        self.lock().retain(|other| !other.ptr_eq(listener) && other.strong_count() > 0);
    }

    /// Sends a message to all.
    pub fn tell(&self, message: &Message<'_>) {
        let listeners = self.all();
        if listeners.is_empty() {
            return;
        }
        let text = message.to_text();
        listeners.iter().for_each(|listener| listener.message(&text));
    }

    /// Sends the values of a frame to all.
    pub fn values(&self, batch: &Batch) {
        self.all().iter().for_each(|listener| listener.values(batch));
    }

    /// Sends a line of the log to all.
    pub fn line(&self, line: &LogLine) {
        self.all().iter().for_each(|listener| listener.line(line));
    }

    /// What is sent is sent without the lock: a listener may be dropped by it.
    fn all(&self) -> Vec<Arc<dyn Listener>> {
        self.lock().iter().filter_map(Weak::upgrade).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<dyn Listener>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
