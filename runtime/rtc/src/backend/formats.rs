//! The negotiated video format in the library's terms: exactly what was chosen of the offer, with the offer's numbers.

use rtc::rtp_transceiver::rtp_sender::{RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RtpCodecKind};
use webrtc::peer_connection::MediaEngine;

use crate::sdp::VideoFormat;

/// A media engine that knows the format and its retransmissions.
pub fn media_engine(video: &VideoFormat) -> MediaEngine {
    let mut engine = MediaEngine::default();
    let pictures = RTCRtpCodecParameters { rtp_codec: codec(video), payload_type: video.payload_type };
    // Neither registration fails for video.
    let _ = engine.register_codec(pictures, RtpCodecKind::Video);
    if let Some(payload_type) = video.retransmission {
        let retransmission = RTCRtpCodec {
            mime_type: "video/rtx".to_owned(),
            clock_rate: video.codec.rtp_format().clock_rate,
            sdp_fmtp_line: format!("apt={}", video.payload_type),
            ..RTCRtpCodec::default()
        };
        let parameters = RTCRtpCodecParameters { rtp_codec: retransmission, payload_type };
        let _ = engine.register_codec(parameters, RtpCodecKind::Video);
    }
    engine
}

/// The format of the pictures.
pub fn codec(video: &VideoFormat) -> RTCRtpCodec {
    let rtp = video.codec.rtp_format();
    let feedback = |text: &&str| {
        let (typ, parameter) = text.split_once(' ').unwrap_or((text, ""));
        RTCPFeedback { typ: typ.to_owned(), parameter: parameter.to_owned() }
    };
    RTCRtpCodec {
        mime_type: rtp.mime_type.to_owned(),
        clock_rate: rtp.clock_rate,
        channels: 0,
        sdp_fmtp_line: video.parameters.clone(),
        rtcp_feedback: video.feedback.iter().map(feedback).collect(),
    }
}
