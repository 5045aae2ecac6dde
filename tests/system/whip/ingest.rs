//! WHIP: RFC 9725, by section.

use framebox_test_peer::{Direction, Event};
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::Server;
use framebox_test_support::wait::wait_until;
use serde_json::json;

use super::{
    Connected, FRAGMENT, ICE, OBS, SDP, assert_empty, assert_problem, fragment_of, make, make_pictures, make_stream,
    post, sections,
};
use crate::auth::make_token;

/// A well-formed fragment with a candidate.
const CANDIDATE: &str = "a=candidate:1 1 udp 2122260223 127.0.0.1 61764 typ host\r\n";

async fn server_with(folder: &Scratch, configuration: &str) -> Server {
    let file = folder.write("framebox.toml", configuration);
    Server::start(&["--config", file.to_str().unwrap(), "--data", folder.path().to_str().unwrap()]).await
}

#[tokio::test]
async fn rfc9725_4_1_get_succeeds_without_content() {
    let server = Server::start(&[]).await;
    make_stream(&server, "door").await;
    let answer = post(&server, "/whip/door", OBS).await;
    for path in ["/whip", "/whip/door", answer.header("location")] {
        for method in ["GET", "HEAD"] {
            let got = server.request(method, path, &[], "").await;
            assert_eq!(got.status, 204, "{method} {path}: {got:?}");
            assert_empty(&got);
        }
    }
    assert_problem(&server.request("PUT", "/whip/door", &[], "").await, 405, "method");
    assert_problem(&server.request("GET", "/whip/sessions/nobody", &[], "").await, 404, "no such connection");
    // Trailing slashes are no other names, and lead nowhere.
    assert_eq!(post(&server, "/whip/door/", OBS).await.status, 404);
    server.assert_quiet();
}

#[tokio::test]
async fn rfc9725_4_2_an_offer_is_answered_with_its_session_and_video_is_published() {
    let server = Server::start(&[]).await;
    make_stream(&server, "door").await;
    let mut publisher = Connected::publish(&server, "/whip/door").await;
    assert!(publisher.location.starts_with("/whip/sessions/"), "{}", publisher.location);
    let answer = publisher.answer.clone();
    assert!(answer.contains("a=recvonly\r\n") && !answer.contains("a=sendrecv"), "{answer}");
    let mut viewer = publisher.sending(Connected::watch(&server, "/whep/door")).await;
    publisher.sending(viewer.frames(10)).await;
    server.assert_quiet();
}

#[tokio::test]
async fn rfc9725_4_2_an_encoders_offer_publishes_whatever_is_described_for_the_session() {
    let server = Server::start(&[]).await;
    make_stream(&server, "door").await;
    let answer = server.request("POST", "/whip/door", &[("content-type", "Application/SDP; charset=utf-8")], OBS).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let [audio, video] = sections(&answer.text)[..] else { panic!("{answer:?}") };
    assert!(audio.starts_with("audio 9 ") && audio.contains("a=inactive\r\n"), "{answer:?}");
    assert!(video.starts_with("video 9 ") && video.contains("a=recvonly\r\n"), "{answer:?}");
    // A stream of its own, for as long as it is published.
    let own = post(&server, "/whip?handler=invert&policy=latest", OBS).await;
    assert_eq!(own.status, 201, "{own:?}");
    let streams = server.get("/streams").await.json();
    assert_eq!(streams["streams"].as_array().map(Vec::len), Some(2), "{streams}");
    assert_problem(&post(&server, "/whip?handler=nobody", OBS).await, 404, "nobody");
    assert_problem(&post(&server, "/whip?handler=plasma", OBS).await, 422, "pictures");
    assert_problem(&post(&server, "/whip?policy=never-heard-of", OBS).await, 400, "policy");
    assert_problem(&post(&server, "/whip/nowhere", OBS).await, 404, "nowhere");
    make_pictures(&server, "lava").await;
    assert_problem(&post(&server, "/whip/lava", OBS).await, 422, "input of its own");
    server.assert_quiet();
}

#[tokio::test]
async fn rfc9725_4_2_other_bodies_are_refused() {
    let server = Server::start(&[]).await;
    make_stream(&server, "door").await;
    for kind in ["application/json", "text/plain", "application/trickle-ice-sdpfrag", ""] {
        let answer = server.request("POST", "/whip/door", &[("content-type", kind)], OBS).await;
        assert_problem(&answer, 415, "application/sdp");
        assert_eq!(answer.header("accept-post"), "application/sdp");
    }
    for (body, words) in [
        (String::new(), "v=0"),
        ("{\"sdp\": \"v=0\"}".to_owned(), "v=0"),
        ("v=0\r\n".to_owned(), "no media section"),
        (OBS.replace("a=fingerprint", "a=x"), "a=fingerprint"),
        (OBS.replace("a=ice-pwd", "a=x"), "a=ice-pwd"),
        (OBS.replace("m=video 57249 UDP/TLS/RTP/SAVPF 96", "m=video"), "not complete"),
    ] {
        assert_problem(&post(&server, "/whip/door", &body).await, 400, words);
    }
    assert_problem(&post(&server, "/whip/door", &"a=x\r\n".repeat(100_000)).await, 413, "");
    server.assert_quiet();
}

/// RFC 7675 section 5.2: consent is revoked at once.
#[tokio::test]
async fn rfc9725_4_2_delete_ends_the_session_and_frees_the_stream_at_once() {
    let data = Scratch::new();
    let one = make_token(&data, "one", "publish", &[]).await;
    let other = make_token(&data, "other", "publish", &[]).await;
    let server = Server::start(&["--data", data.path().to_str().unwrap(), "--allow-anyone=admin"]).await;
    make_stream(&server, "door").await;
    let bearer = |token: &str| format!("Bearer {token}");
    let (one, other) = (bearer(&one), bearer(&other));
    let mut publisher = Connected::connect(&server, "/whip/door", Direction::Sendonly, true).await;
    publisher.client.wait(|event| *event == Event::ChannelOpen).await;
    let ended = server.request("DELETE", &publisher.location, &[], "").await;
    assert_eq!(ended.status, 200, "{ended:?}");
    assert_empty(&ended);
    publisher.client.wait(|event| *event == Event::ChannelClosed).await;
    for method in ["GET", "DELETE"] {
        assert_problem(&server.request(method, &publisher.location, &[], "").await, 404, "no such connection");
    }
    assert_problem(&publisher.patch(&server, CANDIDATE, &publisher.tag).await, 404, "no such connection");
    // The place is free for somebody else, and then for nobody else.
    wait_until("the place is free", async || {
        let answer = server.request("POST", "/whip/door", &[SDP, ("authorization", &one)], OBS).await;
        if answer.status == 201 { Ok(()) } else { Err(format!("{answer:?}")) }
    })
    .await;
    let taken = server.request("POST", "/whip/door", &[SDP, ("authorization", &other)], OBS).await;
    assert_problem(&taken, 409, "somebody publishes");
    assert!(taken.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{taken:?}");
}

#[tokio::test]
async fn rfc9725_4_2_a_client_whose_consent_expires_is_gone() {
    let folder = Scratch::new();
    let server = server_with(&folder, "[webrtc]\ndisconnect_timeout_s = 4\n").await;
    make_stream(&server, "door").await;
    let Connected { client, location, .. } = Connected::publish(&server, "/whip/door").await;
    assert_eq!(server.get(&location).await.status, 204);
    client.vanish();
    wait_until("the session is over", async || match server.get(&location).await.status {
        404 => Ok(()),
        status => Err(status.to_string()),
    })
    .await;
}

/// And section 4.6: without STUN and TURN servers.
#[tokio::test]
async fn rfc9725_4_2_options_say_what_is_taken_and_let_granted_pages_in() {
    let folder = Scratch::new();
    let configuration = "[server]\norigins = [\"https://studio.example\"]\n\
        [[webrtc.client_ice_servers]]\nurls = [\"stun:stun.example\"]\n\
        [[webrtc.client_ice_servers]]\nurls = [\"turn:turn.example\"]\nusername = \"me\"\ncredential = \"pass\"\n";
    let server = server_with(&folder, configuration).await;
    make_stream(&server, "door").await;
    let origin = ("origin", "https://studio.example");
    let anonymous = ("authorization", "");
    for path in ["/whip", "/whip/door", "/whep/door"] {
        let plain = server.request("OPTIONS", path, &[anonymous], "").await;
        assert_eq!((plain.status, plain.header("accept-post")), (200, "application/sdp"), "{path}: {plain:?}");
        let wanted = [
            anonymous,
            origin,
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization,content-type"),
        ];
        let asked = server.request("OPTIONS", path, &wanted, "").await;
        assert_eq!((asked.status, asked.header("accept-post")), (200, "application/sdp"), "{path}: {asked:?}");
        assert_eq!(asked.header("access-control-allow-origin"), origin.1);
        for (header, words) in [
            ("access-control-allow-methods", &["POST", "PATCH", "DELETE", "OPTIONS"][..]),
            ("access-control-allow-headers", &["authorization", "content-type", "if-match"]),
        ] {
            let allowed = asked.header(header);
            assert!(words.iter().all(|word| allowed.contains(word)), "{header}: {allowed}");
        }
        assert_eq!((plain.header("link"), asked.header("link")), ("", ""), "{path}");
        let stranger = [anonymous, ("origin", "https://evil.example"), ("access-control-request-method", "POST")];
        let stranger = server.request("OPTIONS", path, &stranger, "").await;
        assert_eq!(stranger.header("access-control-allow-origin"), "", "{stranger:?}");
    }
    let answer = server.request("POST", "/whip/door", &[SDP, origin], OBS).await;
    let exposed = answer.header("access-control-expose-headers").to_lowercase();
    for name in ["location", "etag", "link", "accept-patch"] {
        assert!(exposed.split(',').any(|one| one.trim() == name), "{name} in {exposed}");
    }
    let session = server.request("OPTIONS", answer.header("location"), &[anonymous, origin], "").await;
    assert_eq!((session.status, session.header("accept-patch")), (200, FRAGMENT.1), "{session:?}");
    assert_eq!(answer.header("accept-patch"), FRAGMENT.1);
    // Section 4.6: the answer to an offer names them.
    let links: Vec<_> = answer.headers.get_all("link").iter().map(|link| link.to_str().unwrap()).collect();
    let turn =
        "<turn:turn.example>; rel=\"ice-server\"; username=\"me\"; credential=\"pass\"; credential-type=\"password\"";
    assert_eq!(links, ["<stun:stun.example>; rel=\"ice-server\"", turn], "{answer:?}");
    server.assert_quiet();
}

#[tokio::test]
async fn rfc9725_4_3_1_other_fragments_are_refused_and_the_session_goes_on() {
    let server = Server::start(&[]).await;
    make_stream(&server, "door").await;
    let mut publisher = Connected::publish(&server, "/whip/door").await;
    let (location, tag) = (publisher.location.clone(), publisher.tag.clone());
    for kind in ["application/json", "application/sdp", ""] {
        let headers = [("content-type", kind), ("if-match", tag.as_str())];
        let answer = server.request("PATCH", &location, &headers, "{\"candidate\": \"x\"}").await;
        assert_problem(&answer, 415, "trickle-ice-sdpfrag");
        assert_eq!(answer.header("accept-patch"), FRAGMENT.1);
    }
    for (body, words) in [
        ("", "neither"),
        ("{\"candidate\": \"x\"}", "not SDP"),
        ("a=candidate:broken\r\n", "candidate"),
        ("a=ice-ufrag:abcd\r\n", "both"),
        ("a=ice-pwd:0123456789012345678901\r\n", "both"),
    ] {
        assert_problem(&publisher.patch(&server, body, &tag).await, 400, words);
    }
    assert_eq!(server.get(&location).await.status, 204);
    let mut viewer = publisher.sending(Connected::watch(&server, "/whep/door")).await;
    publisher.sending(viewer.frames(3)).await;
}

#[tokio::test]
async fn rfc9725_4_3_1_entity_tags_are_strong_and_needed_and_ignored_by_delete() {
    let server = Server::start(&[]).await;
    make_stream(&server, "door").await;
    make_stream(&server, "gate").await;
    let answer = post(&server, "/whip/door", OBS).await;
    let (location, tag) = (answer.header("location"), answer.header("etag"));
    assert!(tag.len() > 4 && tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    assert_ne!(post(&server, "/whip/gate", OBS).await.header("etag"), tag, "each session has its own");
    let missing = server.request("PATCH", location, &[FRAGMENT], CANDIDATE).await;
    assert_problem(&missing, 428, "If-Match");
    for other in ["\"another\"", &format!("W/{tag}"), tag.trim_matches('"')] {
        let stale = server.request("PATCH", location, &[FRAGMENT, ("if-match", other)], CANDIDATE).await;
        assert_problem(&stale, 412, "ICE session");
    }
    for matching in [tag, "*", &format!("\"another\", {tag}")] {
        let added = server.request("PATCH", location, &[FRAGMENT, ("if-match", matching)], CANDIDATE).await;
        assert_eq!(added.status, 204, "{matching}: {added:?}");
    }
    let ended = server.request("DELETE", location, &[("if-match", "\"another\"")], "").await;
    assert_eq!(ended.status, 200, "{ended:?}");
    server.assert_quiet();
}

#[tokio::test]
async fn rfc9725_4_3_2_the_answer_has_all_candidates_and_more_of_the_clients_are_taken() {
    let server = Server::start(&[]).await;
    make_stream(&server, "door").await;
    let answer = post(&server, "/whip/door", OBS).await;
    for section in sections(&answer.text) {
        assert!(section.contains("a=candidate:") && section.contains("a=end-of-candidates"), "{answer:?}");
    }
    let candidates = "m=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:1\r\na=ice-ufrag:aB3d\r\na=ice-pwd:0123456789abcdefghijklmn\r\n\
        a=candidate:1 1 udp 2122260223 127.0.0.1 61764 typ host generation 0 ufrag aB3d network-id 1\r\n\
        a=candidate:2 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active\r\n\
        a=candidate:3 1 udp 2122260223 8e3f0000-1111-2222-3333-444444444444.local 61764 typ host\r\n\
        a=candidate:4 1 udp 2122260223 no-such-host.example 61764 typ host\r\n\
        a=candidate:5 1 sctp 2122260223 192.0.2.1 61764 typ host\r\na=end-of-candidates\r\n";
    let headers = [FRAGMENT, ("if-match", answer.header("etag"))];
    let many = CANDIDATE.repeat(100);
    for fragment in [candidates, "a=end-of-candidates\r\n", &many, &many] {
        let added = server.request("PATCH", answer.header("location"), &headers, fragment).await;
        assert_eq!((added.status, added.header("etag")), (204, ""), "{added:?}");
        assert_empty(&added);
    }
    server.assert_quiet();
}

#[tokio::test]
async fn rfc9725_4_3_3_ice_restarts_and_media_goes_on() {
    let server = Server::start(&[]).await;
    make_stream(&server, "door").await;
    let mut publisher = Connected::publish(&server, "/whip/door").await;
    let mut viewer = publisher.sending(Connected::watch(&server, "/whep/door")).await;
    publisher.sending(viewer.frames(3)).await;
    let mut tags = vec![publisher.tag.clone()];
    for _ in 0..2 {
        let answer = publisher.restart(&server).await;
        assert_eq!(answer.header("content-type"), FRAGMENT.1, "{answer:?}");
        assert!(!tags.contains(&publisher.tag), "another session has another tag: {answer:?}");
        let value = |text: &str, name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        for name in ["a=ice-ufrag:", "a=ice-pwd:"] {
            let (before, after) = (value(&publisher.answer, name), value(&answer.text, name));
            assert!(after.is_some() && before != after, "{name}: {answer:?}");
        }
        for name in ["a=candidate:", "a=ice-options:", "a=ice-lite", "a=ice-pacing"] {
            let lines =
                |text: &str| text.lines().filter(|line| line.starts_with(name)).map(str::to_owned).collect::<Vec<_>>();
            let (mut before, after) = (lines(&publisher.answer), lines(&answer.text));
            before.dedup();
            before.truncate(after.len());
            assert_eq!(before, after, "{name}");
        }
        publisher.sending(viewer.frames(5)).await;
        // What is late is for a session that is over.
        let fragment = fragment_of(&publisher.offer, ICE);
        for stale in &tags {
            assert_problem(&publisher.patch(&server, &fragment, stale).await, 412, "ICE session");
        }
        tags.push(publisher.tag.clone());
        let trickled = publisher.patch(&server, "a=end-of-candidates\r\n", &publisher.tag).await;
        assert_eq!(trickled.status, 204, "{trickled:?}");
    }
    // A restart that cannot be leaves the session as it is.
    assert_problem(&publisher.patch(&server, "a=ice-ufrag:abcd\r\na=ice-pwd:a b\r\n", "*").await, 400, "valid");
    publisher.sending(viewer.frames(3)).await;
    viewer.restart(&server).await;
    publisher.sending(viewer.frames(5)).await;
    server.assert_quiet();
}

#[tokio::test]
async fn rfc9725_4_4_1_and_4_4_5_all_sections_are_bundled_and_ice_is_full() {
    let server = Server::start(&[]).await;
    make_stream(&server, "door").await;
    let answer = post(&server, "/whip/door", OBS).await.text;
    assert!(answer.contains("a=group:BUNDLE 0 1\r\n") && !answer.contains("a=ice-lite"), "{answer}");
    assert!(answer.contains("a=ice-options:trickle\r\n"), "{answer}");
    for section in sections(&answer) {
        assert!(section.contains("a=rtcp-mux\r\n") && section.contains("a=rtcp-mux-only\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn rfc9725_4_4_2_and_4_4_3_what_cannot_be_taken_whole_is_refused_whole() {
    let server = Server::start(&[]).await;
    make_stream(&server, "door").await;
    let video = OBS.find("m=video").unwrap();
    let again = |mid: &str| OBS[video..].replace("a=mid:1", &format!("a=mid:{mid}"));
    let streams = OBS.replace("a=mid:0", "a=mid:0\r\na=msid:one a").replace("a=mid:1", "a=mid:1\r\na=msid:two v");
    for (offer, words) in [
        (OBS.replace("BUNDLE 0 1", "BUNDLE 0 1 2") + &again("2"), "one video"),
        (OBS.replace("m=video", "m=audio"), "one audio"),
        (streams, "one video"),
        (OBS.replace("H264/90000", "AV1/90000"), "AV1"),
        (OBS.replace("a=sendonly", "a=recvonly"), "no video"),
        (OBS.replace("a=sendonly", "a=inactive"), "no video"),
        (OBS[..video].to_owned(), "no video"),
    ] {
        assert_problem(&post(&server, "/whip/door", &offer).await, 422, words);
    }
    // The same stream named for both, and both directions, are fine.
    let same = OBS.replace("a=mid:", "a=msid:- x\r\na=mid:").replace("a=sendonly", "a=sendrecv");
    let answer = post(&server, "/whip/door", &same).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert!(sections(&answer.text)[1].contains("a=recvonly\r\n"), "{answer:?}");
    server.assert_quiet();
}

#[tokio::test]
async fn rfc9725_4_4_4_each_role_of_dtls_is_answered_by_the_other() {
    let server = Server::start(&[]).await;
    for (offered, role) in [("actpass", "active"), ("active", "passive"), ("passive", "active")] {
        make_stream(&server, offered).await;
        let offer = OBS.replace("a=setup:actpass", &format!("a=setup:{offered}"));
        let answer = post(&server, &format!("/whip/{offered}"), &offer).await;
        assert!(answer.text.contains(&format!("a=setup:{role}\r\n")), "{answer:?}");
    }
}

#[tokio::test]
async fn rfc9725_4_5_a_server_that_is_full_says_when_to_try_again() {
    let folder = Scratch::new();
    let server = server_with(&folder, "[server]\nviewers = 1\n").await;
    make_pictures(&server, "lava").await;
    let _first = Connected::watch(&server, "/whep/lava").await;
    let full = post(&server, "/whep/lava", &OBS.replace("a=sendonly", "a=recvonly")).await;
    assert_problem(&full, 503, "most");
    assert!(full.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{full:?}");
}

#[tokio::test]
async fn rfc9725_4_7_1_bearer_tokens_are_asked_for_and_what_they_made_is_theirs() {
    let data = Scratch::new();
    let mut bearers = Vec::new();
    for (name, scope) in [("publisher", "publish"), ("viewer", "watch"), ("uploader", "upload"), ("rival", "publish")] {
        bearers.push(format!("Bearer {}", make_token(&data, name, scope, &[]).await));
    }
    let [publisher, viewer, uploader, rival] = &bearers[..] else { unreachable!() };
    let admin = format!("Bearer {}", make_token(&data, "admin", "admin", &[]).await);
    let server = Server::start(&["--data", data.path().to_str().unwrap()]).await;
    let door = json!({ "name": "door", "input": "publish", "handler": "invert" });
    make(&server, &[("authorization", &admin)], &door).await;
    let as_is = |bearer: &str| [SDP.0, SDP.1, "authorization", bearer].map(str::to_owned);
    let ask = |method: &'static str, path: String, bearer: String, body: &'static str| {
        let (server, headers) = (&server, as_is(&bearer));
        async move {
            let [a, b, c, d] = &headers;
            server.request(method, &path, &[(a, b), (c, d)], body).await
        }
    };
    for path in ["/whip/door", "/whip?handler=invert"] {
        for bearer in ["", "Bearer fbx_wrong", "Basic eDp5"] {
            let answer = ask("POST", path.to_owned(), bearer.to_owned(), OBS).await;
            assert_problem(&answer, 401, "token");
            assert!(answer.header("www-authenticate").starts_with("Bearer "), "{answer:?}");
        }
        let answer = ask("POST", path.to_owned(), uploader.clone(), OBS).await;
        assert!(matches!(answer.status, 403 | 404), "{path}: {answer:?}");
    }
    let refused = ask("POST", "/whip/door".to_owned(), viewer.clone(), OBS).await;
    assert_problem(&refused, 403, "publish");
    let answer = ask("POST", "/whip/door".to_owned(), publisher.clone(), OBS).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let location = answer.header("location").to_owned();
    for (bearer, status) in [("", 404), (rival.as_str(), 404), (viewer, 404), (publisher, 204)] {
        let got = ask("GET", location.clone(), bearer.to_owned(), "").await;
        assert_eq!(got.status, status, "{bearer}: {got:?}");
    }
    for bearer in ["", rival.as_str()] {
        assert_eq!(ask("DELETE", location.clone(), bearer.to_owned(), "").await.status, 404);
    }
    assert_eq!(ask("DELETE", location, publisher.clone(), "").await.status, 200);
}

/// An anonymous client has no token: what it knows is the address. Networks change, which is what a restart is for.
#[tokio::test]
async fn rfc9725_5_addresses_of_sessions_are_not_to_be_guessed() {
    let server = Server::start(&["--allow-anyone=watch"]).await;
    let body = json!({ "name": "lava", "input": "clock", "handler": "plasma", "watch": "anyone" });
    assert_eq!(
        server.request("POST", "/streams", &[("content-type", "application/json")], body.to_string()).await.status,
        201
    );
    let offer = OBS.replace("a=sendonly", "a=recvonly");
    let mut seen = Vec::new();
    for _ in 0..3 {
        let answer = server.request("POST", "/whep/lava", &[SDP, ("authorization", "")], offer.clone()).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let location = answer.header("location").to_owned();
        let random = location.strip_prefix("/whep/sessions/").unwrap();
        let (id, secret) = random.split_once('.').expect("an anonymous client's address has a secret in it");
        assert!(id.len() >= 22 && secret.len() >= 22, "{location}: 128 bits");
        assert!(!seen.contains(&location));
        seen.push(location);
    }
    let anonymous = [("authorization", "")];
    let (whole, id) = (&seen[0], seen[0].split('.').next().unwrap());
    for guess in [id.to_owned(), format!("{id}.guess"), whole.replace("/whep", "/whip")] {
        assert_eq!(server.request("DELETE", &guess, &anonymous, "").await.status, 404, "{guess}");
    }
    assert_eq!(server.request("DELETE", whole, &anonymous, "").await.status, 200);
}

#[tokio::test]
async fn rfc9725_5_requests_of_one_client_are_limited() {
    let data = Scratch::new();
    let flood = format!("Bearer {}", make_token(&data, "flood", "publish", &[]).await);
    let other = format!("Bearer {}", make_token(&data, "other", "publish", &[]).await);
    let server = Server::start(&["--data", data.path().to_str().unwrap()]).await;
    let mut limited = None;
    for number in 0..3000 {
        let (method, path) =
            [("DELETE", "/whip/sessions/a"), ("PATCH", "/whip/sessions/a"), ("POST", "/whip/a")][number % 3];
        let answer = server.request(method, path, &[SDP, ("authorization", &flood)], "x").await;
        if answer.status == 429 {
            limited = Some(answer);
            break;
        }
    }
    let limited = limited.expect("there is a limit");
    assert_problem(&limited, 429, "more requests");
    assert!(limited.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{limited:?}");
    let answer = server.request("DELETE", "/whip/sessions/a", &[("authorization", &other)], "").await;
    assert_eq!(answer.status, 404, "others do not wait: {answer:?}");
}
