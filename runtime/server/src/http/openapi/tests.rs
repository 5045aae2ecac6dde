//! The document and the routes agree.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use framebox_auth::scope::Scope;
use framebox_catalog::store;
use framebox_rtc as rtc;
use serde_json::Value;

use super::*;
use crate::http::catalog_problem;
use crate::http::routes_without_app;
use crate::http::signalling::failure::Failure;
use crate::sessions::offer;

fn operations(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().unwrap();
    let each = |(path, item): (&String, &Value)| {
        let path = path.clone();
        item.as_object().unwrap().keys().map(move |method| (method.clone(), path.clone())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(each).collect()
}

fn parsed() -> Value {
    serde_json::from_str(&text(&routes_without_app(), |_| false)).unwrap()
}

#[test]
fn every_route_is_in_the_document_once() {
    let listed = routes_without_app();
    let served: BTreeSet<_> =
        listed.iter().map(|route| (route.method.as_str().to_lowercase(), route.path.clone())).collect();
    assert_eq!(served.len(), listed.len(), "no route is there twice");
    assert_eq!(operations(&parsed()), served);
}

#[test]
fn access_to_every_route_is_as_intended() {
    let table = "
        DELETE /handlers/{name}                     promote
        DELETE /handlers/{name}/versions/{version}  promote
        DELETE /sessions/{id}                       watch
        GET    /                                    anyone
        GET    /client/{file}                       anyone
        GET    /framebox.js                         anyone
        GET    /handlers                            token
        GET    /handlers/{name}                     token
        GET    /handlers/{name}/versions            token
        GET    /healthz                             anyone
        GET    /ice                                 watch
        GET    /openapi.json                        anyone
        GET    /outputs                             watch stream
        GET    /page/{file}                         anyone
        GET    /readyz                              anyone
        GET    /sessions                            watch
        GET    /sessions/{id}                       watch
        GET    /sessions/{id}/frames                watch
        GET    /sessions/{id}/log                   watch
        GET    /sessions/{id}/outputs               watch stream
        GET    /sessions/{id}/parameters            watch
        GET    /uploads/{id}                        upload
        PATCH  /sessions/{id}                       watch
        PATCH  /sessions/{id}/parameters            watch
        POST   /handlers/{name}/active              promote
        POST   /handlers/{name}/build               upload
        POST   /input_hook                          watch
        POST   /webrtc/offer                        watch
        GET    /streams                             open
        POST   /streams                             watch
        GET    /streams/{name}                      open
        PATCH  /streams/{name}                      open
        DELETE /streams/{name}                      open
        GET    /streams/{name}/ice                  open
        GET    /streams/{name}/frames               open
        GET    /streams/{name}/log                  open
        GET    /streams/{name}/parameters           open
        PATCH  /streams/{name}/parameters           open
        GET    /streams/{name}/outputs              open stream
        GET    /streams/{name}/snapshot.jpg         open
        GET    /streams/{name}/snapshot.png         open
        GET    /sessions/{id}/snapshot.jpg          watch
        GET    /sessions/{id}/snapshot.png          watch
        GET    /streams/{name}/recording            open
        POST   /streams/{name}/recording            open
        DELETE /streams/{name}/recording            open
        GET    /streams/{name}/recordings           open
        GET    /streams/{name}/recordings/{file}    open
        DELETE /streams/{name}/recordings/{file}    open
        POST   /streams/{name}/offer                open
        DELETE /streams/{name}/viewers/{id}         open
        GET    /whip                                anyone
        POST   /whip                                token
        GET    /whip/{stream}                       anyone
        POST   /whip/{stream}                       token
        GET    /whip/sessions/{id}                  open
        PATCH  /whip/sessions/{id}                  open
        DELETE /whip/sessions/{id}                  open
        GET    /whep/{stream}                       anyone
        POST   /whep/{stream}                       open
        GET    /whep/sessions/{id}                  open
        PATCH  /whep/sessions/{id}                  open
        DELETE /whep/sessions/{id}                  open
        PUT    /handlers/{name}                     upload
    ";
    let expected: BTreeSet<_> = table.lines().map(str::trim).filter(|line| !line.is_empty()).map(words).collect();
    let routes = routes_without_app();
    let actual = routes.iter().map(|Listed { method, path, rule, .. }| {
        let access = match rule.access {
            Access::Nothing => "anyone",
            Access::Token => "token",
            Access::Anyone => "open",
            Access::Scope(scope) => scope.name(),
        };
        words(&format!("{method} {path} {access} {}", if rule.is_stream { "stream" } else { "" }))
    });
    assert_eq!(actual.collect::<BTreeSet<_>>(), expected);
}

fn words(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn open_operations_need_no_token() {
    let listed = routes_without_app();
    let document: Value = serde_json::from_str(&text(&listed, |access| access == Access::Scope(Scope::Watch))).unwrap();
    let security = |path: &str, method: &str| document["paths"][path][method]["security"].as_array().unwrap().clone();
    assert!(security("/sessions", "get").contains(&serde_json::json!({})));
    assert!(!security("/handlers/{name}", "put").contains(&serde_json::json!({})));
}

#[test]
fn every_operation_documents_access_errors_and_parameters() {
    let document = parsed();
    let mut ids = BTreeSet::new();
    for route in &routes_without_app() {
        let operation = &document["paths"][&route.path][route.method.as_str().to_lowercase()];
        let what = format!("{} {}", route.method, route.path);
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{what}: ids are unique");
        assert!(operation["summary"].is_string(), "{what}");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{what}");
        let security = operation["security"].as_array().unwrap();
        assert_eq!(security.is_empty(), route.rule.access == Access::Nothing, "{what}");
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert!(response["description"].as_str().is_some_and(|text| !text.is_empty()), "{what}: {status}");
            let is_error = status.starts_with(['4', '5']);
            assert!(!is_error || response["content"].is_object(), "{what}: {status} has a body");
        }
        if let Access::Scope(scope) = route.rule.access {
            assert_eq!(security[0]["token"][0], scope.name(), "{what}");
            assert!(operation["responses"]["401"].is_object() && operation["responses"]["403"].is_object(), "{what}");
        }
        // Each part of the path in braces is a parameter.
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        for name in route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            let matches = |given: &Value| given["name"] == name && given["in"] == "path";
            assert!(parameters.iter().any(matches), "{what}: {name}");
        }
    }
}

#[test]
fn every_reference_resolves() {
    let text = text(&routes_without_app(), |_| false);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let mut count = 0;
    for rest in text.split("\"$ref\":\"#").skip(1) {
        let pointer = rest.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
        count += 1;
    }
    assert!(count > 20, "{count}");
}

fn assert_documented(document: &Value, operation: &str, status: StatusCode) {
    let (method, path) = operation.split_once(' ').unwrap();
    let responses = &document["paths"][path][method]["responses"];
    assert!(responses[status.as_str()].is_object(), "{operation} answers {status}");
}

#[test]
fn every_failure_of_an_offer_is_documented() {
    let document = parsed();
    let overloaded = framebox_pipeline::node::OverloadedError::Cpu { retry_after: std::time::Duration::from_secs(7) };
    let peer = [
        rtc::Error::Offer("no".into()),
        rtc::Error::NoVideo("sent"),
        rtc::Error::NoPort,
        rtc::Error::Setup("no".into()),
        rtc::Error::Closed,
    ];
    let others = [
        offer::Error::Handler(framebox_catalog::Error::NoHandler("a".into())),
        offer::Error::Handler(framebox_catalog::Error::Selector("a@".into())),
        offer::Error::Exists,
        offer::Error::Full,
        offer::Error::Overloaded(overloaded),
    ];
    for error in peer.into_iter().map(offer::Error::Peer).chain(others) {
        let response = Failure::of_offer(&error, 4).into_response();
        assert_documented(&document, "post /webrtc/offer", response.status());
        let is_temporary = response.status() == StatusCode::SERVICE_UNAVAILABLE;
        assert_eq!(response.headers().contains_key(header::RETRY_AFTER), is_temporary, "{error:?}");
    }
}

#[test]
fn every_failure_of_a_change_is_documented() {
    use framebox_catalog::Error;
    let document = parsed();
    let changes = [
        "put /handlers/{name}",
        "post /handlers/{name}/active",
        "delete /handlers/{name}",
        "delete /handlers/{name}/versions/{version}",
    ];
    let any = [Error::Fixed("a".into()), Error::Store(store::Error::Full), Error::Ending];
    for operation in changes {
        any.iter().for_each(|error| assert_documented(&document, operation, catalog_problem::status(error)));
    }
    let missing = Error::NoHandler("a".into());
    changes[1..].iter().for_each(|change| assert_documented(&document, change, catalog_problem::status(&missing)));
    assert_documented(&document, changes[0], catalog_problem::status(&Error::Name("A".into())));
}
