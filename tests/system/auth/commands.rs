//! `framebox push` and `framebox handlers`: what they do, and their exit codes.

use std::net::TcpListener;

use serde_json::Value;

use crate::auth::stand_in::{StandIn, TOKEN};
use crate::auth::{Ended, run, run_as};
use framebox_test_support::scratch::Scratch;

/// Runs a command against the server with a valid token.
async fn on(server: &StandIn, arguments: &[&str]) -> Ended {
    let mut all = arguments.to_vec();
    all.extend(["--server", &server.base]);
    run_as(&all, Some(TOKEN)).await
}

async fn json(server: &StandIn, arguments: &[&str]) -> Value {
    let mut all = arguments.to_vec();
    all.push("--json");
    let ended = on(server, &all).await;
    assert_eq!(ended.code, 0, "{arguments:?}: {}", ended.err);
    assert!(ended.err.is_empty(), "nothing but JSON: {}", ended.err);
    serde_json::from_str(&ended.out).unwrap()
}

#[tokio::test]
async fn components_are_pushed_promoted_rolled_back_and_deleted() {
    let (server, scratch) = (StandIn::start().await, Scratch::new());
    // Larger than one chunk of the stream.
    let component = |byte: u8| [b"\0asm".to_vec(), vec![byte; 300_000]].concat();
    let file = |byte: u8| scratch.write(&format!("{byte}.wasm"), component(byte)).to_str().unwrap().to_owned();
    let (one, two, three) = (file(1), file(2), file(3));

    let first = json(&server, &["push", &one, "--name", "mine"]).await;
    assert_eq!((&first["version"], &first["active"], &first["bytes"]), (&1.into(), &true.into(), &300_004.into()));
    assert_eq!(json(&server, &["push", &one, "--name", "mine"]).await["version"], 1, "the same bytes");
    let second = on(&server, &["push", &two, "--name", "mine", "--no-activate"]).await;
    assert!(second.code == 0 && second.out.contains("mine@2") && second.out.contains("not active"), "{}", second.out);
    let third = on(&server, &["push", &three, "--name", "mine"]).await;
    assert!(third.code == 0 && third.out.contains("mine@3") && !third.out.contains("not active"), "{}", third.out);

    let active = async || json(&server, &["handlers", "versions", "mine"]).await["active"].as_u64().unwrap();
    assert_eq!(active().await, 3);
    assert_eq!(on(&server, &["handlers", "promote", "mine", "1"]).await.code, 0);
    assert_eq!(active().await, 1);
    assert_eq!(on(&server, &["handlers", "promote", "mine", "3"]).await.code, 0);
    assert_eq!(on(&server, &["handlers", "rollback", "mine"]).await.code, 0);
    assert_eq!(active().await, 2, "the one before");
    assert_eq!(on(&server, &["handlers", "rollback", "mine"]).await.code, 0);
    let ended = on(&server, &["handlers", "rollback", "mine"]).await;
    assert_eq!((active().await, ended.code), (1, 3), "there is none before the first: {}", ended.err);
    let canary = json(&server, &["handlers", "promote", "mine", "3", "--canary", "0.1"]).await;
    assert_eq!(canary["canary"], serde_json::json!({ "version": 3, "share": 0.1 }));

    let list = on(&server, &["handlers", "list"]).await;
    assert!(list.out.contains("mine") && list.out.lines().count() == 1, "{}", list.out);
    let versions = on(&server, &["handlers", "versions", "mine"]).await;
    assert_eq!(versions.out.lines().filter(|line| line.starts_with('*')).count(), 1, "{}", versions.out);

    assert_eq!(on(&server, &["handlers", "delete", "mine", "1"]).await.code, 3, "in use");
    assert_eq!(on(&server, &["handlers", "delete", "mine", "1", "--drain"]).await.code, 0);
    assert_eq!(on(&server, &["handlers", "delete", "mine"]).await.code, 0);
    assert_eq!(on(&server, &["handlers", "delete", "mine"]).await.code, 3, "it is gone");
}

#[tokio::test]
async fn exit_codes_distinguish_errors() {
    let (server, scratch) = (StandIn::start().await, Scratch::new());
    let good = scratch.write("good.wasm", b"\0asm....").to_str().unwrap().to_owned();
    let text = scratch.write("text.wasm", "text").to_str().unwrap().to_owned();
    for (arguments, code, word) in [
        (&["push", &text, "--name", "x"][..], 3, "no component"),
        (&["push", &good, "--name", "full"], 3, "quota"),
        (&["push", &good, "--name", "often"], 6, "too often"),
        (&["push", &good, "--name", "broken"], 7, "failed"),
        (&["push", "nowhere.wasm", "--name", "x"], 2, "nowhere.wasm"),
        (&["push", &good], 2, "--name"),
        (&["handlers", "versions", "nobody"], 3, "no such handler"),
        (&["handlers", "promote", "x", "much"], 2, "much"),
        (&["handlers", "promote", "x", "1", "--canary", "2"], 2, "--canary"),
    ] {
        let ended = on(&server, arguments).await;
        assert_eq!(ended.code, code, "{arguments:?}: {}", ended.err);
        assert!(ended.err.contains(word), "{arguments:?}: {}", ended.err);
        assert!(ended.out.is_empty() && !ended.err.contains('\u{1b}'), "{arguments:?}: {:?}", ended.err);
    }
    let list = ["handlers", "list", "--server", server.base.as_str()];
    assert_eq!(run(&list).await.code, 5, "no token");
    assert_eq!(run_as(&list, Some("")).await.code, 5, "an empty one is none");
    assert_eq!(run_as(&list, Some("fbx_other")).await.code, 5, "another token");
    let given = [&list[..], &["--token", TOKEN]].concat();
    assert_eq!(run_as(&given, Some("fbx_other")).await.code, 0, "the flag is over the environment");
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ended = run(&["handlers", "list", "--server", &format!("http://{free}")]).await;
    assert_eq!(ended.code, 4, "nobody listens: {}", ended.err);
    for address in ["nonsense", "ftp://127.0.0.1"] {
        assert_eq!(run(&["handlers", "list", "--server", address]).await.code, 2, "{address}");
    }
    let help = run(&["push", "--help"]).await;
    assert!(help.out.contains("Exit codes") && help.out.contains("FRAMEBOX_TOKEN"), "{}", help.out);
}
