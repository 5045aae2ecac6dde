//! Changes of a real catalog: scopes, quotas, the audit log.
#![allow(clippy::disallowed_methods, reason = "tests start tasks")]

use std::path::Path;
use std::sync::Arc;

use axum::http::Method;
use axum::{Extension, Router};
use framebox_auth::audit::Action;
use framebox_auth::quota::Quota;
use framebox_auth::scope::{Access, Scope};
use framebox_auth::{Auth, Principal};
use framebox_catalog::data_dir::DataDir;
use framebox_catalog::{Catalog, Defaults};
use framebox_sandbox::{Engine, Settings};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::api::{uploads, versions};
use super::auth_layer::{AuthLayer, Caller};
use super::change::{Attempt, Changes, Handlers};
use super::problem::Problem;
use super::routes::Routes;
use super::test_client::{Answer, ask, status, token};
use crate::recorder;

/// Components that the catalog knows, so that an upload compiles nothing.
const INVERT: &[u8] = include_bytes!("../../../../guest-examples/prebuilt/invert.wasm");
const FLIP: &[u8] = include_bytes!("../../../../guest-examples/prebuilt/flip.wasm");
const UPLOAD: Access = Access::Scope(Scope::Upload);
const PROMOTE: Access = Access::Scope(Scope::Promote);

/// A server as far as changes are concerned.
struct Server {
    data: TempDir,
    router: Router,
}

impl Server {
    /// Starts one with the tokens that `tokens` makes.
    fn start(tokens: impl FnOnce(&Path)) -> Self {
        let data = TempDir::new().unwrap();
        tokens(data.path());
        let local = "127.0.0.1:0".parse().unwrap();
        let auth = Arc::new(Auth::open(Some(data.path()), &[], local).unwrap());
        let engine = Engine::new(&Settings { instances: 2, ..Settings::default() }).unwrap();
        let catalog = Catalog::start(&engine, Defaults::default(), DataDir::open(None).unwrap()).unwrap();
        tokio::spawn(recorder::run(auth.clone(), catalog.subscribe()));
        let name = "/handlers/{name}";
        let (router, _) = Routes::<Handlers>::new(AuthLayer::new(auth.clone()))
            .add(Method::PUT, name, UPLOAD, uploads::put)
            .add(Method::DELETE, name, PROMOTE, versions::delete)
            .add(Method::GET, "/handlers/{name}/versions", Access::Token, versions::list)
            .add(Method::DELETE, "/handlers/{name}/versions/{version}", PROMOTE, versions::delete_version)
            .add(Method::POST, "/handlers/{name}/active", PROMOTE, versions::promote)
            .split();
        let changes = Arc::new(Changes::new(auth));
        let router = router.layer(Extension(changes)).with_state(Handlers(Arc::new(catalog)));
        Self { data, router }
    }

    async fn put(&self, path: &str, token: &str, body: &[u8]) -> Answer {
        ask(&self.router, &format!("PUT /handlers/{path}"), Some(token), &[], body).await
    }

    async fn promote(&self, name: &str, token: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json")];
        ask(&self.router, &format!("POST /handlers/{name}/active"), Some(token), &headers, body.to_string()).await
    }

    fn audit(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.data.path().join("audit.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[tokio::test]
async fn uploading_is_not_promoting() {
    let server = Server::start(|data| {
        token(data, "up", &[Scope::Upload], Quota::default());
        token(data, "both", &[Scope::Upload, Scope::Promote], Quota::default());
    });
    assert_eq!(server.put("existing", "both", INVERT).await.json["active"], true);
    // The same bytes with other limits are another version.
    for (path, who, status, active) in [
        ("fresh", "up", 201, json!(true)),
        ("existing?call_ms=1", "up", 201, json!(false)),
        ("existing?call_ms=2&activate=false", "up", 201, json!(false)),
        ("existing?call_ms=3&activate=true", "up", 403, Value::Null),
        ("existing?call_ms=3&activate=false&activate=true", "up", 403, Value::Null),
        ("existing?call_ms=3&activate=%74rue", "up", 403, Value::Null),
        ("existing?call_ms=3", "both", 201, json!(true)),
        ("existing?call_ms=4&activate=true", "both", 201, json!(true)),
        ("existing?call_ms=5&activate=false", "both", 201, json!(false)),
    ] {
        let answer = server.put(path, who, INVERT).await;
        assert_eq!((answer.status, &answer.json["active"]), (status, &active), "{path} by {who}: {}", answer.text);
        assert_eq!(answer.headers.contains_key("www-authenticate"), status == 403, "{path} by {who}");
    }
}

#[tokio::test]
async fn quotas_hold_by_token_and_deleting_makes_room() {
    let quota = Quota { handlers: Some(1), mib: Some(4), ..Quota::default() };
    let server = Server::start(|data| {
        token(data, "ci", &[Scope::Admin], quota);
        token(data, "other", &[Scope::Admin], Quota::default());
    });
    // As much as fits where nothing else is.
    let large = vec![0; 4 << 20];
    assert_eq!(server.put("one", "ci", INVERT).await.status, 201);
    assert_eq!(server.put("one", "ci", &large).await.status, 507, "both do not fit");
    assert_eq!(server.put("two", "ci", FLIP).await.status, 507, "one handler");
    assert_eq!(server.put("one", "ci", INVERT).await.status, 200, "the same bytes");
    let chunked = [("transfer-encoding", "chunked")];
    let answer = ask(&server.router, "PUT /handlers/one", Some("ci"), &chunked, INVERT).await;
    assert_eq!(answer.status, 200, "the length is known once the body has come");
    let answer = ask(&server.router, "PUT /handlers/two", Some("ci"), &chunked, FLIP).await;
    assert_eq!(answer.status, 507, "a length that is not known before changes nothing");
    assert_eq!(server.put("two", "other", FLIP).await.status, 201, "another token has a quota of its own");
    assert_eq!(status(&server.router, "DELETE /handlers/one", Some("other")).await, 204);
    assert_eq!(server.put("three", "ci", INVERT).await.status, 201);
    assert_eq!(server.put("three?call_ms=9", "ci", INVERT).await.status, 201, "another version is no other handler");
    assert_eq!(status(&server.router, "DELETE /handlers/three/versions/1", Some("ci")).await, 204);
    assert_eq!(server.put("three", "ci", &large).await.status, 507, "the other version is the same component");
    assert_eq!(status(&server.router, "DELETE /handlers/three", Some("ci")).await, 204);
    assert_eq!(server.put("three", "ci", &large).await.status, 415, "nothing else is counted any more");
}

#[tokio::test]
async fn uploads_a_minute_are_bounded_by_token_and_too_many_are_not_audited() {
    let quota = Quota { uploads_a_minute: Some(2), ..Quota::default() };
    let server = Server::start(|data| {
        token(data, "ci", &[Scope::Upload], quota);
        token(data, "other", &[Scope::Upload], quota);
    });
    for (path, expected) in [("a", 201), ("b", 201), ("c", 429)] {
        let answer = server.put(path, "ci", INVERT).await;
        assert_eq!(answer.status, expected);
        let wait: Option<u64> = answer.headers.get("retry-after").map(|wait| wait.to_str().unwrap().parse().unwrap());
        assert_eq!(wait.is_some_and(|wait| (1..=61).contains(&wait)), expected == 429, "{wait:?}");
    }
    assert_eq!(server.put("d", "other", INVERT).await.status, 201);
    assert_eq!(server.audit().len(), 3);
}

#[tokio::test]
async fn the_audit_log_says_who_did_what_and_how_it_ended() {
    let quota = Quota { handlers: Some(1), ..Quota::default() };
    let server = Server::start(|data| token(data, "ci", &[Scope::Admin], quota));
    assert_eq!(server.put("a", "ci", INVERT).await.status, 201);
    assert_eq!(server.put("b", "ci", INVERT).await.status, 507);
    assert_eq!(server.put("a", "ci", FLIP).await.status, 201);
    assert_eq!(server.promote("a", "ci", &json!({ "version": 1 })).await.status, 200);
    assert_eq!(server.promote("a", "ci", &json!({ "version": 1 })).await.status, 200, "it is active already");
    assert_eq!(server.promote("a", "ci", &json!({ "version": 9 })).await.status, 404);
    assert_eq!(status(&server.router, "DELETE /handlers/a/versions/1", Some("ci")).await, 409);
    assert_eq!(status(&server.router, "DELETE /handlers/a/versions/one", Some("ci")).await, 400);
    assert_eq!(status(&server.router, "DELETE /handlers/a/versions/2", Some("ci")).await, 204);
    assert_eq!(status(&server.router, "DELETE /handlers/a", Some("ci")).await, 204);
    // Strangers leave no trace in the file.
    assert_eq!(status(&server.router, "DELETE /handlers/a", None).await, 401);
    let log = server.audit();
    let lines: Vec<_> = log
        .iter()
        .map(|line| {
            assert_eq!(line["who"], "ci");
            [&line["what"], &line["name"], &line["outcome"], &line["version"], &line["status"]].map(Value::clone)
        })
        .collect();
    let expected = [
        [json!("upload"), json!("a"), json!("done"), json!(1), json!(201)],
        [json!("upload"), json!("b"), json!("refused"), json!(null), json!(507)],
        [json!("upload"), json!("a"), json!("done"), json!(2), json!(201)],
        [json!("rollback"), json!("a"), json!("done"), json!(1), json!(200)],
        [json!("promote"), json!("a"), json!("done"), json!(1), json!(200)],
        [json!("promote"), json!("a"), json!("refused"), json!(null), json!(404)],
        [json!("delete"), json!("a"), json!("refused"), json!(1), json!(409)],
        [json!("delete"), json!("a"), json!("refused"), json!(null), json!(400)],
        [json!("delete"), json!("a"), json!("done"), json!(2), json!(204)],
        [json!("delete"), json!("a"), json!("done"), json!(null), json!(204)],
    ];
    assert_eq!(lines, expected, "{log:#?}");
    assert!(log[0]["digest"].as_str().is_some_and(|digest| digest.starts_with("sha256:")), "{log:#?}");
}

#[tokio::test]
async fn a_change_whose_client_does_not_wait_ends_and_is_audited() {
    let data = TempDir::new().unwrap();
    let auth = Auth::open(Some(data.path()), &[], "127.0.0.1:0".parse().unwrap()).unwrap();
    let changes = Arc::new(Changes::new(Arc::new(auth)));
    let (scopes, quota) = (Vec::new(), Quota::default());
    let principal = Principal { token: Some("ci".to_owned()), is_operator: false, scopes, quota };
    let caller = Caller { principal, address: None };
    let attempt = Attempt { caller, action: Action::Delete, name: "a".to_owned(), version: None };
    let (begun, has_begun) = oneshot::channel();
    let (end, may_end) = oneshot::channel();
    let change = async move {
        begun.send(()).unwrap();
        may_end.await.unwrap();
        Err::<(), _>(Problem::not_found("there is no handler a"))
    };
    let runner = changes.clone();
    let client = tokio::spawn(async move { runner.run(attempt, change).await });
    has_begun.await.unwrap();
    client.abort();
    assert!(client.await.is_err_and(|error| error.is_cancelled()));
    end.send(()).unwrap();
    changes.finish().await;
    let log = std::fs::read_to_string(data.path().join("audit.jsonl")).unwrap();
    assert!(log.contains("\"refused\"") && log.contains("\"delete\""), "{log}");
}
