//! The document and the routes are held to each other.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::http::routes_without_app;

fn operations(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().unwrap();
    let each = |(path, item): (&String, &Value)| {
        let path = path.clone();
        item.as_object().unwrap().keys().map(move |method| (method.clone(), path.clone())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(each).collect()
}

#[test]
fn every_route_is_documented_and_every_operation_is_served() {
    let listed = routes_without_app();
    let served: BTreeSet<_> =
        listed.iter().map(|route| (route.method.as_str().to_lowercase(), route.path.to_owned())).collect();
    assert_eq!(served.len(), listed.len(), "no route is there twice");
    let all = operations(&serde_json::to_value(Document::openapi()).unwrap());
    assert_eq!(all.difference(&served).count(), 0, "documented, and not served");
    assert_eq!(served.difference(&all).count(), 0, "served, and not documented");
    let document: Value = serde_json::from_str(&text(&listed, |_| false)).unwrap();
    assert_eq!(operations(&document), served);
}

#[test]
fn what_is_open_takes_no_token() {
    let listed = routes_without_app();
    let document: Value = serde_json::from_str(&text(&listed, |access| access == Access::Scope(Scope::Watch))).unwrap();
    let takes = |path: &str, method: &str| document["paths"][path][method]["security"].as_array().unwrap().clone();
    assert!(takes("/sessions", "get").contains(&serde_json::json!({})));
    assert!(!takes("/handlers/{name}", "put").contains(&serde_json::json!({})));
}

#[test]
fn every_operation_says_what_it_takes_and_what_goes_wrong() {
    let listed = routes_without_app();
    let document: Value = serde_json::from_str(&text(&listed, |_| false)).unwrap();
    let mut ids = BTreeSet::new();
    for route in &listed {
        let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
        let what = format!("{} {}", route.method, route.path);
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{what}: ids are unique");
        assert!(operation["summary"].is_string(), "{what}");
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
            let is_it = |given: &Value| given["name"] == name && given["in"] == "path";
            assert!(parameters.iter().any(is_it), "{what}: {name}");
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
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
