//! `kill -9` at each step, then a restart: updates of the catalog are atomic.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::catalog::{component, files, promote, push, server, server_at, versions};
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::{Server, program};

/// Creates a catalog with the handler `a` in two versions, of which the second is active.
async fn base() -> Scratch {
    let data = Scratch::new();
    let server = server(&data).await;
    push(&server, "a", component(1)).await;
    push(&server, "a", component(2)).await;
    data
}

/// A change of the catalog.
#[derive(Clone, Copy, Debug)]
enum Act {
    Upload,
    Promote,
    Delete,
}

/// Makes the change on a server that is killed at `place`.
async fn die(data: &Path, act: Act, place: &str) {
    let mut command = program::<&str>(&[]);
    command.env("FRAMEBOX_FAULT", place);
    let mut server = Server::start_as(command, &["--data", data.to_str().unwrap()]).await;
    let answer = match act {
        Act::Upload => server.try_put("/handlers/a", &[], component(3)).await,
        Act::Promote => server.attempt("POST", "/handlers/a/active", Some(&json!({ "version": 1 }))).await,
        Act::Delete => server.attempt("DELETE", "/handlers/a/versions/1", None).await,
    };
    assert!(answer.is_err(), "{place}: {answer:?}");
    let status = server.child.ended().await;
    assert_eq!(status.signal(), Some(9), "{place}: {status}");
}

#[tokio::test]
async fn catalog_updates_are_crash_atomic() {
    let base = base().await;
    let before = (vec![1, 2], Some(2));
    let uploaded = (vec![1, 2, 3], Some(3));
    let promoted = (vec![1, 2], Some(1));
    let deleted = (vec![2], Some(2));
    let table = [
        (Act::Upload, "upload.begin", &before),
        (Act::Upload, "upload.component-half-written", &before),
        (Act::Upload, "upload.component-written", &before),
        (Act::Upload, "upload.component-renamed", &before),
        (Act::Upload, "upload.component-kept", &before),
        (Act::Upload, "upload.code-half-written", &before),
        (Act::Upload, "upload.code-written", &before),
        (Act::Upload, "upload.code-renamed", &before),
        (Act::Upload, "upload.code-kept", &before),
        (Act::Upload, "upload.prepared", &before),
        (Act::Upload, "upload.committed", &uploaded),
        (Act::Upload, "upload.end", &uploaded),
        (Act::Promote, "promote.begin", &before),
        (Act::Promote, "promote.prepared", &before),
        (Act::Promote, "promote.committed", &promoted),
        (Act::Promote, "promote.end", &promoted),
        (Act::Delete, "delete.begin", &before),
        (Act::Delete, "delete.prepared", &before),
        (Act::Delete, "delete.committed", &deleted),
        (Act::Delete, "delete.component-removed", &deleted),
        (Act::Delete, "delete.end", &deleted),
    ];
    for (act, place, expected) in table {
        let scratch = Scratch::new();
        let data = scratch.path().join("data");
        // This copies the lock file, too, which does no harm.
        let copied = Command::new("cp").arg("-r").arg(base.path()).arg(&data).status().unwrap();
        assert!(copied.success());
        die(&data, act, place).await;
        let server = server_at(&data).await;
        assert_eq!(versions(&server, "a").await.as_ref(), Some(expected), "{place}");
        let listed = server.get("/handlers/a").await.json();
        assert_eq!(listed["version"], json!(expected.1), "{place}");
        let components = files(&data.join("components"));
        assert_eq!(components.len(), expected.0.len(), "{place}: {components:?}");
        let code = std::fs::read_dir(data.join("code")).unwrap().next().unwrap().unwrap().path();
        assert!(files(&code).iter().all(|name| name.len() == 64), "{place}: {:?}", files(&code));
        // The catalog accepts further changes.
        assert_eq!(push(&server, "a", component(3)).await["version"], 3, "{place}");
        assert_eq!(promote(&server, "a", 2).await.status, 200, "{place}");
    }
}
