//! Datagrams within a TCP stream: each behind its length (RFC 4571 section 2).

/// Longest datagram, bytes: what a UDP socket of the library reads.
pub const MAX_DATAGRAM: usize = 2000;
/// Bytes before each datagram.
const HEADER: usize = 2;

/// Takes a stream apart.
#[derive(Debug, Default)]
pub struct Deframer {
    /// Bytes of a datagram that is not complete.
    buffer: Vec<u8>,
}

impl Deframer {
    /// Adds what was read, and calls `found` with each datagram that is complete.
    ///
    /// # Errors
    /// When a datagram is too long: the stream is of no use then.
    pub fn push(&mut self, bytes: &[u8], mut found: impl FnMut(&[u8])) -> Result<(), TooLong> {
        self.buffer.extend_from_slice(bytes);
        let mut start = 0;
        while let Some(&[high, low]) = self.buffer.get(start..start + HEADER) {
            let length = usize::from(u16::from_be_bytes([high, low]));
            if length > MAX_DATAGRAM {
                return Err(TooLong);
            }
            let Some(datagram) = self.buffer.get(start + HEADER..start + HEADER + length) else { break };
            found(datagram);
            start += HEADER + length;
        }
        self.buffer.drain(..start);
        Ok(())
    }
}

/// A datagram within a stream is longer than one may be.
#[derive(Debug, PartialEq, Eq)]
pub struct TooLong;

/// Adds a datagram to what is written. One that is too long for its length to be stated is left out.
pub fn frame(out: &mut Vec<u8>, datagram: &[u8]) {
    if let Ok(length) = u16::try_from(datagram.len()) {
        out.extend(length.to_be_bytes());
        out.extend_from_slice(datagram);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_datagram_that_is_too_long_ends_the_stream() {
        let mut deframer = Deframer::default();
        let mut found = Vec::new();
        assert_eq!(deframer.push(b"\0\x01a\xff\xff", |datagram| found.push(datagram.to_vec())), Err(TooLong));
        assert_eq!(found, [b"a"]);
    }

    proptest! {
        #[test]
        fn datagrams_come_out_as_they_went_in(
            datagrams in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..MAX_DATAGRAM), 0..20),
            size in 1usize..5000,
        ) {
            let mut stream = Vec::new();
            datagrams.iter().for_each(|datagram| frame(&mut stream, datagram));
            let (mut deframer, mut found) = (Deframer::default(), Vec::new());
            for part in stream.chunks(size) {
                deframer.push(part, |datagram| found.push(datagram.to_vec())).unwrap();
            }
            prop_assert_eq!(found, datagrams);
            prop_assert!(deframer.buffer.is_empty());
        }
    }
}
