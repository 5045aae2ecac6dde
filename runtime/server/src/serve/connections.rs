//! Decides which connections the HTTP server keeps: caps in total and for each client address, who makes room for a newcomer,
//! and by when a connection must send something. `now` is an argument.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// Time for a request's head, also for the first byte on a new connection.
pub const HEAD: Duration = Duration::from_secs(10);
/// Time until the next request on a connection that is kept alive.
pub const IDLE: Duration = Duration::from_secs(120);
/// Time for the head on a connection beyond the caps.
pub const OVERFLOW_HEAD: Duration = Duration::from_secs(2);
/// Connections beyond the caps at once. They serve one request each: the health check, or an answer that says why not.
pub const OVERFLOW: usize = 32;

/// How many connections are kept.
#[derive(Clone, Debug)]
pub struct Limits {
    /// In total.
    pub total: usize,
    /// Of each client address; a network of /64 counts as one address.
    pub per_address: usize,
    /// Addresses without a cap of their own: reverse proxies.
    pub proxies: Vec<IpAddr>,
}

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It waits for its next request.
    Idle,
    /// It sends the head of a request, or is new.
    Head,
    /// A request is being answered.
    Busy,
}

#[derive(Debug)]
struct Entry<H> {
    /// The client's address; `None` for a reverse proxy.
    group: Option<IpAddr>,
    is_overflow: bool,
    phase: Phase,
    /// When the phase began.
    since: Instant,
    handle: H,
}

/// A connection that is kept.
#[derive(Debug, PartialEq, Eq)]
pub struct Admitted<H> {
    /// Its number.
    pub id: u64,
    /// Whether it is beyond the caps, so that only the health check is answered.
    pub is_overflow: bool,
    /// Whether it comes from a reverse proxy.
    pub is_proxy: bool,
    /// The handle of the connection that makes room for it, to be closed at once.
    pub evicted: Option<H>,
}

/// The connections, each with a handle by which it can be closed.
#[derive(Debug)]
pub struct Connections<H> {
    limits: Limits,
    entries: BTreeMap<u64, Entry<H>>,
    next: u64,
}

impl<H> Connections<H> {
    /// Creates a table without connections.
    pub fn new(limits: Limits) -> Self {
        Self { limits, entries: BTreeMap::new(), next: 0 }
    }

    /// Admits a connection from `address`. At a cap, one that waits for a request makes room for it, the one that has waited
    /// longest first; then one that has not finished the head of a request. Returns `None` when it is to be closed.
    pub fn admit(&mut self, now: Instant, address: IpAddr, handle: H) -> Option<Admitted<H>> {
        let address = address.to_canonical();
        let group = (!self.limits.proxies.contains(&address)).then(|| network(address));
        let of_group = |entry: &&Entry<H>| group.is_some() && entry.group == group && !entry.is_overflow;
        let is_group_full = self.entries.values().filter(of_group).count() >= self.limits.per_address;
        let is_full = self.entries.values().filter(|entry| !entry.is_overflow).count() >= self.limits.total;
        let (evicted, is_overflow) = match (is_group_full, is_full) {
            (false, false) => (None, false),
            (is_group_full, _) => {
                let evicted = self.evict(|entry| !entry.is_overflow && (!is_group_full || entry.group == group));
                let is_overflow = evicted.is_none();
                (evicted, is_overflow)
            }
        };
        let overflow = self.entries.values().filter(|entry| entry.is_overflow).count();
        let evicted = match evicted {
            None if is_overflow && overflow >= OVERFLOW => Some(self.evict(|entry| entry.is_overflow)?),
            evicted => evicted,
        };
        let id = self.next;
        self.next += 1;
        self.entries.insert(id, Entry { group, is_overflow, phase: Phase::Head, since: now, handle });
        Some(Admitted { id, is_overflow, is_proxy: group.is_none(), evicted })
    }

    /// Removes the connection that does the least, unless all are busy; returns its handle. For when descriptors run out.
    pub fn make_room(&mut self) -> Option<H> {
        self.evict(|_| true)
    }

    fn evict(&mut self, may: impl Fn(&Entry<H>) -> bool) -> Option<H> {
        let candidates = self.entries.iter().filter(|(_, entry)| entry.phase != Phase::Busy && may(entry));
        let least = candidates.min_by_key(|(_, entry)| (entry.phase == Phase::Head, entry.since));
        let id = *least?.0;
        self.entries.remove(&id).map(|entry| entry.handle)
    }

    /// Records that bytes arrived.
    pub fn received(&mut self, id: u64, now: Instant) {
        if let Some(entry) = self.entries.get_mut(&id).filter(|entry| entry.phase == Phase::Idle) {
            (entry.phase, entry.since) = (Phase::Head, now);
        }
    }

    /// Records that the head of a request is complete.
    pub fn begin(&mut self, id: u64, now: Instant) {
        self.enter(id, Phase::Busy, now);
    }

    /// Records that a request is answered.
    pub fn end(&mut self, id: u64, now: Instant) {
        self.enter(id, Phase::Idle, now);
    }

    fn enter(&mut self, id: u64, phase: Phase, now: Instant) {
        if let Some(entry) = self.entries.get_mut(&id) {
            (entry.phase, entry.since) = (phase, now);
        }
    }

    /// Returns by when a connection must send what it is expected to; `None` while a request is being answered.
    pub fn read_deadline(&self, id: u64) -> Option<Instant> {
        let entry = self.entries.get(&id)?;
        match (entry.phase, entry.is_overflow) {
            (Phase::Busy, _) => None,
            (_, true) => Some(entry.since + OVERFLOW_HEAD),
            (Phase::Head, false) => Some(entry.since + HEAD),
            (Phase::Idle, false) => Some(entry.since + IDLE),
        }
    }

    /// Removes a connection that was closed.
    pub fn remove(&mut self, id: u64) {
        self.entries.remove(&id);
    }

    /// Returns how many there are.
    pub fn count(&self) -> usize {
        self.entries.len()
    }
}

/// The address that counts: of IPv6 the network of /64, any address of which its holder can use.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn table(total: usize, per_address: usize) -> Connections<u64> {
        let proxies = vec![address("192.0.2.9")];
        Connections::new(Limits { total, per_address, proxies })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// Admits one whose handle is its number.
    fn admit(table: &mut Connections<u64>, now: Instant, from: &str) -> Option<Admitted<u64>> {
        let id = table.next;
        table.admit(now, address(from), id)
    }

    #[test]
    fn the_one_that_has_waited_longest_makes_room_and_a_busy_one_never() {
        let start = Instant::now();
        let mut table = table(3, 3);
        for (second, phase) in [(0, "head"), (1, "idle"), (2, "busy")] {
            let now = start + SECOND * second;
            let id = admit(&mut table, now, "192.0.2.1").unwrap().id;
            match phase {
                "idle" => table.end(id, now),
                "busy" => table.begin(id, now),
                _ => {}
            }
        }
        let mut evicted = Vec::new();
        for second in 3..5 {
            let now = start + SECOND * second;
            let admitted = admit(&mut table, now, "192.0.2.2").unwrap();
            assert!(!admitted.is_overflow);
            evicted.extend(admitted.evicted);
            table.begin(admitted.id, now);
        }
        assert_eq!(evicted, [1, 0], "the idle one, then the one without a head");
        let beyond = admit(&mut table, start + SECOND * 6, "192.0.2.2").unwrap();
        assert_eq!((beyond.is_overflow, beyond.evicted), (true, None), "all are busy");
    }

    #[test]
    fn one_address_does_not_take_the_places_of_others() {
        let now = Instant::now();
        let mut table = table(100, 4);
        let other = admit(&mut table, now, "192.0.2.2").unwrap().id;
        table.end(other, now);
        for n in 0..50 {
            let admitted = admit(&mut table, now + SECOND, "192.0.2.1").unwrap();
            assert_eq!(admitted.evicted.is_some(), n >= 4, "{n}");
            assert_ne!(admitted.evicted, Some(other));
        }
        assert_eq!(table.count(), 5);
        // One holder of a network of IPv6, and addresses of IPv4 written as IPv6.
        for (at, from) in [(0, "2001:db8::1"), (1, "2001:db8::2"), (2, "2001:db8:0:1::1"), (3, "::ffff:192.0.2.1")] {
            let before = table.count();
            let grown = (0..10).filter(|_| admit(&mut table, now, from).unwrap().evicted.is_none()).count();
            assert_eq!(grown, [4, 0, 4, 0][at], "{from}");
            assert_eq!(table.count(), before + grown);
        }
        // A reverse proxy has no cap of its own.
        assert!((0..20).all(|_| admit(&mut table, now, "192.0.2.9").unwrap().evicted.is_none()));
    }

    #[test]
    fn connections_beyond_the_caps_are_few() {
        let now = Instant::now();
        let mut table = table(2, 2);
        for _ in 0..2 {
            let id = admit(&mut table, now, "192.0.2.1").unwrap().id;
            table.begin(id, now);
        }
        let beyond: Vec<_> = (0..OVERFLOW).map(|_| admit(&mut table, now, "192.0.2.1").unwrap()).collect();
        assert!(beyond.iter().all(|beyond| beyond.is_overflow && beyond.evicted.is_none()));
        let next = admit(&mut table, now + SECOND, "192.0.2.1").unwrap();
        assert_eq!(next.evicted, Some(beyond[0].id), "the one that has waited longest");
        for id in 0..table.next {
            table.begin(id, now);
        }
        assert_eq!(admit(&mut table, now, "192.0.2.2"), None, "all are busy");
        assert_eq!(table.make_room(), None);
    }

    #[test]
    fn each_phase_has_its_deadline() {
        let start = Instant::now();
        let mut table = table(1, 1);
        let id = admit(&mut table, start, "192.0.2.1").unwrap().id;
        assert_eq!(table.read_deadline(id), Some(start + HEAD), "it is new");
        table.received(id, start + SECOND);
        assert_eq!(table.read_deadline(id), Some(start + HEAD), "byte by byte gains no time");
        table.begin(id, start + SECOND);
        assert_eq!(table.read_deadline(id), None);
        table.end(id, start + 2 * SECOND);
        assert_eq!(table.read_deadline(id), Some(start + 2 * SECOND + IDLE));
        table.received(id, start + 30 * SECOND);
        assert_eq!(table.read_deadline(id), Some(start + 30 * SECOND + HEAD));
        table.begin(id, start + 31 * SECOND);
        let beyond = admit(&mut table, start + 31 * SECOND, "192.0.2.1").unwrap();
        assert!(beyond.is_overflow);
        assert_eq!(table.read_deadline(beyond.id), Some(start + 31 * SECOND + OVERFLOW_HEAD));
        table.remove(id);
        assert_eq!(table.read_deadline(id), None);
    }
}
