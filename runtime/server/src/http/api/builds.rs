//! `POST /handlers/{name}/build`: reports an author's build to the sessions of the handler.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use framebox_auth::scope::{Access, Scope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::http::json_object::{BodyError, JsonObject};
use crate::http::problem::Problem;
use crate::http::routes::{Routes, Rule};
use crate::protocol::{BuildState, Message};
use crate::sessions::Found;

/// Longest message, characters.
const MAX_MESSAGE: usize = 8192;

/// The state of a build, as the author's tool reports it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// Where it stands.
    state: BuildState,
    /// What the compiler said.
    #[serde(default)]
    #[schema(max_length = 8192)]
    message: String,
}

/// The sessions that received a report.
#[derive(Serialize, ToSchema)]
#[schema(as = BuildReceivers)]
pub struct Receivers {
    /// Number of sessions of the handler.
    sessions: usize,
}

/// Adds the routes of this resource.
pub fn routes(routes: Routes<Arc<App>>) -> Routes<Arc<App>> {
    routes.serve::<__path_build, _>(Rule::new(Access::Scope(Scope::Upload)), build)
}

/// Reports the build of a handler's next version to its sessions
///
/// Nothing of the report is kept.
#[utoipa::path(post, path = "/handlers/{name}/build", tag = "handlers",
    params(("name" = String, Path, description = "Name of the handler")),
    request_body = Build,
    responses(
        (status = 200, description = "The sessions received it", body = Receivers),
        (status = 404, description = "There is no such handler"),
        (status = 422, description = "The body is invalid"),
    ))]
async fn build(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    body: Result<JsonObject<Build>, BodyError>,
) -> Result<Json<Receivers>, Problem> {
    let hint = "give {\"state\": \"running\", \"failed\" or \"done\", \"message\": \"what the compiler said\"}";
    let JsonObject(Build { state, message }) = body.map_err(|error| error.problem(hint))?;
    if message.chars().count() > MAX_MESSAGE {
        let detail = format!("`message` is longer than {MAX_MESSAGE} characters: give its end");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail));
    }
    app.catalog.versions(&name)?;
    let message: String = message.chars().filter(|char| matches!(char, '\n' | '\t') || !char.is_control()).collect();
    let message = Message::Build { state, message: &message };
    let running = app.sessions.all().into_iter().filter_map(Found::active);
    let sessions: Vec<_> = running.filter(|active| active.handler == name).collect();
    sessions.iter().for_each(|active| active.control().send(&message));
    Ok(Json(Receivers { sessions: sessions.len() }))
}
