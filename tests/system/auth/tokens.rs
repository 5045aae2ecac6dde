//! `framebox token`, and servers with and without tokens.

use serde_json::Value;

use crate::auth::{make_token, run};
use framebox_test_support::child::Child;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::{Server, program};
use framebox_test_support::wait::wait_until;

/// Returns the status of `GET /sessions` with a token.
async fn status(server: &Server, token: &str) -> u16 {
    let bearer = format!("Bearer {token}");
    server.request("GET", "/sessions", &[("authorization", &bearer)], "").await.status
}

#[tokio::test]
async fn other_addresses_need_tokens_or_the_permission_of_the_operator() {
    let data = Scratch::new();
    let folder = data.path().to_str().unwrap();
    // All addresses, and one of a documentation network: nothing is bound when it is refused.
    for bind in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let ended = run(&["--bind", bind, "--data", folder]).await;
        assert_eq!(ended.code, 1, "{}", ended.err);
        for word in [bind, "framebox token new", "--allow-anyone"] {
            assert!(ended.err.contains(word), "{word}: {}", ended.err);
        }
        assert!(ended.out.is_empty(), "nothing is ready: {}", ended.out);
    }
    // With an address that this machine lacks it fails later, when it binds.
    let allowed = run(&["--bind", "192.0.2.1:0", "--allow-anyone"]).await;
    assert!(allowed.code == 1 && allowed.err.contains("cannot listen"), "{}", allowed.err);
    make_token(&data, "root", "admin", &[]).await;
    let with_token = run(&["--bind", "192.0.2.1:0", "--data", folder]).await;
    assert!(with_token.code == 1 && with_token.err.contains("cannot listen"), "{}", with_token.err);
    let revoked = run(&["token", "revoke", "root", "--data", folder]).await;
    assert_eq!(revoked.code, 0, "{}", revoked.err);
    let without = run(&["--bind", "192.0.2.1:0", "--data", folder]).await;
    assert!(without.err.contains("there are no tokens"), "a revoked token is none: {}", without.err);
}

#[tokio::test]
async fn a_running_server_notices_new_revoked_and_expired_tokens() {
    let data = Scratch::new();
    let folder = data.path().to_str().unwrap();
    let server = Server::start(&["--data", folder]).await;
    assert_eq!(server.get("/sessions").await.status, 200, "the start-up secret");
    assert_eq!(status(&server, "").await, 401, "nobody is trusted for the address of this machine");
    let viewer = make_token(&data, "viewer", "watch", &[]).await;
    let becomes = async |what: &str, token: &str, expected: u16| {
        wait_until(what, async || match status(&server, token).await {
            status if status == expected => Ok(()),
            status => Err(status.to_string()),
        })
        .await;
    };
    becomes("the token is taken", &viewer, 200).await;
    let brief = make_token(&data, "brief", "watch", &["--expires", "30s"]).await;
    becomes("a second token is taken", &brief, 200).await;
    assert_eq!(run(&["token", "revoke", "viewer", "--data", folder]).await.code, 0);
    becomes("a revoked one is not", &viewer, 401).await;
    wait_until("the second one expires", async || match status(&server, &brief).await {
        401 => Ok(()),
        status => Err(status.to_string()),
    })
    .await;
    let answer = server.request("GET", "/sessions", &[("authorization", &format!("Bearer {brief}"))], "").await;
    assert!(answer.header("www-authenticate").contains("expired"), "{answer:?}");
    let output = [server.child.err(), server.child.out()].concat();
    let secrets = output.iter().filter(|line| line.contains("fbx_")).count();
    assert_eq!(secrets, 1, "only the address that is printed at the start has a secret: {output:#?}");
}

#[tokio::test]
async fn tokens_are_listed_without_their_text_and_their_files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let data = Scratch::new();
    let folder = data.path().to_str().unwrap();
    let more = ["--quota-handlers", "3", "--quota-mib", "64", "--uploads-a-minute", "5", "--expires", "30d"];
    let token = make_token(&data, "ci", "upload,promote", &more).await;
    assert!(token.starts_with("fbx_") && token.len() == 47, "{token}");
    let list = run(&["token", "list", "--json", "--data", folder]).await;
    let json: Value = serde_json::from_str(&list.out).unwrap();
    let listed = &json["tokens"][0];
    assert_eq!((&listed["name"], &listed["scopes"]), (&"ci".into(), &serde_json::json!(["upload", "promote"])));
    assert_eq!(listed["quota"], serde_json::json!({ "handlers": 3, "mib": 64, "uploads_a_minute": 5 }));
    assert!(listed["expires"].as_str().is_some_and(|at| at.starts_with("20")), "{listed}");
    let list = run(&["token", "list", "--data", folder]).await;
    assert!(list.out.contains("ci") && list.out.contains("upload,promote"), "{}", list.out);
    for file in std::fs::read_dir(data.path()).unwrap().map(Result::unwrap) {
        let text = std::fs::read_to_string(file.path()).unwrap_or_default();
        assert!(!text.contains(&token), "{:?} has the token", file.path());
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", file.path());
    }
    for (arguments, code) in [
        (&["token", "new", "--name", "ci", "--scope", "watch"][..], 2),
        (&["token", "new", "--name", "a/b", "--scope", "watch"], 2),
        (&["token", "new", "--name", "x", "--scope", "root"], 2),
        (&["token", "new", "--name", "x"], 2),
        (&["token", "new", "--name", "x", "--scope", "watch", "--expires", "soon"], 2),
        (&["token", "revoke", "nobody"], 2),
    ] {
        let mut arguments = arguments.to_vec();
        arguments.extend(["--data", folder]);
        assert_eq!(run(&arguments).await.code, code, "{arguments:?}");
    }
    assert_eq!(run(&["token", "list"]).await.code, 2, "it says where tokens are");
    let log = std::fs::read_to_string(data.path().join("audit.jsonl")).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1, "{log}");
    assert_eq!((&lines[0]["what"], &lines[0]["name"]), (&"token-made".into(), &"ci".into()));
}

#[tokio::test]
async fn a_damaged_token_file_prevents_the_start() {
    let data = Scratch::new();
    data.write("rights.toml", "[[tokens]]\nname = \"x\"\n");
    let mut child =
        Child::start("framebox", &mut program(&["--bind", "127.0.0.1:0", "--data", data.path().to_str().unwrap()]));
    assert_eq!(child.ended().await.code(), Some(1));
    assert!(child.err().join("\n").contains("rights.toml is damaged"), "{:?}", child.err());
}
