//! A stand-in for the server that implements the routes of the catalog, for tests of the command line. It is started by
//! [`StandIn::start`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use serde_json::{Value, json};

/// The token that it accepts.
pub const TOKEN: &str = "fbx_stand_in";

/// A server on the loopback interface.
pub struct StandIn {
    /// `http://address:port`
    pub base: String,
    task: tokio::task::JoinHandle<()>,
}

/// The versions of each handler by their bytes, and the number of the active one.
#[derive(Default)]
struct Catalog(BTreeMap<String, (Vec<Vec<u8>>, u64)>);

type Shared = Arc<Mutex<Catalog>>;

impl StandIn {
    /// Starts one with an empty catalog.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/handlers", get(list))
            .route("/handlers/{name}", put(upload).delete(remove))
            .route("/handlers/{name}/versions", get(versions))
            .route("/handlers/{name}/active", post(activate))
            .route("/handlers/{name}/versions/{version}", delete(remove_version))
            .layer(from_fn(check))
            .with_state(Shared::default());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base, task }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn check(request: Request, next: Next) -> Response {
    match request.headers().get(header::AUTHORIZATION).map(|value| value.to_str().unwrap()) {
        None => problem(StatusCode::UNAUTHORIZED, "this takes a token"),
        Some(bearer) if bearer != format!("Bearer {TOKEN}") => problem(StatusCode::FORBIDDEN, "not this token"),
        Some(_) => next.run(request).await,
    }
}

fn problem(status: StatusCode, detail: &str) -> Response {
    let body = json!({ "title": status.to_string(), "status": status.as_u16(), "detail": detail });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}

async fn list(State(catalog): State<Shared>) -> Json<Value> {
    let catalog = catalog.lock().unwrap();
    let handlers: Vec<_> = catalog
        .0
        .keys()
        .map(|name| json!({ "name": name, "kind": "transform", "digest": "sha256:00", "title": "Stand-in" }))
        .collect();
    Json(json!({ "handlers": handlers, "default": "invert" }))
}

async fn upload(
    State(catalog): State<Shared>,
    Path(name): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    assert!(headers.contains_key("content-length") && headers.contains_key("upload-id"), "{headers:?}");
    match name.as_str() {
        "often" => return problem(StatusCode::TOO_MANY_REQUESTS, "too often"),
        "broken" => return problem(StatusCode::INTERNAL_SERVER_ERROR, "failed"),
        "full" => return problem(StatusCode::INSUFFICIENT_STORAGE, "the quota is used up"),
        _ => {}
    }
    if !body.starts_with(b"\0asm") {
        return problem(StatusCode::UNPROCESSABLE_ENTITY, "this is no component\u{1b}[31m");
    }
    let mut catalog = catalog.lock().unwrap();
    let (versions, active) = catalog.0.entry(name.clone()).or_default();
    let known = versions.iter().position(|bytes| *bytes == body);
    let index = known.unwrap_or_else(|| {
        versions.push(body.to_vec());
        versions.len() - 1
    });
    let version = index as u64 + 1;
    if query.get("activate").is_none_or(|wish| wish != "false") {
        *active = version;
    }
    let status = if known.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    let answer = json!({ "name": name, "version": version, "digest": format!("sha256:{version:064}"), "kind": "transform",
        "descriptor": {}, "imports": [], "bytes": body.len(), "times_ms": { "compile": 1, "describe": 1 },
        "active": *active == version });
    (status, Json(answer)).into_response()
}

async fn versions(State(catalog): State<Shared>, Path(name): Path<String>) -> Response {
    let catalog = catalog.lock().unwrap();
    let Some((versions, active)) = catalog.0.get(&name) else {
        return problem(StatusCode::NOT_FOUND, "there is no such handler");
    };
    let one = |(index, bytes): (usize, &Vec<u8>)| {
        let version = index as u64 + 1;
        json!({ "version": version, "digest": format!("sha256:{version:064}"), "bytes": bytes.len(), "uploaded": 0,
            "active": version == *active, "sessions": 0 })
    };
    let versions: Vec<_> = versions.iter().enumerate().map(one).collect();
    Json(json!({ "versions": versions, "active": active })).into_response()
}

async fn activate(State(catalog): State<Shared>, Path(name): Path<String>, Json(body): Json<Value>) -> Response {
    let mut catalog = catalog.lock().unwrap();
    let Some((versions, active)) = catalog.0.get_mut(&name) else {
        return problem(StatusCode::NOT_FOUND, "there is no such handler");
    };
    if let Some(canary) = body.get("canary") {
        return Json(json!({ "active": active, "canary": canary })).into_response();
    }
    match body["version"].as_u64() {
        Some(version) if (1..=versions.len() as u64).contains(&version) => {
            *active = version;
            Json(json!({ "active": version })).into_response()
        }
        _ => problem(StatusCode::NOT_FOUND, "there is no such version"),
    }
}

async fn remove(State(catalog): State<Shared>, Path(name): Path<String>) -> Response {
    match catalog.lock().unwrap().0.remove(&name) {
        Some(_) => StatusCode::NO_CONTENT.into_response(),
        None => problem(StatusCode::NOT_FOUND, "there is no such handler"),
    }
}

async fn remove_version(Path((_, _)): Path<(String, u64)>, Query(query): Query<BTreeMap<String, String>>) -> Response {
    match query.get("drain") {
        Some(_) => StatusCode::NO_CONTENT.into_response(),
        None => problem(StatusCode::CONFLICT, "it is in use"),
    }
}
