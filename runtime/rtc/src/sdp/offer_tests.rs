use framebox_media::Codec;
use proptest::prelude::*;

use super::*;

const TRANSPORT: &str = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 AB:CD\r\na=setup:actpass\r\na=rtcp-mux\r\n";

fn offer(sections: &str) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1 2\r\n{TRANSPORT}{sections}")
}

fn video(formats: &str, attributes: &str) -> String {
    format!("m=video 9 UDP/TLS/RTP/SAVPF {formats}\r\na=mid:0\r\n{attributes}")
}

#[test]
fn the_format_that_suits_best_is_chosen() {
    let h264 = |payload_type: u8, parameters: &str| {
        format!("a=rtpmap:{payload_type} H264/90000\r\na=fmtp:{payload_type} {parameters}\r\n")
    };
    let mode_0 = h264(97, "profile-level-id=42e01f;level-asymmetry-allowed=1");
    let baseline = h264(102, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f");
    let constrained = h264(108, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42E01F");
    let main = h264(116, "packetization-mode=1;profile-level-id=4d001f");
    let high = h264(123, "packetization-mode=1; profile-level-id=640032");
    let vp8 = "a=rtpmap:96 VP8/90000\r\n".to_owned();
    for (formats, attributes, chosen) in [
        ("96 97 102 108 116", vec![&vp8, &mode_0, &baseline, &constrained, &main], 108),
        ("96 97 102 116", vec![&vp8, &mode_0, &baseline, &main], 102),
        ("97 116 123", vec![&mode_0, &main, &high], 116),
        ("97 123", vec![&mode_0, &high], 123),
        ("97", vec![&mode_0], 97),
    ] {
        let attributes: String = attributes.into_iter().map(String::as_str).collect();
        let offer = offer(&video(formats, &attributes));
        let read = Offer::read(&offer, Direction::SendReceive).unwrap();
        assert_eq!(read.video.payload_type, chosen, "{formats}");
    }
}

#[test]
fn the_codec_is_the_first_one_that_is_offered_and_available() {
    let (vp8, h264) = ("a=rtpmap:96 VP8/90000\r\n", "a=rtpmap:102 H264/90000\r\n");
    let both = format!("{vp8}{h264}");
    for (attributes, codecs, chosen) in [
        (both.as_str(), &[Codec::H264, Codec::Vp8][..], Some(Codec::H264)),
        (&both, &[Codec::Vp8, Codec::H264], Some(if Codec::Vp8.is_available() { Codec::Vp8 } else { Codec::H264 })),
        (h264, &[Codec::Vp8, Codec::H264], Some(Codec::H264)),
        (vp8, &Codec::ALL, Codec::Vp8.is_available().then_some(Codec::Vp8)),
        (vp8, &[Codec::H264], None),
    ] {
        let read = Offer::read_with(&offer(&video("96 102", attributes)), Direction::SendReceive, codecs);
        match chosen {
            Some(codec) => assert_eq!(read.unwrap().video.codec, codec, "{attributes} {codecs:?}"),
            None => {
                let error = read.unwrap_err().to_string();
                assert!(error.contains("H.264 (it has VP8)"), "{error}");
                assert_eq!(error.contains("libvpx"), codecs.contains(&Codec::Vp8), "{error}");
            }
        }
    }
}

#[test]
fn retransmissions_and_feedback_belong_to_the_chosen_format() {
    let attributes = "a=rtpmap:102 h264/90000\r\na=fmtp:102 packetization-mode=1\r\na=rtcp-fb:102 nack\r\na=rtcp-fb:102 nack pli\r\n\
        a=rtcp-fb:102 goog-remb\r\na=rtcp-fb:* ccm fir\r\na=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\na=rtpmap:97 rtx/90000\r\n\
        a=fmtp:97 apt=96\r\na=extmap:4/sendrecv http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n\
        a=ssrc-group:FID 11 12\r\na=ssrc:11 cname:x\r\na=ssrc:12 cname:x\r\na=ssrc:13 cname:x\r\n";
    let read = Offer::read(&offer(&video("96 97 102 103", attributes)), Direction::SendReceive).unwrap();
    let expected = VideoFormat {
        codec: Codec::H264,
        payload_type: 102,
        retransmission: Some(103),
        parameters: "packetization-mode=1".into(),
        feedback: vec!["nack", "nack pli", "ccm fir", "goog-remb"],
    };
    assert_eq!((read.video, read.transport_cc), (expected, Some(4)));
    for line in
        ["a=ssrc-group:FID 11 12", "a=ssrc:11 ", "a=ssrc:12 ", "m=video 9 UDP/TLS/RTP/SAVPF 102 103", "a=extmap:4 http"]
    {
        assert!(read.reduced.contains(line), "{line} in {}", read.reduced);
    }
    for line in ["a=ssrc:13", "96"] {
        assert!(!read.reduced.contains(line), "{line} in {}", read.reduced);
    }
}

#[test]
fn unusable_offers_are_refused_with_the_reason() {
    let h264 = "a=rtpmap:102 H264/90000\r\n";
    let sends_only = video("102", &format!("{h264}a=sendonly\r\n"));
    let receives_only = video("102", &format!("{h264}a=recvonly\r\n"));
    let both = video("102", h264);
    for (offer, direction, words) in [
        (String::new(), Direction::SendReceive, "begin with v=0"),
        ("hello".into(), Direction::SendReceive, "begin with v=0"),
        (offer(""), Direction::SendReceive, "no media section"),
        (offer("m=video\r\n"), Direction::SendReceive, "not complete"),
        (offer("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n"), Direction::SendReceive, "no video"),
        (offer(&both.replace(" 9 ", " 0 ")), Direction::SendReceive, "no video"),
        (offer(&video("96", "a=rtpmap:96 VP9/90000\r\n")), Direction::SendReceive, "H.264"),
        (offer(&sends_only), Direction::SendReceive, "sendrecv"),
        (offer(&receives_only), Direction::SendReceive, "sendrecv"),
        (offer(&sends_only), Direction::SendOnly, "recvonly"),
        (offer(&receives_only), Direction::ReceiveOnly, "sendonly"),
        (offer(&both.replace("a=mid:0", "a=mid:a b")), Direction::SendReceive, "a=mid"),
        (offer(&both).replace("a=rtcp-mux\r\n", ""), Direction::SendReceive, "a=rtcp-mux"),
        (offer(&both).replace("sha-256", "sha-1"), Direction::SendReceive, "sha-256"),
        (offer(&both.replace("102", "72")), Direction::SendReceive, "H.264"),
        (offer(&both).replace("a=ice-pwd", "a=x"), Direction::SendReceive, "a=ice-pwd"),
        (offer(&both).replace("a=fingerprint", "a=x"), Direction::SendReceive, "a=fingerprint"),
        (offer(&both) + "a=\0\r\n", Direction::SendReceive, "control characters"),
        (offer(&both) + &"a=x\r\n".repeat(20_000), Direction::SendReceive, "too long"),
        (offer(&both) + &both.repeat(100), Direction::SendReceive, "too many"),
    ] {
        let error = Offer::read(&offer, direction).unwrap_err().to_string();
        assert!(error.contains(words), "{error}: {words}");
    }
    for (section, direction) in [
        (&both, Direction::SendReceive),
        (&both, Direction::SendOnly),
        (&both, Direction::ReceiveOnly),
        (&sends_only, Direction::ReceiveOnly),
        (&receives_only, Direction::SendOnly),
    ] {
        assert!(Offer::read(&offer(section), direction).is_ok(), "{section} {direction:?}");
    }
}

#[test]
fn other_sections_are_declined_in_their_place() {
    let sections = format!(
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 112\r\na=mid:a\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\na=mid:0\r\na=rtpmap:102 H264/90000\r\n\
         {}m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\n",
        video("102", "a=rtpmap:102 H264/90000\r\n").replace("mid:0", "mid:2")
    );
    let read = Offer::read(&offer(&sections), Direction::SendReceive).unwrap();
    assert!(read.reduced.contains("a=group:BUNDLE 0 1\r\n"), "{}", read.reduced);
    let library = "v=0\r\ns=-\r\nm=video 9 X 102\r\na=mid:0\r\nm=application 9 Y webrtc-datachannel\r\na=mid:1\r\n";
    let answer = read.answer(library).unwrap();
    assert_eq!(
        answer,
        "v=0\r\ns=-\r\na=group:BUNDLE 0 1\r\nm=audio 0 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\na=mid:a\r\n\
         m=video 9 UDP/TLS/RTP/SAVPF 102\r\na=mid:0\r\n\
         m=video 0 UDP/TLS/RTP/SAVPF 102\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\na=mid:2\r\n\
         m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\n"
    );
    for wrong in [
        "",
        "v=0\r\nm=video 9 X 102\r\n",
        &library.replace("video 9", "video 0"),
        &format!("{library}m=video 9 X 1\r\n"),
    ] {
        assert_eq!(read.answer(wrong), None, "{wrong}");
    }
}

#[test]
fn a_channel_with_a_transport_of_its_own_is_declined() {
    let sections =
        video("102", "a=rtpmap:102 H264/90000\r\n") + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:9\r\n";
    let read = Offer::read(&offer(&sections), Direction::SendReceive).unwrap();
    assert!(!read.reduced.contains("application"), "{}", read.reduced);
}

#[test]
fn the_answer_bundles_only_if_the_offer_does() {
    let library = "v=0\r\na=group:BUNDLE 0\r\nm=video 9 X 102\r\na=mid:0\r\n";
    let bundling = offer(&video("102", "a=rtpmap:102 H264/90000\r\n"));
    for (offer, bundles) in [(bundling.replace("a=group", "a=x"), false), (bundling, true)] {
        let answer = Offer::read(&offer, Direction::SendReceive).unwrap().answer(library).unwrap();
        assert_eq!(answer.contains("BUNDLE"), bundles);
    }
}

#[test]
fn the_answer_says_of_the_session_what_the_offer_does() {
    let library = "v=0\r\na=extmap-allow-mixed\r\nm=video 9 X 102\r\na=mid:0\r\na=rtcp-mux\r\n";
    let plain = offer(&video("102", "a=rtpmap:102 H264/90000\r\n"));
    for (added, mixed, trickles) in [
        ("", 0, 0),
        ("a=extmap-allow-mixed\r\n", 1, 0),
        ("a=ice-options:ice2,trickle\r\na=extmap-allow-mixed\r\n", 1, 1),
        ("a=ice-options:trickle ice2\r\n", 0, 1),
        ("a=ice-options:renomination\r\n", 0, 0),
    ] {
        let read = Offer::read(&format!("{plain}{added}"), Direction::SendReceive).unwrap();
        let answer = read.answer(library).unwrap();
        let of = |line| answered(&answer, line).len();
        assert_eq!((of("a=extmap-allow-mixed"), of("a=ice-options:trickle")), (mixed, trickles), "{added}: {answer}");
        assert_eq!(of("a=rtcp-mux-only"), 1, "{answer}");
    }
}

#[test]
fn all_sections_take_the_one_role_that_the_video_has_and_no_other_word() {
    let attributes = "a=rtpmap:102 H264/90000\r\na=fmtp:102 packetization-mode=1\r\n";
    let channel = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\na=setup:akctpass\r\n";
    for (role, expected) in [("active", "active"), ("passive", "passive"), ("holdconn", "actpass"), ("", "actpass")] {
        let session = offer("").replace("a=setup:actpass\r\n", "");
        let text = format!("{session}{}a=setup:{role}\r\n{channel}", video("102", attributes));
        let reduced = Offer::read(&text, Direction::SendReceive).unwrap().reduced;
        assert_eq!(reduced.matches(&format!("a=setup:{expected}\r\n")).count(), 2, "{role}: {reduced}");
    }
}

#[test]
fn usable_candidates_of_all_sections_are_taken() {
    let candidates = "a=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\na=candidate:2 1 udp 1 x.local 5 typ host\r\na=candidate:broken\r\n";
    let sections = video("102", &format!("a=rtpmap:102 H264/90000\r\n{}", candidates.repeat(50)));
    let read = Offer::read(&offer(&sections), Direction::SendReceive).unwrap();
    assert_eq!(read.candidates.len(), candidate::MAX_CANDIDATES);
    assert!(read.candidates.iter().all(|candidate| candidate == "1 1 udp 1 192.0.2.1 5000 typ host"));
    assert!(!read.reduced.contains("candidate"));
}

/// The lines of the answer that begin like this, from the library's answer to the reduced offer, which has the form of one.
fn answered<'a>(answer: &'a str, beginning: &str) -> Vec<&'a str> {
    answer.lines().filter(|line| line.starts_with(beginning)).collect()
}

#[test]
fn the_role_that_the_peer_leaves_is_taken() {
    let video = video("102", "a=rtpmap:102 H264/90000\r\n");
    for (offered, role) in [("active", "passive"), ("passive", "active"), ("actpass", "active")] {
        let offer = offer(&video).replace("setup:actpass", &format!("setup:{offered}"));
        let read = Offer::read(&offer, Direction::SendReceive).unwrap();
        let answer = read.answer("v=0\r\nm=video 9 X 102\r\na=mid:0\r\na=setup:active\r\n").unwrap();
        assert_eq!(answered(&answer, "a=setup"), [format!("a=setup:{role}")]);
    }
}

/// With `max-bundle`, all that follows a section uses its transport: it cannot be declined.
#[test]
fn the_section_that_the_bundle_rests_on_stays_inactive() {
    let audio = "m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\na=mid:a\r\na=rtpmap:111 opus/48000/2\r\na=sendonly\r\n";
    let bundled = video("102", "a=rtpmap:102 H264/90000\r\na=bundle-only\r\n").replace(" 9 ", " 0 ");
    let transport = "a=ice-ufrag:u\r\na=ice-pwd:p\r\na=fingerprint:f\r\na=setup:active\r\na=candidate:c\r\n";
    let library = format!("v=0\r\na=group:BUNDLE 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\na=mid:0\r\n{transport}");
    for (group, inactive) in [("a 0", true), ("nowhere a 0", true), ("0 a", false), ("0", false)] {
        // Its credentials may stand there only.
        let credentials: String = TRANSPORT.replace("a=rtcp-mux\r\n", "");
        let session = format!("v=0\r\na=group:BUNDLE {group}\r\na=rtcp-mux\r\n");
        let offer = match inactive {
            true => format!("{session}{audio}{credentials}{bundled}"),
            false => format!("{session}{audio}{bundled}{credentials}"),
        };
        let answer = Offer::read(&offer, Direction::SendReceive).unwrap().answer(&library).unwrap();
        let (port, order) = if inactive { (9, "a 0") } else { (0, "0") };
        assert_eq!(answered(&answer, "m=audio"), [format!("m=audio {port} UDP/TLS/RTP/SAVPF 111")], "{group}");
        assert_eq!(answered(&answer, "a=group"), [format!("a=group:BUNDLE {order}")]);
        for line in transport.lines() {
            assert_eq!(answered(&answer, line).len(), 1 + usize::from(inactive), "{line} in {answer}");
        }
    }
}

#[test]
fn video_that_comes_and_goes_on_two_sections_is_exchanged() {
    let section = |mid, direction: &str| {
        format!(
            "m=video 9 UDP/TLS/RTP/SAVPF 102\r\na=mid:{mid}\r\na=rtpmap:102 H264/90000\r\na=ssrc:{mid}1 x\r\na={direction}\r\n"
        )
    };
    for (first, second) in [("sendonly", "recvonly"), ("recvonly", "sendonly")] {
        let both = section(1, first) + &section(2, second);
        let read = Offer::read(&offer(&both), Direction::SendReceive).unwrap();
        assert!(read.is_split);
        assert_eq!(answered(&read.reduced, "a=recvonly").len() + answered(&read.reduced, "a=sendonly").len(), 2);
        assert_eq!(answered(&read.reduced, "a=ssrc").len(), 1, "{}", read.reduced);
        let apart = offer(&both).replace("BUNDLE 0 1 2", "BUNDLE 0 1");
        assert!(matches!(Offer::read(&apart, Direction::SendReceive), Err(Error::NoVideo(_))), "two transports");
        let one = Offer::read(&offer(&both), Direction::ReceiveOnly).unwrap();
        assert_eq!((one.is_split, answered(&one.reduced, "m=").len()), (false, 1));
    }
}

#[test]
fn a_section_without_a_name_has_none_in_the_answer() {
    let text = offer(&video("102", "a=rtpmap:102 H264/90000\r\n").replace("a=mid:0\r\n", ""));
    let read = Offer::read(&text, Direction::SendReceive).unwrap();
    assert!(read.reduced.contains("a=mid:0\r\n"));
    let answer = read.answer("v=0\r\na=group:BUNDLE 0\r\nm=video 9 X 102\r\na=mid:0\r\na=x\r\n").unwrap();
    assert_eq!(answer, "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\na=x\r\n");
}

#[test]
fn data_channels_of_the_older_form_are_answered_in_it() {
    let early = "m=application 9 DTLS/SCTP 5001\r\na=mid:1\r\na=sctpmap:5001 webrtc-datachannel 1024\r\n";
    let read =
        Offer::read(&offer(&(video("102", "a=rtpmap:102 H264/90000\r\n") + early)), Direction::SendReceive).unwrap();
    assert!(read.reduced.contains("a=sctp-port:5001\r\n"), "{}", read.reduced);
    let library = "v=0\r\nm=video 9 X 102\r\na=mid:0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\na=sctp-port:5000\r\n";
    let answer = read.answer(library).unwrap();
    assert!(
        answer.ends_with("m=application 9 DTLS/SCTP 5000\r\na=mid:1\r\na=sctpmap:5000 webrtc-datachannel 256\r\n"),
        "{answer}"
    );
}

/// What encoders, old browsers and strange libraries write.
#[test]
fn odd_offers_are_read() {
    let h264 = "a=rtpmap:102 H264/90000\r\n";
    let plain = offer(&video("102", h264));
    for (odd, way) in [
        (include_str!("../../../../tests/offers/obs.sdp").to_owned(), Direction::ReceiveOnly),
        (plain.replace("\r\n", "\n"), Direction::SendReceive),
        (plain.replace("H264", "h264"), Direction::SendReceive),
        (plain.replace("sha-256 AB:CD", "SHA-256 ab:cd"), Direction::SendReceive),
        (plain.replace("a=setup:actpass\r\n", ""), Direction::SendReceive),
        (plain.replace("BUNDLE 0 1 2", "BUNDLE x y z"), Direction::SendReceive),
        (plain.replace("102", "35"), Direction::SendReceive),
        (plain.replace("102", "127"), Direction::SendReceive),
        (
            plain.clone()
                + "b=AS:2000\r\nc=IN IP6 ::\r\na=extmap-allow-mixed\r\na=ice-options:trickle\r\na=end-of-candidates\r\n",
            Direction::SendOnly,
        ),
        (
            plain.clone()
                + "a=rid:h send\r\na=rid:l send\r\na=simulcast:send h;l\r\na=extmap:13 urn:3gpp:video-orientation\r\n",
            Direction::SendReceive,
        ),
        (plain.clone() + "a=fmtp:102   packetization-mode=1 ;profile-level-id=42e01f \r\n", Direction::SendReceive),
        (plain.replace("102\r\na=mid", "103 102 102\r\na=mid") + "a=rtpmap:103 rtx/90000\r\n", Direction::SendReceive),
        (plain.replace("UDP/TLS/RTP/SAVPF", "RTP/SAVPF"), Direction::SendReceive),
    ] {
        let read = Offer::read(&odd, way).unwrap_or_else(|error| panic!("{error}: {odd}"));
        assert_eq!(read.video.codec, Codec::H264);
        for unknown in ["simulcast", "rid:", "video-orientation"] {
            assert!(!read.reduced.contains(unknown), "{unknown} in {}", read.reduced);
        }
        let again = Offer::read(&read.reduced, way).unwrap();
        assert_eq!(again.reduced, read.reduced);
    }
}

proptest! {
    #[test]
    fn any_text_is_survived(text in "(v=0\r\n)?(([mac]=)?[ -~]{0,40}(\r\n|\n)){0,30}", middle in ".{0,200}") {
        let _ = Offer::read(&text, Direction::SendReceive);
        let valid = offer(&video("102", &format!("a=rtpmap:102 H264/90000\r\n{middle}\r\na=ssrc:{middle}\r\na=fmtp:102 {middle}\r\n")));
        if let Ok(read) = Offer::read(&valid, Direction::ReceiveOnly) {
            prop_assert!(read.reduced.lines().all(|line| line.len() >= 2 && line.as_bytes()[1] == b'='));
            let _ = read.answer(&middle);
        }
    }
}
