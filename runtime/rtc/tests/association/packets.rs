//! SCTP packets written by hand (RFC 9260), and an association that reads them.

use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use rtc::sctp::{
    Association, AssociationHandle, DatagramEvent, Endpoint, EndpointConfig, Payload, ServerConfig, TransportConfig,
};
use rtc::shared::TransportProtocol;

/// Receive buffer of the association, bytes.
pub const BUFFER: u32 = 1 << 20;
/// Its largest message, bytes.
pub const MESSAGE: u32 = 256 * 1024;
/// Number of the first chunk that the peer sends.
pub const FIRST: u32 = 1000;

/// A chunk: kind, flags and content.
pub fn chunk(kind: u8, flags: u8, content: &[u8]) -> Vec<u8> {
    let mut chunk = vec![kind, flags];
    chunk.extend((content.len() as u16 + 4).to_be_bytes());
    chunk.extend(content);
    chunk.resize(chunk.len().next_multiple_of(4), 0);
    chunk
}

/// A DATA chunk. Flags: 1 end of a message, 2 beginning, 4 unordered.
pub fn data(number: u32, flags: u8, stream: u16, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut content = number.to_be_bytes().to_vec();
    content.extend(stream.to_be_bytes());
    content.extend(sequence.to_be_bytes());
    content.extend(51u32.to_be_bytes());
    content.extend(payload);
    chunk(0, flags, &content)
}

/// A request to reset streams 0 to `streams` after the chunk `last`.
pub fn reset(request: u32, last: u32, streams: u16) -> Vec<u8> {
    let mut parameter = vec![0, 13];
    parameter.extend((16 + 2 * streams).to_be_bytes());
    for number in [request, 0, last] {
        parameter.extend(number.to_be_bytes());
    }
    (0..streams).for_each(|stream| parameter.extend(stream.to_be_bytes()));
    chunk(130, 0, &parameter)
}

/// An INIT with this tag.
pub fn init(tag: u32) -> Vec<u8> {
    let mut content = tag.to_be_bytes().to_vec();
    content.extend((1u32 << 20).to_be_bytes());
    content.extend([0xff; 4]);
    content.extend(FIRST.to_be_bytes());
    // Supported extensions: FORWARD-TSN and RECONFIG.
    content.extend([0x80, 0x08, 0, 6, 192, 130, 0, 0]);
    chunk(1, 0, &content)
}

fn packet(tag: u32, chunks: &[u8]) -> Bytes {
    let mut packet = vec![0x13, 0x88, 0x13, 0x88];
    packet.extend(tag.to_be_bytes());
    packet.extend([0; 4]);
    packet.extend(chunks);
    let checksum = crc32c::crc32c(&packet);
    packet[8..12].copy_from_slice(&checksum.to_le_bytes());
    packet.into()
}

/// The side that is attacked.
pub struct Victim {
    pub endpoint: Endpoint,
    pub associations: Vec<(AssociationHandle, Association)>,
    pub now: Instant,
    /// The tag that its peer has to name.
    tag: u32,
}

impl Victim {
    /// An endpoint without associations.
    pub fn new() -> Self {
        let config = TransportConfig::default().with_max_receive_buffer_size(BUFFER).with_max_message_size(MESSAGE);
        let local = SocketAddr::from(([127, 0, 0, 1], 5000));
        let (endpoint, server) = (EndpointConfig::default().into(), ServerConfig::new(config).into());
        let endpoint = Endpoint::new(local, TransportProtocol::UDP, endpoint, Some(server));
        Self { endpoint, associations: Vec::new(), now: Instant::now(), tag: 0 }
    }

    /// An endpoint with an association that is established.
    pub fn established() -> Self {
        let mut victim = Self::new();
        victim.read_with(0, &init(7));
        let answer = victim.written().remove(0);
        let (content, mut parameters) = (&answer[16..], &answer[32..]);
        victim.tag = u32::from_be_bytes(content[..4].try_into().unwrap());
        loop {
            let length = usize::from(u16::from_be_bytes([parameters[2], parameters[3]]));
            if parameters[..2] == [0, 7] {
                victim.read(&chunk(10, 0, &parameters[4..length]));
                break;
            }
            parameters = &parameters[length.next_multiple_of(4)..];
        }
        assert!(!victim.association().is_closed(), "it is established");
        victim.written();
        victim
    }

    /// Its first association.
    pub fn association(&mut self) -> &mut Association {
        &mut self.associations[0].1
    }

    /// Reads a packet with these chunks.
    pub fn read(&mut self, chunks: &[u8]) {
        self.read_with(self.tag, chunks);
    }

    /// Reads a packet with these chunks and this tag.
    pub fn read_with(&mut self, tag: u32, chunks: &[u8]) {
        let peer = SocketAddr::from(([127, 0, 0, 1], 5001));
        match self.endpoint.handle(self.now, peer, None, packet(tag, chunks)) {
            Some((handle, DatagramEvent::NewAssociation(association))) => self.associations.push((handle, association)),
            Some((handle, DatagramEvent::AssociationEvent(event))) => {
                let known = self.associations.iter_mut().find(|(known, _)| *known == handle);
                known.expect("the association is known").1.handle_event(event);
            }
            _ => {}
        }
        self.associations.iter_mut().for_each(|(_, association)| while association.poll().is_some() {});
    }

    /// What it has to send.
    pub fn written(&mut self) -> Vec<Bytes> {
        let mut written = Vec::new();
        for (_, association) in &mut self.associations {
            while let Some(transmit) = association.poll_transmit(self.now) {
                if let Payload::RawEncode(packets) = transmit.message {
                    written.extend(packets);
                }
            }
        }
        written
    }
}
