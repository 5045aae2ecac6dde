//! The queue of what arrived for one connection at one local address.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// Datagrams that wait.
const MAX_DATAGRAMS: usize = 2048;
/// Their bytes.
const MAX_BYTES: usize = 1 << 20;
/// What one datagram costs besides its bytes.
const OVERHEAD: usize = 64;

/// Datagrams in order of arrival. What finds no room is lost, as if the network lost it.
#[derive(Debug, Default)]
pub struct Inbox(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    datagrams: VecDeque<(SocketAddr, Box<[u8]>)>,
    bytes: usize,
    waker: Option<Waker>,
}

impl Inbox {
    /// Adds a datagram. Returns whether there was room for it.
    pub fn push(&self, from: SocketAddr, datagram: &[u8]) -> bool {
        let waker = {
            let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let cost = datagram.len() + OVERHEAD;
            if queue.datagrams.len() >= MAX_DATAGRAMS || queue.bytes + cost > MAX_BYTES {
                return false;
            }
            queue.bytes += cost;
            queue.datagrams.push_back((from, datagram.into()));
            queue.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    /// The next datagram; one task at a time may wait for it.
    pub fn poll(&self, context: &mut Context<'_>) -> Poll<(SocketAddr, Box<[u8]>)> {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match queue.datagrams.pop_front() {
            Some((from, datagram)) => {
                queue.bytes -= datagram.len() + OVERHEAD;
                Poll::Ready((from, datagram))
            }
            None => {
                queue.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_queue_is_bounded_and_keeps_the_order() {
        let (inbox, from) = (Inbox::default(), SocketAddr::from(([127, 0, 0, 1], 5000)));
        let small = (0..10_000).filter(|number: &u32| inbox.push(from, &number.to_be_bytes())).count();
        assert_eq!(small, MAX_DATAGRAMS);
        let next = || std::future::poll_fn(|context| inbox.poll(context));
        for number in 0..MAX_DATAGRAMS as u32 {
            assert_eq!(*next().await.1, number.to_be_bytes());
        }
        let large = (0..10_000).filter(|_| inbox.push(from, &[0; 1400])).count();
        assert_eq!(large, MAX_BYTES / (1400 + OVERHEAD));
        let empty = async { while next().await.1.len() == 1400 {} };
        tokio::join!(empty, async { while !inbox.push(from, &[1]) {} });
    }
}
