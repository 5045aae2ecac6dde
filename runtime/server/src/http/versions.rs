//! `GET /handlers/{name}/versions`, `POST /handlers/{name}/active`, `DELETE /handlers/{name}` and of one version.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use framebox_sandbox::{Digest, Kind};
use serde::{Deserialize, Deserializer, Serialize};

use super::object::{Object, Wrong};
use super::problem::Problem;
use crate::app::App;
use framebox_catalog::limits::Table;
use framebox_catalog::{Actor, Canary, Promotion, Version};

/// What `GET /handlers/{name}/versions` answers.
#[derive(Serialize)]
pub struct Versions {
    versions: Vec<Line>,
    /// The version that sessions get.
    active: Option<u64>,
    canary: Option<Share>,
}

/// One version.
#[derive(Serialize)]
pub struct Line {
    version: u64,
    digest: Digest,
    kind: Kind,
    /// Its size.
    bytes: u64,
    /// When it came, RFC 3339; none for what comes with the program or its configuration.
    uploaded: Option<String>,
    /// Sessions get it.
    active: bool,
    /// What it may use, as far as that came with it.
    limits: Table,
    /// Sessions that use it.
    sessions: usize,
    /// Why it was taken back, if it was since the server started.
    rolled_back: Option<String>,
}

/// A canary.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    version: u64,
    /// Of the sessions that begin, 0 to 1.
    share: f64,
}

/// What `POST /handlers/{name}/active` asks for: at least one of the two.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    version: Option<u64>,
    /// `null`: there is to be none.
    #[serde(default, deserialize_with = "given")]
    canary: Option<Option<Share>>,
}

/// What `POST /handlers/{name}/active` answers.
#[derive(Serialize)]
pub struct Chosen {
    name: String,
    active: Option<u64>,
    /// The version that was active before, to which a rollback goes.
    previous: Option<u64>,
    canary: Option<Share>,
}

/// The query of a deletion.
#[derive(Deserialize)]
pub struct Deletion {
    /// Sessions that use it go on with it.
    #[serde(default)]
    drain: bool,
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Share>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

fn share(canary: Option<Canary>) -> Option<Share> {
    canary.map(|Canary { version, share }| Share { version, share })
}

pub async fn list(State(app): State<Arc<App>>, Path(name): Path<String>) -> Result<Json<Versions>, Problem> {
    let listing = app.catalog.versions(&name)?;
    let active = listing.handler.active;
    let versions = listing.versions.iter().map(|version| line(version, active)).collect();
    Ok(Json(Versions { versions, active, canary: share(listing.handler.canary) }))
}

fn line(version: &Version, active: Option<u64>) -> Line {
    let time = |ms| humantime::format_rfc3339_millis(SystemTime::UNIX_EPOCH + Duration::from_millis(ms)).to_string();
    Line {
        version: version.number,
        digest: version.digest,
        kind: version.metadata.kind,
        bytes: version.bytes,
        uploaded: version.uploaded_ms.map(time),
        active: active == Some(version.number),
        limits: version.requested_limits,
        sessions: version.sessions(),
        rolled_back: version.rollback_reason(),
    }
}

pub async fn choose(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    body: Result<Object<Wanted>, Wrong>,
) -> Result<Json<Chosen>, Problem> {
    let hint = "say which: {\"version\": 2}, or {\"canary\": {\"version\": 3, \"share\": 0.1}}";
    let Object(Wanted { version, canary }) = body.map_err(|wrong| wrong.problem(hint))?;
    if version.is_none() && canary.is_none() {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, hint));
    }
    let canary = canary.map(|canary| canary.map(|Share { version, share }| Canary { version, share }));
    let handler = app.catalog.promote(&name, Promotion { active: version, canary }, Actor::default()).await?.handler;
    let (active, previous) = (handler.active, handler.previous);
    Ok(Json(Chosen { name, active, previous, canary: share(handler.canary) }))
}

pub async fn delete(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    query: Result<Query<Deletion>, QueryRejection>,
) -> Result<StatusCode, Problem> {
    app.catalog.delete(&name, drain(query)?, Actor::default()).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn delete_version(
    State(app): State<Arc<App>>,
    path: Result<Path<(String, u64)>, PathRejection>,
    query: Result<Query<Deletion>, QueryRejection>,
) -> Result<StatusCode, Problem> {
    let Path((name, number)) = path.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    app.catalog.delete_version(&name, number, drain(query)?, Actor::default()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn drain(query: Result<Query<Deletion>, QueryRejection>) -> Result<bool, Problem> {
    query.map(|Query(deletion)| deletion.drain).map_err(|error| Problem::new(error.status(), error.body_text()))
}
