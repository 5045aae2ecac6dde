//! Which uploads may be in flight: bounded for each principal and in total, in number and in the bytes that they hold. The
//! time is an argument.
//!
//! An upload that arrives slowly keeps no room from others: when there is none left, the slowest one is given up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// Most uploads in flight of one principal.
pub const MOST_OF_ONE: usize = 4;
/// Most uploads in flight of all.
pub const MOST: usize = 64;
/// Time that an upload has before it may count as slow.
const GRACE: Duration = Duration::from_secs(2);
/// Rate from which on an upload is not slow, bytes a second: it is done within moments.
const FAST: f64 = (1 << 20) as f64;

/// Number of an upload in flight.
pub type Ticket = u64;

/// Why there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The principal has as many uploads in flight as it may.
    One,
    /// All together have.
    All,
}

/// The uploads in flight.
#[derive(Debug)]
pub struct Intake {
    most_bytes: u64,
    next: Ticket,
    uploads: BTreeMap<Ticket, Upload>,
}

#[derive(Debug)]
struct Upload {
    principal: String,
    begin: Instant,
    bytes: u64,
    is_complete: bool,
    /// Notified when it is given up; `None` once it is.
    give_up: Option<Arc<Notify>>,
}

impl Intake {
    /// Creates an intake for uploads that hold `most_bytes` together.
    pub fn new(most_bytes: u64) -> Self {
        Self { most_bytes, next: 0, uploads: BTreeMap::new() }
    }

    /// Begins an upload of `principal`. The other value is notified when it is given up.
    ///
    /// # Errors
    /// When there is no room, not even by giving up a slow one.
    pub fn begin(&mut self, principal: &str, now: Instant) -> Result<(Ticket, Arc<Notify>), Refusal> {
        if self.uploads.values().filter(|upload| upload.principal == principal).count() >= MOST_OF_ONE {
            return Err(Refusal::One);
        }
        if self.uploads.len() >= MOST {
            let slowest = self.slowest(now).ok_or(Refusal::All)?;
            self.give_up(slowest);
            // Its task ends in a moment; its place is free at once.
            self.uploads.remove(&slowest);
        }
        self.next += 1;
        let give_up = Arc::new(Notify::new());
        let upload = Upload {
            principal: principal.to_owned(),
            begin: now,
            bytes: 0,
            is_complete: false,
            give_up: Some(give_up.clone()),
        };
        self.uploads.insert(self.next, upload);
        Ok((self.next, give_up))
    }

    /// Records that `bytes` of an upload have arrived. While all hold more than they may, slow ones are given up; if none
    /// is slow, this one is.
    pub fn received(&mut self, ticket: Ticket, bytes: u64, now: Instant) {
        let Some(upload) = self.uploads.get_mut(&ticket) else { return };
        upload.bytes = bytes;
        while self.bytes() > self.most_bytes {
            let Some(given_up) = self.slowest(now).or(Some(ticket)).filter(|ticket| self.give_up(*ticket)) else {
                break;
            };
            tracing::debug!(given_up, "an upload gives way: all together hold too many bytes");
        }
    }

    /// Records that the body of an upload is complete: it is slow no more.
    pub fn complete(&mut self, ticket: Ticket) {
        if let Some(upload) = self.uploads.get_mut(&ticket) {
            upload.is_complete = true;
        }
    }

    /// Ends an upload.
    pub fn end(&mut self, ticket: Ticket) {
        self.uploads.remove(&ticket);
    }

    /// Bytes that are held, without those of uploads that were given up.
    fn bytes(&self) -> u64 {
        self.uploads.values().filter(|upload| upload.give_up.is_some()).map(|upload| upload.bytes).sum()
    }

    /// Returns the slowest of the uploads that arrive slowly.
    fn slowest(&self, now: Instant) -> Option<Ticket> {
        let rates = self.uploads.iter().filter_map(|(ticket, upload)| {
            let time = now.saturating_duration_since(upload.begin);
            let rate = upload.bytes as f64 / time.as_secs_f64().max(1e-3);
            let is_slow = !upload.is_complete && upload.give_up.is_some() && time >= GRACE && rate < FAST;
            is_slow.then_some((*ticket, rate))
        });
        rates.min_by(|(_, one), (_, other)| one.total_cmp(other)).map(|(ticket, _)| ticket)
    }

    /// Gives an upload up. Returns false when it is already.
    fn give_up(&mut self, ticket: Ticket) -> bool {
        let notify = self.uploads.get_mut(&ticket).and_then(|upload| upload.give_up.take());
        notify.inspect(|notify| notify.notify_one()).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// Reports whether an upload was given up.
    fn is_given_up(notify: &Notify) -> bool {
        let mut notified = std::pin::pin!(notify.notified());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        notified.as_mut().poll(&mut context).is_ready()
    }

    #[test]
    fn one_principal_has_few_uploads_in_flight_and_all_have_a_bounded_number() {
        let now = Instant::now();
        let mut intake = Intake::new(MIB);
        let first: Vec<_> = (0..MOST_OF_ONE).map(|_| intake.begin("a", now).unwrap().0).collect();
        assert_eq!(intake.begin("a", now).err(), Some(Refusal::One));
        for n in 0..MOST - MOST_OF_ONE {
            assert!(intake.begin(&n.to_string(), now).is_ok());
        }
        assert_eq!(intake.begin("late", now).err(), Some(Refusal::All), "none has had time to be slow");
        intake.end(first[0]);
        assert!(intake.begin("late", now).is_ok());
    }

    #[test]
    fn a_slow_upload_keeps_no_room_from_another_client() {
        let begin = Instant::now();
        let mut intake = Intake::new(1024 * MIB);
        let mut slow = Vec::new();
        for n in 0..MOST {
            let (ticket, given_up) = intake.begin(&(n / MOST_OF_ONE).to_string(), begin).unwrap();
            intake.received(ticket, n as u64, begin);
            slow.push(given_up);
        }
        let later = begin + GRACE;
        assert!(intake.begin("honest", later).is_ok(), "the slowest one gives way");
        assert!(is_given_up(&slow[0]) && !is_given_up(&slow[1]));
        // A complete one waits for the compiler, and is not slow.
        intake.complete(2);
        assert!(intake.begin("honest", later).is_ok());
        assert!(!is_given_up(&slow[1]) && is_given_up(&slow[2]));
    }

    #[test]
    fn uploads_hold_a_bounded_number_of_bytes_and_the_slowest_gives_way() {
        let begin = Instant::now();
        let mut intake = Intake::new(10 * MIB);
        let (slow, slow_given_up) = intake.begin("slow", begin).unwrap();
        intake.received(slow, MIB, begin);
        let later = begin + 100 * GRACE;
        let (quick, quick_given_up) = intake.begin("quick", later).unwrap();
        intake.received(quick, 9 * MIB, later);
        assert!(!is_given_up(&slow_given_up) && !is_given_up(&quick_given_up), "it fits");
        intake.received(quick, 10 * MIB, later);
        assert!(is_given_up(&slow_given_up) && !is_given_up(&quick_given_up));
        // Nobody is slow: who needs more gives way itself.
        intake.received(quick, 11 * MIB, later);
        assert!(is_given_up(&quick_given_up));
    }
}
