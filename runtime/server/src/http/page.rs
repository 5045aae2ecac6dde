//! The page and the browser client, embedded in the program.

use axum::extract::Path;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};

use super::problem::Problem;

macro_rules! files {
    ($($name:literal: $kind:literal),* $(,)?) => {
        &[$(($name, $kind, include_str!(concat!("../../page/", $name)))),*]
    };
}

/// Name, media type, contents.
const FILES: &[(&str, &str, &str)] = files! {
    "index.html": "text/html; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
    "panels.css": "text/css; charset=utf-8",
    "client/camera.js": "text/javascript; charset=utf-8",
    "client/catalog.js": "text/javascript; charset=utf-8",
    "client/fault.js": "text/javascript; charset=utf-8",
    "client/inbox.js": "text/javascript; charset=utf-8",
    "client/link.js": "text/javascript; charset=utf-8",
    "client/meter.js": "text/javascript; charset=utf-8",
    "client/promise.js": "text/javascript; charset=utf-8",
    "client/run.js": "text/javascript; charset=utf-8",
    "client/server.js": "text/javascript; charset=utf-8",
    "client/session.js": "text/javascript; charset=utf-8",
    "client/tail.js": "text/javascript; charset=utf-8",
    "client/types.js": "text/javascript; charset=utf-8",
    "camera.js": "text/javascript; charset=utf-8",
    "control.js": "text/javascript; charset=utf-8",
    "controls.js": "text/javascript; charset=utf-8",
    "details.js": "text/javascript; charset=utf-8",
    "elements.js": "text/javascript; charset=utf-8",
    "fit.js": "text/javascript; charset=utf-8",
    "format.js": "text/javascript; charset=utf-8",
    "framebox.js": "text/javascript; charset=utf-8",
    "gauge.js": "text/javascript; charset=utf-8",
    "handlers.js": "text/javascript; charset=utf-8",
    "log.js": "text/javascript; charset=utf-8",
    "messages.js": "text/javascript; charset=utf-8",
    "outputs.js": "text/javascript; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "picture.js": "text/javascript; charset=utf-8",
    "plot.js": "text/javascript; charset=utf-8",
    "policy.js": "text/javascript; charset=utf-8",
    "presets.js": "text/javascript; charset=utf-8",
    "rate.js": "text/javascript; charset=utf-8",
    "screen.js": "text/javascript; charset=utf-8",
    "shelf.js": "text/javascript; charset=utf-8",
    "status.js": "text/javascript; charset=utf-8",
    "strip.js": "text/javascript; charset=utf-8",
    "table.js": "text/javascript; charset=utf-8",
    "token.js": "text/javascript; charset=utf-8",
    "troubles.js": "text/javascript; charset=utf-8",
    "upload.js": "text/javascript; charset=utf-8",
    "value.js": "text/javascript; charset=utf-8",
    "versions.js": "text/javascript; charset=utf-8",
};

/// Nothing from elsewhere runs on the page, and nobody else shows it in a frame.
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob: mediastream:; \
    frame-ancestors 'none'";

pub async fn index() -> Response {
    serve("index.html")
}

pub async fn client() -> Response {
    serve("framebox.js")
}

/// A part of the client, which imports it from beside itself.
pub async fn client_part(Path(name): Path<String>) -> Response {
    serve(&format!("client/{name}"))
}

pub async fn file(Path(name): Path<String>) -> Response {
    serve(&name)
}

fn serve(name: &str) -> Response {
    let Some((_, kind, text)) = FILES.iter().find(|(file, ..)| *file == name) else {
        return Problem::not_found(format!("the page has no file {name:?}")).into_response();
    };
    let headers: [(HeaderName, &str); 4] = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, *text).into_response()
}
