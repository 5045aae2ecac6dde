//! Receives the peer's video: packets become access units, and keyframes are asked for when needed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use framebox_media::{Codec, EncodedFrame};
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use tokio::sync::Notify;
use tokio::time::{sleep_until, timeout};
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};

use super::ConnectionEvents;
use super::assembler::{Assembler, Output, Packet};
use super::requests::Requests;
use super::stats::{Counters, add};

/// A request that the library does not take in this time is dropped; the next one follows.
const STUCK: Duration = Duration::from_millis(200);

/// Follows one track until it ends.
pub async fn receive(
    track: Arc<dyn TrackRemote>,
    wanted: Arc<Notify>,
    events: Arc<dyn ConnectionEvents>,
    counters: Arc<Counters>,
) {
    let mut assembler = Assembler::default();
    let mut requests = Requests::default();
    let mut ssrc = None;
    // Whatever was sent before anyone listened is lost.
    requests.want();
    loop {
        let wake = [assembler.deadline(), requests.deadline()].into_iter().flatten().min();
        let timer = async {
            match wake {
                Some(at) => sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            event = track.poll() => match event {
                Some(TrackRemoteEvent::OnRtpPacket(packet)) => {
                    // A peer that changes its stream's number is not followed: no client does.
                    if *ssrc.get_or_insert(packet.header.ssrc) == packet.header.ssrc {
                        add(&counters.packets_received, 1);
                        add(&counters.bytes_received, packet.payload.len());
                        assembler.push(Instant::now(), Packet {
                            sequence: packet.header.sequence_number,
                            timestamp: packet.header.timestamp,
                            marker: packet.header.marker,
                            payload: packet.payload,
                        });
                    }
                }
                Some(TrackRemoteEvent::OnOpen(opened)) => { ssrc.get_or_insert(opened.ssrc); }
                Some(TrackRemoteEvent::OnEnded) | None => return,
                Some(_) => {}
            },
            () = wanted.notified() => requests.want(),
            () = timer => {}
        }
        while let Some(output) = assembler.poll(Instant::now()) {
            match output {
                Output::Unit { data, timestamp, keyframe, completed } => {
                    add(&counters.frames_received, 1);
                    events.frame(EncodedFrame {
                        codec: Codec::H264,
                        data,
                        keyframe,
                        rtp_timestamp: timestamp,
                        captured: completed,
                    });
                }
                Output::KeyframeNeeded => requests.want(),
            }
        }
        if let Some(media_ssrc) = ssrc
            && requests.due(Instant::now())
        {
            add(&counters.keyframes_requested, 1);
            let request = PictureLossIndication { sender_ssrc: media_ssrc ^ 1, media_ssrc };
            let _ = timeout(STUCK, track.write_rtcp(vec![Box::new(request)])).await;
        }
    }
}
