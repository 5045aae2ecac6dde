//! The API matches its OpenAPI document: `schemathesis` generates valid and invalid requests from the document and
//! compares the responses with it.

use std::path::Path;
use std::process::Command;

use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::{Server, program};
use framebox_test_support::{child::Child, python};
use serde_json::json;

/// Event streams do not end, so there is no response to compare.
const STREAMS: &str = "outputs$";

async fn compare(python: &Path, server: &Server, more: &[&str]) {
    let mut command = Command::new(python.with_file_name("schemathesis"));
    let document = format!("{}/openapi.json", server.base);
    command.args([
        "--no-color",
        "run",
        &document,
        "--exclude-path-regex",
        STREAMS,
        "--max-examples",
        "12",
        "--seed",
        "1",
    ]);
    command.args(["--phases", "coverage,fuzzing,stateful", "--workers", "1", "--request-timeout", "20"]);
    // Session descriptions are texts that it does not know.
    let hooks = framebox_test_support::paths::root().join("tests/clients");
    command.env("PYTHONPATH", hooks).env("PYTHONDONTWRITEBYTECODE", "1").env("SCHEMATHESIS_HOOKS", "bodies");
    let mut child =
        Child::start("schemathesis", command.args(more).current_dir(framebox_test_support::paths::temporary()));
    let status = child.ended().await;
    let said = child.out().join("\n");
    assert!(status.success(), "{said}\n{:#?}", child.err());
    let generated = said.lines().find_map(|line| line.trim().split_once(" generated")?.0.parse::<u32>().ok());
    assert!(generated > Some(300), "{generated:?}: {said}");
    let health = server.get("/healthz").await;
    assert_eq!(health.status, 200, "{health:?}");
    server.assert_quiet();
}

/// Creates a handler and a session that generated requests refer to.
async fn furnish(server: &Server, headers: &[(&str, &str)]) {
    let good = framebox_test_components::case("good");
    assert_eq!(server.put("/handlers/0", headers, good).await.status, 201);
    let sdp = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/offers/chromium.sdp")).unwrap();
    let offer = json!({ "type": "offer", "webrtc_id": "0", "sdp": sdp }).to_string();
    let headers: Vec<_> = headers.iter().copied().chain([("content-type", "application/json")]).collect();
    assert_eq!(server.request("POST", "/webrtc/offer?handler=0", &headers, offer).await.status, 200);
}

#[tokio::test]
async fn responses_match_the_document() {
    let Some(python) = python::python() else { return };
    let open = Server::start(&["--allow-anyone"]).await;
    furnish(&open, &[]).await;
    // An open server needs no token; a string that is not SDP is refused although the schema allows it.
    let checks = "ignored_auth,missing_required_header,positive_data_acceptance";
    compare(&python, &open, &["--exclude-checks", checks]).await;

    let data = Scratch::new();
    let folder = data.path().to_str().unwrap();
    let made = program(&["token", "new", "--data", folder, "--name", "all", "--scope", "admin"]).output().unwrap();
    let token = String::from_utf8(made.stdout).unwrap();
    let bearer = format!("Bearer {}", token.trim());
    let closed = Server::start(&["--data", folder]).await;
    furnish(&closed, &[("authorization", &bearer)]).await;
    let header = format!("Authorization: {bearer}");
    compare(&python, &closed, &["--header", &header, "--exclude-checks", "positive_data_acceptance"]).await;
}
