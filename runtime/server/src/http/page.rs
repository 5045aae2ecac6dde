//! The page and the browser client, embedded in the program.

use axum::extract::Path;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};

use super::problem::Problem;

/// A file of the folder `web`, whose layout is that of the URLs; only the page itself is served at `/`.
struct File {
    /// Path below `web`.
    path: &'static str,
    /// Media type.
    kind: &'static str,
    text: &'static str,
}

macro_rules! files {
    ($($path:literal: $kind:expr),* $(,)?) => {
        &[$(File { path: $path, kind: $kind, text: include_str!(concat!("../../../../web/", $path)) }),*]
    };
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

const FILES: &[File] = files! {
    "page/index.html": HTML,
    "page/style.css": CSS,
    "page/panels.css": CSS,
    "framebox.js": JS,
    "client/camera.js": JS,
    "client/catalog.js": JS,
    "client/connection.js": JS,
    "client/errors.js": JS,
    "client/id.js": JS,
    "client/log-stream.js": JS,
    "client/messages.js": JS,
    "client/peer.js": JS,
    "client/promise.js": JS,
    "client/server.js": JS,
    "client/session.js": JS,
    "client/stats.js": JS,
    "client/types.js": JS,
    "page/camera.js": JS,
    "page/control-row.js": JS,
    "page/control.js": JS,
    "page/controls.js": JS,
    "page/details.js": JS,
    "page/elements.js": JS,
    "page/error-texts.js": JS,
    "page/format.js": JS,
    "page/frame-rate.js": JS,
    "page/gauge.js": JS,
    "page/handlers.js": JS,
    "page/image-view.js": JS,
    "page/log.js": JS,
    "page/messages.js": JS,
    "page/outputs.js": JS,
    "page/page.js": JS,
    "page/plot.js": JS,
    "page/policy.js": JS,
    "page/preset-store.js": JS,
    "page/presets.js": JS,
    "page/session-view.js": JS,
    "page/status.js": JS,
    "page/table.js": JS,
    "page/timeline.js": JS,
    "page/token.js": JS,
    "page/upload.js": JS,
    "page/validation.js": JS,
    "page/value.js": JS,
    "page/versions.js": JS,
    "page/video-panel.js": JS,
};

/// Allows only the server's own scripts and styles, and no other site to embed the page.
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob: mediastream:; \
    frame-ancestors 'none'";

pub async fn index() -> Response {
    serve("page/index.html")
}

pub async fn client() -> Response {
    serve("framebox.js")
}

/// A module that `framebox.js` imports.
pub async fn client_part(Path(name): Path<String>) -> Response {
    serve(&format!("client/{name}"))
}

pub async fn file(Path(name): Path<String>) -> Response {
    serve(&format!("page/{name}"))
}

fn serve(path: &str) -> Response {
    let Some(file) = FILES.iter().find(|file| file.path == path) else {
        return Problem::not_found(format!("there is no file {path:?}")).into_response();
    };
    let headers: [(HeaderName, &str); 4] = [
        (header::CONTENT_TYPE, file.kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, file.text).into_response()
}
