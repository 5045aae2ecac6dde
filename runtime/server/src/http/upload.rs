//! `PUT /handlers/{name}`, `GET /uploads/{id}`.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, HttpBody};
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, Multipart, Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use framebox_sandbox::{Descriptor, Digest, Kind};
use serde::Serialize;

use super::body::{Broken, Metered};
use super::problem::Problem;
use crate::app::App;
use framebox_catalog::Actor;
use framebox_catalog::progress::{Permit, Progress};
use framebox_catalog::upload::{self, Activation, Uploaded};

/// The field of a form that holds the component.
const FIELD: &str = "component";
/// What a form may have beside the component, bytes.
const FORM: u64 = 64 * 1024;

/// The query of an upload: `activate`, and limits by their names in the configuration.
type Options = Query<Vec<(String, String)>>;

fn wishes(Query(options): Options) -> Result<upload::Options, Problem> {
    let wrong = |detail: String| Problem::new(StatusCode::BAD_REQUEST, detail);
    let mut wishes = upload::Options::default();
    for (key, value) in options {
        match (key.as_str(), value.as_str()) {
            ("activate", "true") => wishes.activation = Activation::Always,
            ("activate", "false") => wishes.activation = Activation::Never,
            ("activate", _) => return Err(wrong("`activate` is true or false".into())),
            (key, value) => wishes.limits.set(key, value).map_err(|error| wrong(error.to_string()))?,
        }
    }
    Ok(wishes)
}

/// What an upload answers.
#[derive(Serialize)]
pub struct Answer<'a> {
    name: &'a str,
    version: u64,
    digest: Digest,
    kind: Kind,
    descriptor: &'a Descriptor,
    imports: &'a [String],
    /// Its size.
    bytes: u64,
    times_ms: Times,
    /// Sessions get it.
    active: bool,
}

/// What an upload took, ms.
#[derive(Serialize)]
pub struct Times {
    compile: u64,
    describe: u64,
}

pub async fn put(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    query: Result<Options, QueryRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let most = app.catalog.largest() as u64;
    let (wishes, form, ticket) = admit(&app, &name, query, &parts, &body, most)?;
    let ticket = Arc::new(ticket);
    let told = ticket.clone();
    let mut body = Metered::new(body, if form { most + FORM } else { most }, move |bytes| told.received(bytes));
    let bytes = if form { field(&mut parts, body, most).await? } else { body.collect().await? };
    let uploaded = app.catalog.upload(&name, bytes, wishes, &ticket, Actor::default()).await?;
    Ok(answer(&uploaded))
}

/// Everything that is known before the first byte.
fn admit(
    app: &App,
    name: &str,
    query: Result<Options, QueryRejection>,
    parts: &Parts,
    body: &Body,
    most: u64,
) -> Result<(upload::Options, bool, Permit), Problem> {
    let wishes = wishes(query.map_err(|error| Problem::new(error.status(), error.body_text()))?)?;
    app.catalog.check_name(name)?;
    app.catalog.check_options(&wishes)?;
    let form = is_form(&parts.headers)?;
    if body.size_hint().lower() > if form { most + FORM } else { most } {
        return Err(Broken::TooLarge(most).into());
    }
    let id = parts.headers.get("upload-id").map(|id| id.to_str().unwrap_or_default());
    let ticket = app.catalog.uploads().begin(id)?;
    Ok((wishes, form, ticket))
}

/// Whether it is a form; else it is the component itself.
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
            "{:?} is not what is wanted: send the component as application/wasm, or in the field `{FIELD}` of multipart/form-data",
            other.chars().take(80).collect::<String>()
        ))),
    }
}

/// The component of a form.
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

pub async fn progress(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Json<Progress>, Problem> {
    let unknown = || Problem::not_found("there is no upload of that id, or it ended a while ago");
    app.catalog.uploads().find(&id).map(Json).ok_or_else(unknown)
}
