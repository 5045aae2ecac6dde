//! What a person does with the page, and what they wait for.

use serde_json::Value;

use framebox_test_support::browser::Browser;
use framebox_test_support::server::Server;
use framebox_test_support::wait::wait_until;

/// Frames that a video showed so far.
pub async fn frames(browser: &Browser, video: &str) -> f64 {
    let script = "return document.querySelector(arguments[0]).getVideoPlaybackQuality().totalVideoFrames";
    browser.run(script, &[video.into()]).await.as_f64().unwrap()
}

/// Chooses a handler and a size that a small machine encodes in time, and starts.
pub async fn start(browser: &Browser, server: &Server, handler: &str) {
    browser.open(&server.page).await;
    browser.press(&format!("[data-handler=\"{handler}\"]")).await;
    let script = "const select = document.querySelector('#resolution');
        select.value = '640x480'; select.dispatchEvent(new Event('change', { bubbles: true }));";
    browser.run(script, &[]).await;
    browser.press("#start").await;
}

/// Waits until the processed video plays.
pub async fn wait_for_playing(browser: &Browser) {
    wait_until("the output plays", async || {
        let script = "const video = document.querySelector('video#output');
            return [video.paused, video.readyState, video.videoWidth, document.querySelector('#message').textContent]";
        let seen = browser.run(script, &[]).await;
        let plays = seen[0] == false && seen[1].as_u64() >= Some(2) && seen[2].as_u64() > Some(0);
        if plays && frames(browser, "video#output").await > 0.0 { Ok(()) } else { Err(seen.to_string()) }
    })
    .await;
}

/// Sets a control as a person does: the value changes, and the events of an input follow.
pub async fn set(browser: &Browser, parameter: &str, value: impl Into<Value>) {
    let script = "const found = document.querySelector(`[data-parameter=\"${arguments[0]}\"]`);
        const control = found.matches('input, select') ? found : found.querySelector('input, select');
        control.value = arguments[1];
        for (const type of ['input', 'change']) control.dispatchEvent(new Event(type, { bubbles: true }));
        return control.value;";
    let (parameter, value) = (Value::from(parameter), value.into());
    browser.run(script, &[parameter, value]).await;
}

/// Chooses a handler that makes its own video, and starts it.
pub async fn play(browser: &Browser, server: &Server, handler: &str) {
    browser.open(&server.page).await;
    browser.press(&format!("[data-handler=\"{handler}\"]")).await;
    browser.press("#start").await;
}

/// Types into a field, in place of its text.
pub async fn fill(browser: &Browser, selector: &str, text: &str) {
    let field = browser.see(selector).await;
    // Selects everything and types over it, as a person does: clearing the field would be a change of its own.
    let (control, release, backspace) = ('\u{e009}', '\u{e000}', '\u{e003}');
    field.send_keys(&format!("{control}a{release}{backspace}{text}")).await.unwrap();
}

/// Returns the only session of the server.
pub async fn session(server: &Server) -> Value {
    let sessions = server.sessions().await;
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    server.session(&sessions[0]).await.unwrap()
}

/// Waits until the running session has that value of a parameter.
pub async fn wait_for_parameter(server: &Server, parameter: &str, value: Value) {
    wait_until(&format!("{parameter} is {value}"), async || {
        let held = session(server).await["parameters"][parameter].clone();
        if held == value { Ok(()) } else { Err(held.to_string()) }
    })
    .await;
}
