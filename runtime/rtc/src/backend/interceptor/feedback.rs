//! Reads the viewer's feedback.

use rtc::interceptor::{Packet, TaggedPacket};
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::reception_report::ReceptionReport;
use rtc::rtcp::sender_report::SenderReport;
use tokio::sync::mpsc;

use super::packet_handler::PacketHandler;
use crate::send::Feedback;

/// Reads keyframe requests and loss reports about one stream that this side sends.
pub struct FeedbackReader {
    ssrc: u32,
    /// When it is full, feedback is dropped: the viewer repeats it.
    feedback: mpsc::Sender<Feedback>,
}

impl FeedbackReader {
    /// A reader of the feedback about the stream `ssrc`.
    pub fn new(ssrc: u32, feedback: mpsc::Sender<Feedback>) -> Self {
        Self { ssrc, feedback }
    }

    fn read(&self, packet: &dyn rtc::rtcp::Packet) {
        let any = packet.as_any();
        let requests_keyframe =
            any.downcast_ref::<PictureLossIndication>().is_some_and(|pli| pli.media_ssrc == self.ssrc)
                || any
                    .downcast_ref::<FullIntraRequest>()
                    .is_some_and(|request| request.fir.iter().any(|entry| entry.ssrc == self.ssrc));
        if requests_keyframe {
            let _ = self.feedback.try_send(Feedback::KeyframeRequest);
        }
        let reports: &[ReceptionReport] = if let Some(report) = any.downcast_ref::<ReceiverReport>() {
            &report.reports
        } else if let Some(report) = any.downcast_ref::<SenderReport>() {
            &report.reports
        } else {
            &[]
        };
        for report in reports.iter().filter(|report| report.ssrc == self.ssrc) {
            let _ = self.feedback.try_send(Feedback::Loss(f32::from(report.fraction_lost) / 256.0));
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

    #[test]
    fn feedback_about_the_stream_is_read_and_dropped_when_the_queue_is_full() {
        let (sender, mut feedback) = mpsc::channel(4);
        let mut reader = FeedbackReader::new(7, sender);
        let fir =
            |ssrc| FullIntraRequest { sender_ssrc: 1, media_ssrc: 0, fir: vec![FirEntry { ssrc, sequence_number: 0 }] };
        let report = |ssrc, fraction_lost| ReceptionReport { ssrc, fraction_lost, ..ReceptionReport::default() };
        let packets: Vec<Box<dyn rtc::rtcp::Packet>> = vec![
            Box::new(PictureLossIndication { sender_ssrc: 1, media_ssrc: 8 }),
            Box::new(PictureLossIndication { sender_ssrc: 1, media_ssrc: 7 }),
            Box::new(fir(8)),
            Box::new(fir(7)),
            Box::new(ReceiverReport { reports: vec![report(8, 255), report(7, 64)], ..ReceiverReport::default() }),
            Box::new(SenderReport { reports: vec![report(7, 0)], ..SenderReport::default() }),
            Box::new(fir(7)),
        ];
        let message = AttributedPacket::new(Packet::Rtcp(packets));
        let packet = TaggedPacket { now: Instant::now(), transport: TransportContext::default(), message };
        assert!(reader.received(packet).is_none(), "RTCP goes no further");
        let read: Vec<Feedback> = std::iter::from_fn(|| feedback.try_recv().ok()).collect();
        let expected =
            [Feedback::KeyframeRequest, Feedback::KeyframeRequest, Feedback::Loss(0.25), Feedback::Loss(0.0)];
        assert_eq!(read, expected);
    }
}
