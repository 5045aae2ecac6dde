//! Runs one future on the calling thread until it is done or its time is up.
//!
//! A guest that computes is stopped by the epoch; one that waits in a host call gives its thread back to the loop
//! here, which waits no longer than to the deadline.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake};
use std::thread::Thread;
use std::time::Instant;

/// The result of `future`, or none when it still waits at the deadline; it is then dropped.
pub(crate) fn until<F: Future>(deadline: Instant, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
            return Some(result);
        }
        // A wake-up that came before this is not lost: `park_timeout` returns at once.
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
    fn a_result_comes_through_and_endless_waiting_ends() {
        let soon = Instant::now() + Duration::from_millis(20);
        assert_eq!(until(soon, async { 7 }), Some(7));
        assert_eq!(until(soon, std::future::pending::<u8>()), None);
        assert!(Instant::now() >= soon);
    }

    #[test]
    fn a_wake_up_from_another_thread_is_seen() {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || sender.send(3));
        assert_eq!(until(Instant::now() + Duration::from_secs(60), receiver), Some(Ok(3)));
        assert_eq!(thread.join().unwrap(), Ok(()));
    }
}
