//! `GET /streams/{name}/snapshot.jpg` and `.png`, `GET /sessions/{id}/snapshot.jpg` and `.png`.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use framebox_auth::scope::{Access, Scope};
use framebox_media::snapshot::{Format, Snapshot};
use serde::Deserialize;
use utoipa::IntoParams;

use super::streams::find;
use crate::app::App;
use crate::http::problem::Problem;
use crate::http::requester::SecretHeader;
use crate::http::routes::{Routes, Rule};
use crate::sessions::ActiveSession;
use crate::sessions::owner::{Proof, Requester};
use crate::streams::Visitor;

/// How large a picture is to be.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Size {
    /// Length of the longer side, pixels, at least 16; pictures are not enlarged. Absent: as it is.
    size: Option<u32>,
}

type Asked = Result<Query<Size>, QueryRejection>;

/// Adds the routes of this resource.
pub fn routes(routes: Routes<Arc<App>>) -> Routes<Arc<App>> {
    let (anyone, watch) = (Rule::new(Access::Anyone), Rule::new(Access::Scope(Scope::Watch)));
    routes
        .serve::<__path_stream_jpeg, _>(anyone, stream_jpeg)
        .serve::<__path_stream_png, _>(anyone, stream_png)
        .serve::<__path_session_jpeg, _>(watch, session_jpeg)
        .serve::<__path_session_png, _>(watch, session_png)
}

/// Shows what a stream shows at this moment, as a JPEG
#[utoipa::path(get, path = "/streams/{name}/snapshot.jpg", tag = "streams",
    params(("name" = String, Path, description = "Name of the stream"), Size, SecretHeader),
    responses(
        (status = 200, description = "The picture that was shown last", body = Vec<u8>, content_type = "image/jpeg"),
        (status = 404, description = "There is no such stream for the caller, or it has no picture"),
    ))]
async fn stream_jpeg(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    size: Asked,
) -> Result<Response, Problem> {
    picture(find(&app, &visitor, &name)?.session(), Format::Jpeg, size).await
}

/// Shows what a stream shows at this moment, as a PNG
///
/// One of more than 4 Mi pixels is made smaller.
#[utoipa::path(get, path = "/streams/{name}/snapshot.png", tag = "streams",
    params(("name" = String, Path, description = "Name of the stream"), Size, SecretHeader),
    responses(
        (status = 200, description = "The picture that was shown last", body = Vec<u8>, content_type = "image/png"),
        (status = 404, description = "There is no such stream for the caller, or it has no picture"),
    ))]
async fn stream_png(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    size: Asked,
) -> Result<Response, Problem> {
    picture(find(&app, &visitor, &name)?.session(), Format::Png, size).await
}

/// Shows what a session shows at this moment, as a JPEG
#[utoipa::path(get, path = "/sessions/{id}/snapshot.jpg", tag = "sessions",
    params(("id" = String, Path, description = "The client's `webrtc_id`"), Size, SecretHeader),
    responses(
        (status = 200, description = "The picture that was shown last", body = Vec<u8>, content_type = "image/jpeg"),
        (status = 404, description = "The caller has no such session, or it has no picture"),
    ))]
async fn session_jpeg(
    State(app): State<Arc<App>>,
    requester: Requester,
    Path(id): Path<String>,
    size: Asked,
) -> Result<Response, Problem> {
    picture(Some(session(&app, &requester, &id)?), Format::Jpeg, size).await
}

/// Shows what a session shows at this moment, as a PNG
///
/// One of more than 4 Mi pixels is made smaller.
#[utoipa::path(get, path = "/sessions/{id}/snapshot.png", tag = "sessions",
    params(("id" = String, Path, description = "The client's `webrtc_id`"), Size, SecretHeader),
    responses(
        (status = 200, description = "The picture that was shown last", body = Vec<u8>, content_type = "image/png"),
        (status = 404, description = "The caller has no such session, or it has no picture"),
    ))]
async fn session_png(
    State(app): State<Arc<App>>,
    requester: Requester,
    Path(id): Path<String>,
    size: Asked,
) -> Result<Response, Problem> {
    picture(Some(session(&app, &requester, &id)?), Format::Png, size).await
}

fn session(app: &App, requester: &Requester, id: &str) -> Result<Arc<ActiveSession>, Problem> {
    let found = app.sessions.find(id, requester, Proof::Secret).and_then(|found| found.active());
    found.ok_or_else(|| Problem::not_found(format!("you have no session {id:?}; GET /sessions lists yours")))
}

async fn picture(active: Option<Arc<ActiveSession>>, format: Format, size: Asked) -> Result<Response, Problem> {
    let Query(Size { size }) = size.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    let snapshot = Snapshot { format, longest_side: size, ..Snapshot::JPEG };
    let file = match active.and_then(|active| active.session()) {
        Some(session) => session.snapshot(snapshot).await,
        None => None,
    };
    let file = file.ok_or_else(|| {
        Problem::not_found("there is no picture at this moment: nothing was shown yet, or the handler only reports")
    })?;
    Ok(([(header::CONTENT_TYPE, format.mime_type()), (header::CACHE_CONTROL, "no-store")], file).into_response())
}
