//! Sends the packets of this side's stream by a [`Transmitter`], and tells what the path carries.

use std::time::Instant;

use rtc::interceptor::{AttributedPacket, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::payload_feedbacks::receiver_estimated_maximum_bitrate::ReceiverEstimatedMaximumBitrate;
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::reception_report::ReceptionReport;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack;
use rtc::shared::TransportContext;
use tokio::sync::watch;

use super::arrivals;
use super::packet_handler::PacketHandler;
use crate::bandwidth::LossReport;
use crate::sdp::{PLAYOUT_DELAY, TRANSPORT_CC};
use crate::send::{LocalStream, Outlook, Transmitter};

/// Smaller changes of the bit rate are not told, as a part of it.
const MIN_CHANGE: f64 = 0.03;

/// The link that every packet of this side's stream passes on its way to the network.
pub struct Transmit {
    transmitter: Transmitter,
    /// SSRC of the stream that this side sends.
    ssrc: u32,
    outlook: watch::Sender<Outlook>,
}

impl Transmit {
    /// Sends the stream `ssrc`.
    pub fn new(transmitter: Transmitter, ssrc: u32, outlook: watch::Sender<Outlook>) -> Self {
        Self { transmitter, ssrc, outlook }
    }

    fn read(&mut self, now: Instant, packet: &dyn rtc::rtcp::Packet) {
        let any = packet.as_any();
        if let Some(nack) = any.downcast_ref::<TransportLayerNack>() {
            let sequences = nack.nacks.iter().flat_map(|pair| pair.packet_list());
            self.transmitter.request(now, nack.media_ssrc, sequences);
        } else if let Some(feedback) = any.downcast_ref::<TransportLayerCc>() {
            self.transmitter.arrivals(now, &arrivals::read(feedback));
            tracing::trace!(path = %self.transmitter.estimator(), "arrivals were reported");
        } else if let Some(stated) = any.downcast_ref::<ReceiverEstimatedMaximumBitrate>() {
            if stated.ssrcs.contains(&self.ssrc) && stated.bitrate.is_finite() {
                self.transmitter.stated(now, stated.bitrate.into());
            }
        } else if let Some(report) = any.downcast_ref::<ReceiverReport>() {
            self.losses(now, &report.reports);
        } else if let Some(report) = any.downcast_ref::<SenderReport>() {
            self.losses(now, &report.reports);
        }
    }

    fn losses(&mut self, now: Instant, reports: &[ReceptionReport]) {
        for report in reports.iter().filter(|report| report.ssrc == self.ssrc) {
            let report = LossReport { highest: report.last_sequence_number, lost: report.total_lost };
            self.transmitter.losses(now, report);
        }
    }

    /// Tells the outlook where it changed enough for the encoder to follow.
    fn publish(&mut self, now: Instant) {
        let outlook = self.transmitter.outlook(now);
        self.outlook.send_if_modified(|known| {
            let change = (f64::from(outlook.bitrate) - f64::from(known.bitrate)).abs();
            let tells = change > MIN_CHANGE * f64::from(known.bitrate)
                || outlook.blocked != known.blocked
                || outlook.interruptions != known.interruptions
                || outlook.round_trip_ms.abs_diff(known.round_trip_ms) > 5
                || outlook.loss_permille.abs_diff(known.loss_permille) > 10;
            if tells {
                if outlook.blocked != known.blocked {
                    tracing::trace!(blocked = outlook.blocked, bitrate = outlook.bitrate, transmitter = %self.transmitter, "room on the path");
                }
                *known = outlook;
            }
            tells
        });
    }
}

impl PacketHandler for Transmit {
    fn received(&mut self, packet: TaggedPacket) -> Option<TaggedPacket> {
        if let Packet::Rtcp(packets) = &packet.message.packet {
            packets.iter().for_each(|one| self.read(packet.now, one.as_ref()));
            self.publish(packet.now);
        }
        Some(packet)
    }

    fn sending(&mut self, packet: TaggedPacket) -> Option<TaggedPacket> {
        let TaggedPacket { now, transport, message: AttributedPacket { attributes, packet, .. } } = packet;
        let packet = match packet {
            Packet::Rtp(packet) => Packet::Rtp(self.transmitter.push(now, packet)?),
            other => other,
        };
        let mut message = AttributedPacket::new(packet);
        message.attributes = attributes;
        Some(TaggedPacket { now, transport, message })
    }

    fn due(&mut self, now: Instant) -> Vec<TaggedPacket> {
        let packets = self.transmitter.due(now);
        self.publish(now);
        let tagged = |packet| {
            let message = AttributedPacket::new(Packet::Rtp(packet));
            TaggedPacket { now, transport: TransportContext::default(), message }
        };
        packets.into_iter().map(tagged).collect()
    }

    fn deadline(&self) -> Option<Instant> {
        self.transmitter.deadline()
    }

    fn local_stream_added(&mut self, stream: &StreamInfo) {
        if stream.ssrc != self.ssrc {
            return;
        }
        let is_nack = |typ: &str, parameter: &str| typ == "nack" && parameter.is_empty();
        let extension = |uri: &str| {
            let found = stream.rtp_header_extensions.iter().find(|extension| extension.uri == uri);
            found.and_then(|extension| u8::try_from(extension.id).ok()).filter(|id| (1..=14).contains(id))
        };
        self.transmitter.set_stream(LocalStream {
            ssrc: stream.ssrc,
            retransmissions: stream.ssrc_rtx.zip(stream.payload_type_rtx),
            nack: stream.rtcp_feedback.iter().any(|feedback| is_nack(&feedback.typ, &feedback.parameter)),
            extension: extension(TRANSPORT_CC),
            playout_delay: extension(PLAYOUT_DELAY),
        });
    }
}
