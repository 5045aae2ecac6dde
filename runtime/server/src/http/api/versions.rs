//! `GET /handlers/{name}/versions`, `POST /handlers/{name}/active`, `DELETE /handlers/{name}` and of one version.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, RawPathParams, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use framebox_auth::audit::{Action, Outcome};
use framebox_auth::scope::{Access, Scope};
use framebox_sandbox::{Digest, Kind};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::http::auth_layer::Caller;
use crate::http::change::{Attempt, Changes, Handlers};
use crate::http::json_object::{BodyError, JsonObject};
use crate::http::problem::Problem;
use crate::http::routes::{Routes, Rule};
use framebox_catalog::limits::Table;
use framebox_catalog::{Canary, Promoted, Promotion, Version};

/// The versions of a handler.
#[derive(Serialize, ToSchema)]
pub struct Versions {
    versions: Vec<Line>,
    /// Number of the version that new sessions get.
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
    /// Size of its component, bytes.
    bytes: u64,
    /// When it was uploaded, RFC 3339; null for a built-in or configured handler.
    #[schema(format = DateTime)]
    uploaded: Option<String>,
    /// Whether new sessions get it.
    active: bool,
    /// The limits that its upload requested.
    limits: Table,
    /// Number of sessions that use it.
    sessions: usize,
    /// Why it was rolled back, if it was since the server started.
    rolled_back: Option<String>,
}

/// A canary.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = Canary)]
#[serde(deny_unknown_fields)]
pub struct Share {
    #[schema(minimum = 1)]
    version: u64,
    /// Share of the new sessions, 0 to 1.
    #[schema(minimum = 0.0, maximum = 1.0)]
    share: f64,
}

/// Which version to activate, which canary to set: at least one of the two.
#[derive(Deserialize, ToSchema)]
#[schema(as = Activation)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    #[schema(nullable = false, minimum = 1)]
    version: Option<u64>,
    /// `null` ends the canary.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Share>)]
    canary: Option<Option<Share>>,
}

/// The selected versions of a handler.
#[derive(Serialize, ToSchema)]
pub struct Chosen {
    name: String,
    active: Option<u64>,
    /// The version that was active before, to which a rollback returns.
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
    let promote = Rule::new(Access::Scope(Scope::Promote));
    routes
        .serve::<__path_list, _>(Rule::new(Access::Token), list)
        .serve::<__path_promote, _>(promote, self::promote)
        .serve::<__path_delete, _>(promote, delete)
        .serve::<__path_delete_version, _>(promote, delete_version)
}

/// Lists the versions of a handler
#[utoipa::path(get, path = "/handlers/{name}/versions", tag = "handlers", operation_id = "versions",
    params(("name" = String, Path, description = "Name of the handler")),
    responses(
        (status = 200, description = "The versions", body = Versions),
        (status = 404, description = "There is no such handler"),
    ))]
pub(in crate::http) async fn list(
    State(Handlers(catalog)): State<Handlers>,
    Path(name): Path<String>,
) -> Result<Json<Versions>, Problem> {
    let listing = catalog.versions(&name)?;
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

/// Makes a version active, or gives one to a share of the new sessions
#[utoipa::path(post, path = "/handlers/{name}/active", tag = "handlers", operation_id = "activate",
    params(("name" = String, Path, description = "Name of the handler")),
    request_body = Wanted,
    responses(
        (status = 200, description = "What is active", body = Chosen),
        (status = 404, description = "There is no such handler or version"),
        (status = 409, description = "It cannot be made active"),
        (status = 422, description = "The body is invalid, or the version cannot be run"),
        (status = 500, description = "The server failed; its log says why"),
        (status = 503, description = "The server is stopping, or cannot read its tokens"),
        (status = 507, description = "The disk is full"),
    ))]
pub(in crate::http) async fn promote(
    State(Handlers(catalog)): State<Handlers>,
    Extension(changes): Extension<Arc<Changes>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    body: Result<JsonObject<Wanted>, BodyError>,
) -> Result<Json<Chosen>, Problem> {
    let attempt = Attempt { caller: caller.clone(), action: Action::Promote, name: name.clone(), version: None };
    let audit = changes.clone();
    let accepted = attempt.clone();
    let promote = async move {
        let hint =
            "say which version: {\"version\": 2}, or which canary: {\"canary\": {\"version\": 3, \"share\": 0.1}}";
        let JsonObject(Wanted { version, canary }) = body.map_err(|error| error.problem(hint))?;
        if version.is_none() && canary.is_none() {
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, hint));
        }
        let canary = canary.map(|canary| canary.map(|Share { version, share }| Canary { version, share }));
        let promotion = Promotion { active: version, canary };
        let Promoted { handler, changed } = catalog.promote(&name, promotion, caller.actor()).await?;
        if !changed {
            // It produces no event.
            let accepted = Attempt { version: handler.active, ..accepted };
            audit.audit(accepted, Outcome::Done, StatusCode::OK).await;
        }
        let (active, previous) = (handler.active, handler.previous);
        Ok(Json(Chosen { name, active, previous, canary: share(handler.canary) }))
    };
    changes.run(attempt, promote).await
}

/// Deletes a handler with all its versions
#[utoipa::path(delete, path = "/handlers/{name}", tag = "handlers", operation_id = "delete_handler",
    params(("name" = String, Path, description = "Name of the handler"), Deletion),
    responses(
        (status = 204, description = "It is deleted"),
        (status = 404, description = "There is no such handler"),
        (status = 409, description = "It is in use, or cannot be changed"),
        (status = 500, description = "The server failed; its log says why"),
        (status = 503, description = "The server is stopping, or cannot read its tokens"),
        (status = 507, description = "The disk is full"),
    ))]
pub(in crate::http) async fn delete(
    State(Handlers(catalog)): State<Handlers>,
    Extension(changes): Extension<Arc<Changes>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    query: Result<Query<Deletion>, QueryRejection>,
) -> Result<StatusCode, Problem> {
    let attempt = Attempt { caller: caller.clone(), action: Action::Delete, name: name.clone(), version: None };
    let delete = async move {
        catalog.delete(&name, drain(query)?, caller.actor()).await?;
        Ok(StatusCode::NO_CONTENT)
    };
    changes.run(attempt, delete).await
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
        (status = 500, description = "The server failed; its log says why"),
        (status = 503, description = "The server is stopping, or cannot read its tokens"),
        (status = 507, description = "The disk is full"),
    ))]
pub(in crate::http) async fn delete_version(
    State(Handlers(catalog)): State<Handlers>,
    Extension(changes): Extension<Arc<Changes>>,
    Extension(caller): Extension<Caller>,
    parameters: RawPathParams,
    path: Result<Path<(String, u64)>, PathRejection>,
    query: Result<Query<Deletion>, QueryRejection>,
) -> Result<StatusCode, Problem> {
    // The name is audited even when the version is not a number.
    let name = parameters.iter().find(|(key, _)| *key == "name").map(|(_, name)| name.to_owned()).unwrap_or_default();
    let version = path.as_ref().ok().map(|Path((_, number))| *number);
    let attempt = Attempt { caller: caller.clone(), action: Action::Delete, name, version };
    let delete = async move {
        let Path((name, number)) = path.map_err(|error| Problem::new(error.status(), error.body_text()))?;
        catalog.delete_version(&name, number, drain(query)?, caller.actor()).await?;
        Ok(StatusCode::NO_CONTENT)
    };
    changes.run(attempt, delete).await
}

fn drain(query: Result<Query<Deletion>, QueryRejection>) -> Result<bool, Problem> {
    query.map(|Query(deletion)| deletion.drain).map_err(|error| Problem::new(error.status(), error.body_text()))
}
