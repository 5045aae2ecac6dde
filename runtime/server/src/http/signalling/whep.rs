//! WHEP (draft-ietf-wish-whep-03): watching a stream.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use framebox_auth::scope::Access;

use super::resource::{self, Body, SDP, Shared, WHEP};
use crate::app::App;
use crate::http::auth_layer::Caller;
use crate::http::problem::Problem;
use crate::http::routes::{Routes, Rule};
use crate::http::visitor::token_needed;
use crate::streams::Visitor;

/// Adds the routes of this protocol. Who may watch a stream is the stream's to say.
pub fn routes(routes: Routes<Arc<App>>) -> Routes<Arc<App>> {
    let (nothing, anyone) = (Rule::new(Access::Nothing), Rule::new(Access::Anyone));
    routes
        .serve::<__path_whep_watch, _>(anyone, whep_watch)
        .serve::<__path_whep_endpoint, _>(nothing, whep_endpoint)
        .serve::<__path_whep_session, _>(anyone, whep_session)
        .serve::<__path_whep_patch, _>(anyone, whep_patch)
        .serve::<__path_whep_end, _>(anyone, whep_end)
}

/// Watches a stream
///
/// An offer that cannot be answered is answered with one of the server's, which holds for 30 s: its answer is sent by `PATCH` to `Location`.
#[utoipa::path(post, path = "/whep/{stream}", tag = "whep",
    params(("stream" = String, Path, description = "Name of the stream")),
    request_body(content = String, description = "The offer", content_type = "application/sdp"),
    responses(
        (status = 201, description = "The answer's SDP", body = String, content_type = "application/sdp", headers(
            ("location" = String, description = "Address of the connection"),
            ("etag" = String, description = "The ICE session"),
            ("accept-patch" = String, description = "`application/trickle-ice-sdpfrag`"),
            ("link" = Option<String>, description = "One for each STUN and TURN server that the client may use"))),
        (status = 400, description = "The offer is malformed"),
        (status = 404, description = "There is no such stream for the client"),
        (status = 406, description = "The offer has no video that can be sent: an offer of the server's in its place", body = String, content_type = "application/sdp", headers(
            ("location" = String, description = "Where the answer to it goes"),
            ("etag" = String, description = "The ICE session"),
            ("accept-patch" = String, description = "`application/trickle-ice-sdpfrag`, once it is answered"),
            ("link" = Option<String>, description = "One for each STUN and TURN server that the client may use"))),
        (status = 409, description = "Nothing is live; `Retry-After` says when to try again"),
        (status = 410, description = "The connection was closed before it was answered"),
        (status = 422, description = "The stream has no picture"),
        (status = 429, description = "The client sends too many requests"),
        (status = 500, description = "The connection could not be made"),
        (status = 503, description = "There are as many viewers as there may be; `Retry-After` says when to try again"),
    ))]
async fn whep_watch(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Extension(limit): Extension<Shared>,
    visitor: Visitor,
    Path(stream): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    limit.admit(caller.key())?;
    if let Some(problem) = token_needed(&app, &visitor, &stream) {
        return Err(problem);
    }
    let offer = resource::description(&headers, body)?;
    let (owner, secret) = resource::owner(&caller)?;
    let (status, connected) = match app.streams.watch(&stream, &visitor, (None, owner.clone()), &offer).await {
        Ok(connected) => (StatusCode::CREATED, connected),
        Err(error) if resource::is_unsuitable(&error) => {
            let offered = app.streams.offer(&stream, &visitor, owner).map_err(resource::refused_offer)?;
            tracing::debug!(stream, %error, "an offer is answered with another one");
            (StatusCode::NOT_ACCEPTABLE, offered)
        }
        Err(error) => return Err(resource::refused_offer(error)),
    };
    Ok(resource::described(&app, &caller, WHEP, status, connected, secret.as_ref()))
}

/// Says that this is an address to watch at, whether there is such a stream or not
#[utoipa::path(get, path = "/whep/{stream}", tag = "whep",
    params(("stream" = String, Path, description = "Name of the stream")),
    responses((status = 200, description = "It has no content; its type is what is sent to it", content_type = "application/sdp")))]
async fn whep_endpoint(Path(_stream): Path<String>) -> Response {
    [(header::CONTENT_TYPE, SDP)].into_response()
}

/// Says that a viewer's connection exists
#[utoipa::path(get, path = "/whep/sessions/{id}", tag = "whep",
    params(("id" = String, Path, description = "From its `Location`")),
    responses(
        (status = 204, description = "It has no content"),
        (status = 404, description = "There is no such connection for the client"),
    ))]
async fn whep_session(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    resource::exists(&app, WHEP, &visitor, &id)
}

/// Adds candidates to a viewer's connection, restarts ICE, or answers an offer of the server's
#[utoipa::path(patch, path = "/whep/sessions/{id}", tag = "whep",
    params(
        ("id" = String, Path, description = "From its `Location`"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the ICE session that a fragment is for; `*` for a restart"),
    ),
    request_body(
        content((String = "application/trickle-ice-sdpfrag"), (String = "application/sdp")),
        description = "The fragment, or the answer"),
    responses(
        (status = 200, description = "ICE restarts: the fragment for the client", body = String, content_type = "application/trickle-ice-sdpfrag",
            headers(("etag" = String, description = "The new ICE session"))),
        (status = 204, description = "The candidates were added, or the answer was taken"),
        (status = 400, description = "The fragment or the answer is malformed"),
        (status = 404, description = "There is no such connection for the client"),
        (status = 409, description = "Nothing is live any more"),
        (status = 410, description = "The connection was closed"),
        (status = 412, description = "The ICE session is another one"),
        (status = 422, description = "ICE cannot be restarted this way, and the connection goes on; or the answer declines the video"),
        (status = 428, description = "`If-Match` is missing"),
        (status = 429, description = "The client sends too many requests"),
        (status = 500, description = "The connection could not be made"),
        (status = 503, description = "There are as many viewers as there may be"),
    ))]
async fn whep_patch(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Extension(limit): Extension<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    limit.admit(caller.key())?;
    resource::patch(&app, WHEP, &visitor, &id, (&headers, body)).await
}

/// Ends a viewer's connection
#[utoipa::path(delete, path = "/whep/sessions/{id}", tag = "whep",
    params(("id" = String, Path, description = "From its `Location`")),
    responses(
        (status = 200, description = "It ends"),
        (status = 404, description = "There is no such connection for the client"),
        (status = 429, description = "The client sends too many requests"),
    ))]
async fn whep_end(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Extension(limit): Extension<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    limit.admit(caller.key())?;
    resource::end(&app, WHEP, &visitor, &id)
}
