//! Binds streams of the peer to links of the library as their packets come.
//!
//! The library binds what the offer declares, and no source that comes instead.

use std::time::Instant;

use rtc::interceptor::{Interceptor, Packet, RTCPFeedback, RTPHeaderExtension, StreamInfo, TaggedPacket};
use rtc::sansio::Protocol;
use rtc::shared::error::Error;

use crate::path::inbound::MAX_SOURCES;
use crate::sdp::{TRANSPORT_CC, VideoFormat};

/// A link of the library that is bound to every source of the video.
pub struct Bound<I> {
    link: I,
    /// What the streams have in common.
    stream: StreamInfo,
    payload_types: [Option<u8>; 2],
    /// The sources that it is bound to.
    sources: Vec<u32>,
}

impl<I> Bound<I> {
    /// A link for the sources of this video, which has this header extension for transport-wide congestion control.
    pub fn new(link: I, video: &VideoFormat, transport_cc: Option<u8>) -> Self {
        let rtp = video.codec.rtp_format();
        let extension = |id: u8| RTPHeaderExtension { uri: TRANSPORT_CC.to_owned(), id: id.into() };
        let feedback = |text: &&str| {
            let (typ, parameter) = text.split_once(' ').unwrap_or((text, ""));
            RTCPFeedback { typ: typ.to_owned(), parameter: parameter.to_owned() }
        };
        let stream = StreamInfo {
            payload_type: video.payload_type,
            mime_type: rtp.mime_type.to_owned(),
            clock_rate: rtp.clock_rate,
            rtp_header_extensions: transport_cc.map(extension).into_iter().collect(),
            rtcp_feedback: video.feedback.iter().map(feedback).collect(),
            ..StreamInfo::default()
        };
        Self { link, stream, payload_types: [Some(video.payload_type), video.retransmission], sources: Vec::new() }
    }
}

impl<I: Interceptor> Protocol<TaggedPacket, TaggedPacket, ()> for Bound<I> {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtp(rtp) = &packet.message.packet {
            let header = &rtp.header;
            let is_new =
                self.payload_types.contains(&Some(header.payload_type)) && !self.sources.contains(&header.ssrc);
            if is_new && self.sources.len() < MAX_SOURCES {
                self.sources.push(header.ssrc);
                let (ssrc, payload_type) = (header.ssrc, header.payload_type);
                self.link.bind_remote_stream(&StreamInfo { ssrc, payload_type, ..self.stream.clone() });
            }
        }
        self.link.handle_read(packet)
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.link.poll_read()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.link.handle_write(packet)
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.link.poll_write()
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        self.link.handle_timeout(now)
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        self.link.poll_timeout()
    }
}

impl<I: Interceptor> Interceptor for Bound<I> {
    fn bind_local_stream(&mut self, stream: &StreamInfo) {
        self.link.bind_local_stream(stream);
    }

    fn unbind_local_stream(&mut self, stream: &StreamInfo) {
        self.link.unbind_local_stream(stream);
    }

    fn bind_remote_stream(&mut self, _: &StreamInfo) {}

    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}
