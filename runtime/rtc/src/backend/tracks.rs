//! Video both ways.

use std::sync::{Arc, OnceLock};

use rtc::media_stream::MediaStreamTrack;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtp;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodingParameters, RTCRtpEncodingParameters, RTCRtpRtxParameters, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::PeerConnection;

use super::formats;
use crate::receive::{Incoming, Packet, PacketSource};
use crate::sdp::VideoFormat;
use crate::send::PacketSink;
use crate::{Direction, Error};

/// SSRCs of the video that this side sends.
#[derive(Clone, Copy, Debug)]
pub struct Ssrcs {
    /// Of the pictures.
    pub pictures: u32,
    /// Of their retransmissions.
    pub retransmissions: u32,
}

/// The video that this side sends.
pub struct LocalTrack(Arc<TrackLocalStaticRTP>);

impl PacketSink for LocalTrack {
    async fn send(&self, packet: rtp::Packet) -> Result<(), Error> {
        self.0.write_rtp(packet).await.map_err(|_| Error::Closed)
    }
}

/// The video that the peer sends.
pub struct RemoteTrack {
    track: Arc<dyn TrackRemote>,
    /// SSRC of the pictures. A peer that changes it is not followed: no client does.
    ssrc: OnceLock<u32>,
}

impl RemoteTrack {
    /// The peer's video.
    pub fn new(track: Arc<dyn TrackRemote>) -> Self {
        Self { track, ssrc: OnceLock::new() }
    }
}

impl PacketSource for RemoteTrack {
    async fn next(&self) -> Option<Incoming> {
        loop {
            match self.track.poll().await {
                Some(TrackRemoteEvent::OnRtpPacket(packet)) => {
                    if *self.ssrc.get_or_init(|| packet.header.ssrc) == packet.header.ssrc {
                        return Some(Incoming::Packet(Packet {
                            sequence: packet.header.sequence_number,
                            timestamp: packet.header.timestamp,
                            marker: packet.header.marker,
                            payload: packet.payload,
                        }));
                    }
                }
                Some(TrackRemoteEvent::OnOpen(opened)) => {
                    self.ssrc.get_or_init(|| opened.ssrc);
                    return Some(Incoming::Opened);
                }
                Some(TrackRemoteEvent::OnEnded) | None => return None,
                Some(_) => {}
            }
        }
    }

    async fn request_keyframe(&self) {
        if let Some(&media_ssrc) = self.ssrc.get() {
            let request = PictureLossIndication { sender_ssrc: media_ssrc ^ 1, media_ssrc };
            if let Err(error) = self.track.write_rtcp(vec![Box::new(request)]).await {
                tracing::debug!(%error, "a keyframe request could not be sent");
            }
        }
    }
}

/// Adds the video to the connection. Returns the track that this side sends, if it sends.
///
/// # Errors
/// Those of the library.
pub async fn add_video(
    connection: &Arc<dyn PeerConnection>,
    video: &VideoFormat,
    direction: Direction,
    ssrcs: Ssrcs,
) -> webrtc::error::Result<Option<LocalTrack>> {
    let init = |direction| Some(RTCRtpTransceiverInit { direction, ..Default::default() });
    let direction = match direction {
        Direction::ReceiveOnly => {
            let init = init(RTCRtpTransceiverDirection::Recvonly);
            connection.add_transceiver_from_kind(RtpCodecKind::Video, init).await?;
            return Ok(None);
        }
        Direction::SendOnly => RTCRtpTransceiverDirection::Sendonly,
        Direction::SendReceive => RTCRtpTransceiverDirection::Sendrecv,
    };
    let encoding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters {
            ssrc: Some(ssrcs.pictures),
            rtx: video.retransmission.map(|_| RTCRtpRtxParameters { ssrc: ssrcs.retransmissions }),
            ..RTCRtpCodingParameters::default()
        },
        codec: formats::codec(video),
        ..RTCRtpEncodingParameters::default()
    };
    let stream =
        MediaStreamTrack::new("framebox".into(), "video".into(), "video".into(), RtpCodecKind::Video, vec![encoding]);
    let track = Arc::new(TrackLocalStaticRTP::new(stream));
    connection.add_transceiver_from_track(track.clone(), init(direction)).await?;
    Ok(Some(LocalTrack(track)))
}
