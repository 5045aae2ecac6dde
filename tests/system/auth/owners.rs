//! Sessions belong to whoever made them: each route is attacked with another's token, with another's secret and without
//! one. To anyone else a session does not exist.

use serde_json::{Value, json};

use crate::auth::client::{Client, Said};
use crate::auth::make_token;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::Server;
use framebox_test_support::wait::wait_until;

/// Every route of our API that names a session.
fn routes(id: &str) -> Vec<(String, Option<Value>)> {
    let at = |what: &str| what.replace("ID", id);
    vec![
        (at("GET /sessions/ID"), None),
        (at("PATCH /sessions/ID"), Some(json!({ "policy": "never" }))),
        (at("GET /sessions/ID/frames"), None),
        (at("GET /sessions/ID/log"), None),
        (at("GET /sessions/ID/parameters"), None),
        (at("PATCH /sessions/ID/parameters"), Some(json!({ "strength": 1 }))),
        (at("GET /sessions/ID/outputs"), None),
        (at("DELETE /sessions/ID"), None),
    ]
}

/// The routes that FastRTC's clients know.
fn fastrtc_routes(id: &str) -> Vec<(String, Option<Value>)> {
    vec![
        (format!("GET /outputs?webrtc_id={id}"), None),
        ("POST /input_hook".to_owned(), Some(json!({ "webrtc_id": id, "strength": 1 }))),
    ]
}

fn candidate(id: &str, line: &str) -> Value {
    let candidate = json!({ "candidate": line, "sdpMid": "0", "sdpMLineIndex": 0 });
    json!({ "type": "ice-candidate", "webrtc_id": id, "candidate": candidate })
}

/// Asserts that to `client` the session `id` is what a session that never existed is.
async fn does_not_exist(client: &Client, id: &str, routes: impl Fn(&str) -> Vec<(String, Option<Value>)>) {
    for ((what, body), (never, same)) in routes(id).into_iter().zip(routes("never-there")) {
        let said = client.ask(&what, body.as_ref()).await;
        let of_nothing = client.ask(&never, same.as_ref()).await;
        assert_eq!(said.status, 404, "{what}: {said:?}");
        assert_eq!(said.text.replace(id, "never-there"), of_nothing.text, "{what}");
    }
}

/// Asserts that the owner still has the session as it was.
async fn is_unharmed(owner: &Client, id: &str) {
    let said = owner.ask(&format!("GET /sessions/{id}"), None).await;
    assert_eq!((said.status, &said.json["policy"]), (200, &json!("latest")), "{said:?}");
    assert_ne!(said.json["parameters"]["strength"], json!(1), "{said:?}");
}

#[tokio::test]
async fn a_session_of_a_token_does_not_exist_for_others() {
    let data = Scratch::new();
    let mut tokens = Vec::new();
    for (name, scope) in [("alice", "watch"), ("bob", "watch"), ("root", "admin")] {
        tokens.push(make_token(&data, name, scope, &[]).await);
    }
    let server = Server::start(&["--data", data.path().to_str().unwrap()]).await;
    let [mut alice, mut bob, root] = [0, 1, 2].map(|n| Client::with_token(&server, &tokens[n]));
    let answer = alice.offer("hers").await;
    assert_eq!((answer.status, answer.secret), (200, None), "a token proves itself");

    for _ in 0..2 {
        does_not_exist(&bob, "hers", routes).await;
        does_not_exist(&bob, "hers", fastrtc_routes).await;
        // A secret of another session does not help either.
        bob.secret = Some("fbs_guess".to_owned());
    }
    assert_eq!(bob.sessions().await, Vec::<String>::new());
    is_unharmed(&alice, "hers").await;
    assert_eq!(alice.sessions().await, ["hers"]);
    assert_eq!(root.sessions().await, ["hers"]);
    for (what, body) in fastrtc_routes("hers").into_iter().chain(routes("hers")) {
        let strangers = Client::anonymous(&server, 1).ask(&what, body.as_ref()).await;
        assert_eq!(strangers.status, 401, "{what}: {strangers:?}");
    }
    // Bob's candidate does not reach her peer: hers is judged, his waits for an offer of his own.
    let wrong = candidate("hers", "nonsense");
    let hers = alice.ask("POST /webrtc/offer", Some(&wrong)).await;
    assert_eq!((hers.status, &hers.json["meta"]["error"]), (400, &json!("invalid_candidate_format")), "{hers:?}");
    let his = bob.ask("POST /webrtc/offer", Some(&wrong)).await;
    assert_eq!((his.status, &his.json), (200, &json!({ "status": "success" })));

    // Of what has ended, the log is hers alone, too.
    assert_eq!(root.ask("DELETE /sessions/hers", None).await.status, 204);
    wait_until("the session ends", async || match alice.ask("GET /sessions/hers", None).await.status {
        404 => Ok(()),
        other => Err(other.to_string()),
    })
    .await;
    does_not_exist(&bob, "hers", routes).await;
    assert_eq!(alice.ask("GET /sessions/hers/log", None).await.status, 200);
    assert_eq!(alice.ask("DELETE /sessions/hers", None).await.status, 204, "it ended a short while ago");
}

#[tokio::test]
async fn an_anonymous_clients_session_belongs_to_whoever_has_its_secret() {
    let server = Server::start(&["--allow-anyone=watch"]).await;
    let mut owner = Client::anonymous(&server, 1);
    let answer = owner.offer("mine").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let members: Vec<_> = answer.json.as_object().unwrap().keys().collect();
    assert_eq!(members, ["sdp", "type"], "the body is FastRTC's");
    let secret = owner.secret.clone().expect("a secret");
    assert!(secret.len() > 40, "{secret}");

    // Another client at the same address, with a session of its own and its secret.
    let mut neighbour = Client::anonymous(&server, 1);
    let mut strangers = vec![Client::anonymous(&server, 1), Client::anonymous(&server, 2)];
    assert_eq!(neighbour.offer("other").await.status, 200);
    strangers.push(neighbour);
    for wrong in ["", "fbs_", &secret[..secret.len() - 1], &"x".repeat(5000)] {
        let mut stranger = Client::anonymous(&server, 1);
        stranger.secret = Some(wrong.to_owned());
        strangers.push(stranger);
    }
    for stranger in &strangers {
        does_not_exist(stranger, "mine", routes).await;
        assert!(!stranger.sessions().await.contains(&"mine".to_owned()));
        let url = format!("GET /sessions/mine/outputs?session_secret={}", "0".repeat(47));
        assert_eq!(stranger.ask(&url, None).await.status, 404);
    }
    is_unharmed(&owner, "mine").await;
    assert_eq!(owner.sessions().await, ["mine"]);
    for (what, body) in fastrtc_routes("mine").into_iter().chain(routes("mine")) {
        let said = owner.ask(&what, body.as_ref()).await;
        assert_ne!(said.status, 404, "{what}: {said:?}");
    }
}

#[tokio::test]
async fn a_plain_client_of_fastrtc_proves_itself_with_the_id_that_it_chose() {
    let server = Server::start(&["--allow-anyone=watch"]).await;
    // It knows no secret: it trickles before and after the answer, reads outputs and posts inputs, by its id.
    let client = Client::anonymous(&server, 1);
    let line = "candidate:1 1 UDP 2122252543 127.0.0.1 40000 typ host";
    let trickle =
        async |client: &Client, line: &str| client.ask("POST /webrtc/offer", Some(&candidate("k3x9q", line))).await;
    assert_eq!(trickle(&client, line).await.status, 200);
    let mut offering = Client::anonymous(&server, 1);
    assert_eq!(offering.offer("k3x9q").await.status, 200);
    assert_eq!(trickle(&client, line).await.status, 200);
    assert_eq!(trickle(&client, "nonsense").await.status, 400, "it reaches the peer");
    for (what, body) in fastrtc_routes("k3x9q") {
        let said = client.ask(&what, body.as_ref()).await;
        assert_ne!(said.status, 404, "{what}: {said:?}");
    }
    let by_secret = format!("GET /outputs?webrtc_id=k3x9q&session_secret={}", offering.secret.clone().unwrap());
    assert_eq!(Client::anonymous(&server, 2).ask(&by_secret, None).await.status, 200, "the secret goes anywhere");
    // From another address the id alone is nothing, and it is listed nowhere.
    let elsewhere = Client::anonymous(&server, 2);
    does_not_exist(&elsewhere, "k3x9q", fastrtc_routes).await;
    let said = trickle(&elsewhere, "nonsense").await;
    assert_eq!(said.status, 200, "it waits for an offer from there: {said:?}");
    assert_eq!(client.sessions().await, Vec::<String>::new());
}

#[tokio::test]
async fn candidates_before_an_offer_wait_for_an_offer_of_their_own_client() {
    let data = Scratch::new();
    let [alice, bob] = [make_token(&data, "alice", "watch", &[]).await, make_token(&data, "bob", "watch", &[]).await];
    let server = Server::start(&["--data", data.path().to_str().unwrap()]).await;
    let [alice, bob] = [&alice, &bob].map(|token| Client::with_token(&server, token));
    let line = "candidate:1 1 UDP 2122252543 127.0.0.1 40000 typ host";
    let flood = async |client: &Client, id: &str| -> Said {
        client.ask("POST /webrtc/offer", Some(&candidate(id, line))).await
    };
    let mut refused = 0;
    for n in 0..300 {
        // Some for the id that she will use, the rest for as many ids as there may be.
        let id = if n < 40 { "hers".to_owned() } else { format!("id-{n}") };
        refused += u32::from(flood(&bob, &id).await.status == 404);
    }
    assert!(refused > 200, "one client has little room: {refused} of 300 were refused");
    assert_eq!(flood(&alice, "hers").await.status, 200, "hers is not taken by his");
    assert_eq!(flood(&alice, "another").await.status, 200);
}

#[tokio::test]
async fn an_id_is_in_use_until_everything_its_session_held_is_free() {
    let server = Server::start(&["--sessions=1", "--allow-anyone=admin"]).await;
    let mut client = Client::anonymous(&server, 1);
    for round in 0..8 {
        assert_eq!(client.offer("a").await.status, 200, "round {round}: the id is free, so is the only slot");
        assert_eq!(client.ask("DELETE /sessions/a", None).await.status, 204);
        if round % 2 == 0 {
            // Offers of the same id are told that it ends; never that the server is full.
            wait_until("the id is free", async || {
                let mut other = Client::anonymous(&server, 1);
                let said = other.offer("a").await;
                match said.status {
                    200 => Ok(()),
                    409 => Err(said.text),
                    _ => panic!("{said:?}"),
                }
            })
            .await;
            assert_eq!(client.ask("DELETE /sessions/a", None).await.status, 204);
        }
        wait_until("the session is gone", async || {
            let said = client.ask("GET /sessions", None).await;
            let Some(session) = said.json["sessions"].get(0) else { return Ok(()) };
            let state = session["state"].as_str().unwrap().to_owned();
            assert!(["connecting", "ending"].contains(&state.as_str()), "{said:?}");
            Err(state)
        })
        .await;
        let health = client.ask("GET /healthz", None).await.json;
        assert_eq!(health["sessions"], 0);
        let versions = client.ask("GET /handlers/invert/versions", None).await.json;
        assert_eq!(versions["versions"][0]["sessions"], 0, "its version is free: {versions}");
    }
}
