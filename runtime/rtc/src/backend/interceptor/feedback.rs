//! Reads the viewer's requests for keyframes.

use std::sync::Arc;

use rtc::interceptor::{Packet, TaggedPacket};
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use tokio::sync::Notify;

use super::packet_handler::PacketHandler;

/// Reads requests for keyframes of one stream that this side sends.
pub struct FeedbackReader {
    ssrc: u32,
    keyframe_requested: Arc<Notify>,
}

impl FeedbackReader {
    /// A reader of the requests about the stream `ssrc`.
    pub fn new(ssrc: u32, keyframe_requested: Arc<Notify>) -> Self {
        Self { ssrc, keyframe_requested }
    }

    fn read(&self, packet: &dyn rtc::rtcp::Packet) {
        let any = packet.as_any();
        let requests_keyframe =
            any.downcast_ref::<PictureLossIndication>().is_some_and(|pli| pli.media_ssrc == self.ssrc)
                || any
                    .downcast_ref::<FullIntraRequest>()
                    .is_some_and(|request| request.fir.iter().any(|entry| entry.ssrc == self.ssrc));
        if requests_keyframe {
            self.keyframe_requested.notify_one();
        }
    }
}

impl PacketHandler for FeedbackReader {
    /// Ends the way of all RTCP packets.
    fn received(&mut self, packet: TaggedPacket) -> Option<TaggedPacket> {
        match &packet.message.packet {
            Packet::Rtcp(packets) => {
                packets.iter().for_each(|packet| self.read(packet.as_ref()));
                None
            }
            _ => Some(packet),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use rtc::interceptor::AttributedPacket;
    use rtc::rtcp::payload_feedbacks::full_intra_request::FirEntry;
    use rtc::shared::TransportContext;

    use super::*;

    #[tokio::test]
    async fn requests_about_the_stream_are_read() {
        let requested = Arc::<Notify>::default();
        let mut reader = FeedbackReader::new(7, requested.clone());
        let fir =
            |ssrc| FullIntraRequest { sender_ssrc: 1, media_ssrc: 0, fir: vec![FirEntry { ssrc, sequence_number: 0 }] };
        let pli = |media_ssrc| PictureLossIndication { sender_ssrc: 1, media_ssrc };
        let packets: [(Box<dyn rtc::rtcp::Packet>, bool); 4] =
            [(Box::new(pli(8)), false), (Box::new(pli(7)), true), (Box::new(fir(8)), false), (Box::new(fir(7)), true)];
        for (packet, is_request) in packets {
            let message = AttributedPacket::new(Packet::Rtcp(vec![packet]));
            let packet = TaggedPacket { now: Instant::now(), transport: TransportContext::default(), message };
            assert!(reader.received(packet).is_none(), "RTCP goes no further");
            let told = tokio::select! {
                biased;
                () = requested.notified() => true,
                () = tokio::task::yield_now() => false,
            };
            assert_eq!(told, is_request);
        }
    }
}
