//! Hears what the viewer says about our stream: keyframe requests and loss. The last link of the chain, so that all others
//! have seen what it ends.

use rtc::interceptor::{Packet, TaggedPacket};
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::reception_report::ReceptionReport;
use rtc::rtcp::sender_report::SenderReport;
use tokio::sync::mpsc;

use super::hook::Hook;

/// What the viewer said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Said {
    /// It cannot go on without a keyframe.
    Keyframe,
    /// It lost this part of the packets since its last report, 0 to 1.
    Lost(f32),
}

/// A link of the chain.
pub struct Feedback {
    ssrc: u32,
    /// When it is full, what is said is lost: the viewer says it again.
    said: mpsc::Sender<Said>,
}

impl Feedback {
    /// Hears about the stream `ssrc`.
    pub fn new(ssrc: u32, said: mpsc::Sender<Said>) -> Self {
        Self { ssrc, said }
    }

    fn hear(&self, packet: &dyn rtc::rtcp::Packet) {
        let any = packet.as_any();
        let keyframe = any.downcast_ref::<PictureLossIndication>().is_some_and(|pli| pli.media_ssrc == self.ssrc)
            || any
                .downcast_ref::<FullIntraRequest>()
                .is_some_and(|request| request.fir.iter().any(|entry| entry.ssrc == self.ssrc));
        if keyframe {
            let _ = self.said.try_send(Said::Keyframe);
        }
        let reports: &[ReceptionReport] = if let Some(report) = any.downcast_ref::<ReceiverReport>() {
            &report.reports
        } else if let Some(report) = any.downcast_ref::<SenderReport>() {
            &report.reports
        } else {
            &[]
        };
        for report in reports.iter().filter(|report| report.ssrc == self.ssrc) {
            let _ = self.said.try_send(Said::Lost(f32::from(report.fraction_lost) / 256.0));
        }
    }
}

impl Hook for Feedback {
    fn read(&mut self, packet: TaggedPacket) -> Option<TaggedPacket> {
        match &packet.message.packet {
            Packet::Rtcp(packets) => {
                packets.iter().for_each(|packet| self.hear(packet.as_ref()));
                None
            }
            _ => Some(packet),
        }
    }
}
