//! Requests of strangers to the real program: which host they name, which page sent them, and what every answer carries.

use std::os::unix::fs::PermissionsExt;

use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::{Server, program};
use framebox_test_support::wait::wait_until;
use serde_json::json;

use super::{address, configured, exchange, head};

#[tokio::test]
async fn a_request_names_this_server_once() {
    let server = Server::start(&["--allow-anyone"]).await;
    let own = address(&server).to_owned();
    for (lines, status) in [
        (format!("host: {own}\r\n"), 200),
        ("host: localhost\r\n".to_owned(), 200),
        (String::new(), 400),
        (format!("host: {own}\r\nhost: {own}\r\n"), 400),
        (format!("host: {own}\r\nhost: evil.example\r\n"), 400),
        ("host: \r\n".to_owned(), 400),
        // A name that its owner points to this machine.
        ("host: evil.example\r\n".to_owned(), 421),
        (format!("host: localhost.evil.example:{}\r\n", own.rsplit_once(':').unwrap().1), 421),
    ] {
        let answer = exchange(&server, &format!("GET /handlers HTTP/1.1\r\n{lines}connection: close\r\n\r\n")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{lines:?}: {answer}");
    }
    let absolute = format!("GET http://evil.example/handlers HTTP/1.1\r\nhost: {own}\r\nconnection: close\r\n\r\n");
    assert!(exchange(&server, &absolute).await.starts_with("HTTP/1.1 400 "));
    let scratch = Scratch::new();
    let named = configured(&scratch, "[server]\nhosts = [\"video.example\"]\nallow_anyone = [\"watch\"]\n").await;
    assert_eq!(named.request("GET", "/handlers", &[("host", "video.example")], "").await.status, 200);
    assert_eq!(named.request("GET", "/handlers", &[("host", "other.example")], "").await.status, 421);
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing() {
    let scratch = Scratch::new();
    let text = "[server]\norigins = [\"https://friend.example\"]\nallow_anyone = [\"admin\"]\n";
    let server = configured(&scratch, text).await;
    let sdp = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/offers/chromium.sdp")).unwrap();
    let offer = json!({ "type": "offer", "webrtc_id": "0", "sdp": sdp }).to_string();
    let foreign: &[&[(&str, &str)]] = &[
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", "http://localhost:1")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", &server.base), ("sec-fetch-site", "cross-site")],
    ];
    for headers in foreign {
        for (method, path) in [
            ("POST", "/webrtc/offer"),
            ("POST", "/input_hook"),
            ("PUT", "/handlers/mine"),
            ("DELETE", "/handlers/invert"),
            ("PATCH", "/sessions/0"),
            ("POST", "/handlers/invert/active"),
            ("POST", "/nothing"),
        ] {
            // What a page may send without asking first.
            let headers = [headers, &[("content-type", "text/plain")][..]].concat();
            let answer = server.request(method, path, &headers, offer.clone()).await;
            assert_eq!(answer.status, 403, "{method} {path} with {headers:?}: {answer:?}");
            assert!(answer.text.contains("server.origins"), "it says what to do: {answer:?}");
        }
        assert_eq!(server.request("GET", "/handlers", headers, "").await.status, 200, "reading changes nothing");
    }
    assert!(server.sessions().await.is_empty());
    let json = ("content-type", "application/json");
    for origin in ["https://friend.example", &server.base] {
        let answer = server.request("POST", "/webrtc/offer", &[("origin", origin), json], "{}").await;
        assert_eq!(answer.status, 422, "{origin} may ask: {answer:?}");
    }
}

#[tokio::test]
async fn every_answer_forbids_what_it_does_not_need() {
    let server = Server::start(&[]).await;
    let evil = [("origin", "https://evil.example")];
    let preflight = [("origin", "https://evil.example"), ("access-control-request-method", "PUT")];
    let none = [("authorization", "")];
    for (method, path, headers, status) in [
        ("GET", "/healthz", &[][..], 200),
        ("HEAD", "/healthz", &[], 200),
        ("GET", "/handlers", &[], 200),
        ("GET", "/nothing", &[], 404),
        ("DELETE", "/handlers", &[], 405),
        ("GET", "/handlers", &none, 401),
        ("POST", "/webrtc/offer", &[("content-type", "text/plain")], 415),
        ("POST", "/webrtc/offer", &evil, 403),
        ("GET", "/handlers", &[("host", "evil.example")], 421),
        ("OPTIONS", "/handlers/x", &preflight, 200),
        ("GET", "/", &[], 200),
        ("GET", "/framebox.js", &[], 200),
    ] {
        let answer = server.request(method, path, headers, "").await;
        assert_eq!(answer.status, status, "{method} {path} {headers:?}: {answer:?}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{method} {path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{method} {path}");
        let policy = answer.header("content-security-policy");
        for rule in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"] {
            assert!(policy.contains(rule), "{method} {path}: {rule}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{method} {path}");
    }
    let dropped = exchange(&server, &(head(&server, "GET /healthz") + "connection: close\r\n\r\n")).await;
    assert!(dropped.to_ascii_lowercase().contains("x-content-type-options: nosniff"), "{dropped}");
}

#[tokio::test]
async fn only_whoever_can_read_the_start_up_secret_is_let_in() {
    let (runtime, other) = (Scratch::new(), Scratch::new());
    let mut command = program::<&str>(&[]);
    command.env("XDG_RUNTIME_DIR", runtime.path());
    let mut server = Server::start_as(command, &[]).await;
    let secret = server.secret.clone().expect("it is in the printed address");
    assert!(server.page.contains("/#access_token="), "after the `#`, which no browser sends: {}", server.page);

    // A client of this machine is nobody in particular: so is anybody behind a proxy on this machine.
    for headers in [&[("authorization", "")][..], &[("authorization", ""), ("x-forwarded-for", "127.0.0.1")]] {
        assert_eq!(server.request("GET", "/handlers", headers, "").await.status, 401);
        assert_eq!(server.request("DELETE", "/handlers/invert", headers, "").await.status, 401);
    }
    assert_eq!(server.get("/handlers").await.status, 200);

    let folder = runtime.path().join("framebox");
    let file = folder.join(format!("{}.token", address(&server)));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), secret);
    for (path, mode) in [(&folder, 0o700), (&file, 0o600)] {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
    }
    let port = address(&server).rsplit_once(':').unwrap().1;
    let list = async |base: &str, runtime: &Scratch| {
        let mut command = program(&["handlers", "list", "--server", base]);
        command.env_remove("FRAMEBOX_TOKEN").env("XDG_RUNTIME_DIR", runtime.path());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        output.status.code().unwrap()
    };
    assert_eq!(list(&server.base, &runtime).await, 0, "the command line finds it");
    assert_eq!(list(&format!("http://localhost:{port}"), &runtime).await, 0);
    assert_eq!(list(&server.base, &other).await, 5, "others do not");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    assert_eq!(list(&server.base, &runtime).await, 5, "a file that others could have written is not used");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();

    server.child.terminate();
    assert!(server.child.ended().await.success());
    wait_until("the file is removed", async || if file.exists() { Err("it is there".to_owned()) } else { Ok(()) })
        .await;
}

#[tokio::test]
async fn the_files_of_the_server_are_for_its_user_alone() {
    let data = Scratch::new();
    let lax = data.write("rights.toml", "");
    std::fs::set_permissions(&lax, PermissionsExt::from_mode(0o644)).unwrap();
    std::fs::set_permissions(data.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let server = Server::start(&["--data", data.path().to_str().unwrap()]).await;
    let answer = server.put("/handlers/mine", &[], framebox_test_components::case("good")).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let mut folders = vec![data.path().to_owned()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700, "{}", folder.display());
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let meta = entry.metadata().unwrap();
            if meta.is_dir() {
                folders.push(entry.path());
            } else {
                assert_eq!(meta.permissions().mode() & 0o077, 0, "{}", entry.path().display());
            }
            seen += 1;
        }
    }
    assert!(seen > 5, "{seen}");
    assert!(server.child.err().iter().any(|line| line.contains("other users could read")), "{:?}", server.child.err());
}
