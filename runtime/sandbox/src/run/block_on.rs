//! Runs a future on the calling thread, with a deadline.
//!
//! The epoch interrupts a guest that computes. A guest that waits in a host call yields to the loop here, which waits until
//! the deadline at most.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake};
use std::thread::Thread;
use std::time::Instant;

/// Runs `future` and returns its result, or none if it is still pending at the deadline; it is then dropped.
pub(super) fn block_on_until<F: Future>(deadline: Instant, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
            return Some(result);
        }
        // An earlier wake-up is not lost: `park_timeout` returns at once.
        std::thread::park_timeout(deadline.checked_duration_since(Instant::now())?);
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn results_are_returned_and_waiting_ends_at_the_deadline() {
        let soon = Instant::now() + Duration::from_millis(20);
        assert_eq!(block_on_until(soon, async { 7 }), Some(7));
        assert_eq!(block_on_until(soon, std::future::pending::<u8>()), None);
        assert!(Instant::now() >= soon);
    }

    #[test]
    fn another_thread_can_wake_the_future() {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || sender.send(3));
        assert_eq!(block_on_until(Instant::now() + Duration::from_secs(60), receiver), Some(Ok(3)));
        assert_eq!(thread.join().unwrap(), Ok(()));
    }
}
