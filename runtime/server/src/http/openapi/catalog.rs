//! Operations on the catalog.

// Only their documentation is used.
#![allow(dead_code)]

use super::schemas::*;

/// Lists the handlers
#[utoipa::path(get, path = "/handlers", tag = "handlers",
    responses((status = 200, description = "In the order in which they are shown", body = Handlers)))]
pub fn handlers() {}

/// A handler
#[utoipa::path(get, path = "/handlers/{name}", tag = "handlers",
    params(("name" = String, Path, description = "The handler")),
    responses(
        (status = 200, description = "The handler", body = Handler),
        (status = 404, description = "There is no such handler"),
    ))]
pub fn handler() {}

/// Uploads a component as a version of a handler
///
/// With a token that has not the scope `promote`, a handler's active version stays as it is.
#[utoipa::path(put, path = "/handlers/{name}", tag = "handlers",
    params(
        ("name" = String, Path, description = "The handler", pattern = "^[a-z0-9_-]{1,64}$"),
        ("activate" = Option<bool>, Query, description = "Make it the active version; default: true"),
        ("call_ms" = Option<u64>, Query, description = "A limit that belongs to the version; so do the others of `[limits]`"),
        ("memory_mib" = Option<u64>, Query, description = "Another one"),
        ("Upload-Id" = Option<String>, Header, description = "By which `GET /uploads/{id}` knows it"),
    ),
    request_body(content(
        ("application/wasm"), ("application/octet-stream"), (UploadForm = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "These bytes were there already", body = Uploaded),
        (status = 201, description = "A version", body = Uploaded),
        (status = 409, description = "Something else is being done with this handler"),
        (status = 411, description = "The token has a quota, and the length is not known"),
        (status = 422, description = "It is no component that this server can run; the text says what is missing"),
        (status = 429, description = "Too many uploads; `Retry-After` says when"),
        (status = 507, description = "The token's quota is used up, or the disk is full"),
    ))]
pub fn upload() {}

/// Deletes a handler with all its versions
#[utoipa::path(delete, path = "/handlers/{name}", tag = "handlers",
    params(
        ("name" = String, Path, description = "The handler"),
        ("drain" = Option<bool>, Query, description = "Let the sessions that use it end first"),
    ),
    responses(
        (status = 204, description = "It is deleted"),
        (status = 404, description = "There is no such handler"),
        (status = 409, description = "It is in use"),
    ))]
pub fn delete_handler() {}

/// Lists the versions of a handler
#[utoipa::path(get, path = "/handlers/{name}/versions", tag = "handlers",
    params(("name" = String, Path, description = "The handler")),
    responses(
        (status = 200, description = "The versions", body = Versions),
        (status = 404, description = "There is no such handler"),
    ))]
pub fn versions() {}

/// Makes a version active, an older one to roll back, or tries one on a share of fresh sessions
#[utoipa::path(post, path = "/handlers/{name}/active", tag = "handlers",
    params(("name" = String, Path, description = "The handler")),
    request_body = Activation,
    responses(
        (status = 200, description = "It is", body = Chosen),
        (status = 404, description = "There is no such handler or version"),
        (status = 409, description = "It cannot be made active"),
        (status = 422, description = "The body is wrong"),
    ))]
pub fn activate() {}

/// Deletes a version
#[utoipa::path(delete, path = "/handlers/{name}/versions/{version}", tag = "handlers",
    params(
        ("name" = String, Path, description = "The handler"),
        ("version" = u64, Path, description = "Its number", minimum = 1),
        ("drain" = Option<bool>, Query, description = "Let the sessions that use it end first"),
    ),
    responses(
        (status = 204, description = "It is deleted"),
        (status = 404, description = "There is no such version"),
        (status = 409, description = "It is in use"),
    ))]
pub fn delete_version() {}

/// How far an upload is
#[utoipa::path(get, path = "/uploads/{id}", tag = "handlers",
    params(("id" = String, Path, description = "The `Upload-Id` of the upload")),
    responses(
        (status = 200, description = "Where it is", body = Progress),
        (status = 404, description = "There is no such upload"),
    ))]
pub fn upload_progress() {}
