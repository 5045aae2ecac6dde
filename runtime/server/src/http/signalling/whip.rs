//! WHIP (RFC 9725): publishing into a stream.

use std::sync::Arc;

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use framebox_auth::authorize::AuthorizeError;
use framebox_auth::scope::{Access, Scope};
use framebox_pipeline::{Skipping, Unprocessed};
use framebox_rtc::sdp::Outline;
use serde::Deserialize;
use utoipa::IntoParams;

use super::resource::{self, Body, Shared, WHIP};
use crate::app::App;
use crate::http::auth_layer::Caller;
use crate::http::problem::Problem;
use crate::http::routes::{Routes, Rule};
use crate::sessions::offer;
use crate::streams::{Target, Visitor};

/// Adds the routes of this protocol. Who may publish into a stream is the stream's to say.
pub fn routes(routes: Routes<Arc<App>>) -> Routes<Arc<App>> {
    let (nothing, token, anyone) = (Rule::new(Access::Nothing), Rule::new(Access::Token), Rule::new(Access::Anyone));
    routes
        .serve::<__path_whip_publish, _>(token, whip_publish)
        .serve::<__path_whip_publish_new, _>(token, whip_publish_new)
        .serve::<__path_whip_endpoint, _>(nothing, whip_endpoint)
        .serve::<__path_whip_endpoint_new, _>(nothing, whip_endpoint_new)
        .serve::<__path_whip_session, _>(anyone, whip_session)
        .serve::<__path_whip_patch, _>(anyone, whip_patch)
        .serve::<__path_whip_end, _>(anyone, whip_end)
}

/// What a publisher asks of a stream of its own.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NewStream {
    /// `name`, `name@3` or `name@sha256:…`; default: the server's choice
    handler: Option<String>,
    /// Which frames are skipped; default: the handler's
    policy: Option<Skipping>,
    /// What is shown for a frame without a result; default: the handler's
    unprocessed: Option<Unprocessed>,
}

/// Publishes into a stream
#[utoipa::path(post, path = "/whip/{stream}", tag = "whip",
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
        (status = 409, description = "Somebody else publishes into it; `Retry-After` says when to try again"),
        (status = 410, description = "The connection was closed before it was answered"),
        (status = 422, description = "The offer has no video that can be taken, more than one video, audio or stream, or the stream has an input of its own"),
        (status = 429, description = "The client sends too many requests, or has as many streams as it may"),
        (status = 500, description = "The connection could not be made"),
        (status = 503, description = "The server is at its limit; `Retry-After` says when to try again"),
    ))]
async fn whip_publish(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Extension(limit): Extension<Shared>,
    visitor: Visitor,
    Path(stream): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    limit.admit(caller.key())?;
    publish(&app, (&caller, &visitor), Target::Stream(&stream), (&headers, body)).await
}

/// Publishes into a stream of its own, which lasts as long as somebody publishes into it
///
/// Needs the scope `watch` or `publish`.
#[utoipa::path(post, path = "/whip", tag = "whip",
    params(NewStream),
    request_body(content = String, description = "The offer", content_type = "application/sdp"),
    responses(
        (status = 201, description = "The answer's SDP", body = String, content_type = "application/sdp", headers(
            ("location" = String, description = "Address of the connection"),
            ("etag" = String, description = "The ICE session"),
            ("accept-patch" = String, description = "`application/trickle-ice-sdpfrag`"),
            ("link" = Option<String>, description = "One for each STUN and TURN server that the client may use"))),
        (status = 400, description = "The offer is malformed, or an option"),
        (status = 404, description = "There is no such handler"),
        (status = 409, description = "Somebody else publishes into it"),
        (status = 410, description = "The connection was closed before it was answered"),
        (status = 422, description = "The offer has no video that can be taken, more than one video, audio or stream, or the handler makes its own pictures"),
        (status = 429, description = "The client sends too many requests, or has as many streams as it may"),
        (status = 500, description = "The connection could not be made"),
        (status = 503, description = "The server is at its limit; `Retry-After` says when to try again"),
    ))]
async fn whip_publish_new(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Extension(limit): Extension<Shared>,
    visitor: Visitor,
    query: Result<Query<NewStream>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    limit.admit(caller.key())?;
    let Query(NewStream { handler, policy, unprocessed }) =
        query.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    let options = offer::Options { handler, skipping: policy, unprocessed, ..offer::Options::default() };
    publish(&app, (&caller, &visitor), Target::Handler(&options), (&headers, body)).await
}

async fn publish(
    app: &App,
    (caller, visitor): (&Caller, &Visitor),
    target: Target<'_>,
    (headers, body): (&HeaderMap, Body),
) -> Result<Response, Problem> {
    let offer = resource::description(headers, body)?;
    // Streams decide themselves; a new one needs what the others need that make one.
    if matches!(target, Target::Handler(_)) && !(visitor.may_watch || visitor.may_publish) {
        return Err(AuthorizeError::Insufficient(Scope::Publish).into());
    }
    let outline = Outline::read(&offer).map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    // RFC 9725 section 4.4.2.
    if let Outline { audio: 2.., .. } | Outline { video: 2.., .. } | Outline { streams: 2.., .. } = outline {
        let text = "one video at most, one audio at most, of one stream (a=msid): this offer has more";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, text));
    }
    let (owner, secret) = resource::owner(caller)?;
    let connected = app.streams.publish(target, visitor, owner, &offer).await.map_err(resource::refused_offer)?;
    Ok(resource::described(app, caller, WHIP, StatusCode::CREATED, connected, secret.as_ref()))
}

/// Says that this is an address to publish at
#[utoipa::path(get, path = "/whip/{stream}", tag = "whip",
    params(("stream" = String, Path, description = "Name of the stream")),
    responses((status = 204, description = "It has no content")))]
async fn whip_endpoint(Path(_stream): Path<String>) -> Response {
    resource::no_content()
}

/// Says that this is an address to publish at, into a stream of its own
#[utoipa::path(get, path = "/whip", tag = "whip", responses((status = 204, description = "It has no content")))]
async fn whip_endpoint_new() -> Response {
    resource::no_content()
}

/// Says that a publisher's connection exists
#[utoipa::path(get, path = "/whip/sessions/{id}", tag = "whip",
    params(("id" = String, Path, description = "From its `Location`")),
    responses(
        (status = 204, description = "It has no content"),
        (status = 404, description = "There is no such connection for the client"),
    ))]
async fn whip_session(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    resource::exists(&app, WHIP, &visitor, &id)
}

/// Adds candidates to a publisher's connection, or restarts ICE
#[utoipa::path(patch, path = "/whip/sessions/{id}", tag = "whip",
    params(
        ("id" = String, Path, description = "From its `Location`"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the ICE session that this is for; `*` for a restart"),
    ),
    request_body(content = String, description = "The fragment", content_type = "application/trickle-ice-sdpfrag"),
    responses(
        (status = 200, description = "ICE restarts: the fragment for the client", body = String, content_type = "application/trickle-ice-sdpfrag",
            headers(("etag" = String, description = "The new ICE session"))),
        (status = 204, description = "The candidates were added"),
        (status = 400, description = "The fragment is malformed"),
        (status = 404, description = "There is no such connection for the client"),
        (status = 412, description = "The ICE session is another one"),
        (status = 422, description = "ICE cannot be restarted this way; the connection goes on"),
        (status = 428, description = "`If-Match` is missing"),
        (status = 429, description = "The client sends too many requests"),
    ))]
async fn whip_patch(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Extension(limit): Extension<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    limit.admit(caller.key())?;
    resource::patch(&app, WHIP, &visitor, &id, (&headers, body)).await
}

/// Ends a publisher's connection
#[utoipa::path(delete, path = "/whip/sessions/{id}", tag = "whip",
    params(("id" = String, Path, description = "From its `Location`")),
    responses(
        (status = 200, description = "It ends"),
        (status = 404, description = "There is no such connection for the client"),
        (status = 429, description = "The client sends too many requests"),
    ))]
async fn whip_end(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Extension(limit): Extension<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    limit.admit(caller.key())?;
    resource::end(&app, WHIP, &visitor, &id)
}
