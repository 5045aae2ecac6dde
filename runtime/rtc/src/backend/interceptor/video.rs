//! Takes the peer's video out of the chain, and asks for what of it is missing.
//!
//! The library would bind a stream by what the offer says of sources; here it is bound by its packets.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rtc::interceptor::{AttributedPacket, Packet, TaggedPacket};
use rtc::rtcp;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::payload_feedbacks::receiver_estimated_maximum_bitrate::ReceiverEstimatedMaximumBitrate;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{TransportLayerNack, nack_pairs_from_sequence_numbers};
use rtc::shared::TransportContext;
use tokio::sync::mpsc;

use super::packet_handler::PacketHandler;
use crate::receive::{Arrival, Incoming, Intake, PATIENCE, Relief, Remb, Taken};
use crate::sdp::VideoFormat;
use crate::stats::{Counters, add};

/// Packets of the video that wait to be assembled. Those that find no room are lost.
pub const MAX_WAITING: usize = 1024;

/// What the two ends of the way share: the link of the chain, and the task that assembles frames.
#[derive(Debug, Default)]
pub struct Shared {
    /// The source that is received; 0 when there is none yet.
    ssrc: AtomicU32,
    /// How long a frame should wait for packets, µs; 0 when nothing is known.
    patience: AtomicU64,
    /// A keyframe is to be asked for.
    keyframe: AtomicBool,
}

impl Shared {
    /// The source that is received, once there is one.
    pub fn ssrc(&self) -> Option<u32> {
        Some(self.ssrc.load(Ordering::Relaxed)).filter(|ssrc| *ssrc != 0)
    }

    /// How long a frame should wait for packets that are missing.
    pub fn patience(&self) -> Duration {
        match self.patience.load(Ordering::Relaxed) {
            0 => PATIENCE,
            micros => Duration::from_micros(micros),
        }
    }

    /// Lets the link ask for a keyframe when the library next looks at it: with the next packet, at the latest.
    pub fn request_keyframe(&self) {
        self.keyframe.store(true, Ordering::Relaxed);
    }
}

/// A request for a keyframe of this source.
pub fn keyframe_request(media_ssrc: u32) -> Box<dyn rtcp::Packet> {
    Box::new(PictureLossIndication { sender_ssrc: media_ssrc ^ 1, media_ssrc })
}

/// The link of the chain: RTP packets end here.
pub struct VideoReader {
    intake: Intake,
    shared: Arc<Shared>,
    packets: mpsc::Sender<Incoming>,
    /// That a source began still has to be passed on.
    begins: bool,
    /// Where the peer adapts by nothing better.
    remb: Option<Remb>,
    /// Where it adapts by what it is told of arrivals.
    relief: Option<Relief>,
    counters: Arc<Counters>,
    now: Option<Instant>,
}

impl VideoReader {
    /// A link that passes on the packets of this video.
    pub fn new(
        video: &VideoFormat,
        shared: Arc<Shared>,
        packets: mpsc::Sender<Incoming>,
        counters: Arc<Counters>,
    ) -> Self {
        let intake = Intake::new(video.payload_type, video.retransmission, video.feedback.contains(&"nack"));
        let (hears, is_told) = (video.feedback.contains(&"goog-remb"), video.feedback.contains(&"transport-cc"));
        let remb = (hears && !is_told).then(Remb::default);
        let relief = (hears && is_told).then(Relief::default);
        Self { intake, shared, packets, begins: false, remb, relief, counters, now: None }
    }

    fn pass_on(&mut self, packet: crate::receive::Packet) {
        if self.begins {
            self.begins = self.packets.try_send(Incoming::Opened).is_err();
        }
        if !self.begins {
            let _ = self.packets.try_send(Incoming::Packet(packet));
        }
    }
}

impl PacketHandler for VideoReader {
    fn received(&mut self, packet: TaggedPacket) -> Option<TaggedPacket> {
        let now = packet.now;
        self.now = Some(now);
        if !matches!(packet.message.packet, Packet::Rtp(_)) {
            return Some(packet);
        }
        let Packet::Rtp(rtp) = packet.message.packet else { return None };
        let header = &rtp.header;
        let (ssrc, bytes) = (header.ssrc, rtp.payload.len());
        let (sequence, timestamp) = (header.sequence_number, header.timestamp);
        let arrival = Arrival::new(header.ssrc, header.payload_type, sequence, timestamp, header.marker, rtp.payload);
        match self.intake.received(now, arrival) {
            Taken::Begins(packet) => {
                self.shared.ssrc.store(self.intake.ssrc().unwrap_or(0), Ordering::Relaxed);
                self.begins = true;
                self.pass_on(packet);
            }
            Taken::Packet(packet) => self.pass_on(packet),
            Taken::Nothing => {}
            Taken::Foreign => add(&self.counters.packets_foreign, 1),
        }
        if let Some(remb) = self.remb.as_mut().filter(|_| self.intake.ssrc() == Some(ssrc)) {
            remb.received(now, sequence, timestamp, bytes);
        }
        if let Some(relief) = &mut self.relief {
            relief.received(now, bytes, self.intake.queued(), self.intake.lost());
        }
        let patience = self.intake.patience(now).as_micros() as u64;
        self.shared.patience.store(patience, Ordering::Relaxed);
        None
    }

    fn due(&mut self, now: Instant) -> Vec<TaggedPacket> {
        let mut packets: Vec<Box<dyn rtcp::Packet>> = Vec::new();
        if let Some((media_ssrc, sequences)) = self.intake.due(now) {
            let nacks = nack_pairs_from_sequence_numbers(&sequences);
            packets.push(Box::new(TransportLayerNack { sender_ssrc: media_ssrc ^ 1, media_ssrc, nacks }));
        }
        if let Some(ssrc) = self.intake.ssrc().filter(|_| self.shared.keyframe.swap(false, Ordering::Relaxed)) {
            packets.push(keyframe_request(ssrc));
        }
        let estimate = self.remb.as_mut().and_then(|remb| remb.due(now));
        let bitrate = self.relief.as_mut().and_then(|relief| relief.due(now)).or(estimate);
        if let (Some(bitrate), Some(ssrc)) = (bitrate, self.intake.ssrc()) {
            tracing::trace!(bitrate, "the peer is told what to keep to");
            let estimate = ReceiverEstimatedMaximumBitrate { sender_ssrc: ssrc ^ 1, bitrate, ssrcs: vec![ssrc] };
            packets.push(Box::new(estimate));
        }
        let message = |packet| AttributedPacket::new(Packet::Rtcp(vec![packet]));
        let tagged = |packet| TaggedPacket { now, transport: TransportContext::default(), message: message(packet) };
        packets.into_iter().map(tagged).collect()
    }

    fn deadline(&self) -> Option<Instant> {
        let keyframe = self.now.filter(|_| self.shared.keyframe.load(Ordering::Relaxed));
        let remb = self.remb.as_ref().and_then(Remb::deadline);
        let relief = self.relief.as_ref().and_then(Relief::deadline);
        [self.intake.deadline(), keyframe, remb, relief].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use framebox_media::Codec;
    use rtc::rtp;

    use super::*;

    fn reader(room: usize) -> (VideoReader, Arc<Shared>, mpsc::Receiver<Incoming>, Arc<Counters>) {
        let video = VideoFormat {
            codec: Codec::H264,
            payload_type: 102,
            retransmission: Some(103),
            parameters: String::new(),
            feedback: vec!["nack", "goog-remb"],
        };
        let (sender, packets) = mpsc::channel(room);
        let (shared, counters) = (Arc::<Shared>::default(), Arc::<Counters>::default());
        (VideoReader::new(&video, shared.clone(), sender, counters.clone()), shared, packets, counters)
    }

    fn arrives(reader: &mut VideoReader, now: Instant, ssrc: u32, payload_type: u8, sequence_number: u16) {
        let header = rtp::Header { version: 2, ssrc, payload_type, sequence_number, ..rtp::Header::default() };
        let packet = rtp::Packet { header, payload: Bytes::from_static(&[0, 2, 0x41]) };
        let message = AttributedPacket::new(Packet::Rtp(packet));
        let goes_on = reader.received(TaggedPacket { now, transport: TransportContext::default(), message });
        assert!(goes_on.is_none(), "RTP ends here");
    }

    #[test]
    fn packets_and_sources_are_passed_on_and_requests_are_sent() {
        let (mut reader, shared, mut packets, counters) = reader(8);
        let (start, deadline) = (Instant::now(), |reader: &VideoReader| reader.deadline());
        arrives(&mut reader, start, 7, 111, 1);
        assert_eq!((shared.ssrc(), counters.read().packets_foreign), (None, 1));
        arrives(&mut reader, start, 10, 102, 1);
        arrives(&mut reader, start, 10, 102, 3);
        assert_eq!(shared.ssrc(), Some(10));
        let due = reader.due(start + Duration::from_millis(10));
        let Packet::Rtcp(nack) = &due[0].message.packet else { panic!("only RTCP is sent") };
        let nack = nack[0].as_any().downcast_ref::<TransportLayerNack>().unwrap();
        assert_eq!((nack.media_ssrc, nack.nacks[0].packet_list()), (10, vec![2]));
        arrives(&mut reader, start + Duration::from_millis(20), 99, 103, 700);
        let estimate = start + Duration::from_millis(500);
        assert_eq!(deadline(&reader), Some(estimate));
        shared.request_keyframe();
        assert!(deadline(&reader) < Some(estimate));
        assert_eq!(reader.due(start).len(), 1);
        assert_eq!(deadline(&reader), Some(estimate));
        let due = reader.due(estimate);
        let Packet::Rtcp(remb) = &due[0].message.packet else { panic!("only RTCP is sent") };
        assert!(remb[0].as_any().is::<ReceiverEstimatedMaximumBitrate>());
        arrives(&mut reader, start + Duration::from_secs(1), 11, 102, 900);
        let passed: Vec<Option<u16>> = std::iter::from_fn(|| packets.try_recv().ok())
            .map(|incoming| match incoming {
                Incoming::Opened => None,
                Incoming::Packet(packet) => Some(packet.sequence),
            })
            .collect();
        assert_eq!(passed, [None, Some(1), Some(3), Some(2), None, Some(900)]);
    }

    #[test]
    fn a_full_queue_loses_packets_but_not_that_a_source_begins() {
        let (mut reader, _, mut packets, _) = reader(2);
        let start = Instant::now();
        for sequence in 0..10 {
            arrives(&mut reader, start, 10, 102, sequence);
        }
        arrives(&mut reader, start + Duration::from_secs(1), 20, 102, 500);
        while packets.try_recv().is_ok() {}
        arrives(&mut reader, start + Duration::from_secs(1), 20, 102, 501);
        assert!(matches!(packets.try_recv(), Ok(Incoming::Opened)));
        assert!(matches!(packets.try_recv(), Ok(Incoming::Packet(packet)) if packet.sequence == 501));
    }
}
