//! Additional outputs for readers over HTTP. A slow reader gets the latest value of each output.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde_json::Value;
use tokio::sync::Notify;

use crate::protocol::Batch;

/// Most readers of a session at once.
pub const MAX_READERS: usize = 16;

/// The latest value of each output with its frame's number and time. Bounded, since only declared outputs can be put.
type Latest = BTreeMap<String, (u64, i64, Arc<Value>)>;

/// Passes a session's values on to its readers.
#[derive(Debug, Default)]
pub struct Outputs {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    latest: Latest,
    readers: Vec<Weak<Slot>>,
    ended: Option<String>,
}

#[derive(Debug, Default)]
struct Slot {
    pending: Mutex<Pending>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct Pending {
    latest: Latest,
    ended: Option<String>,
}

/// One reader. Dropping it releases its place.
#[derive(Debug)]
pub struct Reader(Arc<Slot>);

/// What a reader receives.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Values of a frame.
    Values(Batch),
    /// The session is over, for this reason; nothing follows.
    End(String),
}

impl Outputs {
    /// Passes the values of one frame on.
    pub fn put(&self, batch: &Batch) {
        let mut state = lock(&self.state);
        let Batch { sequence, pts_us, values } = batch;
        let stamped = || values.iter().map(|(id, value)| (id.clone(), (*sequence, *pts_us, value.clone())));
        state.latest.extend(stamped());
        state.readers.retain(|reader| {
            let Some(slot) = reader.upgrade() else { return false };
            lock(&slot.pending).latest.extend(stamped());
            slot.wake.notify_one();
            true
        });
    }

    /// Ends the session: readers receive what is left, then `reason`.
    pub fn end(&self, reason: &str) {
        let mut state = lock(&self.state);
        state.ended = Some(reason.to_owned());
        for slot in state.readers.drain(..).filter_map(|reader| reader.upgrade()) {
            lock(&slot.pending).ended = Some(reason.to_owned());
            slot.wake.notify_one();
        }
    }

    /// Adds a reader, which receives the latest value of each output at once; `None` when there are too many.
    pub fn read(&self) -> Option<Reader> {
        let mut state = lock(&self.state);
        state.readers.retain(|reader| reader.strong_count() > 0);
        if state.readers.len() >= MAX_READERS {
            return None;
        }
        let pending = Pending { latest: state.latest.clone(), ended: state.ended.clone() };
        let slot = Arc::new(Slot { pending: Mutex::new(pending), wake: Notify::new() });
        state.readers.push(Arc::downgrade(&slot));
        Some(Reader(slot))
    }
}

impl Reader {
    /// Waits for events; returns them, values in the order of their frames.
    pub async fn next(&mut self) -> Vec<Event> {
        loop {
            let events = self.take();
            if !events.is_empty() {
                return events;
            }
            self.0.wake.notified().await;
        }
    }

    fn take(&self) -> Vec<Event> {
        let mut pending = lock(&self.0.pending);
        let mut frames: BTreeMap<u64, Batch> = BTreeMap::new();
        for (id, (sequence, pts_us, value)) in std::mem::take(&mut pending.latest) {
            let batch = frames.entry(sequence).or_insert(Batch { sequence, pts_us, values: BTreeMap::new() });
            batch.values.insert(id, value);
        }
        frames.into_values().map(Event::Values).chain(pending.ended.clone().map(Event::End)).collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn batch(sequence: u64, values: &[(&str, Value)]) -> Batch {
        let values = values.iter().map(|(id, value)| ((*id).to_owned(), Arc::new(value.clone()))).collect();
        Batch { sequence, pts_us: sequence as i64 * 1000, values }
    }

    #[tokio::test]
    async fn a_slow_reader_gets_the_latest_value_of_each_output_with_its_frame() {
        let outputs = Outputs::default();
        let mut reader = outputs.read().unwrap();
        outputs.put(&batch(1, &[("fps", json!(30))]));
        for i in 2..10_000 {
            outputs.put(&batch(i, &[("score", json!(i))]));
        }
        let expected =
            [batch(1, &[("fps", json!(30))]), batch(9999, &[("score", json!(9999))])].map(Event::Values).to_vec();
        assert_eq!(reader.next().await, expected);
        // A late reader gets the same.
        assert_eq!(outputs.read().unwrap().next().await, expected);
        outputs.put(&batch(10_000, &[("score", json!(1))]));
        outputs.end("enough");
        let rest = vec![Event::Values(batch(10_000, &[("score", json!(1))])), Event::End("enough".into())];
        assert_eq!(reader.next().await, rest);
        assert!(outputs.read().unwrap().next().await.contains(&Event::End("enough".into())));
    }

    #[tokio::test]
    async fn a_reader_waits_and_is_woken() {
        let outputs = Arc::new(Outputs::default());
        let mut reader = outputs.read().unwrap();
        #[expect(clippy::disallowed_methods, reason = "it is awaited below")]
        let task = tokio::spawn(async move { reader.next().await });
        tokio::task::yield_now().await;
        outputs.put(&batch(3, &[("a", json!(true))]));
        assert_eq!(task.await.unwrap(), [Event::Values(batch(3, &[("a", json!(true))]))]);
    }

    #[test]
    fn readers_are_limited_and_released() {
        let outputs = Outputs::default();
        let mut readers: Vec<_> = (0..MAX_READERS).map(|_| outputs.read().unwrap()).collect();
        assert!(outputs.read().is_none());
        readers.pop();
        assert!(outputs.read().is_some());
    }
}
