//! Delivery of events to listeners.
//!
//! Each listener has a bounded queue of its own, filled in the order of the commits. Publishing never waits: an event
//! that finds a queue full is dropped for that listener, with an error in the log. Whoever asked for a change waits, for a
//! limited time and holding no lock, until every listener has handled its event, so that a change is noted before it is
//! answered.

use std::convert::Infallible;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use super::event::CatalogEvent;

/// Events that wait for a listener.
const CAPACITY: usize = 256;
/// How long the answer to a change waits for the listeners.
const PATIENCE: Duration = Duration::from_secs(5);

/// Dropped by each listener that has handled an event.
type Pending = mpsc::Sender<Infallible>;

/// The queues of all listeners.
#[derive(Default)]
pub struct Publisher {
    listeners: Mutex<Vec<mpsc::Sender<Delivery>>>,
}

impl Publisher {
    /// Adds a listener.
    pub fn subscribe(&self) -> Subscription {
        let (sender, queue) = mpsc::channel(CAPACITY);
        self.listeners().push(sender);
        Subscription { queue }
    }

    /// Queues an event for every listener, without waiting. The caller holds the lock that orders the commits.
    pub fn publish(&self, event: CatalogEvent) -> Handled {
        let event = Arc::new(event);
        let (pending, done) = mpsc::channel(1);
        self.listeners().retain(|listener| {
            let delivery = Delivery { event: event.clone(), _pending: pending.clone() };
            match listener.try_send(delivery) {
                Ok(()) => true,
                Err(mpsc::error::TrySendError::Full(_)) => {
                    tracing::error!(?event, "a listener does not keep up: an event of the catalog is lost to it");
                    true
                }
                Err(mpsc::error::TrySendError::Closed(_)) => false,
            }
        });
        Handled(done)
    }

    /// Removes all listeners: each subscription ends after the events that are queued.
    pub fn close(&self) {
        self.listeners().clear();
    }

    fn listeners(&self) -> MutexGuard<'_, Vec<mpsc::Sender<Delivery>>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Resolves once every listener has handled an event.
pub struct Handled(mpsc::Receiver<Infallible>);

impl Handled {
    /// Waits for the listeners, for a limited time.
    pub async fn wait(self) {
        self.wait_at_most(PATIENCE).await;
    }

    async fn wait_at_most(mut self, time: Duration) {
        if timeout(time, self.0.recv()).await.is_err() {
            tracing::error!("a listener to the catalog takes too long; a change is answered before it is noted");
        }
    }
}

/// A listener's queue of events.
pub struct Subscription {
    queue: mpsc::Receiver<Delivery>,
}

impl Subscription {
    /// Returns the next event; `None` when the catalog is closed.
    pub async fn next(&mut self) -> Option<Delivery> {
        self.queue.recv().await
    }
}

/// An event for one listener. Dropping it says that the listener has handled the event.
#[derive(Debug)]
pub struct Delivery {
    event: Arc<CatalogEvent>,
    _pending: Pending,
}

impl Deref for Delivery {
    type Target = CatalogEvent;

    fn deref(&self) -> &CatalogEvent {
        &self.event
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Change;

    fn event(version: u64) -> CatalogEvent {
        let handler = "mine".to_owned();
        CatalogEvent { handler, version: Some(version), digest: None, bytes: 0, actor: None, change: Change::Deleted }
    }

    #[tokio::test]
    async fn every_listener_gets_every_event_in_order() {
        let publisher = Publisher::default();
        let mut listeners = [publisher.subscribe(), publisher.subscribe()];
        for version in 1..=3 {
            drop(publisher.publish(event(version)));
        }
        publisher.close();
        for listener in &mut listeners {
            for version in 1..=3 {
                assert_eq!(listener.next().await.unwrap().version, Some(version));
            }
            assert!(listener.next().await.is_none(), "closed once it is empty");
        }
    }

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "it is awaited below")]
    async fn a_change_waits_until_its_event_is_handled_but_not_for_ever() {
        let publisher = Publisher::default();
        publisher.publish(event(1)).wait().await;
        let mut listener = publisher.subscribe();
        let handled = publisher.publish(event(2));
        let delivery = listener.next().await.unwrap();
        let mut waiting = tokio::spawn(handled.wait_at_most(Duration::MAX));
        assert!(timeout(Duration::from_millis(20), &mut waiting).await.is_err());
        drop(delivery);
        waiting.await.unwrap();
        publisher.publish(event(3)).wait_at_most(Duration::from_millis(20)).await;
        assert_eq!(listener.next().await.unwrap().version, Some(3), "it is delivered all the same");
    }

    #[tokio::test]
    async fn a_listener_that_does_not_read_loses_events_and_hurts_no_other() {
        let publisher = Publisher::default();
        let mut slow = publisher.subscribe();
        let mut quick = publisher.subscribe();
        let many = CAPACITY as u64 + 10;
        for version in 1..=many {
            drop(publisher.publish(event(version)));
            assert_eq!(quick.next().await.unwrap().version, Some(version));
        }
        drop(quick);
        drop(publisher.publish(event(0)));
        publisher.close();
        let mut kept = 0;
        while slow.next().await.is_some() {
            kept += 1;
        }
        assert_eq!(kept, CAPACITY);
    }
}
