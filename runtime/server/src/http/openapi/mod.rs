//! `GET /openapi.json`: the document of the API, OpenAPI 3.1.
//!
//! The operations stand in the modules below, apart from the code that does them; tests hold the document to the list of
//! routes, both ways. What is the same everywhere (what a token must allow, the errors of the framework) is added here,
//! from the rules of the authentication layer.

mod catalog;
mod operations;
mod schemas;

use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, Content, Ref, RefOr, ResponseBuilder};

use super::routes::Listed;
use framebox_auth::scope::{Access, Scope};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Framebox",
        description = "Live video through sandboxed WebAssembly components: signalling, sessions, the catalog of handlers.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact()
    ),
    paths(
        operations::offer,
        operations::sessions,
        operations::session,
        operations::change_session,
        operations::end_session,
        operations::frames,
        operations::parameters,
        operations::set_parameters,
        operations::outputs,
        operations::log,
        operations::input_hook,
        operations::fastrtc_outputs,
        operations::health,
        operations::document,
        operations::page,
        operations::client,
        operations::client_part,
        operations::page_file,
        catalog::handlers,
        catalog::handler,
        catalog::upload,
        catalog::delete_handler,
        catalog::versions,
        catalog::activate,
        catalog::delete_version,
        catalog::build,
        catalog::upload_progress,
    ),
    components(schemas(schemas::Problem)),
    tags(
        (name = "handlers", description = "The catalog: handlers, their versions, which one is active"),
        (name = "sessions", description = "Live sessions; the id of each is the `webrtc_id` of its offer"),
        (name = "fastrtc", description = "Signalling and hooks as pages written for FastRTC know them"),
        (name = "server", description = "The server itself and its page"),
    )
)]
struct Document;

/// The document of the routes `listed`. `is_open`: whether what takes so much is to be had without a token.
pub fn text(listed: &[Listed], is_open: impl Fn(Access) -> bool) -> String {
    // It holds nothing that could not be written as JSON.
    document(listed, is_open).to_json().unwrap_or_default()
}

/// The document as an answer.
pub fn answer(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}

fn document(listed: &[Listed], is_open: impl Fn(Access) -> bool) -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    let components = document.components.get_or_insert_with(Components::new);
    let http = Http::builder()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("fbx_…")
        .description(Some("A token of `framebox token new`; not needed where the server is open."))
        .build();
    let key = ApiKeyValue::with_description("access_token", "For EventSource, which sends no headers of its own.");
    components.add_security_scheme("token", SecurityScheme::Http(http));
    components.add_security_scheme("query", SecurityScheme::ApiKey(ApiKey::Query(key)));
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in [
            (Method::GET, &mut item.get),
            (Method::POST, &mut item.post),
            (Method::PUT, &mut item.put),
            (Method::PATCH, &mut item.patch),
            (Method::DELETE, &mut item.delete),
        ] {
            // What is not served here is not promised either.
            match listed.iter().find(|route| route.path == path && route.method == method) {
                Some(route) => {
                    operation.iter_mut().for_each(|operation| complete(operation, route, is_open(route.rule.access)))
                }
                None => *operation = None,
            }
        }
    }
    document.paths.paths.retain(|_, item| {
        [&item.get, &item.post, &item.put, &item.patch, &item.delete].iter().any(|operation| operation.is_some())
    });
    document
}

/// Adds what follows from the rule of its route, and from what it takes. `is_open`: it can be had without a token.
fn complete(operation: &mut Operation, route: &Listed, is_open: bool) {
    let mut errors = Vec::new();
    let scopes = match route.rule.access {
        Access::Nothing => None,
        Access::Token => Some(Scope::ALL.map(Scope::name).to_vec()),
        Access::Scope(scope) => Some(vec![scope.name()]),
    };
    if let Some(scopes) = scopes {
        let mut security = vec![SecurityRequirement::new("token", scopes)];
        if is_open {
            security.push(SecurityRequirement::default());
        }
        if route.rule.is_stream {
            security.push(SecurityRequirement::new::<_, _, &str>("query", []));
        }
        operation.security = Some(security);
        errors.push(("401", "There is no valid token"));
        errors.push(("403", "The token does not allow it"));
        errors.push(("503", "The server cannot read its tokens"));
    } else {
        operation.security = Some(Vec::new());
    }
    if operation.parameters.is_some() || route.rule.is_stream {
        errors.push(("400", "The address cannot be read"));
    }
    if operation.request_body.is_some() {
        errors.push(("400", "The body cannot be read"));
        errors.push(("413", "The body is too large"));
        errors.push(("415", "The body is of another kind"));
    }
    for (status, description) in errors {
        let entry = operation.responses.responses.entry(status.to_owned());
        entry.or_insert_with(|| ResponseBuilder::new().description(description).build().into());
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && status.starts_with(['4', '5'])
            && response.content.is_empty()
        {
            let problem = Content::new(Some(Ref::from_schema_name("Problem")));
            response.content.insert("application/problem+json".to_owned(), RefOr::T(problem));
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
