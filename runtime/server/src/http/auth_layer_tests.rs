//! The auth_layer before routes that play the catalog.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use axum::body::{Body, to_bytes};
use axum::extract::{Path as PathParameters, RawQuery};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::IntoResponse;
use axum::{Json, Router};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::auth_layer::AuthLayer;
use super::routes::Routes;
use framebox_auth::Auth;
use framebox_auth::audit::Action;
use framebox_auth::store::{TokenStore, Tokens};
use framebox_auth::quota::Quota;
use framebox_auth::scope::{Access, Scope};
use framebox_auth::token::{Hash, Token};

/// A fresh directory, removed on drop.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("framebox-auth_layer-{}-{}", std::process::id(), NEXT.fetch_add(1, Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn audit(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.0.join("audit.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Makes a token whose text is its name.
fn token(folder: &Path, name: &str, scopes: &[Scope], quota: Quota) {
    let (name, hash) = (name.to_owned(), Hash::of(name));
    let token = Token { name, hash, scopes: scopes.to_vec(), made: 0, expires: None, quota };
    Store::new(folder).change(|book| book.add(token)).unwrap();
}

/// What the catalog answers; `there` is a handler that it has.
fn router(folder: &Path) -> Router {
    let here = "127.0.0.1:0".parse().unwrap();
    let auth = Arc::new(Auth::open(Some(folder), &[], here).unwrap());
    let upload = async |PathParameters(name): PathParameters<String>, RawQuery(query): RawQuery, body: String| {
        let active = !query.unwrap_or_default().split('&').any(|pair| pair == "activate=false");
        let status = if body == "same" { StatusCode::OK } else { StatusCode::CREATED };
        let version = body.len();
        let answer =
            json!({ "name": name, "version": version, "digest": "sha256:ab", "bytes": body.len(), "active": active });
        (status, Json(answer)).into_response()
    };
    let promote = async || Json(json!({ "active": 2, "previous": 5, "digest": "sha256:cd" }));
    let name = "/handlers/{name}";
    let (router, _) = Routes::<()>::new(AuthLayer::new(auth, |name| name == "there"))
        .change(Method::PUT, name, Access::Scope(Scope::Upload), Action::Upload, upload)
        .change(Method::DELETE, name, Access::Scope(Scope::Admin), Action::Delete, async || StatusCode::NO_CONTENT)
        .change(Method::POST, "/handlers/{name}/active", Access::Scope(Scope::Promote), Action::Promote, promote)
        .add(Method::GET, "/handlers", Access::Token, async || "handlers")
        .add(Method::GET, "/sessions", Access::Scope(Scope::Watch), async || "sessions")
        .stream("/outputs", Access::Scope(Scope::Watch), async || "outputs")
        .add(Method::GET, "/healthz", Access::Nothing, async || "well")
        .split();
    router
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    json: Value,
}

async fn ask(router: &Router, what: &str, token: Option<&str>, headers: &[(&str, &str)], body: &str) -> Answer {
    let (method, path) = what.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if method == "PUT" && !headers.iter().any(|(name, _)| *name == "transfer-encoding") {
        request = request.header("content-length", body.len());
    }
    let response = router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, 1 << 20).await.unwrap();
    let json = serde_json::from_slice(&bytes).unwrap_or_default();
    Answer { status: parts.status.as_u16(), headers: parts.headers, json }
}

async fn status(router: &Router, what: &str, token: Option<&str>) -> u16 {
    ask(router, what, token, &[], "x").await.status
}

#[tokio::test]
async fn each_scope_opens_its_routes_and_no_others() {
    let folder = Folder::new();
    for scope in Scope::ALL {
        token(&folder.0, scope.name(), &[scope], Quota::default());
    }
    let router = router(&folder.0);
    for (what, allowed) in [
        ("PUT /handlers/fresh", &["upload", "admin"][..]),
        ("DELETE /handlers/fresh", &["admin"]),
        ("POST /handlers/fresh/active", &["promote", "admin"]),
        ("GET /handlers", &["upload", "promote", "watch", "admin"]),
        ("HEAD /handlers", &["upload", "promote", "watch", "admin"]),
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
}

#[tokio::test]
async fn a_token_is_taken_from_the_header_and_for_streams_from_the_query() {
    let folder = Folder::new();
    token(&folder.0, "viewer", &[Scope::Watch], Quota::default());
    let router = router(&folder.0);
    assert_eq!(status(&router, "GET /outputs?webrtc_id=1&access_token=viewer", None).await, 200);
    assert_eq!(status(&router, "GET /outputs?access_token=nobody", None).await, 401);
    assert_eq!(status(&router, "GET /outputs?access_token=viewer", Some("viewer")).await, 400, "given twice");
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
async fn without_tokens_only_who_addresses_this_machine_is_let_in() {
    let folder = Folder::new();
    let router = router(&folder.0);
    for (header, value, expected) in [
        ("host", "127.0.0.1:8080", 200),
        ("host", "localhost", 200),
        ("host", "page.localhost:8080", 200),
        ("host", "[::1]:8080", 200),
        ("host", "evil.example:8080", 401),
        ("host", "localhost.evil.example", 401),
        ("host", "192.0.2.1", 401),
        ("x-forwarded-for", "192.0.2.1", 401),
        ("forwarded", "for=192.0.2.1", 401),
    ] {
        let answer = ask(&router, "GET /sessions", None, &[(header, value)], "").await;
        assert_eq!(answer.status, expected, "{header}: {value}");
    }
}

#[tokio::test]
async fn changes_of_the_tokens_hold_while_the_server_runs() {
    let folder = Folder::new();
    let router = router(&folder.0);
    let store = Store::new(&folder.0);
    let becomes = async |what: &str, given: Option<&str>, expected: u16| {
        let begin = std::time::Instant::now();
        while status(&router, "GET /sessions", given).await != expected {
            assert!(begin.elapsed() < Duration::from_secs(20), "{what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    becomes("open at first", None, 200).await;
    token(&folder.0, "one", &[Scope::Watch], Quota::default());
    becomes("the first token closes it", None, 401).await;
    becomes("and is taken", Some("one"), 200).await;
    token(&folder.0, "two", &[Scope::Watch], Quota::default());
    becomes("a second one is taken", Some("two"), 200).await;
    store.change(|book| book.revoke("two")).unwrap();
    becomes("a revoked one is not", Some("two"), 401).await;
    let past = SystemTime::now() - Duration::from_secs(2);
    let expire = |at| {
        let change = |book: &mut Book| {
            book.tokens[0].expires = at;
            Ok(())
        };
        store.change(change).unwrap();
    };
    expire(Some(framebox_auth::token::seconds(past)));
    becomes("an expired one is not", Some("one"), 401).await;
    expire(None);
    becomes("it is again", Some("one"), 200).await;
    std::fs::write(folder.0.join("auth.toml"), "tokens = 7").unwrap();
    becomes("a damaged file lets nobody in", Some("one"), 503).await;
    assert_eq!(status(&router, "GET /sessions", None).await, 503);
    assert!(store.change(|_| Ok(())).is_err(), "and is not written over");
    std::fs::remove_file(folder.0.join("auth.toml")).unwrap();
    becomes("without a file there are no tokens", Some("one"), 401).await;
    assert_eq!(status(&router, "GET /sessions", None).await, 401, "and the server does not open itself");
}

#[tokio::test]
async fn uploading_is_not_promoting() {
    let folder = Folder::new();
    token(&folder.0, "up", &[Scope::Upload], Quota::default());
    token(&folder.0, "both", &[Scope::Upload, Scope::Promote], Quota::default());
    let router = router(&folder.0);
    for (path, who, status, active) in [
        ("/handlers/fresh", "up", 201, json!(true)),
        ("/handlers/there", "up", 201, json!(false)),
        ("/handlers/there?x=1", "up", 201, json!(false)),
        ("/handlers/there?activate=false", "up", 201, json!(false)),
        ("/handlers/there?activate=true", "up", 403, Value::Null),
        ("/handlers/there?activate=false&activate=true", "up", 403, Value::Null),
        ("/handlers/there?activate=%74rue", "up", 403, Value::Null),
        ("/handlers/there", "both", 201, json!(true)),
        ("/handlers/there?activate=true", "both", 201, json!(true)),
    ] {
        let answer = ask(&router, &format!("PUT {path}"), Some(who), &[], "x").await;
        assert_eq!((answer.status, &answer.json["active"]), (status, &active), "{path} by {who}");
    }
}

#[tokio::test]
async fn quotas_hold_by_token_and_deleting_makes_room() {
    let folder = Folder::new();
    let quota = Quota { handlers: Some(1), mib: Some(1), uploads_a_minute: None };
    token(&folder.0, "ci", &[Scope::Admin], quota);
    token(&folder.0, "other", &[Scope::Admin], Quota::default());
    let router = router(&folder.0);
    let half = "x".repeat(600_000);
    let put = async |name: &str, who: &str, body: &str| {
        ask(&router, &format!("PUT /handlers/{name}"), Some(who), &[], body).await.status
    };
    assert_eq!(put("one", "ci", &half).await, 201);
    assert_eq!(put("one", "ci", &half).await, 507, "two halves and more do not fit");
    assert_eq!(put("two", "ci", "x").await, 507, "one handler");
    assert_eq!(put("one", "ci", "same").await, 200);
    assert_eq!(put("two", "other", &half).await, 201, "another token has its own");
    let chunked = [("transfer-encoding", "chunked")];
    assert_eq!(ask(&router, "PUT /handlers/one", Some("ci"), &chunked, "x").await.status, 411);
    assert_eq!(status(&router, "DELETE /handlers/one", Some("other")).await, 204);
    assert_eq!(put("two", "ci", &half).await, 201);
}

#[tokio::test]
async fn uploads_a_minute_are_bounded_by_token() {
    let folder = Folder::new();
    let quota = Quota { uploads_a_minute: Some(2), ..Quota::default() };
    token(&folder.0, "ci", &[Scope::Upload], quota);
    token(&folder.0, "other", &[Scope::Upload], quota);
    let router = router(&folder.0);
    for expected in [201, 201, 429] {
        let answer = ask(&router, "PUT /handlers/a", Some("ci"), &[], "x").await;
        assert_eq!(answer.status, expected);
        let wait: Option<u64> = answer.headers.get("retry-after").map(|wait| wait.to_str().unwrap().parse().unwrap());
        assert_eq!(wait.is_some_and(|wait| (1..=61).contains(&wait)), expected == 429, "{wait:?}");
    }
    assert_eq!(status(&router, "PUT /handlers/a", Some("other")).await, 201);
}

#[tokio::test]
async fn the_audit_log_says_who_did_what_and_what_came_of_it() {
    let folder = Folder::new();
    let quota = Quota { handlers: Some(1), ..Quota::default() };
    token(&folder.0, "ci", &[Scope::Admin], quota);
    let router = router(&folder.0);
    for what in ["PUT /handlers/a", "PUT /handlers/b", "POST /handlers/a/active", "DELETE /handlers/a"] {
        ask(&router, what, Some("ci"), &[], "x").await;
    }
    // Strangers leave no trace in the file.
    assert_eq!(status(&router, "DELETE /handlers/a", None).await, 401);
    let log = folder.audit();
    let lines: Vec<_> = log.iter().map(|line| [&line["who"], &line["what"], &line["name"], &line["outcome"]]).collect();
    let expected = [
        ["ci", "upload", "a", "done"],
        ["ci", "upload", "b", "refused"],
        ["ci", "rollback", "a", "done"],
        ["ci", "delete", "a", "done"],
    ];
    assert_eq!(lines, expected, "{log:#?}");
    assert_eq!(
        (&log[0]["digest"], &log[0]["version"], &log[0]["status"]),
        (&json!("sha256:ab"), &json!(1), &json!(201))
    );
    assert_eq!((&log[1]["status"], &log[2]["version"]), (&json!(507), &json!(2)));
}
