//! Parameters of each kind through the page, presets, outputs of each kind, and the handler's log.

use serde_json::{Value, json};

use crate::browser::actions::{fill, session, set, start, wait_for_parameter, wait_for_playing};
use framebox_test_support::alone;
use framebox_test_support::browser::{Browser, CAMERA};
use framebox_test_support::server::Server;
use framebox_test_support::wait::wait_until;

/// Presses the label of an option that is drawn as a segment.
async fn choose(browser: &Browser, parameter: &str, option: &str) {
    browser.press(&format!("[data-parameter={parameter}] label:has([value={option}])")).await;
}

#[tokio::test]
async fn each_kind_of_setting_reaches_the_handler_and_each_kind_of_output_is_drawn() {
    let _alone = alone().await;
    let server = Server::start(&[]).await;
    let Some(browser) = Browser::start(CAMERA).await else { return };
    start(&browser, &server, "knobs").await;
    wait_for_playing(&browser).await;
    browser.press("#log > summary").await;
    browser.wait_for_text(".log-lines", "has the first line", |text| text.contains("ready")).await;

    set(&browser, "gain", 0.5).await;
    set(&browser, "rows", 5).await;
    browser.press("[data-parameter=snapshot] input").await;
    choose(&browser, "side", "top").await;
    set(&browser, "color", "#2266aa").await;
    fill(&browser, "[data-parameter=note] input", "good <b>day</b>").await;
    let wanted = [
        ("gain", json!(0.5)),
        ("rows", json!(5)),
        ("snapshot", json!(false)),
        ("side", json!("top")),
        ("color", json!("#2266aa")),
        ("note", json!("good <b>day</b>")),
    ];
    for (parameter, value) in wanted {
        wait_for_parameter(&server, parameter, value).await;
    }
    // A handler's text is never HTML.
    browser.wait_for_text("[data-output=echo] p", "echoes the note", |text| text == "good <b>day</b>").await;
    let since = browser.text("[data-parameter=gain] .control-applied").await;
    assert!(since.strip_prefix("from frame ").is_some_and(|frame| frame.parse::<u64>().is_ok()), "{since:?}");
    browser.wait_for_text(".log-lines", "names the change", |text| text.contains("color changed")).await;

    let frames = "[data-output=frames] output";
    let number = |text: &str| text.parse::<u64>().unwrap_or(0);
    let before = browser.wait_for_text(frames, "counts", |text| number(text) > 60).await;
    browser.press("[data-parameter=reset] button").await;
    let starts_over = |text: &str| text.parse::<u64>().is_ok_and(|frames| frames < number(&before));
    browser.wait_for_text(frames, "counts from zero", starts_over).await;

    let drawn = "const at = (id) => document.querySelector(`[data-output=${id}]`);
        const image = at('thumbnail').querySelector('img');
        return {
            gauge: at('brightness').querySelector('[role=meter]').ariaValueMax,
            json: JSON.parse(at('settings').querySelector('pre').textContent).side,
            image: [image.naturalWidth, image.src.slice(0, 5)],
            rows: at('bands').querySelectorAll('tbody tr').length,
            lines: at('channels').querySelectorAll('.legend li').length,
            stamp: at('bands').querySelector('.output-frame').textContent.startsWith('frame '),
        };";
    let expected =
        json!({ "gauge": "100", "json": "top", "image": [64, "blob:"], "rows": 5, "lines": 3, "stamp": true });
    wait_until("every output is drawn", async || {
        let drawn = browser.run(drawn, &[]).await;
        if drawn == expected { Ok(()) } else { Err(drawn.to_string()) }
    })
    .await;
    browser.screenshot("page-knobs").await;

    // A value that the server refuses is marked at its control, and the current value returns.
    set(&browser, "note", "x".repeat(41)).await;
    let says = |text: &str| text.contains("40");
    browser.wait_for_text("[data-parameter=note] .control-error", "says what is allowed", says).await;
    let note = "return document.querySelector('[data-parameter=note] input').value";
    assert_eq!(browser.run(note, &[]).await, "good <b>day</b>");
    assert_eq!(session(&server).await["parameters"]["note"], "good <b>day</b>");

    browser.press("#stop").await;
    browser.wait_for_text(".log-lines", "has the last line", |text| text.contains("the session has ended")).await;
    set_level(&browser, "error").await;
    browser.wait_for_text(".log-body > .quiet", "has no errors", |text| text == "No lines at this level.").await;
    assert_eq!(browser.console_errors().await, Vec::<String>::new());
    server.assert_quiet();
    browser.close().await;
}

async fn set_level(browser: &Browser, level: &str) {
    let script = "const select = document.querySelector('.log-bar select');
        select.value = arguments[0]; select.dispatchEvent(new Event('change', { bubbles: true }));";
    browser.run(script, &[level.into()]).await;
}

#[tokio::test]
async fn presets_are_stored_and_invalid_values_are_named() {
    let _alone = alone().await;
    let server = Server::start(&[]).await;
    let Some(browser) = Browser::start(CAMERA).await else { return };
    let open = async || {
        browser.open(&server.page_of("knobs")).await;
        browser.press("#presets > summary").await;
    };
    open().await;
    set(&browser, "gain", 0.25).await;
    choose(&browser, "side", "right").await;
    fill(&browser, "#preset-name", "Evening").await;
    browser.press(".presets form button").await;
    assert_eq!(browser.text("#preset-note").await, "Saved “Evening”.");

    // After another visit the preset is there, and applies to a running session.
    open().await;
    assert_eq!(value(&browser, "gain").await, json!("1"));
    let script = "const select = document.querySelector('#resolution');
        select.value = '640x480'; select.dispatchEvent(new Event('change', { bubbles: true }));";
    browser.run(script, &[]).await;
    browser.press("#start").await;
    wait_for_playing(&browser).await;
    pick(&browser, "Evening").await;
    wait_for_parameter(&server, "gain", json!(0.25)).await;
    wait_for_parameter(&server, "side", json!("right")).await;
    assert_eq!(value(&browser, "gain").await, json!("0.25"));

    browser.press(".presets-exchange summary").await;
    let foreign = json!({ "Odd": { "gain": 99, "nothing": 1, "rows": 7, "note": "kept" }, "Evening": { "gain": 2 } });
    let script = "document.querySelector('.presets-text').value = arguments[0];
        [...document.querySelectorAll('.presets-actions button')].find((it) => it.textContent === 'Import').click();
        return document.querySelector('#preset-note').textContent";
    let said = browser.run(script, &[foreign.to_string().into()]).await;
    assert_eq!(said, "Imported 2 presets, 1 of which replaced existing ones.");
    pick(&browser, "Odd").await;
    let note =
        browser.wait_for_text("#preset-note", "names what was not applied", |text| text.contains("Not applied")).await;
    for part in ["2 settings applied", "gain: ", "nothing: "] {
        assert!(note.contains(part), "{note}");
    }
    wait_for_parameter(&server, "rows", json!(7)).await;
    assert_eq!(session(&server).await["parameters"]["gain"].as_f64(), Some(0.25));
    let refusal = browser.run(script, &["[1, 2".into()]).await;
    assert!(refusal.as_str().unwrap().contains("not a list of presets"), "{refusal}");
    browser.screenshot("page-presets").await;
    browser.press(".presets-row > button").await;
    assert_eq!(browser.text("#preset-note").await, "Deleted “Odd”.");
    browser.press("#stop").await;

    // Damaged or full storage must not fail the page.
    for spoil in ["localStorage.setItem('framebox.presets.knobs', '[{')", FILL_STORAGE] {
        browser.run(spoil, &[]).await;
        open().await;
        fill(&browser, "#preset-name", "Mine").await;
        browser.press(".presets form button").await;
        let names = "return [...document.querySelectorAll('#preset option')].map(({ value }) => value)";
        assert_eq!(browser.run(names, &[]).await, json!(["", "Mine"]), "{spoil}");
    }
    assert!(browser.text("#preset-note").await.contains("does not store"));
    assert_eq!(browser.console_errors().await, Vec::<String>::new());
    browser.close().await;
}

/// Fills the storage to the last byte.
const FILL_STORAGE: &str = "localStorage.clear();
    for (let size = 4_194_304, index = 0; size >= 1; index += 1) {
        try { localStorage.setItem(`filling-${index}`, 'x'.repeat(size)); } catch { size = Math.floor(size / 2); }
    }";

async fn pick(browser: &Browser, preset: &str) {
    let script = "const select = document.querySelector('#preset');
        select.value = arguments[0]; select.dispatchEvent(new Event('change', { bubbles: true }));";
    browser.run(script, &[preset.into()]).await;
}

async fn value(browser: &Browser, parameter: &str) -> Value {
    let script = "return document.querySelector(`[data-parameter=\"${arguments[0]}\"] input`).value";
    browser.run(script, &[parameter.into()]).await
}
