//! WHEP: draft-ietf-wish-whep-03, by section.

use framebox_media::Codec;
use framebox_test_peer::{Client, Direction, Event, Options};
use framebox_test_support::lacking;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::Server;
use serde_json::json;

use super::{
    Connected, FRAGMENT, ICE, OBS, SDP, assert_empty, assert_problem, fragment_of, make, make_pictures, make_stream,
    post, sections,
};
use crate::auth::make_token;

/// A viewer's offer.
fn offer() -> String {
    OBS.replace("a=sendonly", "a=recvonly")
}

#[tokio::test]
async fn whep_4_1_and_4_2_an_endpoint_is_recognised() {
    let server = Server::start(&[]).await;
    make_pictures(&server, "lava").await;
    for method in ["GET", "HEAD"] {
        // Players look before they have a token, and no name is given away.
        for path in ["/whep/lava", "/whep/nowhere"] {
            let answer = server.request(method, path, &[("authorization", "")], "").await;
            assert_eq!((answer.status, answer.header("content-type")), (200, "application/sdp"), "{answer:?}");
            assert_empty(&answer);
        }
    }
    let answer = post(&server, "/whep/lava", &offer()).await;
    let session = server.get(answer.header("location")).await;
    assert_eq!(session.status, 204, "{session:?}");
    assert_empty(&session);
    server.assert_quiet();
}

#[tokio::test]
async fn whep_4_3_1_and_4_3_5_an_offer_is_answered_sendonly_and_video_comes() {
    let server = Server::start(&[]).await;
    make_pictures(&server, "lava").await;
    let mut viewer = Connected::watch(&server, "/whep/lava").await;
    assert!(viewer.location.starts_with("/whep/sessions/"), "{}", viewer.location);
    assert!(viewer.answer.contains("a=sendonly\r\n") && !viewer.answer.contains("a=sendrecv"), "{}", viewer.answer);
    viewer.frames(5).await;
    let both = post(&server, "/whep/lava", &OBS.replace("a=sendonly", "a=sendrecv")).await;
    assert!(both.status == 201 && sections(&both.text)[1].contains("a=sendonly\r\n"), "{both:?}");
    server.assert_quiet();
}

/// Section 4.3.6: of several codecs the server takes what it prefers; the others do no harm.
#[tokio::test]
async fn whep_4_3_6_of_many_codecs_one_is_taken() {
    let server = Server::start(&[]).await;
    make_pictures(&server, "lava").await;
    let many = offer().replace("SAVPF 96", "SAVPF 45 96 98 35")
        + "a=rtpmap:45 AV1/90000\r\na=rtpmap:98 VP9/90000\r\na=rtpmap:35 VP8/90000\r\n";
    for (offer, payload_type, codec) in
        [(many.clone(), "96", Codec::H264), (many.replace("H264/90000", "H265/90000"), "35", Codec::Vp8)]
    {
        if let Some(missing) = codec.missing() {
            return lacking(&format!("the program {missing}"));
        }
        let answer = post(&server, "/whep/lava", &offer).await;
        let video = sections(&answer.text)[1];
        assert!(video.starts_with(&format!("video 9 UDP/TLS/RTP/SAVPF {payload_type}\r\n")), "{answer:?}");
    }
}

#[tokio::test]
async fn whep_4_3_2_an_offer_that_cannot_be_answered_is_met_with_another_one() {
    let server = Server::start(&[]).await;
    make_pictures(&server, "lava").await;
    for unsuitable in [
        offer().replace("H264/90000", "AV1/90000"),
        offer()[..offer().find("m=video").unwrap()].to_owned(),
        OBS.to_owned(),
    ] {
        let counter = post(&server, "/whep/lava", &unsuitable).await;
        assert_eq!((counter.status, counter.header("content-type")), (406, "application/sdp"), "{counter:?}");
        let location = counter.header("location").to_owned();
        assert!(location.starts_with("/whep/sessions/"), "{counter:?}");
        assert!(counter.text.contains("a=sendonly\r\n") && counter.text.contains("a=candidate:"), "{counter:?}");
        assert_eq!(server.get(&location).await.status, 204);
        // What is malformed leaves the offer as it is.
        assert_problem(&server.request("PATCH", &location, &[SDP], "hello").await, 400, "v=0");
        assert_problem(&server.request("PATCH", &location, &[FRAGMENT], "a=end-of-candidates\r\n").await, 415, "sdp");
        let options = Options { direction: Direction::Recvonly, channel: false, ..Options::default() };
        let (mut client, answer) = Client::answer(options, &counter.text).await;
        let declined = answer.replace("a=recvonly", "a=inactive");
        assert_problem(&server.request("PATCH", &location, &[SDP], declined).await, 422, "no video");
        let taken = server.request("PATCH", &location, &[SDP], answer.clone()).await;
        assert_eq!(taken.status, 204, "{taken:?}");
        assert_empty(&taken);
        client.connected().await;
        client.wait(|event| matches!(event, Event::Frame(_))).await;
        // From here on it is a session as any other: the tag came with the offer.
        let headers = [FRAGMENT, ("if-match", counter.header("etag"))];
        let trickled = server.request("PATCH", &location, &headers, "a=end-of-candidates\r\n").await;
        assert_eq!(trickled.status, 204, "{trickled:?}");
        assert_problem(&server.request("PATCH", &location, &[SDP], answer).await, 415, "trickle-ice");
        let restarted = "a=ice-ufrag:efgh\r\na=ice-pwd:0123456789012345678901\r\n";
        let restarted = server.request("PATCH", &location, &headers, restarted).await;
        assert!(restarted.status == 200 && restarted.text.contains("a=ice-ufrag:"), "{restarted:?}");
        assert_ne!(restarted.header("etag"), counter.header("etag"), "credentials are never the same again");
        assert_eq!(server.delete(&location).await.status, 200);
    }
    let counter = post(&server, "/whep/lava", OBS).await;
    let location = counter.header("location");
    assert_eq!(server.delete(location).await.status, 200, "it can be declined");
    assert_eq!(server.get(location).await.status, 404);
    server.assert_quiet();
}

#[tokio::test]
async fn whep_4_3_4_other_bodies_are_refused() {
    let server = Server::start(&[]).await;
    make_pictures(&server, "lava").await;
    for kind in ["application/json", ""] {
        let answer = server.request("POST", "/whep/lava", &[("content-type", kind)], offer()).await;
        assert_problem(&answer, 415, "application/sdp");
    }
    for body in [String::new(), "hello".to_owned(), offer().replace("a=ice-ufrag", "a=x")] {
        assert_eq!(post(&server, "/whep/lava", &body).await.status, 400);
    }
    assert_problem(&post(&server, "/whep/nowhere", &offer()).await, 404, "nowhere");
    server.assert_quiet();
}

#[tokio::test]
async fn whep_4_3_8_what_is_not_live_is_a_conflict_for_a_while() {
    let server = Server::start(&[]).await;
    make_stream(&server, "door").await;
    let dark = post(&server, "/whep/door", &offer()).await;
    assert_problem(&dark, 409, "live");
    assert!(dark.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{dark:?}");
    let mut publisher = Connected::publish(&server, "/whip/door").await;
    let mut viewer = publisher.sending(Connected::watch(&server, "/whep/door")).await;
    publisher.sending(viewer.frames(2)).await;
}

/// RFC 7675 section 5.2: consent is revoked at once.
#[tokio::test]
async fn whep_4_4_delete_ends_the_session_at_once() {
    let server = Server::start(&[]).await;
    make_pictures(&server, "lava").await;
    let mut viewer = Connected::connect(&server, "/whep/lava", Direction::Recvonly, true).await;
    viewer.client.wait(|event| *event == Event::ChannelOpen).await;
    let ended = server.request("DELETE", &viewer.location, &[("if-match", "\"another\"")], "").await;
    assert_eq!(ended.status, 200, "entity tags do not matter: {ended:?}");
    assert_empty(&ended);
    viewer.client.wait(|event| *event == Event::ChannelClosed).await;
    assert_eq!(server.delete(&viewer.location).await.status, 404);
    server.assert_quiet();
}

#[tokio::test]
async fn whep_4_5_candidates_are_added_and_ice_restarts_under_entity_tags() {
    let server = Server::start(&[]).await;
    make_pictures(&server, "lava").await;
    let mut viewer = Connected::watch(&server, "/whep/lava").await;
    viewer.frames(2).await;
    let first = viewer.tag.clone();
    assert!(viewer.answer.contains("a=end-of-candidates"), "all of the server's are there: {}", viewer.answer);
    let candidates = fragment_of(&viewer.offer, &["a=mid:", "a=ice-ufrag:", "a=ice-pwd:", "a=candidate:"]);
    assert_problem(&server.request("PATCH", &viewer.location, &[FRAGMENT], candidates.clone()).await, 428, "If-Match");
    let added = viewer.patch(&server, &candidates, &first).await;
    assert_eq!((added.status, added.header("etag")), (204, ""), "{added:?}");
    assert_problem(
        &server
            .request("PATCH", &viewer.location, &[("content-type", "application/json"), ("if-match", "*")], "{}")
            .await,
        415,
        "sdpfrag",
    );
    assert_problem(&viewer.patch(&server, "hello", &first).await, 400, "SDP");
    let restarted = viewer.restart(&server).await;
    assert_eq!(restarted.header("content-type"), FRAGMENT.1);
    assert!(restarted.text.contains("a=candidate:") && viewer.tag != first, "{restarted:?}");
    viewer.frames(5).await;
    let late = fragment_of(&viewer.offer, ICE);
    assert_problem(&viewer.patch(&server, &late, &first).await, 412, "ICE session");
    viewer.frames(2).await;
    server.assert_quiet();
}

#[tokio::test]
async fn whep_4_6_one_stream_is_bundled_without_a_port_for_rtcp() {
    let server = Server::start(&[]).await;
    make_pictures(&server, "lava").await;
    let answer = post(&server, "/whep/lava", &offer()).await.text;
    assert!(answer.contains("a=group:BUNDLE 0 1\r\n") && !answer.contains("a=ice-lite"), "{answer}");
    let [audio, video] = sections(&answer)[..] else { panic!("{answer}") };
    assert!(video.contains("a=msid:"), "{answer}");
    for section in [audio, video] {
        assert!(section.contains("a=rtcp-mux\r\n") && section.contains("a=rtcp-mux-only\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn whep_4_9_tokens_watch_what_their_streams_let_them() {
    let data = Scratch::new();
    let watch = format!("Bearer {}", make_token(&data, "viewer", "watch", &[]).await);
    let upload = format!("Bearer {}", make_token(&data, "uploader", "upload", &[]).await);
    let admin = format!("Bearer {}", make_token(&data, "admin", "admin", &[]).await);
    let server = Server::start(&["--data", data.path().to_str().unwrap()]).await;
    for audience in ["anyone", "watch", "owner"] {
        let body = json!({ "name": audience, "input": "clock", "handler": "plasma", "watch": audience });
        make(&server, &[("authorization", &admin)], &body).await;
    }
    for (bearer, statuses) in [
        ("", [201, 401, 404]),
        (upload.as_str(), [201, 401, 404]),
        (&watch, [201, 201, 404]),
        ("Bearer fbx_wrong", [401, 401, 401]),
    ] {
        for (name, status) in ["anyone", "watch", "owner"].iter().zip(statuses) {
            let headers = [SDP, ("authorization", bearer)];
            let answer = server.request("POST", &format!("/whep/{name}"), &headers, offer()).await;
            assert_eq!(answer.status, status, "{name} with {bearer:?}: {answer:?}");
            assert_eq!(answer.header("www-authenticate").is_empty(), status != 401, "{answer:?}");
        }
    }
}
