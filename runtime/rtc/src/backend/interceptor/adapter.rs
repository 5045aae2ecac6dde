//! Fits a [`PacketHandler`] into the RTP library's chain.

use std::collections::VecDeque;
use std::time::Instant;

use rtc::interceptor::{Interceptor, StreamInfo, TaggedPacket};
use rtc::sansio::Protocol;
use rtc::shared::error::Error;

use super::packet_handler::PacketHandler;

/// A [`PacketHandler`] as a link of the chain.
pub struct Adapter<H> {
    handler: H,
    /// Packets on their way up. The chain takes them before it hands in more, which bounds both queues.
    reads: VecDeque<TaggedPacket>,
    /// Packets on their way to the network.
    writes: VecDeque<TaggedPacket>,
}

impl<H> Adapter<H> {
    /// A link that does what `handler` does.
    pub fn new(handler: H) -> Self {
        Self { handler, reads: VecDeque::new(), writes: VecDeque::new() }
    }
}

impl<H: PacketHandler> Protocol<TaggedPacket, TaggedPacket, ()> for Adapter<H> {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.reads.extend(self.handler.received(packet));
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.reads.pop_front()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.writes.extend(self.handler.sending(packet));
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.writes.pop_front()
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        self.writes.extend(self.handler.due(now));
        Ok(())
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        self.handler.deadline()
    }
}

impl<H: PacketHandler> Interceptor for Adapter<H> {
    fn bind_local_stream(&mut self, stream: &StreamInfo) {
        self.handler.local_stream_added(stream);
    }

    fn unbind_local_stream(&mut self, _: &StreamInfo) {}

    fn bind_remote_stream(&mut self, _: &StreamInfo) {}

    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use rtc::interceptor::{AttributedPacket, Packet};
    use rtc::rtp;
    use rtc::shared::TransportContext;

    use super::*;

    /// Ends the way of packets with odd sequence numbers and sends a packet with the number of them at its deadline.
    struct Odd {
        count: u16,
        deadline: Instant,
    }

    impl PacketHandler for Odd {
        fn received(&mut self, packet: TaggedPacket) -> Option<TaggedPacket> {
            let odd = number(&packet) % 2 == 1;
            self.count += u16::from(odd);
            (!odd).then_some(packet)
        }

        fn due(&mut self, now: Instant) -> Vec<TaggedPacket> {
            if now < self.deadline { Vec::new() } else { vec![packet(now, self.count)] }
        }

        fn deadline(&self) -> Option<Instant> {
            Some(self.deadline)
        }

        fn local_stream_added(&mut self, stream: &StreamInfo) {
            self.count += stream.ssrc as u16;
        }
    }

    fn packet(now: Instant, sequence_number: u16) -> TaggedPacket {
        let header = rtp::Header { version: 2, sequence_number, ..rtp::Header::default() };
        let message = AttributedPacket::new(Packet::Rtp(rtp::Packet { header, payload: Bytes::new() }));
        TaggedPacket { now, transport: TransportContext::default(), message }
    }

    fn number(packet: &TaggedPacket) -> u16 {
        let Packet::Rtp(packet) = &packet.message.packet else { panic!("only RTP is handed in") };
        packet.header.sequence_number
    }

    #[test]
    fn a_handler_sees_arrivals_streams_and_time_and_departures_pass_by() {
        let start = Instant::now();
        let deadline = start + Duration::from_secs(1);
        let mut link = Adapter::new(Odd { count: 0, deadline });
        for sequence in 1..=6 {
            link.handle_read(packet(start, sequence)).unwrap();
        }
        let read: Vec<u16> = std::iter::from_fn(|| link.poll_read()).map(|packet| number(&packet)).collect();
        assert_eq!(read, [2, 4, 6]);
        link.bind_local_stream(&StreamInfo { ssrc: 100, ..StreamInfo::default() });
        link.bind_remote_stream(&StreamInfo { ssrc: 1000, ..StreamInfo::default() });

        link.handle_write(packet(start, 7)).unwrap();
        assert_eq!(link.poll_timeout(), Some(deadline));
        link.handle_timeout(start).unwrap();
        link.handle_timeout(deadline).unwrap();
        let written: Vec<u16> = std::iter::from_fn(|| link.poll_write()).map(|packet| number(&packet)).collect();
        assert_eq!(written, [7, 103]);
    }
}
