//! Uploads that are not components, or whose requests are wrong.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::catalog::{component, push, refusal, server, versions};
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::Server;
use framebox_test_support::wait::{LIMIT, wait_until};

#[tokio::test]
async fn other_files_are_refused_with_the_reason_and_leave_nothing() {
    let data = Scratch::new();
    let server = server(&data).await;
    let good = component(1);
    let zip = [b"PK\x03\x04".as_slice(), &[0; 60]].concat();
    let wasm = [("content-type", "application/wasm")];
    let generate = framebox_test_components::component(
        r#"(func (export "framebox:video/generate@0.1.0#next")
          (param $now i64) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
          (call $return (local.get $output)))"#,
        "video-generator",
    );
    assert_eq!(push(&server, "made", generate).await["kind"], "generator");
    type Case<'a> = (&'a str, Vec<u8>, &'a [(&'a str, &'a str)], u16, &'a str);
    let cases: Vec<Case<'_>> = vec![
        ("nothing", vec![], &wasm, 400, "empty"),
        ("text", b"hello, I am a component".to_vec(), &wasm, 415, "not WebAssembly"),
        ("zip", zip, &wasm, 415, "not WebAssembly"),
        ("core module", framebox_test_components::core(""), &wasm, 422, "wasm-tools component new"),
        ("truncated", good[..good.len() / 2].to_vec(), &wasm, 422, "damaged"),
        ("header only", good[..8].to_vec(), &wasm, 422, "no video handler"),
        ("traps in describe", framebox_test_components::case("spin-describe"), &wasm, 422, "could not describe itself"),
        ("no media type of ours", good.clone(), &[("content-type", "text/plain")], 415, "application/wasm"),
        ("packed", good.clone(), &[("content-encoding", "gzip")], 415, "Content-Encoding"),
        ("a form of nothing", vec![], &[("content-type", "multipart/form-data; boundary=x")], 400, ""),
        ("a form without boundary", vec![], &[("content-type", "multipart/form-data")], 400, "boundary"),
        ("wrong id", good.clone(), &[("upload-id", "../a")], 400, "Upload-Id"),
        ("too large", vec![0; (32 << 20) + 1], &wasm, 413, "at most 33554432 bytes"),
    ];
    for (what, body, headers, status, words) in cases {
        let answer = server.put("/handlers/mine", headers, body).await;
        let (refused, detail) = refusal(&answer);
        assert_eq!(refused, status, "{what}: {detail}");
        assert!(detail.contains(words), "{what}: {detail}");
        assert_eq!(versions(&server, "mine").await, None, "{what}");
    }
    assert_eq!(crate::catalog::files(&data.path().join("components")).len(), 1, "of the refused ones nothing stays");
    server.put("/handlers/mine?activate=perhaps", &wasm, good).await.status.eq(&400).then_some(()).unwrap();
}

#[tokio::test]
async fn names_cannot_be_paths() {
    let data = Scratch::new();
    let server = server(&data).await;
    for name in ["..%2f..%2fetc%2fpasswd", "a%2fb", "%2e%2e", "a%00b", "A", "a.wasm", "a%20b", "a@1", "%ff"] {
        let answer = server.put(&format!("/handlers/{name}"), &[], component(1)).await;
        // The HTTP client may have normalized the path.
        assert!([400, 404, 405].contains(&answer.status), "{name}: {answer:?}");
        assert!(server.get(&format!("/handlers/{name}/versions")).await.status >= 400, "{name}");
        assert!(server.delete(&format!("/handlers/{name}")).await.status >= 400, "{name}");
    }
    for name in ["invert", "edges"] {
        let (status, detail) = refusal(&server.put(&format!("/handlers/{name}"), &[], component(1)).await);
        assert_eq!(status, 409, "{detail}");
        assert_eq!(refusal(&server.delete(&format!("/handlers/{name}")).await).0, 409);
    }
    assert!(crate::catalog::files(&data.path().join("components")).is_empty());
}

#[tokio::test]
async fn a_form_is_accepted_and_its_progress_is_reported() {
    let data = Scratch::new();
    let server = server(&data).await;
    let form = |field: &str, bytes: &[u8]| {
        let head = format!(
            "--x\r\ncontent-disposition: form-data; name=\"note\"\r\n\r\nhi\r\n--x\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"../a.wasm\"\r\n\r\n"
        );
        [head.as_bytes(), bytes, b"\r\n--x--\r\n"].concat()
    };
    let headers = [("content-type", "multipart/form-data; boundary=x"), ("upload-id", "mine-1")];
    let answer = server.put("/handlers/mine", &headers, form("component", &component(1))).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let progress = server.get("/uploads/mine-1").await.json();
    assert_eq!(progress["stage"], "done");
    assert!(progress["bytes"].as_u64() > Some(component(1).len() as u64), "{progress}");

    let (status, detail) = refusal(&server.put("/handlers/mine", &headers, form("file", &component(2))).await);
    assert!(status == 400 && detail.contains("no field `component`"), "{detail}");
    assert_eq!(server.get("/uploads/mine-1").await.json()["stage"], "failed");
    assert_eq!(server.get("/uploads/other").await.status, 404);
    let large = server.put("/handlers/mine", &headers, form("component", &vec![0; 33 << 20])).await;
    assert_eq!(refusal(&large).0, 413);
}

/// Sends `head` and then `body` on a new connection.
fn say(server: &Server, head: &str, body: &[u8]) -> TcpStream {
    let address = server.base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let secret = server.secret.as_deref().unwrap_or_default();
    let lines = format!("host: {address}\r\nauthorization: Bearer {secret}\r\n{head}");
    write!(stream, "PUT /handlers/mine HTTP/1.1\r\n{lines}\r\n\r\n").unwrap();
    stream.write_all(body).unwrap();
    stream
}

fn hear(mut stream: TcpStream) -> String {
    let mut text = [0; 4096];
    let length = stream.read(&mut text).unwrap();
    String::from_utf8_lossy(&text[..length]).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_body_is_accepted_and_a_stalled_one_is_not() {
    let data = Scratch::new();
    let server = server(&data).await;
    // Chunked, without a length.
    let good = component(1);
    let chunks: Vec<u8> = good
        .chunks(1000)
        .flat_map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat())
        .chain(*b"0\r\n\r\n")
        .collect();
    let stream = say(&server, "transfer-encoding: chunked", &chunks);
    let answer = tokio::task::spawn_blocking(move || hear(stream)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");

    // A length that is too large is refused before any of the body.
    let stream = say(&server, "content-length: 99999999999", b"");
    let answer = tokio::task::spawn_blocking(move || hear(stream)).await.unwrap();
    // Had the server waited for the body, the answer would be 408.
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");

    // A stalled upload holds one of few slots, and is ended.
    let stream = say(&server, "content-length: 1000\r\nupload-id: slow", &good[..500]);
    wait_until("the upload is under way", async || {
        let progress = server.get("/uploads/slow").await;
        if progress.status == 200 { Ok(()) } else { Err(progress.text) }
    })
    .await;
    let answer = tokio::task::spawn_blocking(move || hear(stream)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");

    // A client that disconnects leaves nothing behind.
    drop(say(&server, "content-length: 1000\r\nupload-id: gone", &good[..500]));
    wait_until("the upload has failed", async || {
        let progress = server.get("/uploads/gone").await;
        if progress.text.contains("failed") { Ok(()) } else { Err(progress.text) }
    })
    .await;
    assert_eq!(versions(&server, "mine").await, Some((vec![1], Some(1))));
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_uploads_are_limited() {
    let data = Scratch::new();
    let server = server(&data).await;
    let slow: Vec<_> =
        (0..4).map(|n| say(&server, &format!("content-length: 1000\r\nupload-id: u{n}"), b"\0asm")).collect();
    wait_until("all are under way", async || match server.get("/uploads/u3").await.status {
        200 => Ok(()),
        other => Err(other.to_string()),
    })
    .await;
    let answer = server.put("/handlers/mine", &[], component(1)).await;
    assert_eq!((refusal(&answer).0, answer.header("retry-after")), (429, "5"));
    drop(slow);
    wait_until("there is room", async || {
        let answer = server.put("/handlers/mine", &[], component(1)).await;
        if answer.status == 201 { Ok(()) } else { Err(answer.text) }
    })
    .await;
}
