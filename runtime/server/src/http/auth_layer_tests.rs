//! Who may use which route.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::http::{Method, StatusCode};
use axum::{Extension, Router};
use framebox_auth::Auth;
use framebox_auth::quota::Quota;
use framebox_auth::scope::{Access, Scope};
use framebox_auth::store::{TokenStore, Tokens};
use tempfile::TempDir;

use super::auth_layer::{AuthLayer, Caller};
use super::routes::Routes;
use super::test_client::{ask, status, token};

/// Routes of each kind of access.
fn router(folder: &Path) -> Router {
    let local = "127.0.0.1:0".parse().unwrap();
    router_of(Arc::new(Auth::open(Some(folder), &[], local).unwrap()))
}

fn router_of(auth: Arc<Auth>) -> Router {
    let name = "/handlers/{name}";
    let (router, _) = Routes::<()>::new(AuthLayer::new(auth))
        .add(Method::PUT, name, Access::Scope(Scope::Upload), async || "uploaded")
        .add(Method::DELETE, name, Access::Scope(Scope::Admin), async || StatusCode::NO_CONTENT)
        .add(Method::POST, "/handlers/{name}/active", Access::Scope(Scope::Promote), async || "promoted")
        .add(Method::GET, "/handlers", Access::Token, async || "handlers")
        .add(Method::GET, "/sessions", Access::Scope(Scope::Watch), async || "sessions")
        .add(Method::GET, "/caller", Access::Token, async |Extension(caller): Extension<Caller>| {
            format!("{:?} operator: {}", caller.actor().principal, caller.principal.is_operator)
        })
        .stream("/outputs", Access::Scope(Scope::Watch), async || "outputs")
        .add(Method::GET, "/streams", Access::Anyone, async || "streams")
        .add(Method::GET, "/healthz", Access::Nothing, async || "well")
        .split();
    router
}

#[tokio::test]
async fn each_scope_opens_its_routes_and_no_others() {
    let folder = TempDir::new().unwrap();
    for scope in Scope::ALL {
        token(folder.path(), scope.name(), &[scope], Quota::default());
    }
    let router = router(folder.path());
    for (what, allowed) in [
        ("PUT /handlers/fresh", &["upload", "admin"][..]),
        ("DELETE /handlers/fresh", &["admin"]),
        ("POST /handlers/fresh/active", &["promote", "admin"]),
        ("GET /handlers", &["upload", "promote", "watch", "publish", "admin"]),
        ("HEAD /handlers", &["upload", "promote", "watch", "publish", "admin"]),
        ("GET /sessions", &["watch", "admin"]),
        ("HEAD /sessions", &["watch", "admin"]),
    ] {
        for scope in Scope::ALL {
            let answer = ask(&router, what, Some(scope.name()), &[], "x").await;
            if allowed.contains(&scope.name()) {
                assert!((200..300).contains(&answer.status), "{what} with {scope}: {}", answer.status);
            } else {
                assert_eq!(answer.status, 403, "{what} with {scope}");
                let challenge = answer.headers["www-authenticate"].to_str().unwrap();
                assert!(challenge.starts_with("Bearer ") && challenge.contains("insufficient_scope"), "{challenge}");
            }
        }
        for wrong in [None, Some("nobody"), Some("")] {
            let answer = ask(&router, what, wrong, &[], "x").await;
            assert_eq!(answer.status, 401, "{what} with {wrong:?}");
            let challenge = answer.headers["www-authenticate"].to_str().unwrap();
            assert_eq!(challenge.contains("invalid_token"), wrong.is_some(), "{challenge}");
            assert_eq!(answer.headers["content-type"], "application/problem+json");
        }
    }
    assert_eq!(status(&router, "GET /healthz", None).await, 200);
    for (token, expected) in [(None, 200), (Some("upload"), 200), (Some("nobody"), 401)] {
        assert_eq!(status(&router, "GET /streams", token).await, expected, "with {token:?}");
    }
}

#[tokio::test]
async fn a_token_is_read_from_the_header_and_for_streams_from_the_query() {
    let folder = TempDir::new().unwrap();
    token(folder.path(), "viewer", &[Scope::Watch], Quota::default());
    let router = router(folder.path());
    assert_eq!(status(&router, "GET /outputs?webrtc_id=1&access_token=viewer", None).await, 200);
    assert_eq!(status(&router, "GET /outputs?access_token=nobody", None).await, 401);
    assert_eq!(
        status(&router, "GET /outputs?access_token=viewer", Some("viewer")).await,
        400,
        "the token is given twice"
    );
    assert_eq!(status(&router, "GET /sessions?access_token=viewer", None).await, 401, "addresses end up in logs");
    for (value, expected) in
        [("bearer viewer", 200), ("Bearer  viewer", 200), ("viewer", 401), ("Basic viewer", 401), ("Bearer\u{e9}", 401)]
    {
        let answer = ask(&router, "GET /sessions", None, &[("authorization", value)], "").await;
        assert_eq!(answer.status, expected, "{value:?}");
    }
    let long = "x".repeat(10_000);
    assert_eq!(status(&router, "GET /sessions", Some(&long)).await, 401);
}

#[tokio::test]
async fn nobody_is_trusted_for_the_address_of_this_machine() {
    let folder = TempDir::new().unwrap();
    let router = router(folder.path());
    // As a browser asks, and as a plain `proxy_pass` does for anybody on the Internet.
    for (header, value) in
        [("host", "127.0.0.1:8080"), ("host", "localhost"), ("host", "[::1]:8080"), ("x-forwarded-for", "127.0.0.1")]
    {
        for what in ["GET /sessions", "PUT /handlers/x", "DELETE /handlers/x"] {
            let answer = ask(&router, what, None, &[(header, value)], "").await;
            assert_eq!(answer.status, 401, "{what} with {header}: {value}");
            let detail = answer.json["detail"].as_str().unwrap();
            assert!(detail.contains("printed when it started"), "it says how to get in: {detail}");
        }
    }
}

#[tokio::test]
async fn the_start_up_secret_opens_every_route_until_the_program_ends() {
    let folder = TempDir::new().unwrap();
    let auth = Arc::new(Auth::open(Some(folder.path()), &[], "127.0.0.1:0".parse().unwrap()).unwrap());
    let secret = auth.startup_secret().reveal().to_owned();
    let router = router_of(auth.clone());
    assert!(auth.is_closed());
    for what in ["PUT /handlers/x", "POST /handlers/x/active", "GET /sessions"] {
        assert_eq!(status(&router, what, Some(&secret)).await, 200, "{what}");
        assert_eq!(status(&router, what, Some(&secret[..46])).await, 401, "{what}");
    }
    assert_eq!(ask(&router, "GET /caller", Some(&secret), &[], "").await.text, "None operator: true");
    let twice = [("authorization", "Bearer nobody"), ("authorization", &format!("Bearer {secret}"))];
    assert_eq!(ask(&router, "GET /sessions", None, &twice, "").await.status, 400, "two are none");
    token(folder.path(), "one", &[Scope::Watch], Quota::default());
    auth.refresh();
    assert!(!auth.is_closed());
    assert_eq!(status(&router, "GET /sessions", Some(&secret)).await, 200, "tokens do not end it");
    let next = Auth::open(None, &[], "127.0.0.1:0".parse().unwrap()).unwrap();
    assert_ne!(next.startup_secret().reveal(), secret, "each start has its own");
}

#[tokio::test]
async fn changes_of_the_tokens_take_effect_while_the_server_runs() {
    let folder = TempDir::new().unwrap();
    let router = router(folder.path());
    let store = TokenStore::new(folder.path());
    let becomes = async |what: &str, given: Option<&str>, expected: u16| {
        let begin = std::time::Instant::now();
        while status(&router, "GET /sessions", given).await != expected {
            assert!(begin.elapsed() < Duration::from_secs(20), "{what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    becomes("there is no token at first", Some("one"), 401).await;
    token(folder.path(), "one", &[Scope::Watch], Quota::default());
    becomes("the first token is accepted", Some("one"), 200).await;
    token(folder.path(), "two", &[Scope::Watch], Quota::default());
    becomes("a second token is accepted", Some("two"), 200).await;
    store.change(|tokens| tokens.revoke("two")).unwrap();
    becomes("a revoked token is refused", Some("two"), 401).await;
    let past = SystemTime::now() - Duration::from_secs(2);
    let expire = |at| {
        let change = |tokens: &mut Tokens| {
            tokens.tokens[0].expires = at;
            Ok(())
        };
        store.change(change).unwrap();
    };
    expire(Some(framebox_auth::token::seconds(past)));
    becomes("an expired token is refused", Some("one"), 401).await;
    expire(None);
    becomes("a token that no longer expires is accepted", Some("one"), 200).await;
    std::fs::write(folder.path().join("rights.toml"), "tokens = 7").unwrap();
    becomes("a damaged file refuses everyone", Some("one"), 503).await;
    assert_eq!(status(&router, "GET /sessions", None).await, 503);
    assert!(store.change(|_| Ok(())).is_err(), "a damaged file is not overwritten");
    std::fs::remove_file(folder.path().join("rights.toml")).unwrap();
    becomes("without a file no token is accepted", Some("one"), 401).await;
    assert_eq!(status(&router, "GET /sessions", None).await, 401, "the server does not open itself");
}

#[tokio::test]
async fn a_handler_gets_the_caller() {
    let folder = TempDir::new().unwrap();
    token(folder.path(), "viewer", &[Scope::Watch], Quota::default());
    let router = router(folder.path());
    let answer = ask(&router, "GET /caller", Some("viewer"), &[], "").await;
    assert_eq!(answer.text, "Some(\"viewer\") operator: false");
}
