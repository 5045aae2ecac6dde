//! Which addresses have proved that they receive what is sent to them, as in QUIC (RFC 9000 section 8): until then this side
//! sends at most three times what came from there, so that an offer or a forged source turns it against nobody.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::address::{is_forbidden, is_never_reached};
use super::datagram::{Stun, TransactionId};

/// What is sent for each byte, and for each datagram, that was received.
pub const AMPLIFICATION: usize = 3;
/// Addresses of one peer. The library keeps a candidate for each, and a pair for each of ours.
pub const MAX_ADDRESSES: usize = 32;
/// User name fragments of ours: the one of the answer, and those of later ones.
const MAX_FRAGMENTS: usize = 4;
/// Silence after which an address gives way to another one when there are too many: one that answered, and one that did not.
const EXPIRY: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(2)];
/// Checks in flight to one address whose answers are recognised.
const MAX_TRANSACTIONS: usize = 32;
/// Bytes of an offer that came in one datagram at least.
const DATAGRAM: usize = 1200;
/// Silence of all other addresses after which media from a new one tells that the peer moved.
const MOVED: Duration = Duration::from_millis(300);
/// Time between two looks at such an address.
const LOOKS: Duration = Duration::from_millis(250);
/// Time between two checks to addresses from which nothing came: Ta of RFC 8445 section 14.2.
const PACING: Duration = Duration::from_millis(50);
/// Time before the first repetition of such a check, doubled with each: RTO of RFC 8445 section 14.3.
const RETRANSMISSION: Duration = Duration::from_millis(500);

/// The addresses of one peer.
#[derive(Debug, Default)]
pub struct AddressValidation {
    /// Our user name fragments, the latest last; none until the answer is written: nothing is received before.
    fragments: Vec<String>,
    /// The servers that the operator configured.
    servers: HashSet<SocketAddr>,
    addresses: Vec<Address>,
    /// Checks to addresses from which nothing came.
    speculation: Speculation,
    /// When an address from which media comes unexpectedly was last looked at.
    looked: Option<Instant>,
    checks: u64,
    refused: u64,
}

/// One address of the peer.
#[derive(Debug)]
struct Address {
    address: SocketAddr,
    /// It answered a check: it receives what is sent to it.
    validated: bool,
    /// Bytes and datagrams that came from it.
    received: Amount,
    /// When the last of them came.
    last: Option<Instant>,
    /// Bytes and datagrams that were sent to it.
    sent: Amount,
    /// Checks that were sent to it, the latest last.
    transactions: Vec<TransactionId>,
    /// When a check may be sent although nothing came.
    next_check: Option<Instant>,
}

/// Bytes and datagrams.
#[derive(Clone, Copy, Debug, Default)]
struct Amount {
    bytes: usize,
    datagrams: usize,
}

impl Amount {
    fn add(&mut self, bytes: usize, datagrams: usize) {
        self.bytes += bytes;
        self.datagrams += datagrams;
    }

    /// Returns whether as much may be sent, `bytes` in `datagrams` included, for `received`.
    fn allows(&self, received: Self, bytes: usize, datagrams: usize) -> bool {
        self.bytes + bytes <= AMPLIFICATION * received.bytes
            && self.datagrams + datagrams <= AMPLIFICATION * received.datagrams
    }
}

/// Checks to addresses that only the offer names. Without an offer that is weighed there are none.
#[derive(Debug, Default)]
struct Speculation {
    offer: Amount,
    sent: Amount,
    /// When the next one may be sent.
    next: Option<Instant>,
    /// A TURN server passed something on: its peer receives.
    relayed: bool,
}

impl Speculation {
    fn admit(&mut self, now: Instant, bytes: usize) -> bool {
        let admitted = self.sent.allows(self.offer, bytes, 1) && self.next.is_none_or(|next| now >= next);
        if admitted {
            self.sent.add(bytes, 1);
            self.next = Some(now + PACING);
        }
        admitted
    }
}

impl AddressValidation {
    /// Adds our user name fragment. Checks that name it are read from then on, besides those that name earlier ones.
    pub fn answered(&mut self, fragment: &str) {
        if fragment.is_empty() || self.fragments.iter().any(|known| known == fragment) {
            return;
        }
        if self.fragments.len() == MAX_FRAGMENTS {
            self.fragments.remove(0);
        }
        self.fragments.push(fragment.to_owned());
    }

    /// Connectivity checks that came for one of our fragments.
    pub fn checks(&self) -> u64 {
        self.checks
    }

    /// Lets this side send checks to addresses that another offer of so many bytes names, within three times its size.
    pub fn speculate(&mut self, offer_bytes: usize) {
        self.speculation.offer.add(offer_bytes, offer_bytes.div_ceil(DATAGRAM));
    }

    /// Adds a STUN or TURN server of ours.
    pub fn trust(&mut self, server: SocketAddr) {
        self.servers.insert(server);
    }

    /// Returns whether an address is a STUN or TURN server of ours.
    pub fn is_server(&self, address: SocketAddr) -> bool {
        self.servers.contains(&address)
    }

    /// Datagrams that were neither sent nor read.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Returns whether a datagram that came from an address is read.
    pub fn received(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) -> bool {
        let read = self.read(now, from, datagram);
        self.refused += u64::from(!read);
        read
    }

    fn read(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) -> bool {
        if self.is_server(from) {
            let relayed = datagram.first().is_some_and(|first| (64..=79).contains(first))
                || Stun::read(datagram) == Some(Stun::Relayed);
            self.speculation.relayed |= relayed;
            return true;
        }
        let stun = Stun::read(datagram);
        let is_ours = matches!(stun, Some(Stun::Request(_, Some(fragment)))
            if self.fragments.iter().any(|ours| ours == fragment));
        self.checks += u64::from(is_ours);
        match self.addresses.iter().position(|one| one.address == from) {
            Some(known) => {
                let known = &mut self.addresses[known];
                let answers = |id: &TransactionId| matches!(stun, Some(Stun::Success(answered)) if answered == *id);
                known.validated |= known.transactions.iter().any(answers);
                // Before that, a stranger may forge this address as a source: only who knows the fragment is read.
                let read = known.validated || is_ours || known.received.bytes > 0;
                if read {
                    known.received(now, datagram.len());
                }
                read
            }
            None => {
                let Some(added) = is_ours.then(|| self.add(now, from)).flatten() else { return false };
                self.addresses[added].received(now, datagram.len());
                true
            }
        }
    }

    /// Notes media of the peer's known sources, so many bytes, from an address. Returns whether the address has to be checked now:
    /// it did not prove itself yet, and no other one is heard any more. The peer has moved, or its router has begun anew, and its
    /// own next check may be seconds away.
    pub fn media(&mut self, now: Instant, from: SocketAddr, bytes: usize) -> bool {
        let known = self.addresses.iter().position(|one| one.address == from);
        let is_validated = known.is_some_and(|known| self.addresses[known].validated);
        if is_validated || self.is_server(from) || self.looked.is_some_and(|looked| now < looked + LOOKS) {
            return false;
        }
        let others = self.addresses.iter().filter(|one| one.address != from);
        let heard = others.filter(|one| one.validated).filter_map(|one| one.last).max();
        if heard.is_none_or(|last| now < last + MOVED) {
            return false;
        }
        let Some(known) = known.or_else(|| self.add(now, from)) else { return false };
        self.addresses[known].received(now, bytes);
        self.looked = Some(now);
        true
    }

    /// Adds an address from which something came. Returns its index; `None` when it is never sent to, or there are too many.
    fn add(&mut self, now: Instant, from: SocketAddr) -> Option<usize> {
        let is_added = !is_never_reached(from) && self.make_room(now);
        is_added.then(|| {
            self.addresses.push(Address::new(from));
            self.addresses.len() - 1
        })
    }

    /// Returns whether there is room for one more address: the one that was silent for longest gives way, if that is long enough.
    fn make_room(&mut self, now: Instant) -> bool {
        if self.addresses.len() < MAX_ADDRESSES {
            return true;
        }
        let silence = |one: &Address| one.last.map_or(Duration::ZERO, |last| now.saturating_duration_since(last));
        let expired = |one: &Address| silence(one) >= EXPIRY[usize::from(!one.validated)];
        let candidates = self.addresses.iter().enumerate().filter(|(_, one)| expired(one));
        let Some(place) = candidates.max_by_key(|(_, one)| silence(one)).map(|(place, _)| place) else { return false };
        self.addresses.swap_remove(place);
        true
    }

    /// Returns whether `datagrams` datagrams, together `contents`, are sent to an address.
    pub fn sending(&mut self, now: Instant, to: SocketAddr, contents: &[u8], datagrams: usize) -> bool {
        let sent = self.admit(now, to, contents, datagrams);
        self.refused += u64::from(!sent);
        sent
    }

    fn admit(&mut self, now: Instant, to: SocketAddr, contents: &[u8], datagrams: usize) -> bool {
        if self.is_server(to) {
            let relayed = Stun::read(contents) == Some(Stun::Relayed);
            return !relayed || self.speculation.relayed || self.speculation.admit(now, contents.len());
        }
        let known = self.addresses.iter().position(|one| one.address == to);
        let (validated, received, sent, next_check) = match known.map(|known| &self.addresses[known]) {
            Some(known) => (known.validated, known.received, known.sent, known.next_check),
            None if self.addresses.len() < MAX_ADDRESSES && !is_forbidden(to) => Default::default(),
            None => return false,
        };
        if validated {
            return true;
        }
        let admitted = if received.bytes > 0 {
            sent.allows(received, contents.len(), datagrams)
        } else {
            next_check.is_none_or(|next| now >= next) && self.speculation.admit(now, contents.len())
        };
        if admitted {
            let known = known.unwrap_or_else(|| {
                self.addresses.push(Address::new(to));
                self.addresses.len() - 1
            });
            self.addresses[known].sent(now, contents, datagrams);
        }
        admitted
    }
}

impl Address {
    fn new(address: SocketAddr) -> Self {
        let (received, sent) = (Amount::default(), Amount::default());
        Self { address, validated: false, received, last: None, sent, transactions: Vec::new(), next_check: None }
    }

    fn received(&mut self, now: Instant, bytes: usize) {
        self.received.add(bytes, 1);
        self.last = Some(now);
    }

    fn sent(&mut self, now: Instant, contents: &[u8], datagrams: usize) {
        let doubled = 2u32.saturating_pow(self.sent.datagrams.min(16) as u32);
        self.next_check = Some(now + RETRANSMISSION * doubled);
        self.sent.add(contents.len(), datagrams);
        if let Some(Stun::Request(transaction, _)) = Stun::read(contents) {
            if self.transactions.len() == MAX_TRANSACTIONS {
                self.transactions.remove(0);
            }
            self.transactions.push(transaction);
        }
    }
}

#[cfg(test)]
mod tests;
