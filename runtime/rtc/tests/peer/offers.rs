//! Answers to the offers of browsers, and refused offers.

use framebox_media::{Codec, EncodedFrame};
use framebox_rtc::{Direction, State};

use crate::pair::{Pair, Recorder, Seen, frame, transport, wait};
use framebox_test_peer::{Client, Direction as Offered, Event, Loss, Options};

const CHROMIUM: &str = include_str!("../../../../tests/offers/chromium.sdp");
const OBS: &str = include_str!("../../../../tests/offers/obs.sdp");
const FIREFOX: &str = include_str!("../../../../tests/offers/firefox.sdp");

/// The video section of an answer.
fn video(answer: &str) -> Vec<&str> {
    let from = answer.lines().skip_while(|line| !line.starts_with("m=video"));
    from.enumerate().take_while(|(index, line)| *index == 0 || !line.starts_with("m=")).map(|(_, line)| line).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn browsers_offers_are_answered_with_one_format_alone() {
    let without_h264 = |offer: &str| offer.replace("H264/90000", "X264/90000");
    let mut table = vec![(CHROMIUM.to_owned(), "108 109", Codec::H264), (FIREFOX.to_owned(), "126 127", Codec::H264)];
    if Codec::Vp8.is_available() {
        table.push((without_h264(CHROMIUM), "96 97", Codec::Vp8));
        table.push((without_h264(FIREFOX), "120 124", Codec::Vp8));
    }
    for (offer, formats, codec) in table {
        let offer = offer.replace('\n', "\r\n").replace("\r\r", "\r");
        let (recorder, _seen) = Recorder::new();
        let answer = transport().answer(&offer, Direction::SendReceive, recorder.clone()).await.unwrap();
        assert_eq!(answer.codec, codec);
        let sdp = &answer.sdp;
        let video = video(sdp);
        assert!(
            video[0].starts_with("m=video 9 UDP/TLS/RTP/SAVPF ") && video[0].ends_with(&format!(" {formats}")),
            "{sdp}"
        );
        let (pictures, retransmissions) = formats.split_once(' ').unwrap();
        for line in [
            "a=sendrecv".to_owned(),
            "a=rtcp-mux".to_owned(),
            "a=setup:active".to_owned(),
            format!("a=rtpmap:{pictures} {}/90000", codec.rtp_format().encoding_name),
            format!("a=fmtp:{retransmissions} apt={pictures}"),
            format!("a=rtcp-fb:{pictures} nack"),
            format!("a=rtcp-fb:{pictures} nack pli"),
            format!("a=rtcp-fb:{pictures} ccm fir"),
            format!("a=rtcp-fb:{pictures} transport-cc"),
        ] {
            assert!(video.iter().any(|given| given.trim() == line), "{line} in {sdp}");
        }
        assert!(video.iter().any(|line| line.starts_with("a=ssrc-group:FID ")), "{sdp}");
        assert!(video.iter().any(|line| line.contains("127.0.0.1")), "{sdp}");
        assert!(sdp.contains("a=group:BUNDLE 0 1\r\n"), "{sdp}");
        assert!(sdp.contains("m=application 9 UDP/DTLS/SCTP webrtc-datachannel"), "{sdp}");
        answer.peer.close().await;
        drop(answer);
        recorder.freed().await;
    }
}

/// An encoder's offer: ICE and DTLS are described for the session, audio leads the bundle, and there are no candidates.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encoders_offer_is_answered_for_its_video_and_its_audio_stays_inactive() {
    let (recorder, _seen) = Recorder::new();
    let answer = transport().answer(OBS, Direction::ReceiveOnly, recorder.clone()).await.unwrap();
    let sdp = &answer.sdp;
    let sections: Vec<&str> = sdp.split("m=").skip(1).collect();
    let [audio, video] = sections[..] else { panic!("{sdp}") };
    assert!(sdp.contains("a=group:BUNDLE 0 1\r\n"), "{sdp}");
    assert!(audio.starts_with("audio 9 UDP/TLS/RTP/SAVPF 111\r\n") && audio.contains("a=inactive\r\n"), "{sdp}");
    assert!(video.starts_with("video 9 UDP/TLS/RTP/SAVPF 96\r\n") && video.contains("a=recvonly\r\n"), "{sdp}");
    assert!(!sdp.contains("extmap") && sdp.contains("a=ice-options:trickle\r\n"), "{sdp}");
    for section in [audio, video] {
        for line in [
            "a=rtcp-mux\r\na=rtcp-mux-only\r\n",
            "a=setup:active\r\n",
            "a=ice-ufrag:",
            " 127.0.0.1 ",
            "a=end-of-candidates",
        ] {
            assert!(section.contains(line), "{line} in {sdp}");
        }
    }
    for feedback in ["nack", "nack pli", "goog-remb"] {
        assert!(video.contains(&format!("a=rtcp-fb:96 {feedback}\r\n")), "{sdp}");
    }
    answer.peer.close().await;
    drop(answer);
    recorder.freed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_offers_leave_nothing_behind() {
    for (offer, wrong) in [
        (String::new(), "offer"),
        ("v=0\r\n".to_owned(), "offer"),
        (CHROMIUM.replace("H264/90000", "H266/90000").replace("VP8/90000", "VP10/90000"), "H.264"),
        (CHROMIUM.replace("m=video", "m=audio"), "no video"),
        (CHROMIUM.replace("a=fingerprint:sha-256 4D", "a=fingerprint:sha-256 {}"), "fingerprint"),
        (CHROMIUM.replace("a=fingerprint:sha-256 ", "a=fingerprint:"), "offer"),
        (CHROMIUM.replace("a=ice-pwd:", "a=nothing:"), "ice-pwd"),
    ] {
        let (recorder, _seen) = Recorder::new();
        let answered = transport().answer(&offer, Direction::SendReceive, recorder.clone()).await;
        let error = answered.err().expect("it is refused").to_string();
        assert!(error.contains(wrong), "{error}");
        recorder.freed().await;
    }
}

/// Without the lines that begin like this.
fn without(description: &str, beginnings: &[&str]) -> String {
    let kept = description.lines().filter(|line| !beginnings.iter().any(|beginning| line.starts_with(beginning)));
    kept.map(|line| format!("{line}\r\n")).collect()
}

/// The description of ICE and DTLS for the whole session, as libdatachannel writes it.
fn for_the_session(description: &str) -> String {
    let transport = ["a=ice-ufrag:", "a=ice-pwd:", "a=ice-options:", "a=fingerprint:", "a=setup:"];
    let mut lines: Vec<&str> = description.lines().collect();
    let first = |name: &&str| description.lines().find(|line| line.starts_with(*name));
    let moved: Vec<&str> = transport.iter().filter_map(first).collect();
    lines.retain(|line| !transport.iter().any(|name| line.starts_with(name)));
    let media = lines.iter().position(|line| line.starts_with("m=")).unwrap();
    lines.splice(media..media, moved);
    lines.iter().map(|line| format!("{line}\r\n")).collect()
}

/// What FFmpeg's muxer leaves out: header extensions, requests for keyframes, candidates; and it waits for DTLS to begin.
fn as_ffmpeg(offer: &str) -> String {
    let offer = without(offer, &["a=extmap", "a=candidate", "a=end-of-candidates"]);
    let feedback = |line: &&str| !line.starts_with("a=rtcp-fb:") || line.ends_with(" nack");
    let offer: String = offer.lines().filter(feedback).map(|line| format!("{line}\r\n")).collect();
    offer.replace("a=setup:actpass", "a=setup:passive")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_takes_no_requests_for_keyframes_gets_none() {
    for (asks, changed) in [(true, for_the_session as fn(&str) -> String), (false, as_ffmpeg)] {
        let options = Options { channel: false, direction: Offered::Sendonly, ..Options::default() };
        let change = |offer: String| changed(&offer);
        let mut pair = Pair::connect_changed(options, Direction::ReceiveOnly, change, |answer| answer).await;
        // A stream that begins in the middle.
        for number in 0..30 {
            let timestamp = number * 3000;
            pair.client.send(&frame(false, number as usize, 300, timestamp), timestamp).await;
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        pair.client.send(&frame(true, 0, 300, 90_000), 90_000).await;
        pair.wait_for_frame(90_000).await;
        let asked = std::iter::from_fn(|| pair.client.try_next()).any(|event| event == Event::KeyframeRequested);
        assert_eq!((asked, pair.peer.stats().keyframes_requested > 0), (asks, asks));
        pair.peer.close().await;
    }
}

/// Sends pictures until one arrives.
async fn exchange(mut pair: Pair, name: &str) {
    for number in 0..40 {
        let timestamp = number * 3000;
        pair.client.send(&frame(number % 5 == 0, number as usize, 3000, timestamp), timestamp).await;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let received = pair.peer.stats().frames_received;
    assert!(received > 20, "{name}: {received} of 40 frames");
    pair.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_come_whatever_the_offer_says_of_sources_and_roles() {
    type Change = fn(String) -> String;
    let same: Change = |text| text;
    let changes: [(&str, Change, Change); 7] = [
        ("for the session", |offer| for_the_session(&offer), same),
        ("no sources", |offer| without(&offer, &["a=ssrc", "a=msid"]), same),
        ("other sources", |offer| offer.replace("a=ssrc:", "a=ssrc:7"), same),
        ("active", |offer| offer.replace("a=setup:actpass", "a=setup:active"), same),
        ("passive", |offer| offer.replace("a=setup:actpass", "a=setup:passive"), same),
        (
            "no names",
            |offer| without(&offer, &["a=mid", "a=group"]),
            |answer| {
                assert!(!answer.contains("a=mid") && !answer.contains("BUNDLE"), "{answer}");
                answer.replacen("a=rtcp-mux\r\n", "a=mid:0\r\na=rtcp-mux\r\n", 1)
            },
        ),
        ("line feeds", |offer| offer.replace("\r\n", "\n"), same),
    ];
    for (name, offer, answer) in changes {
        for (offered, direction) in
            [(Offered::Sendrecv, Direction::SendReceive), (Offered::Sendonly, Direction::ReceiveOnly)]
        {
            let options = Options { channel: false, direction: offered, ..Options::default() };
            exchange(Pair::connect_changed(options, direction, offer, answer).await, name).await;
        }
    }
}

/// Retransmissions are known by their payload type.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_packets_of_undeclared_sources_are_sent_again() {
    let options = Options { loss: Loss { up: 10, down: 0 }, ..Options::default() };
    let undeclared = |offer: String| without(&offer, &["a=ssrc"]);
    exchange(Pair::connect_changed(options, Direction::SendReceive, undeclared, |answer| answer).await, "loss").await;
}

/// A client that takes single NAL units alone is sent nothing else, and never a unit that is larger than a packet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packetization_modes_are_obeyed() {
    const MODE: &str = "packetization-mode=1";
    for (mode, largest) in [("packetization-mode=0", Some(1200)), ("x-mode=1", Some(1200)), (MODE, None)] {
        let options = Options { channel: false, direction: Offered::Recvonly, ..Options::default() };
        let (mut client, offer) = Client::offer(options).await;
        // Packetization mode 0 is offered, too: only what is 1 is changed.
        let offer = offer.replace(MODE, mode);
        let (recorder, mut seen) = Recorder::new();
        let answer = transport().answer(&offer, Direction::SendOnly, recorder).await.unwrap();
        assert_eq!(answer.max_unit_bytes, largest, "{mode}");
        assert!(answer.sdp.contains(mode), "{}", answer.sdp);
        client.accept(&answer.sdp.replace(mode, MODE)).await;
        client.connected().await;
        wait(&mut seen, |seen| *seen == Seen::State(State::Connected)).await;
        let slices = |number, count: usize, size| {
            let slices = (1..count).flat_map(|_| frame(false, 0, size, 0).data);
            let first = frame(true, 0, size, number);
            EncodedFrame { data: first.data.iter().copied().chain(slices).collect(), ..first }
        };
        for sent in [slices(1, 1, 100), slices(2, 1, 3000), slices(3, 6, 1100)] {
            answer.peer.send_frame(sent.clone());
            if largest.is_none() || sent.rtp_timestamp != 2 {
                let is_it = |event: &Event| matches!(event, Event::Frame(frame) if frame.data == sent.data);
                client.wait(is_it).await;
            }
        }
        let is_single = |(first, length): &(u8, usize)| matches!(first & 31, 1..=23) && *length <= 1200;
        let payloads = client.payloads();
        assert_eq!(payloads.iter().all(is_single), largest.is_some(), "{mode}: {payloads:?}");
        if largest.is_some() {
            assert_eq!(payloads.len(), 3 + 2 + 6, "{payloads:?}");
        }
        answer.peer.close().await;
    }
}
