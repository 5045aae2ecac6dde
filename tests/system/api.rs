//! The API and the command line: responses, refusals, and their texts.

use std::net::TcpListener;
use std::process::ExitStatus;

use framebox_test_support::child::Child;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::{Answer, Server, program};
use serde_json::{Value, json};

fn problem(answer: &Answer) -> (u16, Value) {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{answer:?}");
    let json = answer.json();
    assert_eq!(json["status"], answer.status);
    assert!(json["title"].is_string(), "{answer:?}");
    assert!(json["detail"].as_str().is_some_and(|detail| detail.len() > 10), "says what to do: {answer:?}");
    (answer.status, json)
}

#[tokio::test]
async fn handlers_are_described() {
    let server = Server::start(&[]).await;
    let answer = server.get("/handlers").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    let json = answer.json();
    assert_eq!(json["default"], "invert");
    let handlers = json["handlers"].as_array().unwrap();
    let names: Vec<_> = handlers.iter().map(|handler| handler["name"].as_str().unwrap()).collect();
    for name in ["invert", "flip", "edges", "motion", "detect", "plasma", "play", "watch", "knobs"] {
        assert!(names.contains(&name), "{name} is missing: {names:?}");
    }
    for handler in handlers {
        let name = handler["name"].as_str().unwrap();
        assert!(["transform", "observer", "generator"].contains(&handler["kind"].as_str().unwrap()), "{handler}");
        assert!(handler["digest"].as_str().is_some_and(|digest| digest.starts_with("sha256:") && digest.len() == 71));
        assert_eq!(handler["builtin"], true);
        for key in ["title", "summary"] {
            assert!(handler[key].as_str().is_some_and(|text| !text.is_empty()), "{name}: {key}");
        }
        for parameter in handler["parameters"].as_array().unwrap() {
            assert!(parameter["id"].is_string() && parameter["label"].is_string(), "{name}: {parameter}");
            match parameter["kind"].as_str().unwrap() {
                "number" | "integer" => {
                    let [min, max, default] = ["min", "max", "default"].map(|key| parameter[key].as_f64().unwrap());
                    assert!(min <= default && default <= max, "{name}: {parameter}");
                }
                "choice" => {
                    let options = parameter["options"].as_array().unwrap();
                    assert!(options.iter().any(|option| option["id"] == parameter["default"]), "{name}: {parameter}");
                }
                kind => assert!(["toggle", "text", "color", "button"].contains(&kind), "{name}: {parameter}"),
            }
        }
        let one = server.get(&format!("/handlers/{name}")).await;
        assert_eq!((one.status, &one.json()), (200, handler));
    }
    assert_eq!(problem(&server.get("/handlers/nobody").await).0, 404);
}

#[tokio::test]
async fn an_idle_server_is_healthy_and_serves_the_page() {
    let server = Server::start(&["--sessions", "3"]).await;
    let health = server.get("/healthz").await;
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(health.status, 200);
    assert_eq!(health.json(), json!({ "status": "ok", "sessions": 0, "limit": 3, "load": null, "version": version }));
    assert_eq!(server.get("/sessions").await.json(), json!({ "sessions": [], "limit": 3 }));

    let page = server.get("/").await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"), "{page:?}");
    assert!(!page.header("content-security-policy").is_empty());
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    // Every file that the page refers to exists.
    let mut named = 0;
    for attribute in ["src=\"", "href=\""] {
        for rest in page.text.split(attribute).skip(1) {
            let path = rest.split('"').next().unwrap();
            if path.starts_with("data:") || path.starts_with('#') {
                continue;
            }
            let file = server.get(&format!("/{}", path.trim_start_matches('/'))).await;
            assert_eq!(file.status, 200, "{path}");
            let (kind, text) = (file.header("content-type"), ["text/javascript", "text/css"]);
            assert!(text.iter().any(|text| kind.starts_with(text)), "{path}: {kind}");
            named += 1;
        }
    }
    assert!(named >= 2, "{}", page.text);
    assert!(server.get("/framebox.js").await.text.contains("export class Framebox"));
}

#[tokio::test]
async fn unknown_paths_are_answered_with_a_problem() {
    let server = Server::start(&[]).await;
    for path in
        ["/nothing", "/sessions/nobody", "/page/nothing.js", "/page/..%2F..%2FCargo.toml", "/handlers/%F0%9F%90%99"]
    {
        assert_eq!(problem(&server.get(path).await).0, 404, "{path}");
    }
    assert_eq!(problem(&server.delete("/sessions/nobody").await).0, 404);
    assert_eq!(problem(&server.delete("/handlers").await).0, 405);
    assert_eq!(problem(&server.get("/webrtc/offer").await).0, 405);
}

#[tokio::test]
async fn only_configured_origins_may_call_the_server() {
    let scratch = Scratch::new();
    let file = scratch.write("framebox.toml", "[server]\norigins = [\"https://friend.example\"]\n");
    let server = Server::start(&["--config", file.to_str().unwrap()]).await;
    for (origin, allowed) in [("https://friend.example", "https://friend.example"), ("https://stranger.example", "")] {
        let answer = server.request("GET", "/handlers", &[("origin", origin)], "").await;
        assert_eq!(answer.header("access-control-allow-origin"), allowed, "{origin}");
        let asked = [("origin", origin), ("access-control-request-method", "POST")];
        let answer = server.request("OPTIONS", "/webrtc/offer", &asked, "").await;
        assert_eq!(answer.header("access-control-allow-origin"), allowed, "{origin}");
    }
}

#[tokio::test]
async fn sigterm_ends_the_server() {
    let mut server = Server::start(&[]).await;
    assert_eq!(server.get("/healthz").await.status, 200);
    server.child.terminate();
    let status = server.child.ended().await;
    assert!(status.success(), "{status}");
}

/// Runs the program, which must fail by itself; returns what it wrote to the standard error.
async fn fails(arguments: &[&str]) -> String {
    let mut child = Child::start("framebox", &mut program(arguments));
    let status: ExitStatus = child.ended().await;
    let said = child.err().join("\n");
    assert!(!status.success() && status.code().is_some(), "{arguments:?} ended with {status}: {said}");
    assert!(!said.contains("panicked"), "{arguments:?}: {said}");
    assert!(child.out().is_empty(), "nothing is ready: {:?}", child.out());
    said
}

#[tokio::test]
async fn a_wrong_command_line_is_explained() {
    let scratch = Scratch::new();
    let config = |name: &str, text: &str| scratch.write(name, text).to_str().unwrap().to_owned();
    let module = scratch.write("module.wasm", b"\0asm\x01\0\0\0");
    let text = scratch.write("text.wasm", "this is not WebAssembly at all");
    let empty = scratch.write("empty.wasm", "");
    let [spins, describes] =
        ["spin-start", "spin-describe"].map(|name| scratch.write(name, framebox_test_components::case(name)));
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().to_string();
    let handler = |file: &std::path::Path| format!("mine={}", file.display());

    let table: &[(&[&str], &[&str])] = &[
        (&["--no-such-flag"], &["--no-such-flag"]),
        (&["--sessions", "none"], &["--sessions", "none"]),
        (&["--sessions", "0"], &["sessions", "1"]),
        (&["--bind", "nowhere"], &["--bind", "nowhere"]),
        (&["--bind", &port], &[&port, "--bind"]),
        (&["--handler", "mine"], &["--handler", "mine=build/mine.wasm"]),
        (&["--handler", "mine=nowhere/mine.wasm"], &["mine", "nowhere/mine.wasm"]),
        (&["--handler", &format!("Mine={}", module.display())], &["Mine", "a–z"]),
        (&["--handler", &handler(&module)], &["mine", "component"]),
        (&["--handler", &handler(&text)], &["mine"]),
        (&["--handler", &handler(&empty)], &["mine"]),
        (&["--handler", &handler(&spins)], &["mine"]),
        (&["--handler", &handler(&describes)], &["mine"]),
        (&["--default-handler", "nobody"], &["nobody", "invert"]),
        (&["--config", "nowhere.toml"], &["nowhere.toml"]),
        (&["--config", &config("key.toml", "[server]\nbnd = 1\n")], &["key.toml", "bnd", "bind"]),
        (&["--config", &config("table.toml", "[sever]\n")], &["table.toml", "sever", "server"]),
        (&["--config", &config("value.toml", "[server]\nsessions = 0\n")], &["server.sessions"]),
        (&["--config", &config("type.toml", "[server]\nsessions = \"two\"\n")], &["type.toml", "sessions"]),
        (&["--config", &config("broken.toml", "[server\n")], &["broken.toml"]),
    ];
    for (arguments, words) in table {
        // A server that starts although it must not does not take the default port.
        let free: &[&str] = if arguments[0] == "--bind" { &[] } else { &["--bind", "127.0.0.1:0"] };
        let said = fails(&[free, arguments].concat()).await;
        for word in *words {
            assert!(said.contains(word), "{arguments:?} does not name {word}: {said}");
        }
    }
}

#[tokio::test]
async fn help_and_version_are_printed() {
    for (flag, word) in [("--help", "--bind"), ("--version", env!("CARGO_PKG_VERSION"))] {
        let mut child = Child::start("framebox", &mut program(&[flag]));
        assert!(child.ended().await.success());
        assert!(child.out().join("\n").contains(word), "{:?}", child.out());
    }
}
