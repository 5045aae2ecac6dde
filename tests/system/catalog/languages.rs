//! Components of every language, uploaded within the default limits of memory, in live sessions.

use serde_json::json;

use crate::catalog::push;
use framebox_test_support::client::Client;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::{Server, sum};
use framebox_test_support::{examples, python};

/// Starts a server whose limits of time do not depend on the speed of the machine: Python's components are large.
async fn unhurried(data: &Scratch) -> Server {
    let config =
        data.write("framebox.toml", "[uploads]\ncompile_s = 3600\n[limits]\ncall_ms = 5000\nsetup_ms = 10000\n");
    Server::start(&["--data", data.path().to_str().unwrap(), "--config", config.to_str().unwrap()]).await
}

/// An example in each language, one that others do not have where there is one. What the rest does is tested without a server.
fn one_of_each() -> impl Iterator<Item = (&'static str, &'static str)> {
    let languages = examples::OTHER_LANGUAGES.chunk_by(|one, next| one.0 == next.0);
    languages.map(|of| *of.iter().find(|(_, name)| *name != "posterize").unwrap_or(&of[0]))
}

#[tokio::test]
async fn an_example_in_each_language_is_uploaded_and_runs_in_a_session() {
    let Some(python) = python::python() else { return };
    let data = Scratch::new();
    let server = unhurried(&data).await;
    for (language, name) in one_of_each() {
        let Some(bytes) = examples::component(language, name) else { continue };
        let handler = format!("{language}-{name}");
        let uploaded = push(&server, &handler, bytes).await;
        let (kind, direction) = if name == "life" { ("generator", "recvonly") } else { ("transform", "sendrecv") };
        assert_eq!(uploaded["kind"], kind, "{uploaded}");
        let outputs = uploaded["descriptor"]["outputs"].as_array().unwrap();
        let mut client = Client::start_with(&python, &server, &handler, &handler, direction, &json!({}));
        client.pictures(5).await;
        let session = server
            .wait_for_session(&handler, "shows what it made", |session| {
                let processed = session["frames"]["processed"].as_u64() > Some(10);
                processed && (outputs.is_empty() || !client.messages("values").is_empty())
            })
            .await;
        assert_eq!(sum(&session["frames"]["failed"]), 0, "{session}");
        let values = client.messages("values");
        for output in outputs {
            let id = output["id"].as_str().unwrap();
            let put = |message: &serde_json::Value| !message["values"][id].is_null();
            assert!(values.iter().any(put), "{handler}: no {output} among {:?}", values.last());
        }
        drop(client);
        server.delete(&format!("/sessions/{handler}")).await;
        server.wait_for_end(&handler).await;
    }
    server.assert_quiet();
}

/// Python's toolchain never frees what a handler returns: 300 KiB for each of these frames.
#[tokio::test]
async fn a_leaking_guest_is_replaced_between_frames() {
    let Some(python) = python::python() else { return };
    let Some(bytes) = examples::component("python", "posterize") else { return };
    let data = Scratch::new();
    let server = unhurried(&data).await;
    push(&server, "leaks?soft_memory_mib=40", bytes).await;
    let mut client = Client::start(&python, &server, "long", "leaks");
    client.pictures(5).await;
    server.patch("/sessions/long/parameters", &json!({ "levels": 2 })).await;
    let session = server
        .wait_for_session("long", "is at its fourth instance", |session| session["instances_made"].as_u64() >= Some(4))
        .await;
    let memory = session["memory_bytes"].as_u64().unwrap();
    assert_eq!(sum(&session["frames"]["failed"]), 0, "{session}");
    assert_eq!(session["parameters"], json!({ "levels": 2 }), "what was set goes along");
    assert!(memory <= 42 << 20, "{memory} bytes");
    server.assert_quiet();
}
