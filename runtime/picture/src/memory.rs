//! The memory that the host holds on behalf of one session, charged to one account.
//!
//! Pictures, values, logs and whatever else waits for a session count towards the same limit. A [`Charge`] goes along with
//! what it stands for and gives the bytes back when that is dropped, wherever it was dropped.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The account of one session. Clones share it.
#[derive(Clone, Debug)]
pub struct MemoryAccount(Arc<Account>);

#[derive(Debug)]
struct Account {
    /// Bytes.
    limit: usize,
    /// Bytes.
    used: AtomicUsize,
    /// The most that was used at once, bytes.
    peak: AtomicUsize,
    /// Is charged for all of its parts, too.
    whole: Option<MemoryAccount>,
}

/// Memory that is charged to an account until the charge is dropped.
#[derive(Debug)]
pub struct Charge {
    account: MemoryAccount,
    /// Bytes.
    bytes: usize,
}

/// Whose limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// That of one session.
    Session,
    /// That of all sessions together.
    Server,
}

/// The account has no room for as much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryLimitError {
    /// Whose limit was reached.
    pub of: Owner,
    /// What was asked for, bytes.
    pub asked: usize,
    /// What was charged at that time, bytes.
    pub used: usize,
    /// The limit, bytes.
    pub limit: usize,
}

impl fmt::Display for MemoryLimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { of, asked, used, limit } = self;
        match of {
            Owner::Session => write!(
                f,
                "the session holds {used} bytes of the server's memory and may hold {limit}: {asked} more do not fit; hold \
                 fewer pictures and sources, and put smaller values, or raise server.session_memory_mib"
            ),
            Owner::Server => write!(f, "the server has no memory left for {asked} bytes; try again later"),
        }
    }
}

impl std::error::Error for MemoryLimitError {}

impl MemoryAccount {
    /// The limit of a session unless configured, bytes: a full backlog of pictures, those of every stage at 1080p, and a
    /// mebibyte for each of 64 outputs.
    pub const DEFAULT_LIMIT: usize = 256 * 1024 * 1024;

    /// An empty account of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self::made(limit, None)
    }

    /// An empty account of at most `limit` bytes, which are charged to this one as well: a session's part of the server's.
    pub fn part(&self, limit: usize) -> Self {
        Self::made(limit, Some(self.clone()))
    }

    fn made(limit: usize, whole: Option<MemoryAccount>) -> Self {
        Self(Arc::new(Account { limit, used: AtomicUsize::new(0), peak: AtomicUsize::new(0), whole }))
    }

    /// Returns the account that this one is a part of, if it is.
    pub fn whole(&self) -> Option<&Self> {
        self.0.whole.as_ref()
    }

    /// An account that refuses nothing: for programs that run a single handler.
    pub fn unlimited() -> Self {
        Self::new(usize::MAX)
    }

    /// Charges `bytes`.
    ///
    /// # Errors
    /// When they do not fit; nothing is charged then.
    pub fn charge(&self, bytes: usize) -> Result<Charge, MemoryLimitError> {
        let mut charge = self.nothing();
        charge.resize(bytes)?;
        Ok(charge)
    }

    /// A charge of 0 bytes, to be [resized](Charge::resize).
    pub fn nothing(&self) -> Charge {
        Charge { account: self.clone(), bytes: 0 }
    }

    /// Returns what is charged, bytes.
    pub fn used(&self) -> usize {
        self.0.used.load(Relaxed)
    }

    /// Returns the most that was charged at once, bytes.
    pub fn peak(&self) -> usize {
        self.0.peak.load(Relaxed)
    }

    /// Returns the limit, bytes.
    pub fn limit(&self) -> usize {
        self.0.limit
    }

    fn add(&self, asked: usize) -> Result<(), MemoryLimitError> {
        let Account { limit, used, peak, whole } = &*self.0;
        let more = |used: usize| used.checked_add(asked).filter(|sum| sum <= limit);
        let before = match used.fetch_update(Relaxed, Relaxed, more) {
            Ok(before) => before,
            Err(used) => return Err(MemoryLimitError { asked, used, limit: *limit, of: Owner::Session }),
        };
        if let Some(whole) = whole
            && let Err(error) = whole.add(asked)
        {
            used.fetch_sub(asked, Relaxed);
            return Err(MemoryLimitError { of: Owner::Server, ..error });
        }
        peak.fetch_max(before + asked, Relaxed);
        Ok(())
    }

    fn give_back(&self, bytes: usize) {
        self.0.used.fetch_sub(bytes, Relaxed);
        if let Some(whole) = &self.0.whole {
            whole.give_back(bytes);
        }
    }
}

impl Default for MemoryAccount {
    /// An empty account of [`MemoryAccount::DEFAULT_LIMIT`].
    fn default() -> Self {
        Self::new(Self::DEFAULT_LIMIT)
    }
}

impl Charge {
    /// Returns what is charged, bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Changes the charge to `bytes`. Less is always possible.
    ///
    /// # Errors
    /// When more does not fit; the charge is as before then.
    pub fn resize(&mut self, bytes: usize) -> Result<(), MemoryLimitError> {
        match bytes.checked_sub(self.bytes) {
            Some(more) => self.account.add(more)?,
            None => {
                self.account.give_back(self.bytes - bytes);
            }
        }
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.account.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charges_are_given_back_when_they_are_dropped_or_reduced() {
        let account = MemoryAccount::new(100);
        let first = account.charge(60).unwrap();
        let refused = account.charge(41).unwrap_err();
        assert_eq!(refused, MemoryLimitError { of: Owner::Session, asked: 41, used: 60, limit: 100 });
        assert!(refused.to_string().contains("raise server.session_memory_mib"), "{refused}");
        let mut second = account.charge(40).unwrap();
        assert!(second.resize(41).is_err() && second.bytes() == 40, "a refused change changes nothing");
        second.resize(10).unwrap();
        assert_eq!(account.used(), 70);
        drop(first);
        second.resize(100).unwrap();
        assert!(account.charge(usize::MAX).is_err());
        drop(second);
        assert_eq!((account.used(), account.peak()), (0, 100));
    }

    #[test]
    fn parts_are_charged_to_the_whole() {
        let server = MemoryAccount::new(100);
        let (a, b) = (server.part(80), server.part(80));
        let held = a.charge(70).unwrap();
        let refused = b.charge(40).unwrap_err();
        assert_eq!((refused.of, b.used(), server.used()), (Owner::Server, 0, 70));
        assert_eq!(a.charge(20).unwrap_err().of, Owner::Session);
        let other = b.charge(30).unwrap();
        drop(held);
        assert_eq!((a.used(), server.used(), server.peak()), (0, 30, 100));
        drop(other);
        assert_eq!((server.used(), a.whole().map(MemoryAccount::limit)), (0, Some(100)));
        assert!(server.whole().is_none());
    }

    #[test]
    fn threads_together_do_not_exceed_the_limit() {
        let account = MemoryAccount::new(1000);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for bytes in 0..1000 {
                        let held = account.charge(bytes);
                        assert!(account.used() <= 1000);
                        drop(held);
                    }
                });
            }
        });
        assert_eq!(account.used(), 0);
        assert!(account.peak() <= 1000);
    }
}
