//! Which connection a datagram is for, where all of them share one port.

use std::borrow::Borrow;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use super::datagram::{Kind, Stun, TransactionId};
use super::inbound::MAX_SOURCES;
use super::validation::MAX_ADDRESSES;

/// A connection, by number.
pub type ConnectionId = u64;

/// User name fragments of one connection: that of the answer, and those of restarts.
const MAX_FRAGMENTS: usize = 4;
/// Checks of one connection whose answers are recognised.
const MAX_TRANSACTIONS: usize = 64;

/// The table of a port. What strangers send adds nothing to it.
#[derive(Debug, Default)]
pub struct Router {
    connections: HashMap<ConnectionId, Entries>,
    fragments: HashMap<String, ConnectionId>,
    /// Addresses that proved to be those of a connection's peer: this side answered its check, whose integrity the library
    /// has verified, or was answered.
    addresses: HashMap<SocketAddr, ConnectionId>,
    /// Checks that were sent, and whether their answer makes the address known. A server's does not: others may use it, too.
    transactions: HashMap<TransactionId, (ConnectionId, bool)>,
    /// Sources (SSRCs) of media that came from the peers' addresses: a peer that moved is known by them.
    sources: HashMap<u32, ConnectionId>,
}

/// What is kept of one connection, the oldest first.
#[derive(Debug, Default)]
struct Entries {
    fragments: VecDeque<String>,
    addresses: VecDeque<SocketAddr>,
    transactions: VecDeque<TransactionId>,
    sources: VecDeque<u32>,
}

impl Router {
    /// Adds a connection.
    pub fn add(&mut self, connection: ConnectionId) {
        self.connections.insert(connection, Entries::default());
    }

    /// Removes a connection and all that is kept of it.
    pub fn remove(&mut self, connection: ConnectionId) {
        let Some(entries) = self.connections.remove(&connection) else { return };
        entries.fragments.iter().for_each(|fragment| forget(&mut self.fragments, fragment, connection));
        entries.addresses.iter().for_each(|address| forget(&mut self.addresses, address, connection));
        entries.transactions.iter().for_each(|transaction| _ = self.transactions.remove(transaction));
        entries.sources.iter().for_each(|source| forget(&mut self.sources, source, connection));
    }

    /// Adds a user name fragment of ours: checks that name it are for this connection.
    pub fn answered(&mut self, connection: ConnectionId, fragment: &str) {
        let Some(entries) = self.connections.get_mut(&connection) else { return };
        if entries.fragments.iter().any(|known| known == fragment) {
            return;
        }
        if let Some(oldest) = keep(&mut entries.fragments, fragment.to_owned(), MAX_FRAGMENTS) {
            forget(&mut self.fragments, &oldest, connection);
        }
        self.fragments.insert(fragment.to_owned(), connection);
    }

    /// Notes what a connection sends; `server` when it goes to a server of ours. Only messages of STUN matter.
    pub fn sending(&mut self, connection: ConnectionId, to: SocketAddr, contents: &[u8], server: bool) {
        match Stun::read(contents) {
            Some(Stun::Request(transaction, _)) => self.expect(connection, transaction, !server),
            Some(Stun::Success(_)) => self.learn(connection, to),
            _ => {}
        }
    }

    /// The connection that a datagram is for; `None` when it is nobody's.
    pub fn route(&mut self, from: SocketAddr, datagram: &[u8]) -> Option<ConnectionId> {
        match Stun::read(datagram) {
            Some(Stun::Request(_, fragment)) => self.fragments.get(fragment?).copied(),
            Some(Stun::Success(transaction)) => match self.transactions.get(&transaction).copied() {
                Some((connection, learns)) => {
                    if learns {
                        self.learn(connection, from);
                    }
                    Some(connection)
                }
                None => self.addresses.get(&from).copied(),
            },
            _ => {
                let known = self.addresses.get(&from).copied();
                let source = Kind::of(datagram).source();
                if let (Some(connection), Some(source)) = (known, source) {
                    self.heard(connection, source);
                }
                known.or_else(|| self.sources.get(&source?).copied())
            }
        }
    }

    /// Notes a source. One that another connection has stays that one's.
    fn heard(&mut self, connection: ConnectionId, source: u32) {
        let Entry::Vacant(entry) = self.sources.entry(source) else { return };
        let Some(entries) = self.connections.get_mut(&connection) else { return };
        entry.insert(connection);
        if let Some(oldest) = keep(&mut entries.sources, source, MAX_SOURCES) {
            forget(&mut self.sources, &oldest, connection);
        }
    }

    fn expect(&mut self, connection: ConnectionId, transaction: TransactionId, learns: bool) {
        let Some(entries) = self.connections.get_mut(&connection) else { return };
        if self.transactions.insert(transaction, (connection, learns)).is_some() {
            return;
        }
        if let Some(oldest) = keep(&mut entries.transactions, transaction, MAX_TRANSACTIONS) {
            self.transactions.remove(&oldest);
        }
    }

    /// An address that another connection had is the latest one's: a router gives numbers out again.
    fn learn(&mut self, connection: ConnectionId, address: SocketAddr) {
        let Some(entries) = self.connections.get_mut(&connection) else { return };
        if self.addresses.insert(address, connection) == Some(connection) {
            return;
        }
        // It is there already if it went to another connection and came back.
        entries.addresses.retain(|known| *known != address);
        if let Some(oldest) = keep(&mut entries.addresses, address, MAX_ADDRESSES) {
            forget(&mut self.addresses, &oldest, connection);
        }
    }
}

/// Adds to what is kept, `most` at most. Returns the oldest one if it gives way.
fn keep<T>(kept: &mut VecDeque<T>, one: T, most: usize) -> Option<T> {
    let oldest = if kept.len() == most { kept.pop_front() } else { None };
    kept.push_back(one);
    oldest
}

/// Removes an entry that is still this connection's.
fn forget<K: Eq + std::hash::Hash + Borrow<Q>, Q: Eq + std::hash::Hash + ?Sized>(
    table: &mut HashMap<K, ConnectionId>,
    key: &Q,
    connection: ConnectionId,
) {
    if table.get(key) == Some(&connection) {
        table.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    /// A STUN message of this type and transaction, for the peer with this fragment.
    fn stun(kind: [u8; 2], transaction: u16, fragment: &str) -> Vec<u8> {
        let user = format!("{fragment}:them");
        let mut message = vec![kind[0], kind[1], 0, 0, 0x21, 0x12, 0xa4, 0x42];
        message.extend([[0; 10].as_slice(), &transaction.to_be_bytes()].concat());
        message.extend([0, 6, 0, user.len() as u8]);
        message.extend(user.as_bytes());
        message.resize(message.len().next_multiple_of(4), 0);
        message
    }

    fn two() -> Router {
        let mut router = Router::default();
        for (id, fragment) in [(1, "one"), (2, "two")] {
            router.add(id);
            router.answered(id, fragment);
        }
        router
    }

    #[test]
    fn checks_go_by_fragment_and_the_rest_by_addresses_that_were_answered() {
        let mut router = two();
        assert_eq!(router.route(address(5000), &stun([0, 1], 1, "one")), Some(1));
        assert_eq!(router.route(address(5000), &stun([0, 1], 1, "two")), Some(2));
        for nobodys in [&stun([0, 1], 1, "three")[..], &stun([0, 1], 1, "")[..24], &[0x80; 100], &[22; 50], &[]] {
            assert_eq!(router.route(address(5000), nobodys), None, "{nobodys:?}");
        }
        router.sending(1, address(5000), &stun([1, 1], 1, ""), false);
        assert_eq!(router.route(address(5000), &[0x80; 100]), Some(1));
        // The next peer behind the same router may get the number.
        router.sending(2, address(5000), &stun([1, 1], 1, ""), false);
        assert_eq!(router.route(address(5000), &[0x80; 100]), Some(2));
        router.remove(1);
        assert_eq!(router.route(address(5000), &[0x80; 100]), Some(2), "the first one's end changes nothing");
    }

    #[test]
    fn answers_go_to_who_asked() {
        let mut router = two();
        router.sending(1, address(3478), &stun([0, 1], 7, ""), true);
        router.sending(2, address(3478), &stun([0, 1], 8, ""), true);
        assert_eq!(router.route(address(3478), &stun([1, 1], 8, "")), Some(2));
        assert_eq!(router.route(address(3478), &stun([1, 1], 7, "")), Some(1));
        assert_eq!(router.route(address(3478), &[22; 50]), None, "a server is nobody's");
        router.sending(1, address(6000), &stun([0, 1], 9, ""), false);
        assert_eq!(router.route(address(6000), &stun([1, 1], 10, "")), None);
        assert_eq!(router.route(address(6000), &stun([1, 1], 9, "")), Some(1));
        assert_eq!(router.route(address(6000), &[22; 50]), Some(1), "a peer is known then");
    }

    #[test]
    fn a_peer_that_moved_is_known_by_its_media() {
        let rtp = |source: u32| [&[0x80, 96, 0, 1, 0, 0, 0, 2][..], &source.to_be_bytes(), &[0; 100]].concat();
        let rtcp = |source: u32| [&[0x80, 201, 0, 7][..], &source.to_be_bytes(), &[0; 24]].concat();
        let mut router = two();
        router.sending(1, address(5000), &stun([1, 1], 1, ""), false);
        router.sending(2, address(6000), &stun([1, 1], 2, ""), false);
        assert_eq!(router.route(address(5001), &rtp(7)), None);
        assert_eq!(router.route(address(5000), &rtp(7)), Some(1));
        assert_eq!(router.route(address(6000), &rtcp(8)), Some(2));
        assert_eq!(router.route(address(5001), &rtcp(7)), Some(1));
        assert_eq!(router.route(address(5001), &rtp(8)), Some(2));
        assert_eq!(router.route(address(5001), &[22; 50]), None, "only media has a source");
        // Nobody takes the source of another one over.
        assert_eq!(router.route(address(6000), &rtp(7)), Some(2));
        assert_eq!(router.route(address(5001), &rtp(7)), Some(1));
        (100..200).for_each(|source| _ = router.route(address(6000), &rtp(source)));
        assert_eq!(router.sources.len(), 1 + MAX_SOURCES);
        router.remove(1);
        assert_eq!(router.route(address(5001), &rtp(7)), None);
        router.remove(2);
        assert!(router.sources.is_empty());
    }

    #[test]
    fn tables_are_bounded_and_empty_after_the_end() {
        let mut router = two();
        for number in 0..1000 {
            router.answered(1, &format!("later{number}"));
            router.sending(1, address(2000 + number), &stun([0, 1], number, ""), false);
            router.sending(1, address(2000 + number), &stun([1, 1], number, ""), false);
            router.route(address(9000 + number), &stun([0, 1], number, "later999"));
        }
        assert_eq!(router.fragments.len(), 1 + MAX_FRAGMENTS);
        assert_eq!((router.addresses.len(), router.transactions.len()), (MAX_ADDRESSES, MAX_TRANSACTIONS));
        router.remove(1);
        router.remove(2);
        router.sending(1, address(2000), &stun([1, 1], 1, ""), false);
        router.answered(1, "late");
        assert!(router.connections.is_empty() && router.fragments.is_empty());
        assert!(router.addresses.is_empty() && router.transactions.is_empty());
    }
}
