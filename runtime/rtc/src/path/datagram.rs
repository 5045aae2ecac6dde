//! What a datagram is, by its first bytes (RFC 7983, RFC 5761).

/// Bytes of a STUN message before its attributes (RFC 8489 section 5).
const STUN_HEADER: usize = 20;
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const USERNAME: u16 = 0x0006;
/// Bytes of a DTLS record before its content (RFC 6347 section 4.1).
const DTLS_HEADER: usize = 13;
const APPLICATION_DATA: u8 = 23;

/// What a datagram is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A connectivity check, its answer, or a message of a STUN or TURN server.
    Stun,
    /// A handshake, or the data channel.
    Dtls,
    /// Data that a TURN server passes on (RFC 8656 section 12.4).
    TurnData,
    /// Media from this source.
    Rtp(u32),
    /// Feedback from this source.
    Rtcp(u32),
    /// Nothing that a peer sends.
    Unknown,
}

impl Kind {
    /// The kind of a datagram.
    pub fn of(datagram: &[u8]) -> Self {
        let number = |at: usize| Some(u32::from_be_bytes(datagram.get(at..at + 4)?.try_into().ok()?));
        match datagram {
            [0..=3, ..] => Self::Stun,
            [20..=63, ..] => Self::Dtls,
            [64..=79, ..] => Self::TurnData,
            [128..=191, 192..=223, ..] => number(4).map_or(Self::Unknown, Self::Rtcp),
            [128..=191, ..] => number(8).map_or(Self::Unknown, Self::Rtp),
            _ => Self::Unknown,
        }
    }

    /// The source of media or feedback.
    pub fn source(self) -> Option<u32> {
        match self {
            Self::Rtp(source) | Self::Rtcp(source) => Some(source),
            _ => None,
        }
    }
}

/// Returns whether a datagram is a connectivity check or its answer, also within a TURN server's frame, or another message of STUN.
pub fn is_check(datagram: &[u8]) -> bool {
    match Kind::of(datagram) {
        Kind::Stun => true,
        Kind::TurnData => datagram.get(4..).is_some_and(|data| Kind::of(data) == Kind::Stun),
        _ => false,
    }
}

/// A STUN indication of the method Binding, without attributes (RFC 8489 section 5). Its transaction has the number zero, which no peer
/// chooses.
pub const INDICATION: [u8; STUN_HEADER] =
    [0x00, 0x11, 0, 0, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// Id of a STUN transaction: random, hence known only to who received its request.
pub type TransactionId = [u8; 12];

/// A message of the STUN method Binding, or of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stun<'a> {
    /// A connectivity check, to the peer whose user name begins with this fragment.
    Request(TransactionId, Option<&'a str>),
    /// Its answer.
    Success(TransactionId),
    /// Data for a peer of a TURN server, or from it.
    Relayed,
    /// Anything else.
    Other,
}

impl<'a> Stun<'a> {
    /// Reads a STUN message as far as it is needed; `None` when it is none.
    pub fn read(datagram: &'a [u8]) -> Option<Self> {
        let header = datagram.get(..STUN_HEADER)?;
        if header[0] > 3 || header[4..8] != MAGIC_COOKIE {
            return None;
        }
        let transaction = header[8..].try_into().ok()?;
        Some(match [header[0], header[1]] {
            [0x00, 0x01] => Self::Request(transaction, fragment(&datagram[STUN_HEADER..])),
            [0x01, 0x01] => Self::Success(transaction),
            [0x00, 0x16 | 0x17] => Self::Relayed,
            _ => Self::Other,
        })
    }
}

/// The fragment of the receiver, which stands before the colon of the user name (RFC 8445 section 7.2.2).
fn fragment(mut attributes: &[u8]) -> Option<&str> {
    while let [a, b, c, d, rest @ ..] = attributes {
        let length = usize::from(u16::from_be_bytes([*c, *d]));
        if u16::from_be_bytes([*a, *b]) == USERNAME {
            return Some(std::str::from_utf8(rest.get(..length)?).ok()?.split_once(':')?.0);
        }
        attributes = rest.get(length.next_multiple_of(4)..)?;
    }
    None
}

/// Bytes of the records of a DTLS datagram that are no application data: handshakes, and what is malformed.
pub fn handshake_bytes(mut datagram: &[u8]) -> usize {
    let mut bytes = 0;
    while !datagram.is_empty() {
        let record = match datagram.get(DTLS_HEADER - 2..DTLS_HEADER) {
            Some(length) => DTLS_HEADER + usize::from(u16::from_be_bytes([length[0], length[1]])),
            None => datagram.len(),
        };
        let record = record.min(datagram.len());
        if datagram[0] != APPLICATION_DATA {
            bytes += record;
        }
        datagram = &datagram[record..];
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn kinds_are_told_apart() {
        let rtp = [0x80, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
        for (datagram, kind) in [
            (&[0u8, 1][..], Kind::Stun),
            (&[22, 0xfe, 0xfd], Kind::Dtls),
            (&[0x40, 0, 0, 1], Kind::TurnData),
            (&rtp, Kind::Rtp(3)),
            (&[0x90, 0x60 | 0x80, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3], Kind::Rtp(3)),
            (&[0x81, 206, 0, 2, 0, 0, 0, 9], Kind::Rtcp(9)),
            (&rtp[..11], Kind::Unknown),
            (&[0x81, 206, 0, 2], Kind::Unknown),
            (&[], Kind::Unknown),
            (b"POST / HTTP/1.1", Kind::Unknown),
        ] {
            assert_eq!(Kind::of(datagram), kind, "{datagram:?}");
        }
    }

    #[test]
    fn requests_name_their_receiver() {
        let mut request = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        let transaction = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        assert_eq!(Stun::read(&request), Some(Stun::Request(transaction, None)));
        request.extend([0x80, 0x22, 0, 3, b'a', b'b', b'c', 0, 0, 6, 0, 9]);
        request.extend(b"mine:them");
        assert_eq!(Stun::read(&request), Some(Stun::Request(transaction, Some("mine"))));
        assert_eq!(Stun::read(&request[..request.len() - 1]), Some(Stun::Request(transaction, None)));
        request[0..2].copy_from_slice(&[1, 1]);
        assert_eq!(Stun::read(&request), Some(Stun::Success(transaction)));
        request[4] = 0;
        assert_eq!(Stun::read(&request), None);
    }

    #[test]
    fn handshakes_are_counted_within_a_datagram() {
        let record = |kind: u8, length: u16| {
            let mut record = vec![kind, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 1];
            record.extend(length.to_be_bytes());
            record.extend(vec![0; length.into()]);
            record
        };
        assert_eq!(handshake_bytes(&record(23, 100)), 0);
        assert_eq!(handshake_bytes(&record(22, 100)), 113);
        let mixed = [record(23, 5), record(22, 0), record(20, 1), record(23, 9)].concat();
        assert_eq!(handshake_bytes(&mixed), 13 + 14);
        assert_eq!(handshake_bytes(&[record(23, 5), vec![22; 12]].concat()), 12);
        assert_eq!(handshake_bytes(&[22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0]), 14);
    }

    proptest! {
        #[test]
        fn any_datagram_is_survived(datagram in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (Kind::of(&datagram), Stun::read(&datagram));
            prop_assert!(handshake_bytes(&datagram) <= datagram.len());
        }
    }
}
