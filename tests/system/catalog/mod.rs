//! The catalog of a real server: uploads, versions, refusals, crashes and damaged files.
//!
//! | module | what it holds |
//! |---|---|
//! | `versions` | uploading, promoting, canaries, deleting, and sessions that use them |
//! | `swaps` | versions that take over running sessions, and rollbacks |
//! | `bodies` | uploads that are not components, or whose requests are wrong |
//! | `languages` | components of every language, in live sessions |
//! | `crashes` | `kill -9` at each step, then a restart |
//! | `disk` | damaged files, a full disk, two servers, many handlers |
//! | `bombs` | components that are expensive to compile |

mod bodies;
pub mod bombs;
mod crashes;
mod disk;
mod languages;
mod swaps;
mod versions;

use std::path::Path;

use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::{Answer, Server};
use serde_json::{Value, json};

/// Returns a handler that shows its input; `n` makes its bytes unique.
fn component(n: u32) -> Vec<u8> {
    let mut bytes = framebox_test_components::case("good");
    // A custom section: id, length, length of the name, name, content.
    bytes.extend([0, 6, 1, b'n']);
    bytes.extend(n.to_le_bytes());
    bytes
}

/// Uploads a component and asserts that it is accepted.
async fn push(server: &Server, name: &str, bytes: Vec<u8>) -> Value {
    let answer = server.put(&format!("/handlers/{name}"), &[], bytes).await;
    assert!([200, 201].contains(&answer.status), "{answer:?}");
    answer.json()
}

/// Returns the numbers of a handler's versions and the active one, or None if there is no such handler.
async fn versions(server: &Server, name: &str) -> Option<(Vec<u64>, Option<u64>)> {
    let answer = server.get(&format!("/handlers/{name}/versions")).await;
    if answer.status == 404 {
        return None;
    }
    let json = answer.json();
    let active = json["active"].as_u64();
    let versions = json["versions"].as_array().unwrap_or_else(|| panic!("{answer:?}"));
    for version in versions {
        assert_eq!(version["active"], json!(version["version"].as_u64() == active), "{json}");
    }
    Some((versions.iter().map(|version| version["version"].as_u64().unwrap()).collect(), active))
}

async fn promote(server: &Server, name: &str, version: u64) -> Answer {
    server.post(&format!("/handlers/{name}/active"), &json!({ "version": version })).await
}

/// Returns the status of a refusal and its text.
fn refusal(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{answer:?}");
    let json = answer.json();
    assert_eq!(json["status"], answer.status);
    (answer.status, json["detail"].as_str().unwrap().to_owned())
}

/// Starts a server with a data directory.
async fn server(data: &Scratch) -> Server {
    server_at(data.path()).await
}

async fn server_at(data: &Path) -> Server {
    Server::start(&["--data", data.to_str().unwrap()]).await
}

/// Returns the names of the files in a folder, sorted.
fn files(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}
