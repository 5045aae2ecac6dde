//! The page and the browser client, embedded in the program.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use framebox_auth::scope::Access;

use super::problem::Problem;
use super::routes::{Routes, Rule};
use crate::app::App;

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
    "page/streams.css": CSS,
    "framebox.js": JS,
    "client/callbacks.js": JS,
    "client/camera.js": JS,
    "client/catalog.js": JS,
    "client/connection.js": JS,
    "client/errors.js": JS,
    "client/id.js": JS,
    "client/log-stream.js": JS,
    "client/messages.js": JS,
    "client/peer.js": JS,
    "client/probe.js": JS,
    "client/promise.js": JS,
    "client/recovery.js": JS,
    "client/server.js": JS,
    "client/session.js": JS,
    "client/stats.js": JS,
    "client/streams.js": JS,
    "client/types.js": JS,
    "client/uplink.js": JS,
    "page/apply.js": JS,
    "page/camera.js": JS,
    "page/capture.js": JS,
    "page/control-row.js": JS,
    "page/control.js": JS,
    "page/controls.js": JS,
    "page/details.js": JS,
    "page/download.js": JS,
    "page/elements.js": JS,
    "page/error-texts.js": JS,
    "page/format.js": JS,
    "page/frame-rate.js": JS,
    "page/gauge.js": JS,
    "page/handlers.js": JS,
    "page/image-view.js": JS,
    "page/input.js": JS,
    "page/links.js": JS,
    "page/log.js": JS,
    "page/messages.js": JS,
    "page/outputs.js": JS,
    "page/page.js": JS,
    "page/player.js": JS,
    "page/plot.js": JS,
    "page/policy.js": JS,
    "page/preset-store.js": JS,
    "page/presets.js": JS,
    "page/publishing.js": JS,
    "page/screen.js": JS,
    "page/session-view.js": JS,
    "page/share.js": JS,
    "page/status.js": JS,
    "page/storage.js": JS,
    "page/stream-card.js": JS,
    "page/stream-list.js": JS,
    "page/table.js": JS,
    "page/timeline.js": JS,
    "page/token.js": JS,
    "page/upload.js": JS,
    "page/validation.js": JS,
    "page/value.js": JS,
    "page/versions.js": JS,
    "page/video-file.js": JS,
    "page/video-panel.js": JS,
    "page/watching.js": JS,
};

/// Allows only the server's own scripts and styles, and no other site to embed the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    media-src 'self' blob: mediastream:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Adds the routes of the page and of the browser client.
pub fn routes(routes: Routes<Arc<App>>) -> Routes<Arc<App>> {
    let open = Rule::new(Access::Nothing);
    routes
        .serve::<__path_page, _>(open, page)
        .serve::<__path_client, _>(open, client)
        .serve::<__path_client_part, _>(open, client_part)
        .serve::<__path_page_file, _>(open, page_file)
}

/// The page
#[utoipa::path(get, path = "/", tag = "server",
    responses((status = 200, description = "HTML", body = String, content_type = "text/html")))]
async fn page() -> Response {
    serve("page/index.html")
}

/// The browser client, an ES module
#[utoipa::path(get, path = "/framebox.js", tag = "server",
    responses((status = 200, description = "The module", body = String, content_type = "text/javascript")))]
async fn client() -> Response {
    serve("framebox.js")
}

/// A module that `framebox.js` imports
#[utoipa::path(get, path = "/client/{file}", tag = "server",
    params(("file" = String, Path, description = "Name of the module")),
    responses(
        (status = 200, description = "The module", body = String, content_type = "text/javascript"),
        (status = 404, description = "There is no such file"),
    ))]
async fn client_part(Path(name): Path<String>) -> Response {
    serve(&format!("client/{name}"))
}

/// A file of the page
#[utoipa::path(get, path = "/page/{file}", tag = "server",
    params(("file" = String, Path, description = "Name of the file")),
    responses(
        (status = 200, description = "The file", content(
            (String = "text/javascript"), (String = "text/css"), (String = "text/html"),
        )),
        (status = 404, description = "There is no such file"),
    ))]
async fn page_file(Path(name): Path<String>) -> Response {
    serve(&format!("page/{name}"))
}

fn serve(path: &str) -> Response {
    let Some(file) = FILES.iter().find(|file| file.path == path) else {
        return Problem::not_found(format!("there is no file {path:?}")).into_response();
    };
    let headers: [(HeaderName, &str); 3] = [
        (header::CONTENT_TYPE, file.kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, file.text).into_response()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::FILES;

    #[test]
    fn every_file_of_the_page_and_of_the_client_is_served() {
        let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web");
        for folder in ["client", "page"] {
            for entry in std::fs::read_dir(web.join(folder)).unwrap() {
                let name = format!("{folder}/{}", entry.unwrap().file_name().display());
                // The picture of the page is for the README.
                if name.ends_with(".png") {
                    continue;
                }
                assert!(FILES.iter().any(|file| file.path == name), "{name} is not served");
            }
        }
    }
}
