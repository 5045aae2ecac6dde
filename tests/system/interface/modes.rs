//! The three modes, with aiortc.

use serde_json::{Value, json};

use super::{Client, live};
use framebox_test_support::python;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::Server;

/// A gray generator, 320x240, whose brightness follows the time. It ends with this text after LAST frames.
const GENERATOR: &str = r#"
(data (i32.const 3000) "the film is over")
(global $frames (mut i32) (i32.const 0))
(func (export "framebox:video/generate@0.1.0#next")
  (param $now i64) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (global.set $frames (i32.add (global.get $frames) (i32.const 1)))
  (if (i32.gt_u (global.get $frames) (i32.const LAST)) (then
    (call $drop-output (local.get $output))
    (i32.store (i32.const 3100) (i32.const 1))
    (i32.store (i32.const 3104) (i32.const 1))
    (i32.store (i32.const 3108) (i32.const 3000))
    (i32.store (i32.const 3112) (i32.const 16))
    (return (i32.const 3100))))
  (if (i32.lt_u (memory.size) (i32.const 8)) (then (drop (memory.grow (i32.const 8)))))
  (memory.fill (i32.const 131072) (i32.wrap_i64 (i64.div_u (local.get $now) (i64.const 20000))) (i32.const 76800))
  (call $draw (local.get $output) (i32.const 320) (i32.const 240) (i32.const 2)
    (i32.const 131072) (i32.const 76800) (i32.const 1300))
  (call $return (local.get $output)))"#;

fn generator(last: u32) -> Vec<u8> {
    framebox_test_components::component(&GENERATOR.replace("LAST", &last.to_string()), "video-generator")
}

#[tokio::test]
async fn a_generator_plays_at_its_rate_and_reports_its_end() {
    let Some(python) = python::python() else { return };
    let scratch = Scratch::new();
    let (endless, short) = (scratch.write("e.wasm", generator(u32::MAX)), scratch.write("s.wasm", generator(40)));
    let flags = [format!("endless={}", endless.display()), format!("short={}", short.display())];
    let server = Server::start(&["--handler", &flags[0], "--handler", &flags[1]]).await;
    for (fps, expected) in [(json!({}), 30.0), (json!({ "fps": "60" }), 60.0), (json!({ "fps": "12.5" }), 12.5)] {
        let mut viewer = Client::start_with(&python, &server, "viewer", "endless", "recvonly", &fps);
        assert_eq!(viewer.pictures(20).await, json!([320, 240]));
        let session = server.session("viewer").await.unwrap();
        assert_eq!(session["fps"].as_f64(), Some(expected), "{session}");
        assert_eq!(session["stages_ms"]["decode"], Value::Null, "nothing is decoded: {session}");
        // RTP timestamps show the exact rate, even where a busy machine skips frames.
        viewer.step((90_000.0 / expected) as u64).await;
        viewer.child.kill();
        server.delete("/sessions/viewer").await;
        server.wait_for_end("viewer").await;
    }
    let mut viewer = Client::start_with(&python, &server, "short", "short", "recvonly", &json!({}));
    assert_eq!(viewer.receive_kind("end_stream").await["data"], "the film is over");
    server.wait_for_end("short").await;
    for fps in ["0", "121", "-1", "NaN", "fast", ""] {
        let body = json!({ "type": "offer", "webrtc_id": "x", "sdp": "v=0" });
        let answer = server.post(&format!("/webrtc/offer?handler=endless&fps={fps}"), &body).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        let message = answer.json()["meta"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("from 1 to 120"), "{message}");
    }
    server.assert_quiet();
}

#[tokio::test]
async fn an_observer_puts_values_and_sends_no_video() {
    let Some(python) = python::python() else { return };
    let server = Server::start(&[]).await;
    for direction in ["sendonly", "sendrecv"] {
        let mut camera = Client::start_with(&python, &server, "camera", "watch", direction, &json!({}));
        let values = camera.receive_kind("values").await;
        assert!(values["values"]["brightness"].is_number(), "{values}");
        let seen = |session: &Value| session["frames"]["processed"].as_u64() > Some(40);
        let session = server.wait_for_session("camera", "processes", seen).await;
        assert_eq!((&session["frames"]["sent"], &session["stages_ms"]["encode"]), (&json!(0), &Value::Null));
        assert_eq!(camera.count(), 0, "nothing comes back");
        camera.child.close_input();
        server.wait_for_end("camera").await;
    }
    server.assert_quiet();
}

#[tokio::test]
async fn sessions_of_all_kinds_run_side_by_side() {
    let Some(python) = python::python() else { return };
    let scratch = Scratch::new();
    let file = scratch.write("gray.wasm", generator(u32::MAX));
    let server = Server::start(&["--handler", &format!("gray={}", file.display())]).await;
    let sessions = [
        ("transform", "invert", "sendrecv"),
        ("observer", "watch", "sendonly"),
        ("generator", "gray", "recvonly"),
        ("knobs", "knobs", "sendrecv"),
    ];
    let mut clients: Vec<_> = sessions
        .iter()
        .map(|(id, handler, direction)| Client::start_with(&python, &server, id, handler, direction, &json!({})))
        .collect();
    for ((id, _, direction), client) in sessions.iter().zip(&mut clients) {
        live(&server, id).await;
        if *direction != "sendonly" {
            client.pictures(30).await;
        }
    }
    assert!(clients[1].messages("values").len() > 5 && clients[0].messages("values").is_empty(), "each has its own");
    for client in &mut clients {
        client.child.close_input();
    }
    for (id, ..) in sessions {
        server.wait_for_end(id).await;
    }
    server.assert_quiet();
}
