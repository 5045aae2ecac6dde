//! `GET /handlers/{name}/versions`, `POST /handlers/{name}/active`, `DELETE /handlers/{name}` and of one version.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use framebox_auth::audit::Action;
use framebox_auth::scope::{Need, Scope};
use framebox_sandbox::{Digest, Kind};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::json_object::{BodyError, JsonObject};
use super::problem::Problem;
use super::routes::{Routes, Rule};
use crate::app::App;
use framebox_catalog::limits::Table;
use framebox_catalog::{Canary, Choice, Version};

/// What `GET /handlers/{name}/versions` answers.
#[derive(Serialize, ToSchema)]
pub struct Versions {
    versions: Vec<Line>,
    /// The version that sessions get.
    active: Option<u64>,
    canary: Option<Share>,
}

/// One version.
#[derive(Serialize, ToSchema)]
#[schema(as = Version)]
pub struct Line {
    version: u64,
    digest: Digest,
    kind: Kind,
    /// Its size.
    bytes: u64,
    /// When it was uploaded, RFC 3339; null for what comes with the program or its configuration.
    #[schema(format = DateTime)]
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
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = Canary)]
#[serde(deny_unknown_fields)]
pub struct Share {
    #[schema(minimum = 1)]
    version: u64,
    /// Of the sessions that begin, 0 to 1.
    #[schema(minimum = 0.0, maximum = 1.0)]
    share: f64,
}

/// What `POST /handlers/{name}/active` asks for: at least one of the two.
#[derive(Deserialize, ToSchema)]
#[schema(as = Activation)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    #[schema(nullable = false, minimum = 1)]
    version: Option<u64>,
    /// `null`: there is to be none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Share>)]
    canary: Option<Option<Share>>,
}

/// What `POST /handlers/{name}/active` answers.
#[derive(Serialize, ToSchema)]
pub struct Chosen {
    name: String,
    active: Option<u64>,
    /// The version that was active before, to which a rollback goes.
    previous: Option<u64>,
    canary: Option<Share>,
}

/// The query of a deletion.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Deletion {
    /// Let the sessions that use it end first.
    #[serde(default)]
    #[param(required = false)]
    drain: bool,
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Share>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

fn share(canary: Option<Canary>) -> Option<Share> {
    canary.map(|Canary { version, share }| Share { version, share })
}

/// Adds the routes of versions.
pub fn routes(routes: Routes<Arc<App>>) -> Routes<Arc<App>> {
    let promote = Rule::new(Need::Scope(Scope::Promote));
    routes
        .serve::<__path_list, _>(Rule::new(Need::Token), list)
        .serve::<__path_choose, _>(promote.changes(Action::Promote), choose)
        .serve::<__path_delete, _>(promote.changes(Action::Delete), delete)
        .serve::<__path_delete_version, _>(promote.changes(Action::Delete), delete_version)
}

/// Lists the versions of a handler
#[utoipa::path(get, path = "/handlers/{name}/versions", tag = "handlers", operation_id = "versions",
    params(("name" = String, Path, description = "Name of the handler")),
    responses(
        (status = 200, description = "The versions", body = Versions),
        (status = 404, description = "There is no such handler"),
    ))]
async fn list(State(app): State<Arc<App>>, Path(name): Path<String>) -> Result<Json<Versions>, Problem> {
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
        kind: version.about.kind,
        bytes: version.bytes,
        uploaded: version.uploaded_ms.map(time),
        active: active == Some(version.number),
        limits: version.brought,
        sessions: version.sessions(),
        rolled_back: version.verdict(),
    }
}

/// Makes a version active, or tries one on a share of the sessions that begin
#[utoipa::path(post, path = "/handlers/{name}/active", tag = "handlers", operation_id = "activate",
    params(("name" = String, Path, description = "Name of the handler")),
    request_body = Wanted,
    responses(
        (status = 200, description = "What is active", body = Chosen),
        (status = 404, description = "There is no such handler or version"),
        (status = 409, description = "It cannot be made active"),
        (status = 422, description = "The body is invalid, or the version cannot be run"),
        (status = 503, description = "The server is stopping, or cannot read its tokens"),
        (status = 507, description = "The disk is full"),
    ))]
async fn choose(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    body: Result<JsonObject<Wanted>, BodyError>,
) -> Result<Json<Chosen>, Problem> {
    let hint = "say which: {\"version\": 2}, or {\"canary\": {\"version\": 3, \"share\": 0.1}}";
    let JsonObject(Wanted { version, canary }) = body.map_err(|error| error.problem(hint))?;
    if version.is_none() && canary.is_none() {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, hint));
    }
    let canary = canary.map(|canary| canary.map(|Share { version, share }| Canary { version, share }));
    let handler = app.catalog.choose(&name, Choice { active: version, canary }).await?;
    let (active, previous) = (handler.active, handler.previous);
    Ok(Json(Chosen { name, active, previous, canary: share(handler.canary) }))
}

/// Deletes a handler with all its versions
#[utoipa::path(delete, path = "/handlers/{name}", tag = "handlers", operation_id = "delete_handler",
    params(("name" = String, Path, description = "Name of the handler"), Deletion),
    responses(
        (status = 204, description = "It is deleted"),
        (status = 404, description = "There is no such handler"),
        (status = 409, description = "It is in use, or cannot be changed"),
        (status = 503, description = "The server is stopping, or cannot read its tokens"),
        (status = 507, description = "The disk is full"),
    ))]
async fn delete(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    query: Result<Query<Deletion>, QueryRejection>,
) -> Result<StatusCode, Problem> {
    app.catalog.delete(&name, drain(query)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes a version
#[utoipa::path(delete, path = "/handlers/{name}/versions/{version}", tag = "handlers",
    params(
        ("name" = String, Path, description = "Name of the handler"),
        ("version" = u64, Path, description = "Number of the version", minimum = 1),
        Deletion,
    ),
    responses(
        (status = 204, description = "It is deleted"),
        (status = 404, description = "There is no such version"),
        (status = 409, description = "It is in use, or cannot be changed"),
        (status = 503, description = "The server is stopping, or cannot read its tokens"),
        (status = 507, description = "The disk is full"),
    ))]
async fn delete_version(
    State(app): State<Arc<App>>,
    path: Result<Path<(String, u64)>, PathRejection>,
    query: Result<Query<Deletion>, QueryRejection>,
) -> Result<StatusCode, Problem> {
    let Path((name, number)) = path.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    app.catalog.delete_version(&name, number, drain(query)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn drain(query: Result<Query<Deletion>, QueryRejection>) -> Result<bool, Problem> {
    query.map(|Query(deletion)| deletion.drain).map_err(|error| Problem::new(error.status(), error.body_text()))
}
