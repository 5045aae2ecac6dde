//! Video both ways.

use std::sync::Arc;
use std::time::Duration;

use rtc::media_stream::MediaStreamTrack;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodingParameters, RTCRtpEncodingParameters, RTCRtpRtxParameters, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use rtc::{rtcp, rtp};
use tokio::sync::{Mutex, mpsc};
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::peer_connection::PeerConnection;

use super::formats;
use super::interceptor::video::{Shared, keyframe_request};
use crate::receive::{Incoming, PacketSource};
use crate::sdp::{Offer, VideoFormat};
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
#[derive(Clone)]
pub struct LocalTrack(Arc<TrackLocalStaticRTP>);

impl PacketSink for LocalTrack {
    async fn send(&self, packet: rtp::Packet) -> Result<(), Error> {
        self.0.write_rtp(packet).await.map_err(|_| Error::Closed)
    }
}

impl LocalTrack {
    /// Writes RTCP packets, with the library's help at once.
    ///
    /// # Errors
    /// [`Error::Closed`] when the library takes none.
    async fn write_rtcp(&self, packets: Vec<Box<dyn rtcp::Packet>>) -> Result<(), Error> {
        self.0.write_rtcp(packets).await.map_err(|_| Error::Closed)
    }
}

/// The video that the peer sends.
pub struct RemoteTrack {
    /// Packets, as the [`VideoReader`](super::interceptor::VideoReader) passes them on.
    packets: Mutex<mpsc::Receiver<Incoming>>,
    shared: Arc<Shared>,
    parameters: String,
    /// Whether the peer takes requests for keyframes (RFC 4585 section 6.3.1).
    takes_requests: bool,
    /// Where this side sends, too.
    local: Option<LocalTrack>,
}

impl RemoteTrack {
    /// The peer's video; requests go out beside the video `local`, if there is one.
    pub fn new(
        video: &VideoFormat,
        packets: mpsc::Receiver<Incoming>,
        shared: Arc<Shared>,
        local: Option<LocalTrack>,
    ) -> Self {
        let takes_requests = video.feedback.contains(&"nack pli");
        Self { packets: Mutex::new(packets), shared, parameters: video.parameters.clone(), takes_requests, local }
    }
}

impl PacketSource for RemoteTrack {
    async fn next(&self) -> Option<Incoming> {
        self.packets.lock().await.recv().await
    }

    fn patience(&self) -> Duration {
        self.shared.patience()
    }

    fn parameters(&self) -> &str {
        &self.parameters
    }

    fn takes_requests(&self) -> bool {
        self.takes_requests
    }

    async fn request_keyframe(&self) {
        let Some(ssrc) = self.shared.ssrc() else { return };
        if let Some(local) = &self.local
            && local.write_rtcp(vec![keyframe_request(ssrc)]).await.is_ok()
        {
            return;
        }
        self.shared.request_keyframe();
    }
}

/// Adds the video to the connection. Returns the track that this side sends, if it sends.
///
/// # Errors
/// Those of the library.
pub async fn add_video(
    connection: &Arc<dyn PeerConnection>,
    offer: &Offer,
    direction: Direction,
    ssrcs: Ssrcs,
) -> webrtc::error::Result<Option<LocalTrack>> {
    let init = |direction| Some(RTCRtpTransceiverInit { direction, ..Default::default() });
    let video = &offer.video;
    if direction == Direction::ReceiveOnly || offer.is_split {
        let init = init(RTCRtpTransceiverDirection::Recvonly);
        connection.add_transceiver_from_kind(RtpCodecKind::Video, init).await?;
    }
    let direction = match direction {
        Direction::ReceiveOnly => return Ok(None),
        Direction::SendReceive if offer.is_split => RTCRtpTransceiverDirection::Sendonly,
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
