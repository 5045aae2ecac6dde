//! Streams on the page: found in the list, watched, controlled, shared, and published from a round trip.

use std::process::Command;

use serde_json::{Value, json};

use crate::browser::actions::{fill, frames, session, set, start, wait_for_playing};
use framebox_test_support::alone;
use framebox_test_support::browser::{Browser, CAMERA, NO_CAMERA};
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::{Server, program};
use framebox_test_support::wait::wait_until;

/// A stream that needs no camera, small enough for a small machine.
fn pattern(name: &str) -> Value {
    json!({ "name": name, "handler": "plasma", "input": "clock", "fps": 10, "parameters": { "size": "320x180" } })
}

/// Has the page fail to copy, as outside secure contexts.
const NO_CLIPBOARD: &str = "Object.defineProperty(navigator, 'clipboard', { value: undefined });";

/// Waits until a stream has so many viewers.
async fn wait_for_viewers(server: &Server, stream: &str, viewers: u64) {
    wait_until(&format!("{stream} has {viewers} viewers"), async || {
        let report = server.get(&format!("/streams/{stream}")).await.json();
        if report["viewers"].as_u64() == Some(viewers) { Ok(()) } else { Err(report.to_string()) }
    })
    .await;
}

/// Errors of the console, without those of requests for what is not there yet or any more: a first picture, a viewer.
async fn console_errors(browser: &Browser) -> Vec<String> {
    let expected = |text: &String| text.contains("/snapshot.jpg") || text.contains("/viewers/");
    browser.console_errors().await.into_iter().filter(|text| !expected(text)).collect()
}

#[tokio::test]
async fn a_stream_is_found_in_the_list_watched_controlled_and_left() {
    let _alone = alone().await;
    let server = Server::start(&[]).await;
    let Some(browser) = Browser::start(NO_CAMERA).await else { return };
    browser.open(&server.page).await;
    browser.wait_for_text("#streams", "says that there are none", |text| text.contains("None yet")).await;
    let made = server.post("/streams", &pattern("door")).await;
    assert_eq!(made.status, 201, "{made:?}");

    browser.press("[data-stream=door] button").await;
    wait_for_playing(&browser).await;
    wait_for_viewers(&server, "door", 1).await;
    assert_eq!(browser.run("return location.search", &[]).await, "?stream=door");
    let title = browser.wait_for_text("#watching", "names the stream", |text| text.contains("1 viewer")).await;
    assert!(title.contains("door") && title.contains("plasma"), "{title}");
    let shown = "return document.querySelector(arguments[0]).checkVisibility()";
    assert_eq!(browser.run(shown, &["video#input".into()]).await, false);
    // What is said beside the picture reaches every viewer.
    let number = |text: &str| text.parse::<f64>().is_ok();
    browser.wait_for_text("[data-output=phase] .output-number, [data-output] output", "shows a value", number).await;
    browser.see("#frames canvas").await;
    set(&browser, "speed", 3).await;
    wait_until("the speed is set", async || {
        let held = server.get("/streams/door/parameters").await.json()["parameters"]["speed"].clone();
        if held.as_f64() == Some(3.0) { Ok(()) } else { Err(held.to_string()) }
    })
    .await;
    browser.screenshot("page-watches").await;

    browser.press("#stop").await;
    wait_for_viewers(&server, "door", 0).await;
    browser.see("#start").await;
    assert_eq!(console_errors(&browser).await, Vec::<String>::new());
    browser.close().await;
}

#[tokio::test]
async fn a_link_opens_a_stream_and_what_is_wrong_with_it_is_explained() {
    let _alone = alone().await;
    let server = Server::start(&[]).await;
    let Some(browser) = Browser::start(NO_CAMERA).await else { return };
    let link = |stream: &str| server.page.replace("/#", &format!("/?stream={stream}#"));
    browser.open(&link("door")).await;
    browser.wait_for_text("#message", "says that there is none", |text| text.contains("no such stream")).await;

    assert_eq!(server.post("/streams", &pattern("door")).await.status, 201);
    browser.press(".message-action").await;
    wait_for_playing(&browser).await;
    // The link that is shared is the one that was opened.
    browser.run(NO_CLIPBOARD, &[]).await;
    browser.press("#share").await;
    browser.see("dialog .link-field").await;
    let script = "const field = document.querySelector('dialog .link-field');
        return [field.value, field.value.slice(field.selectionStart, field.selectionEnd), document.activeElement === field];";
    let shared = format!("{}/?stream=door", server.base);
    assert_eq!(browser.run(script, &[]).await, json!([shared, shared, true]));
    browser.press("dialog[open] button").await;

    assert_eq!(server.delete("/streams/door").await.status, 204);
    browser.wait_for_text("#message", "says that it has ended", |text| text.contains("has ended")).await;
    browser.see("#start").await;
    browser.close().await;
}

#[tokio::test]
async fn a_round_trip_is_published_with_one_switch_and_goes_on_when_that_is_off() {
    let _alone = alone().await;
    let server = Server::start(&[]).await;
    let Some(browser) = Browser::start(CAMERA).await else { return };
    start(&browser, &server, "motion").await;
    wait_for_playing(&browser).await;
    browser.see("#publish").await;
    fill(&browser, "#publish-name", "mine").await;
    browser.press("#publish").await;
    let link = format!("{}/?stream=mine", server.base);
    wait_until("the link is shown", async || {
        let shown = browser.run("return document.querySelector('.publish-link .link-field').value", &[]).await;
        if shown == link { Ok(()) } else { Err(shown.to_string()) }
    })
    .await;
    let report = server.get("/streams/mine").await.json();
    assert_eq!((&report["input"], &report["handler"]), (&json!("session"), &json!("motion")), "{report}");

    // Another client of the library watches what its author sees.
    let watch = "window.seen = [];
        import('/framebox.js').then(async ({ Framebox }) => {
            const token = sessionStorage.getItem('framebox-token');
            const [{ name }] = await Framebox.streams({ token });
            window.viewer = new Framebox({ token, stream: name });
            for (const type of ['track', 'session', 'values', 'end'])
                window.viewer.addEventListener(type, ({ detail }) => window.seen.push([type, detail.code ?? '']));
            await window.viewer.start();
        });";
    browser.run(watch, &[]).await;
    let seen = async |what: &str| {
        wait_until(&format!("the viewer gets {what}"), async || {
            let seen = browser.run("return window.seen", &[]).await;
            let found = seen.as_array().unwrap().iter().find(|event| event[0] == what).cloned();
            found.ok_or_else(|| seen.to_string())
        })
        .await
    };
    for what in ["track", "session", "values"] {
        seen(what).await;
    }
    browser.wait_for_text(".publish-viewers", "counts", |text| text == "1 viewer").await;
    browser.screenshot("page-published").await;

    browser.press("#publish").await;
    assert_eq!(seen("end").await[1], "finished");
    wait_until("there are no streams", async || {
        let streams = server.get("/streams").await.json();
        if streams["streams"] == json!([]) { Ok(()) } else { Err(streams.to_string()) }
    })
    .await;
    let before = frames(&browser, "video#output").await;
    wait_until("the round trip goes on", async || {
        let after = frames(&browser, "video#output").await;
        if after > before + 10.0 { Ok(()) } else { Err(format!("{before}, {after}")) }
    })
    .await;
    assert_eq!(session(&server).await["state"], "live");
    assert_eq!(console_errors(&browser).await, Vec::<String>::new());
    browser.close().await;
}

#[tokio::test]
async fn a_viewer_without_a_token_is_asked_for_one_and_one_without_the_right_sees_why() {
    let _alone = alone().await;
    let data = Scratch::new();
    let token = |name: &str| {
        let mut command: Command = program(&["token", "new", "--data", data.path().to_str().unwrap()]);
        command.args(["--name", name, "--scope", "watch"]);
        String::from_utf8(command.output().unwrap().stdout).unwrap().trim().to_owned()
    };
    let (author, guest) = (token("author"), token("guest"));
    let server = Server::start(&["--data", data.path().to_str().unwrap()]).await;
    let Some(browser) = Browser::start(NO_CAMERA).await else { return };
    let bearer = format!("Bearer {author}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let made = server.request("POST", "/streams", &headers, pattern("door").to_string()).await;
    assert_eq!(made.status, 201, "{made:?}");

    browser.open(&format!("{}/?stream=door", server.base)).await;
    browser.wait_for_text("#message", "asks for a token", |text| text.contains("token")).await;
    browser.run("const [token] = arguments; window.prompt = () => token", &[guest.into()]).await;
    browser.press(".message-action").await;
    wait_for_playing(&browser).await;
    browser.wait_for_text(".controls-note", "says who may", |text| text.contains("Only the owner")).await;
    let enabled = "return document.querySelector('[data-parameter=speed] input').matches(':enabled')";
    assert_eq!(browser.run(enabled, &[]).await, false);

    let open = json!({ "control": "viewers" }).to_string();
    assert_eq!(server.request("PATCH", "/streams/door", &headers, open).await.status, 200);
    wait_until("the controls work", async || {
        if browser.run(enabled, &[]).await == true { Ok(()) } else { Err("they are disabled".to_owned()) }
    })
    .await;
    browser.close().await;
}

#[tokio::test]
async fn a_link_opens_a_handler_with_its_settings() {
    let _alone = alone().await;
    let server = Server::start(&[]).await;
    let Some(browser) = Browser::start(NO_CAMERA).await else { return };
    let query = "handler=knobs&p.gain=0.5&p.snapshot=false&p.side=top&p.note=good+%3Cb%3Eday&p.rows=9999&p.nobody=1";
    browser.open(&server.page.replace("/#", &format!("/?{query}#"))).await;
    let told = browser.wait_for_text("#message", "names what is wrong", |text| text.contains("nobody")).await;
    assert!(told.contains("rows"), "{told}");
    assert_eq!(browser.text("#start").await, "Start");

    browser.run(NO_CLIPBOARD, &[]).await;
    browser.press("#share").await;
    browser.see("dialog .link-field").await;
    let shared = browser.run("return document.querySelector('dialog .link-field').value", &[]).await;
    let mut pairs: Vec<_> = shared.as_str().unwrap().split_once('?').unwrap().1.split('&').collect();
    pairs.sort_unstable();
    let wanted = ["handler=knobs", "p.gain=0.5", "p.note=good+%3Cb%3Eday", "p.side=top", "p.snapshot=false"];
    assert_eq!(pairs, wanted, "those that differ from their defaults");
    browser.close().await;
}
