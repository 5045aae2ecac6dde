//! `PUT /handlers/{name}`, `GET /uploads/{id}`.

use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, HttpBody};
use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Path, Query, Request, State};
use axum::handler::Handler;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use framebox_auth::AuthorizeError;
use framebox_auth::audit::Action;
use framebox_auth::scope::{Access, Scope};
use framebox_sandbox::{Descriptor, Digest, Kind};
use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, Object, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use super::upload_body::{Broken, Metered};
use crate::app::App;
use crate::http::auth_layer::Caller;
use crate::http::change::{Attempt, Changes, Handlers};
use crate::http::problem::Problem;
use crate::http::routes::{Routes, Rule};
use framebox_catalog::Catalog;
use framebox_catalog::limits::Table;
use framebox_catalog::progress::{Permit, Progress};
use framebox_catalog::quota::Quota;
use framebox_catalog::upload::{Activation, Options, Uploaded};

/// The field of a form that holds the component.
const FIELD: &str = "component";
/// Most bytes of a form beside the component.
const FORM: u64 = 64 * 1024;

/// The query of an upload: `activate`, and limits by their names in the configuration.
type Pairs = Query<Vec<(String, String)>>;

/// What the query asks for.
fn parse(query: Result<Pairs, QueryRejection>) -> Result<(Option<bool>, Table), Problem> {
    let Query(pairs) = query.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    let wrong = |detail: String| Problem::new(StatusCode::BAD_REQUEST, detail);
    let (mut activate, mut limits) = (None, Table::default());
    for (key, value) in pairs {
        match (key.as_str(), value.as_str()) {
            ("activate", "true") => activate = Some(true),
            ("activate", "false") => activate = Some(false),
            ("activate", _) => return Err(wrong("`activate` must be true or false".into())),
            (key, value) => limits.set(key, value).map_err(|error| wrong(error.to_string()))?,
        }
    }
    Ok((activate, limits))
}

/// Decides whether an upload activates its version. Without the scope `promote` it leaves the active version of a handler
/// that `exists` as it is, and must not ask for anything else.
fn activation(activate: Option<bool>, may_promote: bool, exists: bool) -> Result<Activation, Problem> {
    match activate {
        Some(false) => Ok(Activation::Never),
        _ if may_promote => Ok(Activation::Always),
        Some(true) if exists => Err(AuthorizeError::Insufficient(Scope::Promote).into()),
        _ => Ok(Activation::IfFirst),
    }
}

/// An uploaded version.
#[derive(Serialize, ToSchema)]
#[schema(as = Uploaded)]
pub struct Answer<'a> {
    /// Name of the handler.
    name: &'a str,
    /// Number of the version.
    #[schema(minimum = 1)]
    version: u64,
    /// Digest of the component.
    digest: Digest,
    /// Kind of the handler.
    kind: Kind,
    /// What the handler says of itself.
    descriptor: &'a Descriptor,
    /// Interfaces that it takes from the host.
    imports: &'a [String],
    /// Size of the component, bytes.
    bytes: u64,
    /// What the upload took.
    times_ms: Times,
    /// Whether it is the handler's active version.
    active: bool,
}

/// What an upload took, ms.
#[derive(Serialize, ToSchema)]
#[schema(as = UploadTimes)]
pub struct Times {
    /// Compiling.
    compile: u64,
    /// Describing.
    describe: u64,
}

/// A form with a component, for the document.
pub struct UploadForm;

impl PartialSchema for UploadForm {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
        let bytes = Object::builder().schema_type(Type::String).format(Some(format)).description(Some("The component"));
        Object::builder().schema_type(Type::Object).property(FIELD, bytes).required(FIELD).into()
    }
}

impl ToSchema for UploadForm {}

/// Adds the routes of uploads.
pub fn routes(routes: Routes<Arc<App>>) -> Routes<Arc<App>> {
    let upload = Rule::new(Access::Scope(Scope::Upload));
    routes
        // The body of an upload has a bound of its own.
        .serve::<__path_put, _>(upload, put.layer(DefaultBodyLimit::disable()))
        .serve::<__path_progress, _>(upload, progress)
}

/// Uploads a component as a version of a handler
///
/// With a token that has not the scope `promote`, a handler's active version stays as it is.
#[utoipa::path(put, path = "/handlers/{name}", tag = "handlers", operation_id = "upload",
    params(
        ("name" = String, Path, description = "Name of the handler", pattern = "^[a-z0-9_-]{1,64}$"),
        ("activate" = Option<bool>, Query, description = "Make it the active version; default: true"),
        ("call_ms" = Option<u64>, Query, description = "A limit of the version; so are the other keys of `[limits]`"),
        ("memory_mib" = Option<u64>, Query, description = "Another limit"),
        ("Upload-Id" = Option<String>, Header, description = "Id by which `GET /uploads/{id}` finds it"),
    ),
    request_body(content(
        ("application/wasm"), ("application/octet-stream"), (UploadForm = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "These bytes are a version of the handler already", body = Answer),
        (status = 201, description = "They are a new version", body = Answer),
        (status = 408, description = "The body arrived too slowly"),
        (status = 409, description = "Something else is being done with this handler, or it cannot be changed"),
        (status = 422, description = "The server cannot run this component; the text says what is missing"),
        (status = 429, description = "A quota is used up that time gives back; `Retry-After` says when to try again"),
        (status = 500, description = "The server failed; its log says why"),
        (status = 503, description = "The server is stopping, has no room for it, or cannot read its tokens"),
        (status = 507, description = "The quota of the disk is used up, which deleting versions gives back, or the disk is full"),
    ))]
pub(in crate::http) async fn put(
    State(Handlers(catalog)): State<Handlers>,
    Extension(changes): Extension<Arc<Changes>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    query: Result<Pairs, QueryRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let length = length(request.headers());
    changes.admit_upload(&caller, length)?;
    let attempt = Attempt { caller: caller.clone(), action: Action::Upload, name: name.clone(), version: None };
    let quotas = changes.clone();
    let upload = async move {
        let (activate, limits) = parse(query)?;
        let exists = catalog.versions(&name).is_ok();
        let of = caller.principal.quota;
        let quota = Quota { handlers: of.handlers.map(u64::from), bytes: of.disk_bytes() };
        let activation = activation(activate, caller.has(Scope::Promote), exists)?;
        let options = Options { activation, limits, quota };
        let key = caller.key().to_string();
        catalog.check_quota(&name, &quota, Some(&key), None, length)?;
        let (mut parts, body) = request.into_parts();
        let most = catalog.largest() as u64;
        let (form, permit) = admit(&catalog, &name, &key, &options, &parts, &body, most)?;
        let permit = Arc::new(permit);
        let _charge = Charge { changes: quotas, caller: caller.clone(), permit: permit.clone() };
        let progress = permit.clone();
        let most_body = if form { most + FORM } else { most };
        let mut body = Metered::new(body, most_body, move |bytes| progress.received(bytes, Instant::now()));
        let receive = async {
            if form { field(&mut parts, body, most).await } else { body.collect().await.map_err(Problem::from) }
        };
        let bytes = tokio::select! {
            bytes = receive => bytes?,
            () = permit.given_up() => return Err(Broken::GaveWay.into()),
        };
        permit.complete();
        let uploaded = catalog.upload(&name, bytes, options, &permit, caller.actor()).await?;
        Ok(answer(&uploaded))
    };
    changes.run(attempt, upload).await
}

/// Charges an upload to its principal when it ends, however it does.
struct Charge {
    changes: Arc<Changes>,
    caller: Caller,
    permit: Arc<Permit>,
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.changes.charge_upload(&self.caller, &self.permit);
    }
}

/// Returns the length of the body as its headers state it; 0 when they do not.
fn length(headers: &HeaderMap) -> u64 {
    headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or(0)
}

/// Checks everything that is known before the first byte of the body.
fn admit(
    catalog: &Catalog,
    name: &str,
    principal: &str,
    options: &Options,
    parts: &Parts,
    body: &Body,
    most: u64,
) -> Result<(bool, Permit), Problem> {
    catalog.check_name(name)?;
    catalog.check_options(options)?;
    let form = is_form(&parts.headers)?;
    if body.size_hint().lower() > if form { most + FORM } else { most } {
        return Err(Broken::TooLarge(most).into());
    }
    let id = parts.headers.get("upload-id").map(|id| id.to_str().unwrap_or_default());
    Ok((form, catalog.uploads().begin(id, principal, Instant::now())?))
}

/// Reports whether the body is a form; else it is the component itself.
fn is_form(headers: &HeaderMap) -> Result<bool, Problem> {
    let unsupported = |detail: String| Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail);
    if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(unsupported("send the component as it is, without a Content-Encoding".into()));
    }
    let text = headers.get(header::CONTENT_TYPE).map_or("", |value| value.to_str().unwrap_or("?"));
    let media_type = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media_type.as_str() {
        "" | "application/wasm" | "application/octet-stream" => Ok(false),
        "multipart/form-data" => Ok(true),
        other => Err(unsupported(format!(
            "{:?} is not supported: send the component as application/wasm, or in the field `{FIELD}` of multipart/form-data",
            other.chars().take(80).collect::<String>()
        ))),
    }
}

/// Reads the component from a form.
async fn field(parts: &mut Parts, body: Metered, most: u64) -> Result<Bytes, Problem> {
    let why = body.why();
    let mut request = Request::new(Body::from_stream(body));
    *request.headers_mut() = std::mem::take(&mut parts.headers);
    *request.extensions_mut() = std::mem::take(&mut parts.extensions);
    let wrong = |detail: String| why.get().map_or_else(|| Problem::new(StatusCode::BAD_REQUEST, detail), Problem::from);
    let mut form = Multipart::from_request(request, &()).await.map_err(|error| wrong(error.body_text()))?;
    let mut found = None;
    while let Some(field) = form.next_field().await.map_err(|error| wrong(error.body_text()))? {
        let is_component = field.name() == Some(FIELD);
        let bytes = field.bytes().await.map_err(|error| wrong(error.body_text()))?;
        if is_component && found.replace(bytes).is_some() {
            return Err(wrong(format!("the form has more than one field `{FIELD}`")));
        }
    }
    let bytes = found.ok_or_else(|| wrong(format!("the form has no field `{FIELD}`, which holds the component")))?;
    if bytes.len() as u64 > most { Err(Broken::TooLarge(most).into()) } else { Ok(bytes) }
}

fn answer(Uploaded { version, created, active, times }: &Uploaded) -> Response {
    let ms = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let answer = Answer {
        name: &version.name,
        version: version.number,
        digest: version.digest,
        kind: version.metadata.kind,
        descriptor: &version.metadata.descriptor,
        imports: &version.metadata.imports,
        bytes: version.bytes,
        times_ms: Times { compile: ms(times.compile), describe: ms(times.describe) },
        active: *active,
    };
    let status = if *created { StatusCode::CREATED } else { StatusCode::OK };
    (status, Json(answer)).into_response()
}

/// Reports how far an upload is
#[utoipa::path(get, path = "/uploads/{id}", tag = "handlers", operation_id = "upload_progress",
    params(("id" = String, Path, description = "The `Upload-Id` of the upload")),
    responses(
        (status = 200, description = "How far it is", body = Progress),
        (status = 404, description = "There is no such upload"),
    ))]
async fn progress(
    State(Handlers(catalog)): State<Handlers>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Progress>, Problem> {
    let unknown = || Problem::not_found("there is no upload with this id, or it ended long ago");
    catalog.uploads().find(&id, &caller.key().to_string()).map(Json).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_token_that_may_promote_replaces_the_active_version() {
        for (activate, may_promote, exists, expected) in [
            (None, true, true, Some(Activation::Always)),
            (Some(true), true, true, Some(Activation::Always)),
            (Some(false), true, false, Some(Activation::Never)),
            (None, false, true, Some(Activation::IfFirst)),
            (None, false, false, Some(Activation::IfFirst)),
            (Some(true), false, false, Some(Activation::IfFirst)),
            (Some(true), false, true, None),
            (Some(false), false, true, Some(Activation::Never)),
        ] {
            let decided = activation(activate, may_promote, exists).ok();
            assert_eq!(decided, expected, "{activate:?}, may promote: {may_promote}, exists: {exists}");
        }
    }
}
