//! Damaged files, a full disk, two servers, many handlers.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::catalog::{component, files, push, refusal, server, versions};
use framebox_test_support::child::Child;
use framebox_test_support::lacking;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::{Server, program};
use framebox_test_support::wait::wait_until;

/// Returns the only file in a folder.
fn only(folder: &Path) -> PathBuf {
    let names = files(folder);
    assert_eq!(names.len(), 1, "{names:?}");
    folder.join(&names[0])
}

fn damage(file: &Path) {
    let mut bytes = std::fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(file, bytes).unwrap();
}

/// Sends an offer for `handler` that is valid up to the choice of the handler; returns the answer.
async fn offer(server: &Server, handler: &str) -> (u16, Value) {
    let sdp = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/offers/chromium.sdp")).unwrap();
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let id = format!("offer-{}", COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    let body = json!({ "sdp": sdp, "type": "offer", "webrtc_id": id });
    let answer = server.post(&format!("/webrtc/offer?handler={handler}"), &body).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn a_damaged_component_is_set_aside_and_repaired_by_another_upload() {
    let data = Scratch::new();
    drop({
        let server = server(&data).await;
        push(&server, "mine", component(1)).await;
        server
    });
    damage(&only(&data.path().join("components")));
    let server = server(&data).await;
    assert_eq!(versions(&server, "mine").await, Some((vec![1], Some(1))));
    let (status, answer) = offer(&server, "mine").await;
    assert_eq!((status, &answer["meta"]["error"]), (500, &"handler_damaged".into()), "{answer}");
    assert!(files(&data.path().join("components")).is_empty());
    assert_eq!(files(&data.path().join("damaged")).len(), 1);
    wait_until("it is reported", async || {
        let said = server.child.err();
        if said.iter().any(|line| line.contains("damaged")) { Ok(()) } else { Err(said.join("\n")) }
    })
    .await;

    let answer = server.put("/handlers/mine", &[], component(1)).await;
    assert_eq!((answer.status, &answer.json()["version"]), (200, &json!(1)), "{answer:?}");
    let (status, answer) = offer(&server, "mine").await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn damaged_or_outdated_code_is_compiled_again() {
    let data = Scratch::new();
    drop({
        let server = server(&data).await;
        push(&server, "mine", component(1)).await;
        server
    });
    let edition = only(&data.path().join("code"));
    let all = files(&edition);
    for name in &all {
        damage(&edition.join(name));
    }
    drop({
        let server = server(&data).await;
        for handler in ["mine", "invert"] {
            let (status, answer) = offer(&server, handler).await;
            assert_eq!(status, 200, "{handler}: {answer}");
        }
        assert_eq!(files(&data.path().join("damaged")).len(), 2);
        server
    });
    // Code of an older version of the program.
    std::fs::rename(&edition, data.path().join("code/0123456789abcdef")).unwrap();
    let server = server(&data).await;
    assert_eq!(only(&data.path().join("code")), edition);
    let (status, answer) = offer(&server, "mine").await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(files(&edition).len(), 1, "what is not used is not compiled");
}

#[tokio::test]
async fn only_one_server_uses_a_data_directory() {
    let data = Scratch::new();
    let server = server(&data).await;
    let path = data.path().to_str().unwrap();
    let mut other = Child::start("framebox", &mut program(&["--bind", "127.0.0.1:0", "--data", path]));
    let status = other.ended().await;
    assert!(!status.success());
    assert!(other.err().iter().any(|line| line.contains("in use by another server")), "{:?}", other.err());
    push(&server, "mine", component(1)).await;
}

#[tokio::test]
async fn without_a_data_directory_nothing_is_left() {
    let home = Scratch::new();
    let mut command = program::<&str>(&[]);
    command.env("TMPDIR", home.path());
    let mut server = Server::start_as(command, &[]).await;
    push(&server, "mine", component(1)).await;
    let there = || files(home.path()).iter().filter(|name| name.starts_with("framebox-catalog-")).count();
    assert_eq!(there(), 1);
    // The next server removes what a killed one left; a server that ends removes its own.
    server.child.kill();
    let mut command = program::<&str>(&[]);
    command.env("TMPDIR", home.path());
    let mut server = Server::start_as(command, &[]).await;
    assert_eq!(there(), 1);
    assert_eq!(server.get("/handlers/mine").await.status, 404);
    server.child.terminate();
    assert!(server.child.ended().await.success());
    assert_eq!(there(), 0);
}

/// Starts a server that sees a small disk at `folder`, in a mount namespace. Returns None where that is impossible.
async fn on_a_small_disk(folder: &Path, kib: u32) -> Option<Server> {
    let mount = format!("mount -t tmpfs -o mode=700,size={kib}k none {}", folder.display());
    let flags: &[&str] = if rustix_is_root() { &["--mount"] } else { &["--user", "--map-root-user", "--mount"] };
    let possible = Command::new("unshare").args(flags).args(["sh", "-c", &mount]).status();
    if !possible.is_ok_and(|status| status.success()) {
        lacking("no small disk can be mounted");
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(flags).args(["sh", "-c", &format!("{mount} && exec \"$0\" \"$@\"")]);
    command.arg(program::<&str>(&[]).get_program());
    Some(Server::start_as(command, &["--data", folder.to_str().unwrap()]).await)
}

fn rustix_is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

#[tokio::test]
async fn a_full_disk_is_reported_and_leaves_no_partial_files() {
    let data = Scratch::new();
    let Some(server) = on_a_small_disk(data.path(), 12 * 1024).await else { return };
    // Large custom sections are not compiled.
    let large = |n: u32| {
        let mut bytes = component(n);
        let length: u32 = 3 << 20;
        bytes.push(0);
        let leb = |value: u32| (0..4).map(move |i| (value >> (7 * i)) as u8 & 0x7f | if i < 3 { 0x80 } else { 0 });
        bytes.extend(leb(length + 2));
        bytes.extend([1, b'l']);
        bytes.resize(bytes.len() + length as usize, n as u8);
        bytes
    };
    let mut taken = 0;
    let full = loop {
        let answer = server.put("/handlers/mine", &[], large(taken)).await;
        match answer.status {
            201 => taken += 1,
            _ => break answer,
        }
        assert!(taken < 10);
    };
    let (status, detail) = refusal(&full);
    assert!(status == 507 && detail.contains("no room"), "{detail}");
    assert!(taken >= 1, "some found room");
    let all: Vec<_> = (1..=u64::from(taken)).collect();
    assert_eq!(versions(&server, "mine").await, Some((all, Some(u64::from(taken)))));
    // Stored versions are served, and deleting makes room.
    let (status, answer) = offer(&server, "mine").await;
    assert_eq!(status, 200, "{answer}");
    if taken == 1 {
        assert_eq!(server.put("/handlers/small?activate=true", &[], component(99)).await.status, 201);
        return;
    }
    assert_eq!(server.delete("/handlers/mine/versions/1").await.status, 204);
    wait_until("there is room again", async || {
        let answer = server.put("/handlers/mine", &[], large(taken)).await;
        if answer.status == 201 { Ok(()) } else { Err(answer.text) }
    })
    .await;
}

#[tokio::test]
async fn a_start_with_five_hundred_handlers_takes_about_as_long_as_with_one() {
    let (many, one) = (Scratch::new(), Scratch::new());
    {
        let server = server(&many).await;
        for n in 0..500 {
            // Ten different components: compiling is not measured.
            push(&server, &format!("handler-{n}"), component(n % 10)).await;
        }
    }
    push(&server(&one).await, "handler-0", component(0)).await;
    // In turns, and the best of each: other load only adds time.
    let (mut best, mut reference) = (Duration::MAX, Duration::MAX);
    for _ in 0..5 {
        for (data, best) in [(&many, &mut best), (&one, &mut reference)] {
            let begin = Instant::now();
            let server = server(data).await;
            *best = begin.elapsed().min(*best);
            assert_eq!(server.get("/handlers/handler-0").await.status, 200);
        }
    }
    eprintln!("ready in {best:?} with 500 handlers, in {reference:?} with one");
    assert!(best < 4 * reference, "{best:?} with 500 handlers, {reference:?} with one");
    let server = server(&many).await;
    for n in [0, 250, 499] {
        let (status, answer) = offer(&server, &format!("handler-{n}")).await;
        assert_eq!(status, 200, "{answer}");
    }
}
