//! Requests that wait for a change of parameters to be applied.

use std::collections::VecDeque;
use std::sync::Weak;

use framebox_pipeline::Notice;
use framebox_pipeline::session::parameters::Applied;
use tokio::sync::oneshot;

use super::control::Listener;

/// Most requests that may wait; one more drops the oldest of the way by which more came, which then gets no answer: requests
/// over HTTP do not crowd out those of the viewer, nor the other way round.
const MAX_PENDING: usize = 128;

/// The outcome of a change: the frame from which it applies, or why the handler rejected it.
pub type Outcome = Result<Applied, Notice>;

/// Who made a request.
pub enum Requester {
    /// A message of the data channel, with the client's number.
    Channel(u64),
    /// An HTTP request that waits on the other end.
    Http(oneshot::Sender<Outcome>),
    /// Somebody who follows the session, with their number.
    Listener(Weak<dyn Listener>, u64),
}

/// The requests that wait, under numbers that are unique to the session.
#[derive(Default)]
pub struct PendingRequests {
    count: u64,
    waiting: VecDeque<(u64, Requester)>,
}

impl PendingRequests {
    /// Remembers `requester`; returns the number to pass to the pipeline.
    pub fn expect(&mut self, requester: Requester) -> u64 {
        if self.waiting.len() == MAX_PENDING {
            let by_channel = |requester: &Requester| !matches!(requester, Requester::Http(_));
            let channel = self.waiting.iter().filter(|(_, waiting)| by_channel(waiting)).count();
            let crowded = channel * 2 > MAX_PENDING || channel * 2 == MAX_PENDING && by_channel(&requester);
            let oldest = self.waiting.iter().position(|(_, waiting)| by_channel(waiting) == crowded);
            self.waiting.remove(oldest.unwrap_or(0));
        }
        self.count += 1;
        self.waiting.push_back((self.count, requester));
        self.count
    }

    /// Removes the request `number`; `None` when it is unknown or was dropped.
    pub fn take(&mut self, number: u64) -> Option<Requester> {
        let index = self.waiting.iter().position(|(of, _)| *of == number)?;
        self.waiting.remove(index).map(|(_, requester)| requester)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_is_answered_once_and_the_oldest_are_dropped() {
        let mut pending = PendingRequests::default();
        let numbers: Vec<_> = (0..MAX_PENDING as u64 + 2).map(|n| pending.expect(Requester::Channel(n * 10))).collect();
        assert!(pending.take(numbers[1]).is_none());
        assert!(matches!(pending.take(numbers[2]), Some(Requester::Channel(20))));
        assert!(pending.take(numbers[2]).is_none());
        assert!(pending.take(9999).is_none());
    }

    #[test]
    fn neither_way_crowds_out_the_other() {
        let mut pending = PendingRequests::default();
        let viewers: Vec<_> = (0..MAX_PENDING as u64 / 2).map(|n| pending.expect(Requester::Channel(n))).collect();
        let flood: Vec<_> = (0..1000).map(|_| pending.expect(Requester::Http(oneshot::channel().0))).collect();
        assert!(viewers.iter().all(|number| pending.take(*number).is_some()), "the viewer's are all there");
        assert!(flood.iter().rev().take(MAX_PENDING / 2).all(|number| pending.take(*number).is_some()));
        assert!(flood.iter().all(|number| pending.take(*number).is_none()), "and the oldest others are not");
    }
}
