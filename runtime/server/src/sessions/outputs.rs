//! Additional outputs for readers over HTTP. A slow reader gets the latest value of each output.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use framebox_auth::PrincipalKey;
use framebox_sandbox::Json;
use tokio::sync::Notify;

use super::fair_share;
use crate::protocol::Batch;

/// Most readers of a session at once. One client may be all of them while no other one reads.
pub const MAX_READERS: usize = 16;

/// The latest value of each output with its frame's number and time. Bounded, since only declared outputs can be put.
type Latest = BTreeMap<String, (u64, i64, Json)>;

/// Passes a session's values on to its readers.
#[derive(Debug, Default)]
pub struct Outputs {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    latest: Latest,
    /// The readers and their clients, in the order in which they came.
    readers: Vec<(PrincipalKey, Weak<Slot>)>,
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
        state.readers.retain(|(_, reader)| {
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
        for slot in state.readers.drain(..).filter_map(|(_, reader)| reader.upgrade()) {
            slot.end(reason);
        }
    }

    /// Adds a reader of `client`, which receives the latest value of each output at once. When there are too many, the oldest
    /// reader of the client that has most is ended for it; `None` when that is this one.
    pub fn read(&self, client: &PrincipalKey) -> Option<Reader> {
        let mut state = lock(&self.state);
        state.readers.retain(|(_, reader)| reader.strong_count() > 0);
        if state.readers.len() >= MAX_READERS {
            let clients: Vec<_> = state.readers.iter().map(|(client, _)| client).collect();
            let leaves = fair_share::leaves(&clients, &client)?;
            let (_, crowded_out) = state.readers.remove(leaves);
            if let Some(slot) = crowded_out.upgrade() {
                slot.end("another client reads, and you have more readers than anybody: open fewer");
            }
        }
        let pending = Pending { latest: state.latest.clone(), ended: state.ended.clone() };
        let slot = Arc::new(Slot { pending: Mutex::new(pending), wake: Notify::new() });
        state.readers.push((client.clone(), Arc::downgrade(&slot)));
        Some(Reader(slot))
    }
}

impl Slot {
    fn end(&self, reason: &str) {
        lock(&self.pending).ended = Some(reason.to_owned());
        self.wake.notify_one();
    }
}

impl Reader {
    /// Waits for the next event: the values of the earliest frame that waits. What a slow reader has not taken yet is
    /// replaced by later values; it holds no more than one frame's.
    pub async fn next(&mut self) -> Event {
        loop {
            if let Some(event) = self.take() {
                return event;
            }
            self.0.wake.notified().await;
        }
    }

    fn take(&self) -> Option<Event> {
        let mut pending = lock(&self.0.pending);
        let Some((sequence, pts_us)) = pending.latest.values().map(|(sequence, pts_us, _)| (*sequence, *pts_us)).min()
        else {
            return pending.ended.clone().map(Event::End);
        };
        let of_frame = pending.latest.extract_if(.., |_, (of, ..)| *of == sequence);
        let values = of_frame.map(|(id, (.., json))| (id, json)).collect();
        Some(Event::Values(Batch { sequence, pts_us, values }))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use framebox_sandbox::{MemoryAccount, OutputValue, Value};

    use super::*;

    fn batch(sequence: u64, values: &[(&str, i64)]) -> Batch {
        let values: Vec<_> = values
            .iter()
            .map(|(id, value)| {
                let json = Json::encode(&Value::Integer(*value), &MemoryAccount::unlimited()).unwrap();
                OutputValue { id: (*id).to_owned(), json }
            })
            .collect();
        Batch::new(sequence, sequence as i64 * 1000, &values)
    }

    #[tokio::test]
    async fn a_slow_reader_gets_the_latest_value_of_each_output_with_its_frame() {
        let outputs = Outputs::default();
        let mut reader = outputs.read(&PrincipalKey::Operator).unwrap();
        outputs.put(&batch(1, &[("fps", 30)]));
        for i in 2..10_000 {
            outputs.put(&batch(i, &[("score", i as i64)]));
        }
        let expected = [batch(1, &[("fps", 30)]), batch(9999, &[("score", 9999)])].map(Event::Values);
        assert_eq!([reader.next().await, reader.next().await], expected);
        // A late reader gets the same.
        let mut late = outputs.read(&PrincipalKey::Operator).unwrap();
        assert_eq!([late.next().await, late.next().await], expected);
        outputs.put(&batch(10_000, &[("score", 1)]));
        outputs.end("enough");
        assert_eq!(reader.next().await, Event::Values(batch(10_000, &[("score", 1)])));
        assert_eq!(reader.next().await, Event::End("enough".into()));
        let mut last = outputs.read(&PrincipalKey::Operator).unwrap();
        assert_eq!(last.next().await, Event::Values(batch(1, &[("fps", 30)])));
        assert_eq!(last.next().await, Event::Values(batch(10_000, &[("score", 1)])));
        assert_eq!(last.next().await, Event::End("enough".into()));
    }

    #[tokio::test]
    async fn readers_that_take_nothing_hold_no_more_than_the_latest_values() {
        let account = MemoryAccount::default();
        let outputs = Outputs::default();
        let readers: Vec<_> = (0..MAX_READERS).map(|_| outputs.read(&PrincipalKey::Operator).unwrap()).collect();
        for sequence in 0..100 {
            let json = Json::encode(&Value::Text("x".repeat(10_000)), &account).unwrap();
            outputs.put(&Batch::new(sequence, 0, &[OutputValue { id: "a".into(), json }]));
        }
        assert!(account.used() < 20_000, "{}", account.used());
        drop((outputs, readers));
        assert_eq!(account.used(), 0);
    }

    #[tokio::test]
    async fn a_reader_waits_and_is_woken() {
        let outputs = Arc::new(Outputs::default());
        let mut reader = outputs.read(&PrincipalKey::Operator).unwrap();
        #[expect(clippy::disallowed_methods, reason = "it is awaited below")]
        let task = tokio::spawn(async move { reader.next().await });
        tokio::task::yield_now().await;
        outputs.put(&batch(3, &[("a", 1)]));
        assert_eq!(task.await.unwrap(), Event::Values(batch(3, &[("a", 1)])));
    }

    #[test]
    fn readers_are_limited_and_released() {
        let outputs = Outputs::default();
        let mut readers: Vec<_> = (0..MAX_READERS).map(|_| outputs.read(&PrincipalKey::Operator).unwrap()).collect();
        assert!(outputs.read(&PrincipalKey::Operator).is_none());
        readers.pop();
        assert!(outputs.read(&PrincipalKey::Operator).is_some());
    }
    #[tokio::test]
    async fn one_client_does_not_take_the_readers_of_others() {
        let outputs = Outputs::default();
        let (greedy, other) = (PrincipalKey::Token("greedy".into()), PrincipalKey::Token("other".into()));
        let mut flood: Vec<_> = std::iter::from_fn(|| outputs.read(&greedy)).take(100).collect();
        assert_eq!(flood.len(), MAX_READERS);
        let mut readers: Vec<_> = std::iter::from_fn(|| outputs.read(&other)).take(100).collect();
        assert_eq!(readers.len(), MAX_READERS / 2, "each has its half");
        let Event::End(reason) = flood[0].next().await else { panic!("the oldest is ended") };
        assert!(reason.contains("open fewer"), "{reason}");
        // Who was there goes on.
        outputs.put(&batch(1, &[("a", 1)]));
        for reader in flood[MAX_READERS / 2..].iter_mut().chain(&mut readers) {
            assert_eq!(reader.next().await, Event::Values(batch(1, &[("a", 1)])));
        }
    }
}
