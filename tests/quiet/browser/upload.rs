//! A component is dropped on the page, and another version of it while the first one runs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::browser::actions::{start, wait_for_playing};
use crate::browser::transform::{distances, wait_for_inverted};
use framebox_test_support::alone;
use framebox_test_support::browser::{Browser, CAMERA};
use framebox_test_support::paths;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::Server;
use framebox_test_support::wait::wait_until;

/// Drops a file on the page, with the events that a file manager causes.
const DROP: &str = "
    const [name, text] = arguments;
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
    for (const type of ['dragenter', 'dragover', 'drop'])
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));";

fn prebuilt(name: &str) -> Vec<u8> {
    std::fs::read(paths::prebuilt(name)).unwrap()
}

async fn drop_file(browser: &Browser, name: &str, bytes: &[u8]) {
    browser.run(DROP, &[json!(name), json!(STANDARD.encode(bytes))]).await;
    browser.see("dialog#upload[open]").await;
}

/// Waits until the dialog is closed and the version is shown.
async fn wait_for_version(browser: &Browser, version: u64) {
    wait_until("the version is shown", async || {
        let open = browser.run("return document.querySelector('dialog#upload').open", &[]).await;
        let said = browser.run("return document.querySelector('#upload-status').textContent", &[]).await;
        let badge = browser.run("return document.querySelector('[data-stat=version]').textContent", &[]).await;
        if open == json!(false) && badge == json!(version.to_string()) {
            Ok(())
        } else {
            Err(format!("{badge} {said}"))
        }
    })
    .await;
}

#[tokio::test]
async fn a_component_is_dropped_and_then_another_version_while_it_runs() {
    let _alone = alone().await;
    let server = Server::start(&[]).await;
    let Some(browser) = Browser::start(CAMERA).await else { return };
    browser.open(&server.page).await;
    browser.see("#handler input").await;

    // A file that is no component is refused with the server's explanation, and the dialog stays.
    drop_file(&browser, "Holiday Film (1).wasm", b"not a component").await;
    let proposed = browser.run("return document.querySelector('#upload-name').value", &[]).await;
    assert_eq!(proposed, json!("holiday-film-1"));
    browser.press("#upload-send").await;
    browser.wait_for_text("#upload-status", "the refusal", |text| text.contains("this is not WebAssembly")).await;
    browser.screenshot("upload-refused").await;
    browser.run("document.querySelector('dialog#upload').close()", &[]).await;

    drop_file(&browser, "mine.wasm", &prebuilt("invert")).await;
    browser.press("#upload-send").await;
    wait_for_version(&browser, 1).await;
    let chosen = browser.run("return document.querySelector('#handler input:checked').value", &[]).await;
    assert_eq!(chosen, json!("mine"));
    browser.press("#start").await;
    wait_for_playing(&browser).await;
    wait_for_inverted(&browser).await;
    let session = browser.run("return document.body.dataset.session", &[]).await;

    // Another version shows the picture unchanged, within the same session.
    drop_file(&browser, "mine.wasm", &framebox_test_components::case("good")).await;
    let note = browser.text("#upload-note").await;
    assert!(note.contains("A new version of “mine”"), "{note}");
    browser.press("#upload-send").await;
    wait_for_version(&browser, 2).await;
    wait_until("the output is the input", async || {
        let (same, negative) = distances(&browser).await;
        if same < 24.0 && negative > 40.0 { Ok(()) } else { Err(format!("distances {same} and {negative}")) }
    })
    .await;
    assert_eq!(browser.run("return document.body.dataset.session", &[]).await, session);
    assert_eq!(browser.run("return document.body.dataset.version", &[]).await, json!("2"));

    // Back to the first version, from the list.
    browser.press("#versions summary").await;
    browser.see("#versions [data-version='2'][aria-current]").await;
    browser.screenshot("versions").await;
    browser.press("#versions [data-version='1'] button").await;
    wait_for_inverted(&browser).await;
    browser.see("#versions [data-version='1'][aria-current]").await;
    browser.run("window.confirm = () => true", &[]).await;
    browser.press("#versions [data-version='2'] button.plain").await;
    wait_until("the version is gone", async || {
        let list = browser.run("return document.querySelectorAll('#versions li').length", &[]).await;
        if list == json!(1) { Ok(()) } else { Err(list.to_string()) }
    })
    .await;
    assert_eq!(browser.run("return document.body.dataset.session", &[]).await, session);
    // The browser reports the refused upload as a network error.
    let errors = browser.console_errors().await;
    assert!(errors.iter().all(|error| error.contains("415")), "{errors:?}");
    browser.close().await;
}

#[tokio::test]
async fn a_builtin_handler_has_no_versions_and_its_name_is_taken() {
    let _alone = alone().await;
    let server = Server::start(&[]).await;
    let Some(browser) = Browser::start(CAMERA).await else { return };
    start(&browser, &server, "edges").await;
    assert_eq!(browser.run("return document.querySelector('#versions').hidden", &[]).await, Value::Bool(true));
    let scratch = Scratch::new();
    let file = scratch.write("edges.wasm", prebuilt("edges"));
    browser.choose_file("#upload-file", &file).await;
    browser.see("dialog#upload[open]").await;
    let note = browser.text("#upload-note").await;
    assert!(note.contains("comes with the server"), "{note}");
    let off = browser.run("return document.querySelector('#upload-send').disabled", &[]).await;
    assert_eq!(off, Value::Bool(true));
    assert_eq!(browser.console_errors().await, Vec::<String>::new());
    browser.close().await;
}
