//! `GET`, `POST` and `DELETE /streams/{name}/recording`, `GET /streams/{name}/recordings`, `GET` and `DELETE
//! /streams/{name}/recordings/{file}`.

use std::io::{self, Seek, SeekFrom};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use framebox_auth::scope::Access;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;
use utoipa::ToSchema;

use super::streams::{find, not_yours};
use crate::app::App;
use crate::http::json_object::{BodyError, JsonObject};
use crate::http::problem::Problem;
use crate::http::range::{Wanted, wanted};
use crate::http::requester::SecretHeader;
use crate::http::routes::{Routes, Rule};
use crate::recording::{self, Error, FileName, Opened, Place, Recorder, Recordings, State as RecordingState, Status};
use crate::streams::{Stream, Visitor};

/// Bytes of a file that are read at once.
const READ: usize = 64 << 10;

/// What is to be recorded.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewRecording {
    /// Also what the publisher sends, into a second file. What a source sends is not recorded.
    before: bool,
}

/// The recording of a stream.
#[derive(Serialize, ToSchema)]
#[schema(as = Recording)]
pub struct RecordingReport {
    /// What it does.
    state: RecordingState,
    /// Whether it goes on.
    active: bool,
    /// Name of the file that is written, or was last; null before the first picture.
    file: Option<String>,
    /// When the first file began (RFC 3339); null before the first picture.
    started: Option<String>,
    /// Time in that file, ms.
    duration_ms: u64,
    /// Number of files so far.
    files: u64,
    /// Bytes in all of them.
    bytes: u64,
    /// Frames that were left out because the disk was too slow.
    dropped: u64,
    /// What is wrong, in words; null when nothing is.
    problem: Option<String>,
}

/// Whether a stream is recorded.
#[derive(Serialize, ToSchema)]
pub struct CurrentRecording {
    /// The recording that runs, or did last; null when there was none.
    recording: Option<RecordingReport>,
}

/// A file of a recording.
#[derive(Serialize, ToSchema)]
pub struct RecordedFile {
    /// Its name.
    file: String,
    /// When it began (RFC 3339); the same for both files of a pair.
    started: String,
    /// Time from the first picture to the last, ms; null if it cannot be read.
    duration_ms: Option<u64>,
    /// Its size at this moment, bytes.
    bytes: u64,
    /// It has what the publisher sent rather than what viewers saw.
    before: bool,
    /// It is being written.
    active: bool,
}

/// What is kept of a stream.
#[derive(Serialize, ToSchema)]
#[schema(as = Recordings)]
pub struct RecordedFiles {
    /// The files, the newest first; at most 2000.
    recordings: Vec<RecordedFile>,
}

/// Adds the routes of this resource.
pub fn routes(routes: Routes<Arc<App>>) -> Routes<Arc<App>> {
    let anyone = Rule::new(Access::Anyone);
    routes
        .serve::<__path_recording, _>(anyone, recording)
        .serve::<__path_record, _>(anyone, record)
        .serve::<__path_stop_recording, _>(anyone, stop_recording)
        .serve::<__path_recordings, _>(anyone, recordings)
        .serve::<__path_read_recording, _>(anyone, read_recording)
        .serve::<__path_delete_recording, _>(anyone, delete_recording)
}

/// Reports whether a stream is recorded
#[utoipa::path(get, path = "/streams/{name}/recording", tag = "recordings",
    params(("name" = String, Path, description = "Name of the stream"), SecretHeader),
    responses(
        (status = 200, description = "The recording that runs, or did last", body = CurrentRecording),
        (status = 404, description = "There is no such stream for the caller"),
    ))]
async fn recording(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Json<CurrentRecording>, Problem> {
    let recorder = find(&app, &visitor, &name)?.recorder();
    Ok(Json(CurrentRecording { recording: recorder.map(|recorder| RecordingReport::new(recorder.status())) }))
}

/// Records a stream from its next picture on
///
/// What viewers see is recorded as it is encoded for them. It goes on until it is stopped or the stream ends; a stream that starts with
/// its first viewer starts for it.
#[utoipa::path(post, path = "/streams/{name}/recording", tag = "recordings",
    params(("name" = String, Path, description = "Name of the stream"), SecretHeader),
    request_body(content = Option<NewRecording>, description = "May be left out"),
    responses(
        (status = 201, description = "It is recorded", body = RecordingReport),
        (status = 404, description = "There is no such stream for the caller"),
        (status = 409, description = "It is recorded already, or is over, or this server keeps no recordings"),
        (status = 422, description = "It has no pictures"),
        (status = 500, description = "The folder cannot be used"),
        (status = 507, description = "Too little space is left on the disk"),
    ))]
async fn record(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Result<JsonObject<NewRecording>, BodyError>,
) -> Result<Response, Problem> {
    let stream = owned(&app, &visitor, &name)?;
    let is_empty = headers.get(header::CONTENT_LENGTH).is_none_or(|length| length == "0")
        && !headers.contains_key(header::TRANSFER_ENCODING);
    let NewRecording { before } = match body {
        Ok(JsonObject(body)) => body,
        Err(_) if is_empty => NewRecording::default(),
        Err(error) => return Err(error.problem("give an object, perhaps with `before`, or nothing")),
    };
    if stream.kind() == Some(framebox_sandbox::Kind::Observer) {
        let text = "this stream's handler only reports: it has no picture that could be recorded";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, text));
    }
    let recorder = app.streams.record(&stream, before).await.map_err(|error| refused(&error))?;
    Ok((StatusCode::CREATED, Json(RecordingReport::new(recorder.status()))).into_response())
}

/// Ends the recording of a stream
#[utoipa::path(delete, path = "/streams/{name}/recording", tag = "recordings",
    params(("name" = String, Path, description = "Name of the stream"), SecretHeader),
    responses(
        (status = 200, description = "Its files are complete", body = RecordingReport),
        (status = 404, description = "There is no such stream for the caller, or it was not recorded"),
    ))]
async fn stop_recording(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Json<RecordingReport>, Problem> {
    let recorder: Option<Arc<Recorder>> = owned(&app, &visitor, &name)?.recorder();
    let recorder = recorder.ok_or_else(|| Problem::not_found("this stream is not recorded"))?;
    recorder.stop().await;
    Ok(Json(RecordingReport::new(recorder.status())))
}

/// Lists what is kept of a stream of the caller's
///
/// Also of one that is over.
#[utoipa::path(get, path = "/streams/{name}/recordings", tag = "recordings",
    params(("name" = String, Path, description = "Name of the stream"), SecretHeader),
    responses(
        (status = 200, description = "The newest first", body = RecordedFiles),
        (status = 500, description = "The folder cannot be read"),
    ))]
async fn recordings(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Json<RecordedFiles>, Problem> {
    let Some((kept, place)) = kept(&app, &visitor, &name) else {
        return Ok(Json(RecordedFiles { recordings: Vec::new() }));
    };
    let listed = blocking(move || kept.list(&place)).await?;
    Ok(Json(RecordedFiles { recordings: listed.into_iter().map(RecordedFile::from).collect() }))
}

/// Reads a recording, or the part that the header `Range` names
#[utoipa::path(get, path = "/streams/{name}/recordings/{file}", tag = "recordings",
    params(
        ("name" = String, Path, description = "Name of the stream"),
        ("file" = String, Path, description = "Name of the file"),
        ("range" = Option<String>, Header, description = "`bytes=FIRST-LAST`"),
        SecretHeader),
    responses(
        (status = 200, description = "The file", body = Vec<u8>, content_type = "video/mp4"),
        (status = 206, description = "The part", body = Vec<u8>, content_type = "video/mp4"),
        (status = 404, description = "There is no such file for the caller"),
        (status = 416, description = "The file has no such part"),
        (status = 500, description = "The file cannot be read"),
    ))]
async fn read_recording(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((name, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (kept, place, of) = kept_file(&app, &visitor, &name, &file)?;
    let opened = blocking(move || kept.open(&place, of)).await?.ok_or_else(|| no_file(&file))?;
    respond(opened, of, &headers).await
}

/// Deletes a recording
#[utoipa::path(delete, path = "/streams/{name}/recordings/{file}", tag = "recordings",
    params(
        ("name" = String, Path, description = "Name of the stream"),
        ("file" = String, Path, description = "Name of the file"),
        SecretHeader),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such file for the caller"),
        (status = 409, description = "It is being written"),
        (status = 500, description = "It cannot be deleted"),
    ))]
async fn delete_recording(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((name, file)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (kept, place, of) = kept_file(&app, &visitor, &name, &file)?;
    match blocking(move || kept.delete(&place, of)).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(no_file(&file)),
    }
}

/// The stream `name` if it is the visitor's.
fn owned(app: &App, visitor: &Visitor, name: &str) -> Result<Arc<Stream>, Problem> {
    let stream = find(app, visitor, name)?;
    if stream.is_owned_by(visitor) { Ok(stream) } else { Err(not_yours()) }
}

/// Where recordings of the stream `name` are: those of the stream that there is, if it is the visitor's, else those of a stream of
/// the visitor's that was called so. None where nothing is kept.
fn kept(app: &App, visitor: &Visitor, name: &str) -> Option<(Arc<Recordings>, Place)> {
    let requester = &visitor.requester;
    let place = match find(app, visitor, name) {
        Ok(stream) if stream.is_owned_by(visitor) => stream.owner.place(name),
        _ => Place::new(name, &requester.key, requester.secret.as_ref()),
    };
    app.streams.recordings().cloned().zip(place)
}

fn kept_file(
    app: &App,
    visitor: &Visitor,
    name: &str,
    file: &str,
) -> Result<(Arc<Recordings>, Place, FileName), Problem> {
    let (kept, place) = kept(app, visitor, name).ok_or_else(|| no_file(file))?;
    let of = FileName::parse(file).ok_or_else(|| no_file(file))?;
    Ok((kept, place, of))
}

fn no_file(file: &str) -> Problem {
    let file: String = file.chars().take(64).collect();
    Problem::not_found(format!("there is no recording {file:?}; GET /streams/NAME/recordings lists what there is"))
}

/// Works with files on a thread that may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Problem> {
    let outcome = tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)));
    outcome.map_err(|error| match error.kind() {
        io::ErrorKind::ResourceBusy => {
            Problem::new(StatusCode::CONFLICT, "this file is being written: stop the recording first")
        }
        _ => failed(&error),
    })
}

fn failed(error: &dyn std::fmt::Display) -> Problem {
    tracing::error!(%error, "a request for recordings failed");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the server failed; its log says why")
}

fn refused(error: &Error) -> Problem {
    let status = match error {
        Error::Active | Error::Over => StatusCode::CONFLICT,
        Error::Unavailable => StatusCode::CONFLICT,
        Error::Full(_) => StatusCode::INSUFFICIENT_STORAGE,
        error => return failed(error),
    };
    Problem::new(status, error.to_string())
}

async fn respond(opened: Opened, name: FileName, headers: &HeaderMap) -> Result<Response, Problem> {
    let Opened { mut file, bytes, active } = opened;
    // A file that is complete stays as it is.
    let tag = format!("\"{bytes}\"");
    let is_same = headers.get(header::IF_RANGE).is_none_or(|known| !active && known.as_bytes() == tag.as_bytes());
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok()).filter(|_| is_same);
    let value = |text: String| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
    let (status, begin, end) = match range.map_or(Wanted::Whole, |range| wanted(range, bytes)) {
        Wanted::Whole => (StatusCode::OK, 0, bytes),
        Wanted::Part { begin, end } => (StatusCode::PARTIAL_CONTENT, begin, end),
        Wanted::Nothing => {
            let text = format!("this recording has {bytes} bytes: ask for a part of these");
            let problem = Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, text);
            return Err(problem.header(header::CONTENT_RANGE, value(format!("bytes */{bytes}"))));
        }
    };
    let file = blocking(move || file.seek(SeekFrom::Start(begin)).map(|_| file)).await?;
    let part = tokio::fs::File::from_std(file).take(end - begin);
    let mut response = Body::from_stream(ReaderStream::with_capacity(part, READ)).into_response();
    *response.status_mut() = status;
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static("video/mp4"));
    answer.insert(header::CONTENT_LENGTH, HeaderValue::from(end - begin));
    answer.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    answer.insert(header::CONTENT_DISPOSITION, value(format!("inline; filename=\"{name}\"")));
    if !active {
        answer.insert(header::ETAG, value(tag));
    }
    if status == StatusCode::PARTIAL_CONTENT {
        answer.insert(header::CONTENT_RANGE, value(format!("bytes {begin}-{}/{bytes}", end - 1)));
    }
    Ok(response)
}

impl RecordingReport {
    fn new(status: Status) -> Self {
        let Status { state, begin, file, duration, files, bytes, dropped, problem } = status;
        Self {
            state,
            active: state != RecordingState::Ended,
            file: file.map(|file| file.to_string()),
            started: begin.map(rfc3339),
            duration_ms: millis(duration),
            files,
            bytes,
            dropped,
            problem,
        }
    }
}

impl From<recording::Recording> for RecordedFile {
    fn from(recording::Recording { name, duration, bytes, active }: recording::Recording) -> Self {
        Self {
            file: name.to_string(),
            started: rfc3339(name.begin),
            duration_ms: duration.map(millis),
            bytes,
            before: name.before,
            active,
        }
    }
}

fn rfc3339(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
