//! Every route of the document without a token, with wrong tokens, and with tokens that lack its scope.

use serde_json::Value;

use crate::auth::make_token;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::{Answer, Server};

async fn ask(server: &Server, method: &str, path: &str, token: Option<&str>) -> Answer {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<_> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
    server.request(method, path, &headers, "").await
}

#[tokio::test]
async fn every_route_needs_the_documented_scope() {
    let data = Scratch::new();
    let mut tokens = Vec::new();
    for scope in ["upload", "promote", "watch", "publish", "admin"] {
        tokens.push((scope, make_token(&data, scope, scope, &[]).await));
    }
    let server = Server::start(&["--data", data.path().to_str().unwrap()]).await;
    let document = server.get("/openapi.json").await.json();
    let mut guarded = 0;
    for (template, item) in document["paths"].as_object().unwrap() {
        let path: String = template
            .split('/')
            .map(|part| if part.starts_with('{') { "1" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase();
            let what = format!("{method} {path}");
            let security = operation["security"].as_array().unwrap();
            if security.is_empty() {
                let answer = ask(&server, &method, &path, None).await;
                assert!(![401, 403].contains(&answer.status), "{what}: {answer:?}");
                continue;
            }
            guarded += 1;
            // Where nobody needs a token, one that is given has to be valid all the same.
            let is_open = security.contains(&serde_json::json!({}));
            if is_open {
                let answer = ask(&server, &method, &path, None).await;
                assert!(![401, 403].contains(&answer.status), "{what}: {answer:?}");
            }
            for wrong in [None, Some("fbx_wrong"), Some("")].into_iter().skip(usize::from(is_open)) {
                let answer = ask(&server, &method, &path, wrong).await;
                assert_eq!(answer.status, 401, "{what} with {wrong:?}: {answer:?}");
                assert!(answer.header("www-authenticate").starts_with("Bearer"), "{what}: {answer:?}");
                assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
                assert_eq!(answer.json()["status"], 401);
                assert!(
                    !answer.text.contains(env!("CARGO_MANIFEST_DIR")) && !answer.text.contains(".rs"),
                    "{what}: {}",
                    answer.text
                );
            }
            let allowed: Vec<_> = security[0]["token"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            for (scope, token) in &tokens {
                let is_allowed = is_open || *scope == "admin" || allowed.contains(scope);
                let answer = ask(&server, &method, &path, Some(token)).await;
                assert_eq!(answer.status == 403, !is_allowed, "{what} with {scope}: {answer:?}");
                assert_ne!(answer.status, 401, "{what} with {scope}");
                assert!(answer.status < 500, "{what} with {scope}: {answer:?}");
            }
        }
    }
    assert!(guarded >= 10, "{guarded} routes take a token");
}

#[tokio::test]
async fn anyone_may_do_only_what_the_operator_allows() {
    let server = Server::start(&["--allow-anyone=promote"]).await;
    assert_eq!(server.get("/handlers").await.status, 200);
    assert_eq!(server.get("/sessions").await.status, 401);
    let preflight = [("origin", "https://friend.example"), ("access-control-request-method", "PUT")];
    let answer = server.request("OPTIONS", "/handlers/x", &preflight, "").await;
    assert_eq!(answer.header("access-control-allow-origin"), "", "closed to other pages");
}
